"""Each fault ends in a sentence that names what to do, and the other runs finish."""

import errno
import multiprocessing
import os
import re
import subprocess
import sys
import textwrap
import time
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
import torch

from genbench.engine import recording
from genbench.engine.ensemble import Ensemble
from genbench.engine.memory import is_out_of_memory
from genbench.engine.placement import Placement
from genbench.executors.attempt import folder_of
from genbench.executors.local import run_all
from genbench.models.model import Phase
from genbench.models.vae import Vae
from genbench.registry import Entry, PluginWarning, detectors, metrics, models, tasks
from genbench.store import RunFolder, load, place
from genbench.store.lock import LOCK_FILE, try_lock
from genbench.suite import RunConfig
from genbench.tasks.task import Task
from genbench.watcher import Watcher

CPU = Placement(torch.device("cpu"))
OPTIONS = {"width": 8, "latent": 2}


def config(model: str = "vae", steps: int = 6, **changes: object) -> RunConfig:
    given = {"task": "ring8", "task_options": {"samples": 300}, "metrics": ("modes@500",), "seeds": (0, 1)}
    given = given | changes
    return RunConfig(
        suite="test", model=model, options=OPTIONS, steps=steps, batch=16, evaluations=1, **given
    )


def states(out: Path) -> list[bytes]:
    """The tensors of every checkpoint."""
    found = [path.read_bytes() for path in sorted(out.rglob("state.safetensors"))]
    return [data[8 + int.from_bytes(data[:8], "little") :] for data in found]


def plugin(monkeypatch: pytest.MonkeyPatch, registry: object, name: str, factory: object) -> None:
    registry._load()
    entry = Entry(name, factory, origin="somebodys-plugin")
    monkeypatch.setattr(registry, "_entries", {**registry._entries, name: entry})


def raises(*_: object, **__: object) -> None:
    raise ZeroDivisionError("a mistake of the plugin's")


@dataclass(frozen=True)
class BrokenUpdate(Vae):
    """A model one part of whose update raises."""

    part: str = "objective"

    def phases(self, task: Task) -> list[Phase]:
        (phase,) = super().phases(task)
        broken = {"vae": raises} if self.part == "project" else raises
        return [replace(phase, updates=[replace(update, **{self.part: broken}) for update in phase.updates])]


def broken_metric(n: int = 10) -> None:
    raises()


# --- disks ---


class FullDisk:
    """A disk that has room for so many bytes and no more."""

    def __init__(self, room: int) -> None:
        self.room, self.fsync = room, os.fsync

    def __call__(self, descriptor: int) -> None:
        self.room -= os.fstat(descriptor).st_size
        if self.room < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.fsync(descriptor)


def test_a_full_disk_is_said_and_room_is_all_it_takes_to_go_on(monkeypatch, tmp_path):
    run_all([config()], CPU, tmp_path / "whole")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", FullDisk(12_000))
        (record,) = run_all([config()], CPU, tmp_path / "cut")
    assert record.status == "failed"
    assert re.match(r"\S+/ring8/vae-\w+/\S+: No space left on device; see to the disk", record.reason)
    assert "run the same command again" in record.reason
    assert not list((tmp_path / "cut").rglob("*.tmp"))
    (record,) = run_all([config()], CPU, tmp_path / "cut")
    assert record.status == "done"
    assert states(tmp_path / "whole") == states(tmp_path / "cut")


def test_a_disk_that_is_full_for_one_run_is_not_the_end_of_the_others(monkeypatch, tmp_path):
    def refuse_the_first(descriptor: int) -> None:
        if "/vae-" in str(Path(f"/proc/self/fd/{descriptor}").readlink()):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    plugin(monkeypatch, models, "other", models["vae"].factory)
    monkeypatch.setattr(os, "fsync", refuse_the_first)
    first, second = run_all([config(), config("other")], CPU, tmp_path)
    assert (first.status, second.status) == ("failed", "done")


def test_a_file_size_limit_of_the_system_is_said(tmp_path):
    """The real thing: the kernel refuses in the middle of a write."""
    script = f"""
        import resource, signal, torch
        from genbench.cli import main
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
        import sys
        sys.argv = ["genbench", "run", "quick", "--models", "vae", "--tasks", "ring8", "--seeds", "1",
                    "--steps", "3", "--jobs", "1", "--out", {str(tmp_path)!r}]
        main()
    """
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 3, ran.stderr
    assert "File too large" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert not list(tmp_path.rglob("*.tmp"))


@pytest.mark.parametrize("block", ["quick", "quick/ring8"])
def test_a_folder_that_cannot_be_made_is_named(tmp_path, block):
    """As for a read-only folder, whose rights do not bind a test that runs as root."""
    (tmp_path / block).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / block).write_bytes(b"a file where a folder should be")
    first, second = run_all([RunConfig(**{**vars(config()), "suite": "quick"}), config()], CPU, tmp_path)
    assert first.status == "failed"
    assert block in first.reason
    assert second.status == "done"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_named(tmp_path):
    tmp_path.chmod(0o500)
    try:
        (record,) = run_all([config()], CPU, tmp_path)
    finally:
        tmp_path.chmod(0o700)
    assert "Permission denied" in record.reason


def test_a_link_in_place_of_a_run_fails_that_run_alone(tmp_path):
    folder = folder_of(config(), tmp_path / "out").path
    folder.parent.mkdir(parents=True)
    folder.symlink_to(tmp_path)
    first, second = run_all([config(), config(steps=7)], CPU, tmp_path / "out")
    assert (first.status, second.status) == ("failed", "done")
    assert "is a symbolic link" in first.reason


def test_a_store_that_refuses_one_run_is_not_the_end_of_the_others(monkeypatch):
    from fsspec.implementations.memory import MemoryFileSystem

    wanted, write = config(), MemoryFileSystem.pipe_file

    def refuse(self: object, path: str, *rest: object, **more: object) -> None:
        if wanted.key in path:
            raise PermissionError("403 Forbidden")
        write(self, path, *rest, **more)

    monkeypatch.setattr(MemoryFileSystem, "pipe_file", refuse)
    first, second = run_all([wanted, config(steps=7)], CPU, place("memory://faults"))
    assert (first.status, second.status) == ("failed", "done")
    assert "cannot be written; check the URL and the credentials (403 Forbidden)" in first.reason


def test_a_removed_data_file_fails_its_run_alone(monkeypatch, tmp_path):
    placement = Placement(torch.device("cpu"), data_dir=tmp_path / "nothing")
    first, second = run_all(
        [config(task="mnist", task_options={}, metrics=None), config()], placement, tmp_path
    )
    assert (first.status, second.status) == ("failed", "done")
    assert "genbench prepare mnist --download" in first.reason


# --- checkpoints ---


@pytest.mark.parametrize("damage", ["truncated", "flipped", "removed"])
def test_a_damaged_checkpoint_costs_the_steps_since_the_one_before(monkeypatch, tmp_path, damage, caplog):
    run_all([config(steps=20)], CPU, tmp_path / "whole")
    asked = iter([False] * 9)
    monkeypatch.setattr(recording, "CHECKPOINT_SECONDS", 0.0)
    cut = tmp_path / "cut"
    (record,) = run_all([config(steps=20)], CPU, cut, stopping=lambda: next(asked, True))
    assert record.status == "interrupted"
    (path,) = cut.rglob("state.safetensors")
    data = bytearray(path.read_bytes())
    data[-100] ^= 16
    if damage == "removed":
        path.unlink()
    else:
        path.write_bytes(data if damage == "flipped" else data[:-100])
    (record,) = run_all([config(steps=20)], CPU, cut)
    assert record.status == "done"
    assert ("is damaged" in caplog.text) == (damage != "removed")
    assert states(tmp_path / "whole") == states(cut)
    assert (
        load(cut)
        .traces.drop(columns=["seconds", "path"])
        .equals(load(tmp_path / "whole").traces.drop(columns=["seconds", "path"]))
    )


def test_a_flipped_bit_in_a_table_is_said(tmp_path):
    run_all([config(steps=20)], CPU, tmp_path)
    (path,) = tmp_path.rglob("trace.parquet")
    data = bytearray(path.read_bytes())
    data[200] ^= 4
    path.write_bytes(data)
    with pytest.raises(Exception, match=r"trace\.parquet is damaged; remove the run's folder") as raised:
        RunFolder(path.parent).read_trace()
    assert "\n" not in str(raised.value)


# --- memory ---


def short_of_memory(monkeypatch: pytest.MonkeyPatch, most: int) -> list[int]:
    """A device whose memory holds `most` seeds; gives a list that tells how many were tried together."""
    tried: list[int] = []
    advance = Ensemble.advance

    def limited(self: Ensemble, state: object, stop: int) -> object:
        together = self.together or len(self.seeds)
        if self.backend == "batched":
            tried.append(together)
            if together > most:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return advance(self, state, stop)

    monkeypatch.setattr(Ensemble, "advance", limited)
    return tried


def test_seeds_that_do_not_fit_are_split_until_they_do(monkeypatch, tmp_path):
    wanted = config(seeds=(0, 1, 2, 3, 4))
    run_all([wanted], CPU, tmp_path / "whole")
    tried = short_of_memory(monkeypatch, most=2)
    (record,) = run_all([wanted], CPU, tmp_path / "split")
    assert record.status == "done"
    assert list(dict.fromkeys(tried)) == [5, 3, 2]
    assert record.environment["seeds_together"] == 2
    whole, split = (load(tmp_path / name).scores["value"] for name in ("whole", "split"))
    torch.testing.assert_close(torch.tensor(split), torch.tensor(whole), rtol=1e-3, atol=1e-4)


def test_one_seed_that_does_not_fit_fails_and_the_others_go_on(monkeypatch, tmp_path):
    def allocates(*_: object) -> None:
        torch.empty(2**60)

    class Greedy(Vae):
        """A model that wants an exabyte."""

        def nets(self, task: object) -> dict:
            allocates()
            return {}

    plugin(monkeypatch, models, "greedy", Greedy)
    first, second = run_all([config("greedy"), config()], CPU, tmp_path)
    assert (first.status, second.status) == ("failed", "done")
    assert first.reason.startswith("out of memory; give fewer seeds")


@pytest.mark.parametrize(
    "said",
    [
        "[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory: you tried to",
        "[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: not enough memory: you tried to",
        "[enforce fail a",
        "CUDA error: out of memory",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
    ],
)
def test_every_way_to_say_that_memory_ran_out_is_understood(said):
    assert is_out_of_memory(RuntimeError(said))
    assert not is_out_of_memory(ValueError(said))


SHORT = """
    import resource, sys, torch
    from pathlib import Path
    from genbench.engine.placement import Placement
    from genbench.executors.local import run_all
    from genbench.suite import RunConfig
    torch.set_num_threads(1)
    task, model = ("ring8", {"samples": 300}), ("vae", {"width": 8, "latent": 2})
    def config(batch):
        return RunConfig("test", *task, *model, (0, 1), 3, batch, 1, ("modes@500",))
    placement, out = Placement(torch.device("cpu")), Path(sys.argv[1])
    run_all([config(8)], placement, out)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 200_000_000,) * 2)
    for record in run_all([config(20_000_000), config(16)], placement, out):
        print(record.status, record.reason)
"""


def test_memory_that_the_kernel_refuses_is_said_and_the_others_go_on(tmp_path):
    """The real thing: a limit on the process, and a batch that does not fit."""
    command = [sys.executable, "-c", textwrap.dedent(SHORT), str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    first, second = ran.stdout.splitlines()
    assert first.startswith("failed out of memory; give fewer seeds or a smaller batch")
    assert second == "done None"


# --- plugins ---


def test_a_plugin_may_raise_in_any_hook_of_a_model(monkeypatch, tmp_path):
    hooks = ("nets", "phases", "sampler", "refuses", "buffers", "probe")
    configs = []
    for hook in hooks:
        broken = type(f"Broken_{hook}", (Vae,), {hook: raises})
        plugin(monkeypatch, models, f"broken-{hook}", broken)
        configs.append(config(f"broken-{hook}", steps=50))
    factories = {
        "objective": lambda: BrokenUpdate(part="objective", **OPTIONS),
        "project": lambda: BrokenUpdate(part="project", **OPTIONS),
        "factory": lambda: raises(),
    }
    for part, factory in factories.items():
        plugin(monkeypatch, models, f"broken-{part}", factory)
        configs.append(replace(config(f"broken-{part}"), options={}))
    *broken, sound = run_all([*configs, config()], CPU, tmp_path)
    assert sound.status == "done"
    for hook, record in zip([*hooks, *factories], broken, strict=True):
        assert record.status == "failed", hook
        assert record.reason.startswith("ZeroDivisionError: a mistake of the plugin's; mend it and run")
        assert "Traceback" in Path(record.reason.partition("(see ")[2].rstrip(")")).read_text()


def test_a_plugin_may_raise_as_task_metric_or_detector(monkeypatch, tmp_path):
    plugin(monkeypatch, tasks, "broken", lambda: raises())
    plugin(monkeypatch, metrics, "broken", broken_metric)
    plugin(monkeypatch, detectors, "broken", lambda: raises())
    plugin(monkeypatch, detectors, "none", lambda: 5)
    configs = [config(task="broken", task_options={}), config(metrics=("broken@10",)), config()]
    by_task, by_metric, sound = run_all(configs, CPU, tmp_path)
    assert (by_task.status, by_metric.status, sound.status) == ("failed", "failed", "done")
    assert "a mistake of the plugin's" in by_task.reason
    assert "a mistake of the plugin's" in by_metric.reason
    (folder,) = [folder for folder in load(tmp_path).folders if folder.read_record().status == "done"]
    evidence = {verdict.detector: verdict.evidence for verdict in folder.read_verdicts()}
    assert "ZeroDivisionError" in evidence["broken"]
    assert "its factory makes a int, which is no Detector" in evidence["none"]


def test_a_plugin_that_ends_the_process_ends_its_run(monkeypatch, tmp_path):
    plugin(monkeypatch, models, "leaves", type("Leaves", (Vae,), {"nets": lambda *_: sys.exit(7)}))
    first, second = run_all([config("leaves"), config()], CPU, tmp_path)
    assert (first.status, second.status) == ("failed", "done")


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("raise RuntimeError('two' + chr(10) + 'lines')", "RuntimeError: two lines"),
        ("import sys; sys.exit(5)", "SystemExit: 5"),
        ("def x(:", "SyntaxError"),
        ("other = 1", "has no attribute 'made'"),
        ("made = 5", "is 5, which cannot be called"),
        ("def made(width: 'Unknown' = 3): ...", "name 'Unknown' is not defined"),
        ("from genbench.types import InputError; raise InputError('mine')", "InputError: mine"),
    ],
)
def test_a_plugin_that_cannot_be_loaded_is_left_out_with_a_warning(monkeypatch, tmp_path, code, told):
    (tmp_path / "strange_plugin.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "strange_plugin", raising=False)
    point = EntryPoint("strange", "strange_plugin:made", "genbench.models")
    with pytest.warns(PluginWarning, match="plugin 'strange' of .* is left out: ") as caught:
        models._load_plugin(point)
    assert told in str(caught[0].message)
    assert "\n" not in str(caught[0].message)
    assert "strange" not in models


def test_nan_in_the_data_is_said_before_training(monkeypatch, tmp_path):
    def spoilt() -> object:
        task = tasks["ring8"].create(samples=300)
        task.train[17, 1] = torch.nan
        return task

    plugin(monkeypatch, tasks, "spoilt", spoilt)
    first, second = run_all([config(task="spoilt", task_options={}), config()], CPU, tmp_path)
    assert (first.status, second.status) == ("failed", "done")
    assert "training example 17 of ring8" in first.reason


# --- clocks and company ---


def test_clocks_may_jump(monkeypatch, tmp_path):
    run_all([config()], CPU, tmp_path / "whole")
    jumps = iter([1e9, -1e9, 0.0, 4e9] * 1000)
    true = time.time
    monkeypatch.setattr(time, "time", lambda: true() + next(jumps))
    (record,) = run_all([config()], CPU, tmp_path / "jumpy")
    assert record.status == "done"
    assert 0 < record.seconds["training"] < 600
    assert states(tmp_path / "whole") == states(tmp_path / "jumpy")


def test_a_lock_is_held_by_one_and_ends_with_its_process(tmp_path):
    with try_lock(tmp_path) as first, try_lock(tmp_path) as second:
        assert (first, second) == (True, False)
    assert not (tmp_path / LOCK_FILE).exists()
    child = os.fork()
    if child == 0:
        with try_lock(tmp_path):
            os.kill(os.getpid(), 9)
    os.waitpid(child, 0)
    assert (tmp_path / LOCK_FILE).exists()
    with try_lock(tmp_path) as after:
        assert after


SHARING = """
    import sys, torch
    from pathlib import Path
    from genbench.engine import run
    from genbench.engine.placement import Placement
    from genbench.executors import attempt
    from genbench.executors.local import run_all
    from genbench.suite import RunConfig
    execute = attempt.execute
    def noted(config, *rest):
        print("began", config.model, config.steps, flush=True)
        return execute(config, *rest)
    attempt.execute = noted
    configs = [RunConfig("test", "ring8", {"samples": 300}, "vae", {"width": 8, "latent": 2}, (0, 1), steps,
                         16, 1, ("modes@500",)) for steps in range(30, 36)]
    records = run_all(configs, Placement(torch.device("cpu")), Path(sys.argv[1]))
    assert [record.status for record in records] == ["done"] * 6, records
"""


@pytest.mark.slow
def test_two_processes_share_the_work(tmp_path):
    command = [sys.executable, "-c", textwrap.dedent(SHARING), str(tmp_path)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    began = [process.communicate(timeout=240)[0].splitlines() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sorted(began[0] + began[1]) == [f"began vae {steps}" for steps in range(30, 36)]


def test_what_a_dead_owner_left_is_taken_over(tmp_path):
    folder = RunFolder.under(tmp_path, "test", "ring8", "vae", config().key)
    folder.path.mkdir(parents=True)
    (folder.path / LOCK_FILE).write_bytes(b"")
    (folder.path / ".state.safetensors.0123.tmp").write_bytes(b"half a file")
    (record,) = run_all([config()], CPU, tmp_path)
    assert record.status == "done"
    assert not [path for path in folder.path.iterdir() if path.name.startswith(".")]


class Killer(Watcher):
    """Kills the workers whenever one run begins, as the kernel does when it needs memory."""

    def __init__(self, key: str) -> None:
        self.key, self.kills = key, 0

    def begin(self, config: RunConfig) -> None:
        if config.key == self.key:
            self.kills += 1
            for child in multiprocessing.active_children():
                child.kill()


@pytest.mark.slow
def test_a_worker_that_is_killed_harms_no_other_run(tmp_path):
    """A pool loses all its workers with one; the runs of the others are done, the culprit's is named."""
    configs = [config(), config(steps=20_000), config(steps=8)]
    killer = Killer(configs[1].key)
    records = run_all(configs, CPU, tmp_path, killer, jobs=2)
    assert [record.status for record in records] == ["done", "failed", "done"]
    assert "perhaps for lack of memory" in records[1].reason
    assert killer.kills == 2
