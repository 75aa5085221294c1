"""The gate that guards speed: what is slower twice fails, what is slow once does not."""

import shutil
import subprocess
from pathlib import Path

import pytest
from perf import gate

TABLE = {"": 1.5, "kernels": 1.2, "kernels.Kernel.time_kernel('frechet'": 1.1}
ONE_KERNEL = r"kernels.Kernel.time_kernel\('gibbs', 'large'\)"
SLOW_DOWN = '''

_fast = half_step


def half_step(*given, **options):
    """As before, in 1.3 times the time."""
    import time

    started = time.process_time()
    found = _fast(*given, **options)
    end = started + 1.3 * (time.process_time() - started)
    while time.process_time() < end:
        pass
    return found
'''


def test_the_longest_entry_counts():
    assert gate.allowed("training.Step.time_step('gan', 'ring8')", TABLE) == 1.5
    assert gate.allowed("kernels.Kernel.time_kernel('prdc', 'small')", TABLE) == 1.2
    assert gate.allowed("kernels.Kernel.time_kernel('frechet', 'small')", TABLE) == 1.1


def test_only_what_both_commits_have_is_compared():
    base = {"kernels.a": 1.0, "kernels.gone": 1.0, "other": 1.0}
    assert gate.slower(base, {"kernels.a": 1.3, "kernels.new": 9.0, "other": 1.3}, TABLE) == {
        "kernels.a": 1.3
    }


@pytest.mark.parametrize(
    ("looks", "code"),
    [([1.05], 0), ([1.4, 1.0], 0), ([1.4, 1.4, 1.1], 0), ([1.4, 1.3, 1.5], 1), ([1.15, 1.15, 1.15], 0)],
)
def test_only_what_is_slower_in_every_look_fails(monkeypatch, looks, code):
    heads, asked = iter(looks), []

    def measured(base, head, bench, root):
        asked.append(bench)
        return {"kernels.a": 1.0}, {"kernels.a": next(heads)}

    monkeypatch.setattr(gate, "measure", measured)
    monkeypatch.setattr(gate, "thresholds", lambda: TABLE)
    assert gate.judge("base", "head", None) == code
    assert asked == [None, *[r"^kernels\.a$"] * (len(looks) - 1)]


def test_an_unlucky_base_does_not_hide_what_is_slow_for_good(monkeypatch):
    looks = iter([({"kernels.a": 1.2}, {"kernels.a": 1.35}), *[({"kernels.a": 1.0}, {"kernels.a": 1.3})] * 2])
    monkeypatch.setattr(gate, "measure", lambda *_: next(looks))
    monkeypatch.setattr(gate, "thresholds", lambda: TABLE)
    assert gate.judge("base", "head", None) == 1


def test_the_least_of_two_looks_counts():
    assert gate.least({"a": 1.0, "b": 2.0}, {"a": 1.2}) == {"a": 1.0, "b": 2.0}


def test_every_threshold_lets_thirty_percent_in_a_kernel_be_seen():
    table = gate.thresholds()
    assert all(factor >= 1.1 for factor in table.values())
    assert gate.allowed("kernels.Kernel.time_kernel('gibbs', 'large')", table) < 1.3


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_an_injected_slow_down_is_caught_and_nothing_else(tmp_path: Path, monkeypatch, capsys):
    """Three commits: as it is, the same again, and one whose Gibbs step takes 30 % longer."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(gate, "ASV_OPTIONS", (*gate.ASV_OPTIONS, "--attribute", "rounds=2"))
    repository = small_repository(tmp_path / "repository")
    commit(repository, "kernels alone")
    commit(repository, "same")
    with (repository / "genbench/kernels/gibbs.py").open("a") as file:
        file.write(SLOW_DOWN)
    commit(repository, "slow")
    assert gate.judge("HEAD~2", "HEAD~1", ONE_KERNEL, repository) == 0
    assert gate.judge("HEAD~1", "HEAD", ONE_KERNEL, repository) == 1
    assert "slower: kernels.Kernel.time_kernel('gibbs', 'large')" in capsys.readouterr().out


def small_repository(root: Path) -> Path:
    """The package as it lies on disk and the benchmarks of kernels, which need least to import."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(gate.ROOT / "genbench", root / "genbench", ignore=ignored)
    (root / "suites/perf").mkdir(parents=True)
    for name in ("asv.conf.json", *(f"suites/perf/{n}.py" for n in ("__init__", "kernels", "timing"))):
        shutil.copy(gate.ROOT / name, root / name)
    run(root, "git", "init", "--quiet")
    return root


def commit(root: Path, message: str) -> None:
    run(root, "git", "add", "--all", "genbench", "suites", "asv.conf.json")
    who = ["-c", "user.name=gate", "-c", "user.email=gate@localhost"]
    run(root, "git", *who, "commit", "--quiet", "--allow-empty", "--message", message)


def run(folder: Path, *command: str) -> None:
    subprocess.run(command, cwd=folder, check=True)
