"""The gate that guards speed: what is slower twice fails, what is slow once does not."""

import subprocess
from pathlib import Path

import pytest
from perf import gate

TABLE = {"": 1.5, "kernels": 1.2, "kernels.Kernel.time_kernel('frechet'": 1.1}
ONE_KERNEL = r"kernels.Kernel.time_kernel\('nearest', 'small'\)"
SLOW_DOWN = '''

_fast = nearest_squared


def nearest_squared(x: Tensor, y: Tensor, k: int) -> Tensor:
    """As before, in 1.3 times the time."""
    import time

    started = time.process_time()
    found = _fast(x, y, k)
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


@pytest.mark.parametrize(("second", "code"), [(1.0, 0), (1.4, 1)])
def test_a_second_look_decides(monkeypatch, second, code):
    heads, asked = iter([1.4, second]), []

    def measured(base, head, bench, root):
        asked.append(bench)
        return {"kernels.a": 1.0}, {"kernels.a": next(heads)}

    monkeypatch.setattr(gate, "measure", measured)
    assert gate.judge("base", "head", None) == code
    assert asked == [None, r"^kernels\.a$"]


def test_every_threshold_lets_thirty_percent_in_a_kernel_be_seen():
    table = gate.thresholds()
    assert all(factor >= 1.1 for factor in table.values())
    assert gate.allowed("kernels.Kernel.time_kernel('nearest', 'small')", table) < 1.3


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_an_injected_slow_down_is_caught_and_nothing_else(tmp_path: Path, monkeypatch, capsys):
    """Three commits: as it is, the same again, and one whose neighbour search takes 30 % longer."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(gate, "ASV_OPTIONS", (*gate.ASV_OPTIONS, "--attribute", "rounds=1"))
    clone = tmp_path / "clone"
    run(tmp_path, "git", "clone", "--quiet", str(gate.ROOT), str(clone))
    for other in ("training", "package", "baselines", "targets"):
        (clone / f"suites/perf/{other}.py").unlink()  # less to import
    commit(clone, "kernels alone")
    commit(clone, "same")
    with (clone / "genbench/kernels/pairwise.py").open("a") as file:
        file.write(SLOW_DOWN)
    commit(clone, "slow")
    assert gate.judge("HEAD~2", "HEAD~1", ONE_KERNEL, clone) == 0
    assert gate.judge("HEAD~1", "HEAD", ONE_KERNEL, clone) == 1
    assert "slower: kernels.Kernel.time_kernel('nearest', 'small')" in capsys.readouterr().out


def commit(clone: Path, message: str) -> None:
    who = ["-c", "user.name=gate", "-c", "user.email=gate@localhost"]
    run(clone, "git", *who, "commit", "--quiet", "--all", "--allow-empty", "--message", message)


def run(folder: Path, *command: str) -> None:
    subprocess.run(command, cwd=folder, check=True)
