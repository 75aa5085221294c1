"""A real Ray cluster of three nodes on this machine; one of them is killed while it works."""

import json
from collections import Counter
from pathlib import Path

import pytest
import ray
import torch
from ray.cluster_utils import Cluster
from safetensors.torch import load_file

from genbench.cli.cluster import Place, chosen_cluster
from genbench.engine.placement import Placement
from genbench.executors import cluster as module
from genbench.executors.cluster import RayCluster
from genbench.executors.local import run_all
from genbench.store import load, place
from genbench.suite import RunConfig
from genbench.types import InputError
from genbench.watcher import Watcher

CPU = Placement(torch.device("cpu"))
MEMORY = 80 * 2**20
SUITE = """
description = "Small, for the tests"
seeds = 3
batch = 16
evaluations = 1
steps = 4

[[compare]]
tasks = ["ring8"]
task_options.ring8 = { samples = 500 }
models = ["vae"]
metrics = ["modes@500"]
options.vae = { width = 8 }
"""


@pytest.fixture(scope="module")
def cluster():
    """A head without CPUs, and two nodes of one; a dead one is noticed within seconds."""
    health = {
        "health_check_initial_delay_ms": 0,
        "health_check_period_ms": 500,
        "health_check_failure_threshold": 4,
    }
    head = {
        "num_cpus": 0,
        "object_store_memory": MEMORY,
        "include_dashboard": False,
        "_system_config": health,
    }
    made = Cluster(initialize_head=True, head_node_args=head)
    try:
        for _ in range(2):
            made.add_node(num_cpus=1, object_store_memory=MEMORY)
        made.wait_for_nodes()
        yield made
    finally:
        ray.shutdown()
        made.shutdown()


def config(width: int, steps: int) -> RunConfig:
    options = {"width": width, "latent": 2}
    task = {"samples": 500}
    return RunConfig("test", "ring8", task, "vae", options, (0, 1), steps, 16, 1, metrics=("modes@500",))


def test_the_command_line_splits_seeds_over_the_cluster(cluster, genbench, tmp_path):
    suite = tmp_path / "small.toml"
    suite.write_text(SUITE)
    where = ["--executor", "ray", "--address", cluster.address, "--out", tmp_path / "far"]
    code, out, err = genbench("run", suite, *where, "--seeds-per-run", 2)
    assert code == 0, err
    assert err.count("vae, seeds 2: done, 4 steps") == err.count("vae, seeds 0, 1: done, 4 steps") == 1
    assert not ray.is_initialized()
    results = load(tmp_path / "far")
    assert sorted(results.records["seeds"]) == [(0, 1), (2,)]
    _, out, _ = genbench("leaderboard", tmp_path / "far", "--format", "json")
    rows = [row for row in json.loads(out) if row["status"] != "reference"]
    assert {(row["model"], row["seeds"]) for row in rows} == {("vae", 3)}


class Killer(Watcher):
    """Kills a node when a run has ended and neither node's is near its end, and notes what was finished."""

    def __init__(self, cluster, out) -> None:
        self.cluster, self.out = cluster, out
        self.at_work: dict[RunConfig, int] = {}
        self.ends: Counter[RunConfig] = Counter()
        self.finished: dict[Path, bytes] = {}

    def tick(self, config, step, rate, scores, signals) -> None:
        self.at_work[config] = step
        early = all(4 * done < 3 * own.steps for own, done in self.at_work.items())
        if self.ends and len(self.at_work) == 2 and early and not self.finished:
            records = {file: file.read_bytes() for file in self.out.rglob("record.json")}
            self.finished = {file: text for file, text in records.items() if b'"done"' in text}
            own = ray.get_runtime_context().get_node_id()  # all nodes are on this machine; ours must live
            other = next(node for node in self.cluster.worker_nodes if node.node_id != own)
            self.cluster.remove_node(other, allow_graceful=False)

    def end(self, config, record, reused) -> None:
        self.at_work.pop(config, None)
        self.ends[config] += 1


def test_a_node_killed_in_mid_suite_loses_nothing(cluster, monkeypatch, tmp_path):
    begins: Counter[RunConfig] = Counter()
    told = module._Tasks._pass_on

    def count(self, news) -> None:
        begins.update(arguments[0] for name, arguments in news if name == "begin")
        told(self, news)

    monkeypatch.setattr(module._Tasks, "_pass_on", count)
    # So long that a node's work outlives it: its processes notice after a while that it is gone.
    configs = [config(width, steps=1000) for width in range(8, 13)]
    near, far = tmp_path / "near", tmp_path / "far"
    killer = Killer(cluster, far)
    records = run_all(configs, CPU, far, killer, executor=RayCluster(cluster.address))
    expected = run_all(configs, CPU, near)

    assert [record.status for record in records] == ["done"] * 5
    assert killer.ends == Counter(configs)
    # What was finished when the node died has not been touched again, and something else was under way there.
    assert killer.finished
    assert all(file.read_bytes() == content for file, content in killer.finished.items())
    assert begins.total() == 6
    for record, other in zip(records, expected, strict=True):
        assert (record.steps_done, record.seeds) == (other.steps_done, other.seeds)
    files = sorted(file.relative_to(near) for file in near.rglob("state.safetensors"))
    assert len(files) == 5
    for file in files:
        first, second = load_file(near / file), load_file(far / file)
        assert first.keys() == second.keys()
        assert all(first[name].equal(second[name]) for name in first)
    columns = ["key", "seed", "step", "metric", "value"]
    assert load(near).scores[columns].equals(load(far).scores[columns])


def test_a_stop_reaches_the_workers_and_what_waits_is_not_begun(cluster, tmp_path):
    ticks: list[int] = []

    class Count(Watcher):
        def tick(self, config, step, rate, scores, signals) -> None:
            ticks.append(step)

    configs = [config(width, steps=40_000) for width in (8, 9, 10)]
    where = RayCluster(cluster.address, retries=0)
    records = run_all(configs, CPU, tmp_path, Count(), stopping=lambda: bool(ticks), executor=where)
    assert 0 < len(records) < len(configs)
    assert {record.status for record in records} == {"interrupted"}
    assert all(0 < record.steps_done < 40_000 for record in records)


def test_mistakes_are_one_sentence(tmp_path):
    with pytest.raises(InputError, match="give --out a folder or URL that all see"):
        RayCluster()([], CPU, place("memory://x"), Watcher(), lambda: False)
    with pytest.raises(InputError, match=r"--cpus-per-run and --retries: for --executor ray"):
        chosen_cluster(Place.local, None, 2, 0, 1, "auto", None)
    with pytest.raises(InputError, match=r"for --executor ray; add it"):
        chosen_cluster(Place.local, "auto", 1, 0, 3, "auto", None)
    with pytest.raises(InputError, match="contradict each other"):
        chosen_cluster(Place.ray, "auto", 1, 0, 3, "cuda", None)
    assert chosen_cluster(Place.ray, "auto", 1, 0.25, 2, "auto", 8) == RayCluster("auto", 1, 0.25, 2, 8)


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1", "[::1]:1", "127.0.0.1:99999"])
def test_an_address_at_which_nobody_listens_is_said_at_once(monkeypatch, tmp_path, address):
    """Ray would wait, for more than ten minutes."""
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", lambda **_: pytest.fail("Ray was asked"))
    with pytest.raises(InputError, match=r"no Ray cluster answers at .*; check --address"):
        RayCluster(address)([config(8, 3)], CPU, tmp_path, Watcher(), lambda: False)


def test_a_worker_with_a_share_of_a_gpu_trains_on_it():
    assert RayCluster(gpus=0.25)._there(CPU).device.type == "cuda"
    assert RayCluster()._there(Placement(torch.device("cuda"))).device.type == "cpu"
