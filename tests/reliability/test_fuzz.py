"""Every public boundary under generated input: an answer or a sentence, never a traceback.

A few hundred cases (``GENBENCH_FUZZ_CASES``) run with the other tests; `fuzz.py` makes 100,000.
"""

import io
import json
import os
import resource
import shutil
import struct
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c

from genbench.cli.diagnosis import _mapping
from genbench.cli.runs import _seeds, _split
from genbench.detectors import diagnose
from genbench.detectors.logs import read_log
from genbench.engine import checkpoint
from genbench.engine.placement import Placement
from genbench.executors.local import run_all
from genbench.metrics import read_samples
from genbench.metrics.metric import named
from genbench.registry import models, tasks
from genbench.report.leaderboard import leaderboard
from genbench.store import RunFolder, load
from genbench.suite import RunConfig, expand, load_suite
from genbench.tasks import digits, ring8
from genbench.types import GenbenchError

BOUNDARIES = 6
CASES = int(os.environ.get("GENBENCH_FUZZ_CASES", "300")) // BOUNDARIES
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["vae", "gan", "ring8", "../../x", "<script>", "modes@2500", "@", "modes@-1", "é\x00"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
KEYS = ["description", "seeds", "steps", "batch", "evaluations", "metrics", "stop_on", "tasks", "models"]
LINES = st.tuples(st.sampled_from([*KEYS, "options.vae", "sweep.gan.width", "x"]), VALUES)
TABLES = ["trace.parquet", "scores.parquet"]
FILES = [*TABLES, "record.json", "verdicts.json", "state.safetensors", "samples/final.npz"]
FIELDS = ["suite", "task", "model", "config", "seeds", "status", "cost", "failures", "notes", "data"]
FIELDS += ["options", "task_options", "steps", "batch", "metrics", "key"]
DAMAGE = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=6)
CUT = st.one_of(st.none(), st.floats(0, 1))

MOST_SECONDS = 20.0
"""Processor time after which an answer counts as a hang; on a busy machine wall time says little."""
MOST_KILOBYTES = 1_000_000
"""By which a boundary may raise the process's peak, libraries that it imports included."""
MADE: Counter[str] = Counter()
"""Cases of each boundary so far."""
fuzzed = settings(
    max_examples=max(CASES, 10),
    deadline=None,
    database=None,
    derandomize="GENBENCH_FUZZ_RANDOM" not in os.environ,
    suppress_health_check=list(HealthCheck),
)


def harmless(action: Callable[[], object]) -> None:
    """Run it: it may answer, or say what is wrong."""
    said, started = "an answer", time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            action()
        except GenbenchError as error:
            said = str(error)
    assert said.strip()
    assert time.process_time() - started < MOST_SECONDS


def damaged(data: bytes, damage: list[tuple[float, int]], cut: float | None) -> bytes:
    """Some bytes replaced, and the end lost."""
    changed = bytearray(data)
    for where, value in damage:
        if changed:
            changed[min(int(where * len(changed)), len(changed) - 1)] = value
    return bytes(changed if cut is None else changed[: int(cut * len(changed))])


@pytest.fixture(autouse=True)
def figures(request: pytest.FixtureRequest) -> Iterator[None]:
    """No case may take much memory; a line on the boundary goes to the file that `fuzz.py` asks for."""
    started, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < MOST_KILOBYTES, f"the process's peak rose by {grown} kB"
    if where := os.environ.get("GENBENCH_FUZZ_FIGURES"):
        boundary = request.node.name.removeprefix("test_")
        line = {"boundary": boundary, "cases": MADE[boundary], "seconds": time.process_time() - started}
        with Path(where).open("a") as file:
            file.write(json.dumps(line) + "\n")


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A folder for the files of a case; nothing may appear beside them."""
    return tmp_path_factory.mktemp("fuzz")


def emptied(place: Path) -> Path:
    """The folder without what a failed case left, which would make all after it fail as well."""
    for left in place.iterdir():
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    return place


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> RunFolder:
    root = tmp_path_factory.mktemp("sound")
    options = {"width": 4, "latent": 2}
    config = RunConfig("s", "ring8", {"samples": 100}, "vae", options, (0, 1), 12, 8, 2, ("modes@50",))
    run_all([config], Placement(torch.device("cpu")), root)
    return RunFolder.under(root, "s", "ring8", "vae", config.key)


@fuzzed
@given(lines=st.lists(LINES, max_size=8), text=st.one_of(st.none(), st.binary(max_size=60)))
def test_suites(place: Path, lines: list[tuple[str, Any]], text: bytes | None) -> None:
    MADE["suites"] += 1
    path = emptied(place) / "suite.toml"
    body = "\n".join(f"{key} = {toml(value)}" for key, value in dict(lines).items())
    whole = f'description = "fuzz"\n[[compare]]\nsteps = 3\n{body}'.encode("utf-8", "surrogatepass")
    path.write_bytes(whole if text is None else text)
    harmless(lambda: expand(load_suite(path)))
    defaults = {"steps": 3, "tasks": ["ring8"], "models": ["vae"]}
    full = "\n".join(f"{key} = {toml(value)}" for key, value in {**defaults, **dict(lines)}.items())
    path.write_bytes(f"[[compare]]\n{full}".encode("utf-8", "surrogatepass"))
    harmless(lambda: expand(load_suite(path)))
    assert list(place.iterdir()) == [path]
    path.unlink()


def toml(value: Any) -> str:
    """A value as TOML would have it, as far as it can."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value)


@fuzzed
@given(
    name=st.sampled_from(
        [
            "record.json",
            "trace.parquet",
            "scores.parquet",
            "verdicts.json",
            "state.safetensors",
            "samples/final.npz",
        ]
    ),
    damage=DAMAGE,
    cut=CUT,
    field=st.one_of(
        st.none(), st.tuples(st.sampled_from(["suite", "config", "seeds", "status", "cost"]), VALUES)
    ),
)
def test_run_folders(
    place: Path, sound: RunFolder, name: str, damage: list[Any], cut: float | None, field: Any
) -> None:
    MADE["run_folders"] += 1
    root = emptied(place) / "results"
    folder = RunFolder(root / "s" / "ring8" / sound.path.name)
    shutil.copytree(sound.path, folder.path)
    path = folder.path / name
    if field is None:
        path.write_bytes(damaged(path.read_bytes(), damage, cut))
    else:
        record = json.loads((folder.path / "record.json").read_text())
        config = {**record["config"], field[0]: field[1]}
        changed = {**record, field[0]: field[1]} if field[0] in record else {**record, "config": config}
        (folder.path / "record.json").write_text(json.dumps(changed))
    harmless(lambda: leaderboard(load(root)))
    harmless(lambda: diagnose_folder(folder))
    harmless(folder.read_samples)
    harmless(lambda: checkpoint.newest(folder, folder.key, torch.device("cpu")))
    harmless(lambda: RunConfig.from_dict(folder.read_record().config))
    assert [path.name for path in place.iterdir()] == ["results"]
    shutil.rmtree(root)


def diagnose_folder(folder: RunFolder) -> object:
    from genbench.types import Trace

    return diagnose(Trace(folder.read_trace()))


SAMPLE_TASKS = {"digits": digits(), "ring8": ring8(samples=50)}


def sample_files() -> dict[str, bytes]:
    """A sound file of every kind."""
    pixels, files = np.zeros((3, 1, 8, 8), np.uint8), {}
    for name, write in {
        "a.npy": lambda file: np.save(file, pixels),
        "a.npz": lambda file: np.savez(file, samples=pixels),
        "a.pt": lambda file: torch.save({"samples": torch.zeros(3, 2)}, file),
        "a.zip": lambda file: None,
    }.items():
        buffer = io.BytesIO()
        write(buffer)
        files[name] = buffer.getvalue()
    picture = io.BytesIO()
    Image.fromarray(pixels[0, 0]).save(picture, "PNG")
    return {**files, "pictures/a.png": picture.getvalue()}


SAMPLES = sample_files()


@fuzzed
@given(
    name=st.sampled_from(sorted(SAMPLES)),
    damage=DAMAGE,
    cut=CUT,
    text=st.one_of(st.none(), st.binary(max_size=80)),
    task=st.sampled_from(sorted(SAMPLE_TASKS)),
)
def test_sample_files(
    place: Path, name: str, damage: list[Any], cut: float | None, text: bytes | None, task: str
) -> None:
    MADE["sample_files"] += 1
    path = emptied(place) / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(damaged(SAMPLES[name], damage, cut) if text is None else text)
    given = path.parent if path.parent != place else path
    harmless(lambda: read_samples(given, SAMPLE_TASKS[task]))
    path.unlink()
    if path.parent != place:
        path.parent.rmdir()
    assert list(place.iterdir()) == []


CELLS = st.one_of(st.integers(-5, 10**20), st.floats(), st.text(max_size=4), st.none(), st.booleans())
CELLS |= st.sampled_from(["nan", "inf", "1,000", "0,5", "tensor(1.0)", "−2", "9" * 300, "train", "val"])
COLUMNS = st.sampled_from(
    [
        *("step", "seed", "signal", "value", "loss", "g/grad_norm", "run/finite", "seconds", ""),
        *(
            "epoch",
            "iter",
            "mode",
            "a=1 - loss",
            "b - loss__MIN",
            "Loss/G/loss",
            "_timestamp",
            "\x1b]0;x\x07",
        ),
    ]
)
FORMS = [
    ".csv",
    ".CSV",
    ".tsv",
    ".jsonl",
    ".parquet",
    ".json",
    ".txt",
    ".log",
    ".events",
    ".list",
    ".columns",
]


@fuzzed
@given(
    rows=st.lists(st.dictionaries(COLUMNS, CELLS, max_size=5), max_size=12),
    form=st.sampled_from(FORMS),
    damage=DAMAGE,
    cut=CUT,
    text=st.one_of(st.none(), st.text(max_size=80)),
)
def test_logs(
    place: Path, rows: list[Any], form: str, damage: list[Any], cut: float | None, text: str | None
) -> None:
    MADE["logs"] += 1
    names = {".events": "events.out.tfevents.1", ".list": "log.json", ".columns": "log.json"}
    path = emptied(place) / names.get(form, f"log{form}")
    path.write_bytes(
        damaged(log(rows, form), damage, cut) if text is None else text.encode("utf-8", "replace")
    )
    harmless(lambda: diagnose(read_log(path)))
    assert list(place.iterdir()) == [path]
    path.unlink()


def log(rows: list[dict[str, Any]], form: str) -> bytes:
    if form == ".parquet":
        return pd.DataFrame(rows).astype(str).to_parquet() if rows else b""
    if form == ".events":
        return b"".join(map(event, rows))
    texts = {
        ".csv": lambda: pd.DataFrame(rows).to_csv(index=False),
        ".CSV": lambda: pd.DataFrame(rows).to_csv(index=False, sep=";", decimal=","),
        ".tsv": lambda: pd.DataFrame(rows).to_csv(index=False, sep="\t") * 2,
        ".list": lambda: json.dumps(rows, indent=1),
        ".columns": lambda: json.dumps(
            {name: [row.get(name) for row in rows] for row in rows for name in row}
        ),
        ".txt": lambda: "\n".join(", ".join(f"{name}: {cell}" for name, cell in row.items()) for row in rows),
    }
    written = texts.get(form, lambda: "\n".join(map(json.dumps, rows)))
    return str(written()).encode("utf-8", "replace")


def event(row: dict[str, Any]) -> bytes:
    """A row as an event, whose sums are right even where a number or a shape is not."""
    step = row.get("step")
    numbers = [(name, cell) for name, cell in row.items() if isinstance(cell, float)]
    sides = [{"size": cell} for cell in row.values() if type(cell) is int and abs(cell) < 2**63]
    with np.errstate(over="ignore"):
        values = [Summary.Value(tag=name, simple_value=np.float32(cell)) for name, cell in numbers]
    values += [
        Summary.Value(tag="tensor", tensor={"dtype": 1, "float_val": [1.0], "tensor_shape": {"dim": sides}})
    ]
    counted = step if type(step) is int and abs(step) < 2**63 else 0
    data = Event(step=counted, summary=Summary(value=values)).SerializeToString()
    head = struct.pack("<Q", len(data))
    sums = (struct.pack("<I", masked_crc32c(part)) for part in (head, data))
    return b"".join([head, next(sums), data, next(sums)])


@fuzzed
@given(
    model=st.sampled_from(sorted(models)),
    task=st.sampled_from(sorted(tasks)),
    options=st.dictionaries(
        st.one_of(st.text(max_size=6), st.sampled_from(["width", "latent", "samples"])), VALUES
    ),
)
def test_options(model: str, task: str, options: dict[str, Any]) -> None:
    MADE["options"] += 1
    harmless(lambda: models[model].resolve(options))
    harmless(lambda: tasks[task].resolve(options))


@fuzzed
@given(
    text=st.one_of(
        st.text(max_size=20), st.from_regex(r"[a-z_]{1,12}(:[a-z.]{0,5})?@[0-9k]{0,6}", fullmatch=True)
    ),
    more=st.lists(st.text(max_size=10), max_size=3),
)
def test_option_strings(text: str, more: list[str]) -> None:
    MADE["option_strings"] += 1
    harmless(lambda: named(text))
    harmless(lambda: named(f"modes@{text}"))
    harmless(lambda: _seeds(None, text))
    harmless(lambda: _mapping([text, *more]))
    harmless(lambda: expand(load_suite("quick"), models=_split(text), tasks=more or None))
    harmless(lambda: load_suite(text))
