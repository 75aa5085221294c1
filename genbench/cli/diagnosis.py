"""What went wrong in a run, ours or somebody else's."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from genbench.types import InputError, Trace, Verdict, detections

if TYPE_CHECKING:
    from genbench.store import RunFolder


def diagnose(
    path: Annotated[
        str,
        typer.Argument(
            help="A run's folder or URL, or a log: .csv, .json, .jsonl, .parquet, .txt, TensorBoard events."
        ),
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="Machine-readable, clear verdicts included.")
    ] = False,
    columns: Annotated[
        list[str] | None,
        typer.Option("--map", help="COLUMN=SIGNAL, for columns of other names; several times, if need be."),
    ] = None,
    plots: Annotated[
        Path | None, typer.Option(help="Draw the evidence of each finding into this folder.", file_okay=False)
    ] = None,
) -> None:
    """Say what went wrong in training, since when, how sure that is, and what to do about it."""
    found = [(source, _judged(source.trace)) for source in _sources(path, _mapping(columns or []))]
    if plots is not None:
        for source, verdicts in found:
            _draw(plots, source, verdicts)
    if as_json:
        rows = [_row(source.name, verdict) for source, verdicts in found for verdict in verdicts]
        whole: dict[str, Any] = {"verdicts": rows if len(found) > 1 else list(map(_without_run, rows))}
        notes = [note for source, _ in found for note in _notes(source.trace)]
        print(json.dumps(whole | ({"notes": notes} if notes else {}), indent=1))
        return
    for source, verdicts in found:
        _print(source.name, verdicts, _notes(source.trace))


@dataclass(frozen=True)
class _Source:
    """A trace and where it comes from; `folder` is None for a log of somebody else's."""

    name: str
    trace: Trace
    folder: RunFolder | None = None


def _sources(where: str, mapping: dict[str, str]) -> Iterator[_Source]:
    """Every run below a folder of results, or the one that a log holds."""
    from genbench.detectors.logs import read_log
    from genbench.store import place, scan

    path = place(where)
    if not path.exists():
        raise InputError(f"{path} is not there; give a run's folder or a log")
    folders, problems = scan(path) if path.is_dir() else ([], [])
    for problem in problems:
        print(f"genbench: {problem}", file=sys.stderr)
    if not folders and isinstance(path, Path):
        yield _Source(str(path), read_log(path, mapping))
    for folder in folders:
        yield _Source(str(folder.path), Trace(folder.read_trace()), folder)


def _notes(trace: Trace) -> tuple[str, ...]:
    """What was left out of a log, and how its steps and runs were understood."""
    from genbench.detectors.logs import Log

    return trace.notes if isinstance(trace, Log) else ()


def _judged(trace: Trace) -> list[Verdict]:
    from genbench.detectors import diagnose as judge

    return judge(trace)


def _mapping(columns: Sequence[str]) -> dict[str, str]:
    pairs = [column.rpartition("=") for column in columns]  # columns may hold it, such as "lr=0.1 - loss"
    wrong = next(
        (whole for whole, (name, _, signal) in zip(columns, pairs, strict=True) if not (name and signal)),
        None,
    )
    if wrong is not None:
        raise InputError(f"--map: expected COLUMN=SIGNAL, got {wrong!r}")
    return {name: signal for name, _, signal in pairs}


def _row(name: str, verdict: Verdict) -> dict[str, Any]:
    onset = None if verdict.onset is None else list(verdict.onset)
    return {"run": name, **vars(verdict), "onset": onset}


def _without_run(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != "run"}


def _print(name: str, verdicts: Sequence[Verdict], notes: Sequence[str]) -> None:
    from rich.console import Console
    from rich.markup import escape

    console = Console() if sys.stdout.isatty() else Console(width=140)
    console.print(f"[bold]{escape(name)}[/]", highlight=False)
    for note in notes:
        console.print(escape(f"  note: {note}"), highlight=False)
    seeds = sorted({verdict.seed for verdict in verdicts})
    for seed in seeds:
        found = detections(v for v in verdicts if v.seed == seed)
        for verdict in found:
            console.print(escape(_card(verdict)), highlight=False)
        if not found:
            clear = sum(v.seed == seed and v.verdict == "clear" for v in verdicts)
            said = f"nothing found by {clear} detectors" if clear else "no detector could judge it"
            console.print(f"  seed {seed}: {said}", highlight=False)
    for note in _silent(verdicts):
        console.print(escape(f"  {note}"), style="dim", highlight=False)


def _card(verdict: Verdict) -> str:
    what = f"{verdict.level}: {verdict.detector}{f' ({verdict.subtype})' if verdict.subtype else ''}"
    clean, bad = verdict.onset or (0, 0)
    sure = "" if verdict.p is None else f"; p = {verdict.p:.2g} among healthy runs"
    return (
        f"  seed {verdict.seed}: {what}, since step {bad} (clean at {clean})\n"
        f"      evidence: {verdict.evidence}{sure}\n"
        f"      remedy: {verdict.remedy}"
    )


def _silent(verdicts: Sequence[Verdict]) -> list[str]:
    """Detectors that could not judge, and the signals that they lack."""
    first = verdicts[0].seed if verdicts else 0
    return [
        f"{v.detector}: {v.verdict}, {v.evidence}"
        for v in verdicts
        if v.seed == first and v.verdict in ("not applicable", "insufficient evidence")
    ]


def _draw(plots: Path, source: _Source, verdicts: Sequence[Verdict]) -> None:
    from genbench.report.evidence import evidence_picture
    from genbench.report.looks import before_and_after

    plots.mkdir(parents=True, exist_ok=True)
    for verdict in detections(verdicts):
        record = source.folder.read_record() if source.folder else None
        looks = before_and_after(source.folder, record, verdict) if source.folder and record else []
        target = plots / f"{Path(source.name).name}-seed{verdict.seed}-{verdict.detector}.png"
        evidence_picture(source.trace, verdict, looks).savefig(target)
        print(f"evidence: {target}", file=sys.stderr)
