import pickle
import uuid
from pathlib import Path

import pytest

from genbench.store import RunFolder, folder_place, load, place, scan
from genbench.store.place import read, shared, walk
from genbench.types import Estimate as E
from genbench.types import InputError, NotAvailableError, Record, Score


@pytest.fixture
def memory() -> str:
    return f"memory://{uuid.uuid4().hex}/results"


def write(root, model: str, key: str, value: float = 1.0) -> RunFolder:
    folder = RunFolder.under(root, "quick", "ring8", model, key)
    folder.write_scores([Score(0, 10, "modes@2500", E(value, 2500))], {"modes@2500": "higher"})
    folder.write_record(Record("quick", "ring8", model, {"options": {}}, "done", (0,)))
    return folder


def test_what_is_no_url_is_a_path(tmp_path: Path) -> None:
    assert place("results/a") == Path("results/a")
    assert place("C:results") == Path("C:results")
    assert place(f"file://{tmp_path}/a") == tmp_path / "a"
    assert place(tmp_path) is tmp_path


def test_a_place_stays_itself_in_another_process(memory: str) -> None:
    there = place(memory)
    assert str(pickle.loads(pickle.dumps(there)) / "a") == str(there / "a") == f"{memory}/a"
    assert place(there) is there
    assert not shared(there)
    assert shared(Path())


def test_an_unknown_scheme_is_one_sentence() -> None:
    with pytest.raises(InputError, match=r"s4://bucket cannot be reached; check the URL"):
        place("s4://bucket")


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(path: object) -> bool:
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr("upath.UPath.exists", missing)
    monkeypatch.setattr("upath.implementations.memory.MemoryPath.exists", missing)
    with pytest.raises(NotAvailableError, match=r"genbench\[s3\]"):
        place("memory://x")


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InputError, match="is a file; give a folder"):
        folder_place(str(tmp_path / "file"))


def test_a_url_is_walked_as_a_folder_is(memory: str, tmp_path: Path) -> None:
    for root in (place(memory), tmp_path):
        for name in ("b/c/x", "b/y", "a/z", "top", "pruned/deep/er"):
            RunFolder(root).write_bytes(name, b"")
    seen = []
    for root in (place(memory), tmp_path):
        found = {}
        for folder, below, files in walk(root):
            below[:] = sorted(name for name in below if name != "pruned")
            found["/".join(folder.parts[len(root.parts) :])] = (list(below), sorted(files))
        seen.append(found)
    assert seen[0] == seen[1]
    assert list(seen[0]) == ["", "a", "b", "b/c"]


def test_runs_at_a_url_are_read_as_those_in_a_folder(memory: str, tmp_path: Path) -> None:
    for root in (memory, tmp_path):
        write(root, "gan", "0123abcd", 7.0)
        write(root, "vae", "0123abce")
        RunFolder.under(root, "quick", "ring8", "bad", "0123abcf").write_bytes("record.json", b"{")
    far, near = load(memory), load(tmp_path)
    assert far.records.drop(columns="path").equals(near.records.drop(columns="path"))
    assert far.scores["value"].tolist() == near.scores["value"].tolist() == [7.0, 1.0]
    assert [folder.key for folder in far.folders] == ["0123abcd", "0123abce"]
    assert len(far.problems) == 1
    assert "bad-0123abcf/record.json is damaged" in far.problems[0]
    assert [f.path for f in scan(f"{memory}/quick/ring8/gan-0123abcd")[0]] == [far.folders[0].path]


def test_nothing_there(memory: str) -> None:
    with pytest.raises(InputError, match="is no folder"):
        load(memory)
    with pytest.raises(InputError, match=r"record\.json cannot be read"):
        RunFolder.under(memory, "a", "b", "c", "0123abcd").read_record()


def test_the_last_write_is_read(memory: str) -> None:
    for data in (b"old", b"new"):
        path = RunFolder(place(memory)).write_bytes("state.safetensors", data)
        assert read(path) == data
