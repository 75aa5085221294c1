"""Commands that make results and look at them."""

from __future__ import annotations

import dataclasses
import enum
import json
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from genbench.cli import cluster
from genbench.cli.printing import print_run, print_tables, settings
from genbench.cli.setup import DataDir
from genbench.types import InputError, Record

if TYPE_CHECKING:
    from genbench.store import Place


class Device(enum.StrEnum):
    """Where to train."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


class Backend(enum.StrEnum):
    """How seeds run: stacked into one program, one after the other, or what suits the model."""

    auto = "auto"
    batched = "batched"
    loop = "loop"


class Precision(enum.StrEnum):
    """Of matrix products and convolutions in training: single, TF32 (on a GPU), or bfloat16."""

    fp32 = "fp32"
    tf32 = "tf32"
    bf16 = "bf16"


class Format(enum.StrEnum):
    """How a leaderboard is written."""

    table = "table"
    csv = "csv"
    json = "json"
    md = "md"
    latex = "latex"


Names = Annotated[str | None, typer.Option(help="Only these, separated by commas.")]
SeedCount = Annotated[int | None, typer.Option(min=1, help="Number of seeds: 4 means seeds 0 to 3.")]
SeedIds = Annotated[str | None, typer.Option(help="The very seeds, such as 0,3,7.")]


Steps = Annotated[int | None, typer.Option(min=1, help="Training steps of every run.")]
Compile = Annotated[
    bool | None,
    typer.Option("--compile/--no-compile", help="Compile the steps.", show_default="if it pays"),
]
Products = Annotated[
    Precision | None, typer.Option(help="Of the products in training.", show_default="the suite's, fp32")
]
Out = Annotated[str, typer.Option(help="Where results go: a folder or a URL, s3://bucket/runs.")]
Jobs = Annotated[int | None, typer.Option(min=1, help="Runs at a time.", show_default="cores, 1 on a GPU")]
Track = Annotated[
    str | None, typer.Option(help="tensorboard, wandb, mlflow: whose files are written as well.")
]


def run(
    suite: Annotated[str, typer.Argument(help="A suite's name, or the path of its TOML file.")],
    models: Names = None,
    tasks: Names = None,
    seeds: SeedCount = None,
    seed_ids: SeedIds = None,
    steps: Steps = None,
    device: Device = Device.auto,
    backend: Backend = Backend.auto,
    compile_: Compile = None,
    precision: Products = None,
    out: Out = "results",
    data_dir: DataDir = None,
    jobs: Jobs = None,
    track: Track = None,
    executor: cluster.Where = cluster.Place.local,
    address: cluster.Address = None,
    cpus_per_run: cluster.Cpus = cluster.CPUS,
    gpus_per_run: cluster.Gpus = 0,
    retries: cluster.Retries = cluster.RETRIES,
    seeds_per_run: cluster.SeedsPerRun = None,
) -> None:
    """Train, score and rank every method of a suite; finished runs are kept, cut-off ones go on."""
    from rich.console import Console

    from genbench.cli.progress import Terminal, run_names
    from genbench.engine.devices import choose_device
    from genbench.engine.placement import Placement
    from genbench.executors.local import default_jobs, run_all
    from genbench.executors.trackers import tracker
    from genbench.store import folder_place
    from genbench.suite import expand, load_suite, split_seeds
    from genbench.watcher import Watchers

    loaded = load_suite(suite)
    changes = _changes(_seeds(seeds, seed_ids), steps, precision)
    configs = expand(loaded, models=_split(models), tasks=_split(tasks), **changes)
    configs = configs if seeds_per_run is None else split_seeds(configs, seeds_per_run)
    where = cluster.chosen_cluster(executor, address, cpus_per_run, gpus_per_run, retries, device.value, jobs)
    chosen_device = choose_device("cpu" if where else device.value)
    placement = Placement(chosen_device, backend.value, data_dir, compile=compile_)
    root = folder_place(out)
    console = Console(stderr=True)
    stopping = stop_on_interrupt(console.print)
    named = run_names(configs)
    trackers = [tracker(name, root) for name in _split(track) or ()]
    with (
        cluster.led(placement, where is not None or (jobs or 1) > 1) as led,
        Terminal(console, root, named) as terminal,
    ):
        watcher = Watchers(terminal, *trackers)
        side_by_side = jobs or default_jobs(led, len(configs))
        records = run_all(configs, led, root, watcher, stopping, side_by_side, where)
    _conclude(root / loaded.name)
    if stopping():
        console.print("stopped; the same command goes on from here")
        sys.exit(130)
    _report_failures(records, named)


def _changes(seeds: int | list[int] | None, steps: int | None, precision: Precision | None) -> dict[str, Any]:
    """What replaces the settings of every comparison."""
    return {"seeds": seeds, "steps": steps, "precision": None if precision is None else precision.value}


def show(
    path: Annotated[str, typer.Argument(help="A run's folder, or one that holds it, or a URL.")],
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:
    """Show what a run was, how it ended and what its samples scored."""
    from genbench.report.methods import names
    from genbench.store import scan

    folders, problems = scan(path)
    if not folders:
        raise InputError("; ".join(problems) or f"{path} holds no run; give a folder made by genbench run")
    for problem in problems:
        print(f"genbench: {problem}", file=sys.stderr)
    shown = [_shown(folder) for folder in folders]
    if as_json:
        print(json.dumps(shown, indent=1, default=str))
        return
    for each, (task, model) in zip(shown, names([settings(run) for run in shown]), strict=True):
        print_run(each, task, model)


def leaderboard(
    path: Annotated[str, typer.Argument(help="A folder of results, or its URL.")],
    task: Annotated[str | None, typer.Option(help="Only this task.")] = None,
    form: Annotated[Format, typer.Option("--format", help="How to write it.")] = Format.table,
) -> None:
    """Rank the methods of every task, with intervals over seeds."""
    from genbench.report.formats import as_csv, as_json, latex, markdown
    from genbench.report.leaderboard import leaderboard as rank
    from genbench.store import load

    results = load(path)
    for problem in results.problems:
        print(f"genbench: {problem}", file=sys.stderr)
    frame = rank(results, task)
    if form is Format.table:
        print_tables(frame)
    else:
        write = {Format.csv: as_csv, Format.json: as_json, Format.md: markdown, Format.latex: latex}
        print(write[form](frame))


def _report_failures(records: Sequence[Record], named: Mapping[str, str]) -> None:
    """Say which runs failed, by the names that their keys have, and end with a code of its own."""
    from genbench.cli.progress import outcome

    if failed := [record for record in records if record.status == "failed"]:
        for record in failed:
            name = named.get(record.config.get("key", ""), f"{record.task} · {record.model}")
            print(f"genbench: {name} {outcome(record)}", file=sys.stderr)
        sys.exit(3)


def _conclude(folder: Place) -> None:
    """Print the leaderboard of a suite's folder, and draw all methods of a task beside each other."""
    from genbench.report.leaderboard import leaderboard as rank
    from genbench.report.overviews import write_overviews
    from genbench.store import load

    if not folder.is_dir():
        return
    results = load(folder)
    print_tables(rank(results))
    for picture in write_overviews(results, folder):
        print(f"samples of all methods: {picture}")
    print(f"runs, with samples by step: {folder}/<task>/<model>-<hash>/samples/")


def _shown(folder: Any) -> dict[str, Any]:
    record = dataclasses.asdict(folder.read_record())
    scores = folder.score_frame()
    last = scores[scores.step == scores.step.max()]
    columns = ["seed", "step", "metric", "value", "low", "high", "n"]
    rows = json.loads(last[columns].to_json(orient="records"))
    return {"path": str(folder.path), **record, "scores": rows}


def _split(names: str | None) -> list[str] | None:
    return None if names is None else [name.strip() for name in names.split(",") if name.strip()]


def _seeds(count: int | None, ids: str | None) -> int | list[int] | None:
    if ids is None:
        return count
    if count is not None:
        raise InputError("--seeds and --seed-ids exclude each other; give one of them")
    try:
        return [int(seed) for seed in ids.split(",")]
    except ValueError:
        raise InputError(f"--seed-ids: expected integers separated by commas, got {ids!r}") from None


def stop_on_interrupt(say: Callable[[str], Any]) -> Callable[[], bool]:
    """From now on the first Ctrl-C asks the run to stop at its next tick, the second ends it at once."""
    asked = False

    def note(signum: int, frame: Any) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        say("stopping at the next tick; press Ctrl-C again to stop at once")

    signal.signal(signal.SIGINT, note)
    return lambda: asked
