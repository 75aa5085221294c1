"""What a person sees while runs and claims go on: bars on a terminal, a line for each that has ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from genbench.report.methods import names
from genbench.store import Place, RunFolder
from genbench.suite import RunConfig
from genbench.types import Record, Verdict, detections
from genbench.watcher import Named, Watcher


class Terminal(Watcher):
    """A bar for each run under way, with samples a second and the newest score; a line for each that ended.

    Attributes:
        names: what runs are called, by their key; others by their task and model.
        failures: claims that could not be tested.
    """

    def __init__(self, console: Console, out: Place, names: Mapping[str, str] | None = None) -> None:
        self.console, self.out, self.names = console, out, names or {}
        self.runs = self.ended = self.failures = 0
        self.bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[rate]} {task.fields[score]}", style="dim"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self.running: dict[RunConfig, TaskID] = {}

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bars.stop()

    def expect(self, runs: int) -> None:
        self.runs, self.ended = runs, 0
        self.bars.start()

    def begin(self, config: RunConfig) -> None:
        task, _, model = self._name(config).rpartition(" · ")
        title = f"{escape(task)} · [bold]{escape(model)}[/]"
        self.running[config] = self.bars.add_task(title, total=config.steps, rate="", score="")

    def tick(
        self, config: RunConfig, step: int, rate: float, scores: dict[str, float], signals: dict[str, float]
    ) -> None:
        score = next((f"· {name} {value:.4g}" for name, value in scores.items()), "")
        bar = self.running[config]
        self.bars.update(bar, completed=step, rate=f"{rate:,.0f} samples/s", score=score)

    def end(self, config: RunConfig, record: Record, reused: bool) -> None:
        self.ended += 1
        if config in self.running:
            self.bars.remove_task(self.running.pop(config))
        line = f"[{self.ended}/{self.runs}] {self._name(config)}: {outcome(record)}"
        self.console.print(escape(line + (", kept from before" if reused else "")), highlight=False)
        folder = RunFolder.under(self.out, config.suite, config.task, config.model, config.key)
        for finding in findings(folder.read_verdicts()):
            self.console.print(escape(f"        {finding}"), highlight=False)

    def _name(self, config: RunConfig) -> str:
        return self.names.get(config.key) or f"{config.task} · {config.model}"

    def measured(self, claim: Named, seconds: float, kept: bool) -> None:
        how = "evidence kept from before" if kept else f"measured in {seconds:.1f} s of processor time"
        self._say(f"{claim.id} {claim.slug}: {how}")

    def failed(self, claim: Named, reason: str) -> None:
        self.failures += 1
        self._say(f"{claim.id} {claim.slug}: not tested: {reason}")

    def _say(self, line: str) -> None:
        self.console.print(line, markup=False, highlight=False)


def run_names(configs: Sequence[RunConfig]) -> dict[str, str]:
    """What runs are called by their key: task and model, each with what tells it from others of these runs.

    Of a sweep over widths that is ``ring8 · gan[width=64]``, and so on, as in its leaderboard. Runs that
    differ in their seeds alone are told apart by them.
    """
    tasks_and_models = names([vars(config) for config in configs])
    titles = [f"{task} · {model}" for task, model in tasks_and_models]
    parted = {title for title in titles if titles.count(title) > 1}
    return {
        config.key: f"{title}, seeds {', '.join(map(str, config.seeds))}" if title in parted else title
        for config, title in zip(configs, titles, strict=True)
    }


def findings(verdicts: Sequence[Verdict]) -> list[str]:
    """A line for each seed on which something was detected: failures, symptoms, notes.

    >>> sick = Verdict(3, "mode_collapse", "detected", "", "total", (20, 40), level="failure")
    >>> findings([Verdict(3, "dead_units", "detected", "", onset=(0, 20), level="symptom"), sick])
    ['seed 3: failure: mode_collapse (total) from step 40; symptom: dead_units from step 20']
    """
    by_seed: dict[int, dict[str, list[str]]] = {}
    for verdict in detections(verdicts):
        kind = f" ({verdict.subtype})" if verdict.subtype else ""
        since = f" from step {verdict.onset[1]}" if verdict.onset else ""
        told = by_seed.setdefault(verdict.seed, {})
        told.setdefault(verdict.level or "symptom", []).append(f"{verdict.detector}{kind}{since}")
    lines = {
        seed: [f"{level}: {', '.join(said)}" for level, said in by_seed[seed].items()] for seed in by_seed
    }
    return [f"seed {seed}: {'; '.join(lines[seed])}" for seed in sorted(lines)]


def outcome(record: Record) -> str:
    """How a run ended, in a phrase."""
    if record.reason:
        return f"{record.status}: {record.reason}"
    seconds = sum(record.seconds.values())
    failed = f", seeds {', '.join(map(str, record.failures))} failed" if record.failures else ""
    return (
        f"{record.status}, {record.steps_done} steps × {len(record.seeds)} seeds in {seconds:.0f} s{failed}"
    )
