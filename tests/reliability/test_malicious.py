"""Files that strangers made to do harm: each is refused in one sentence, nothing of theirs is run or written.

Images, archives of images and pickles have tests of their own beside their readers, in
``tests/tasks/test_pictures.py`` and ``tests/metrics/test_sample_files.py``.
"""

import contextlib
import io
import json
import os
import socket
import struct
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from genbench.detectors.logs import read_log
from genbench.engine.placement import Placement
from genbench.executors.local import run_all
from genbench.executors.verify import verify
from genbench.metrics import read_samples
from genbench.metrics.external import score
from genbench.metrics.feature_file import file_features
from genbench.registry import metrics, models, tasks
from genbench.report.html import write_report
from genbench.report.overviews import write_overviews
from genbench.store import RunFolder, load
from genbench.suite import RunConfig, expand, load_suite
from genbench.tasks import ring8
from genbench.types import InputError, NetworkFileWarning

EVIL = "../../<script>alert(1)</script>"
SUITE = """
description = "evil"
[[compare]]
steps = 3
tasks = ["ring8"]
models = ["vae"]
"""


@pytest.fixture(scope="module")
def task():
    return ring8(samples=100)


def run_folder(root: Path) -> RunFolder:
    config = RunConfig(
        "evil", "ring8", {"samples": 100}, "vae", {"width": 4, "latent": 2}, (0,), 4, 8, 1, ("modes@50",)
    )
    run_all([config], Placement(torch.device("cpu")), root)
    return RunFolder.under(root, "evil", "ring8", "vae", config.key)


# --- samples ---


def test_a_view_that_repeats_one_number_for_ever_is_refused(task, tmp_path):
    torch.save(torch.zeros(1, 1).expand(10**10, 2), tmp_path / "wide.pt")
    assert (tmp_path / "wide.pt").stat().st_size < 10_000
    with pytest.raises(InputError, match=r"wide\.pt holds 80\.0 GB, the limit"):
        read_samples(tmp_path / "wide.pt", task)


def test_tensors_of_special_kinds_are_refused(task, tmp_path):
    for name, x in {
        "sparse": torch.zeros(9, 2).to_sparse(),
        "complex": torch.zeros(9, 2, dtype=torch.complex64),
        "meta": torch.zeros(9, 2, device="meta"),
    }.items():
        torch.save(x, tmp_path / f"{name}.pt")
        with pytest.raises(InputError, match="plain, dense"):
            read_samples(tmp_path / f"{name}.pt", task)


def test_a_tensor_file_that_unpacks_to_more_than_it_weighs_is_refused(task, tmp_path):
    path = tmp_path / "bomb.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data/0", b"x")
    content = path.read_bytes()
    where = content.rindex(
        b"PK\x01\x02"
    )  # the central directory's entry; its claim is what a reader believes
    path.write_bytes(content[: where + 24] + struct.pack("<I", 2**32 - 2) + content[where + 28 :])
    monkey = 2**32 - 2
    assert zipfile.ZipFile(path).infolist()[0].file_size == monkey
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("genbench.metrics.sample_files.MAX_BYTES", monkey - 1)
        with pytest.raises(InputError, match=r"bomb\.pt holds 4\.3 GB"):
            read_samples(path, task)


@pytest.mark.parametrize("shape", ["(100000000000, 2)", "(-5, 2)", "(3, 2)" + " " * 20_000])
def test_array_headers_that_lie_are_refused(task, tmp_path, shape):
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".encode()
    data = b"\x93NUMPY\x02\x00" + struct.pack("<I", len(header)) + header + bytes(48)
    (tmp_path / "x.npy").write_bytes(data)
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("samples.npy", data)
    for name in ("x.npy", "x.npz"):
        with pytest.raises(InputError, match="cannot be read as a numpy file"):
            read_samples(tmp_path / name, task)


def test_names_within_archives_reach_no_path(task, tmp_path):
    buffer = io.BytesIO()
    np.save(buffer, np.zeros((5, 2)))
    inner = tmp_path / "inner"
    inner.mkdir()
    for name in ("../../samples.npy", "/tmp/samples.npy", "..\\samples.npy"):
        with zipfile.ZipFile(inner / "x.npz", "w") as archive:
            archive.writestr(name, buffer.getvalue())
        with contextlib.suppress(InputError):  # archives are read in memory, so a name may be anything
            read_samples(inner / "x.npz", task)
        assert sorted(path.name for path in tmp_path.rglob("*")) == ["inner", "x.npz"]


# --- run folders ---


def test_names_in_a_record_reach_no_path(tmp_path):
    folder = run_folder(tmp_path / "results")
    record = json.loads((folder.path / "record.json").read_text())
    for field in ("suite", "task", "model", "reason"):
        record[field] = EVIL
    record["config"] |= {"suite": EVIL, "task": EVIL, "model": EVIL, "options": {EVIL: EVIL}}
    (folder.path / "record.json").write_text(json.dumps(record))
    before = set((tmp_path / "results").rglob("*"))
    write_report(load(tmp_path / "results"), tmp_path / "report")
    assert set((tmp_path / "results").rglob("*")) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report", "results"]
    pages = [path.read_text() for path in (tmp_path / "report").rglob("*.html")]
    assert pages
    assert not any("<script>alert" in page for page in pages)


@pytest.mark.parametrize("link", ["samples", "."])
def test_nothing_is_written_through_a_link_in_a_run_folder(tmp_path, link):
    folder = run_folder(tmp_path / "results")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    place = folder.path / link if link != "." else folder.path
    place.rename(tmp_path / "moved")
    place.symlink_to(elsewhere)
    with pytest.raises(InputError, match="symbolic link, into which nothing is written"):
        folder.write_bytes("samples/step-1.png", b"")
    assert list(elsewhere.iterdir()) == []


def test_a_link_in_place_of_a_file_is_replaced_not_followed(tmp_path):
    folder = run_folder(tmp_path / "results")
    secret = tmp_path / "secret"
    secret.write_bytes(b"untouched")
    (folder.path / "error.txt").symlink_to(secret)
    folder.write_bytes("error.txt", b"new")
    assert secret.read_bytes() == b"untouched"


def test_a_table_of_endless_equal_rows_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    folder = run_folder(tmp_path)
    rows = 2_000_000
    columns = {"seed": 0, "step": 1, "seconds": 0.0, "samples": 1, "signal": "loss", "value": 0.5}
    table = pa.table(
        {name: pa.array([value]).take(pa.array(np.zeros(rows, int))) for name, value in columns.items()}
    )
    pq.write_table(table, folder.path / "trace.parquet", compression="zstd")
    pq.write_table(table, tmp_path / "log.parquet", compression="zstd")
    assert (tmp_path / "log.parquet").stat().st_size < 100_000
    for limit, most in {"MAX_ROWS": rows - 1, "MAX_BYTES": 10_000}.items():
        with monkeypatch.context() as patch:
            patch.setattr(f"genbench.store.tables.{limit}", most)
            for read in (folder.read_trace, lambda: read_log(tmp_path / "log.parquet")):
                with pytest.raises(InputError, match=f"unpacks to {rows} rows"):
                    read()


def test_kept_samples_that_unpack_to_too_much_are_refused(tmp_path, monkeypatch):
    folder = run_folder(tmp_path)
    monkeypatch.setattr("genbench.store.folder.MAX_SAMPLES_BYTES", 100)
    with pytest.raises(InputError, match=r"final\.npz is damaged.*it unpacks to"):
        folder.read_samples()


@pytest.mark.parametrize(
    ("generated", "real"),
    [
        (np.zeros(3), np.zeros(3)),
        (np.zeros((1, 5, 2)), np.zeros((5, 3))),
        (np.zeros((1, 0, 2)), np.zeros((0, 2))),
        (np.zeros((1, 5, 4, 8, 8), np.uint8), np.zeros((5, 4, 8, 8), np.uint8)),
        (np.zeros((1, 5, 2), "S3"), np.zeros((5, 2), "S3")),
    ],
)
def test_kept_samples_of_odd_shapes_are_refused(tmp_path, generated, real):
    folder = run_folder(tmp_path / "results")
    np.savez(folder.path / "samples/final.npz", generated=generated, real=real)
    with pytest.raises(InputError, match=r"final\.npz is damaged.*are no samples"):
        write_overviews(load(tmp_path / "results"), tmp_path / "results")


def test_kept_samples_run_no_pickled_code(tmp_path):
    marker = tmp_path / "ran"

    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            return os.mkdir, (str(marker),)

    folder = run_folder(tmp_path)
    np.savez(folder.path / "samples/final.npz", generated=np.array([Evil()], object), real=np.zeros(3))
    with pytest.raises(InputError, match="is damaged"):
        folder.read_samples()
    assert not marker.exists()


# --- suites ---


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('models = ["os:system"]', "no model is called"),
        ('models = ["genbench.models.vae:vae"]', "no model is called"),
        ('models = ["../../evil"]', "no model is called"),
        ("tasks = [\"__import__('os')\"]", "no task is called"),
        ('metrics = ["frechet_file:/tmp/net.pt@10k"]', "names a file"),
        ('metrics = ["frechet_inception:weights.pth"]', "names a file"),
        ('stop_on = ["builtins.exec"]', "no detector is called"),
        ("options.vae = { width = \"__import__('os')\" }", "width"),
        ("options.vae = { __class__ = 3 }", "has no option"),
    ],
)
def test_suites_name_what_is_registered_and_nothing_else(tmp_path, line, told):
    key = line.partition(" =")[0]
    lines = [other for other in SUITE.splitlines() if not other.startswith(f"{key} =")]
    (tmp_path / "evil.toml").write_text("\n".join([*lines, line]))
    with pytest.raises(InputError, match=told):
        expand(load_suite(tmp_path / "evil.toml"))


def test_no_option_is_code():
    """Options are numbers, strings, lists, tables and paths: none is a callable, a type or a module."""
    for registry in (models, tasks, metrics):
        for name, entry in registry.items():
            hints = str(__import__("inspect").signature(entry.factory, eval_str=True))
            assert not any(word in hints for word in ("Callable", "ImportString", "type[", "ModuleType")), (
                name,
                hints,
            )


# --- networks ---


@pytest.mark.parametrize("name", ["frechet_file", "frechet_inception", "some_plugins_file"])
def test_verify_opens_no_file_that_a_record_names(tmp_path, name, monkeypatch):
    folder = run_folder(tmp_path / "results")
    record = json.loads((folder.path / "record.json").read_text())
    record["config"]["metrics"] = [f"{name}:{tmp_path / 'net.pt2'}@50"]
    (folder.path / "record.json").write_text(json.dumps(record))
    monkeypatch.setattr(torch.export, "load", lambda *_: pytest.fail("the network was opened"))
    monkeypatch.setattr(torch, "load", lambda *_, **__: pytest.fail("the weights were opened"))
    (tmp_path / "net.pt2").write_bytes(b"program")
    with pytest.raises(InputError, match=r"names a file, which no record or suite"):
        verify(folder)


def test_no_configuration_names_a_file_however_it_is_made(tmp_path):
    config = RunConfig("s", "ring8", {}, "vae", {}, (0,), 1, 1, 1)
    with pytest.raises(InputError, match="names a file"):
        replace(config, metrics=("kid_file:net.pt@1k",))


def test_a_network_typed_by_the_user_warns_and_is_never_unpickled(tmp_path):
    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            return os.mkdir, (str(tmp_path / "ran"),)

    program = torch.export.export(torch.nn.Linear(2, 2), (torch.zeros(3, 2),))
    torch.export.save(program, tmp_path / "good.pt2")
    with pytest.warns(NetworkFileWarning, match=r"good\.pt2 is run as a program"):
        assert file_features(torch.zeros(3, 2), tmp_path / "good.pt2").shape == (3, 2)
    pickled = io.BytesIO()
    torch.save(Evil(), pickled)
    for member in ("sample_inputs/model.pt", "weights/model.pt", "constants/custom_obj_0"):
        path = tmp_path / f"{member.replace('/', '-')}.pt2"
        with zipfile.ZipFile(tmp_path / "good.pt2") as good, zipfile.ZipFile(path, "w") as evil:
            for name in good.namelist():
                if not name.endswith(member):
                    evil.writestr(name, good.read(name))
            evil.writestr(f"{good.namelist()[0].partition('/')[0]}/data/{member}", pickled.getvalue())
        with pytest.warns(NetworkFileWarning), contextlib.suppress(InputError):
            file_features(torch.zeros(3, 2), path)
        assert not (tmp_path / "ran").exists(), member


# --- network ---


def test_running_scoring_and_reporting_ask_no_network(task, tmp_path, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        pytest.fail("something asked for the network")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    run_folder(tmp_path / "results")
    write_report(load(tmp_path / "results"), tmp_path / "report")
    assert score(task.to_float(task.held_out), task, ["modes@50"])[0]["value"] is not None
    assert pd.notna(load(tmp_path / "results").scores["value"]).all()
