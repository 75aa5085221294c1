"""How well detectors do on the corpus: recall, false alarms, delays, and who is taken for whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from genbench.detectors import diagnose
from genbench.detectors.series import by_seed
from genbench.testing.baselines import BASELINES
from genbench.testing.faults import Condition
from genbench.testing.labels import LATER, Label, healthy, labels
from genbench.types import Trace, Verdict

OURS = "genbench"
FAMILIES = (
    "mode_collapse",
    "convergence_failure",
    "vanishing_gradient",
    "exploding_gradient",
    "discriminator_overpowering",
    "oscillation",
    "posterior_collapse",
)
"""Failures of the first round."""
ALL = (*FAMILIES, *LATER)
"""Failures of the second."""


@dataclass(frozen=True)
class Judged:
    """One seed of the corpus: what it was, and what everybody said.

    Attributes:
        truth: failure → label at the end.
        before: the same at the switch of a fault; empty if nothing is switched.
        said: who → the failures they report.
        verdicts: ours, in full.
    """

    condition: Condition
    seed: int
    truth: Mapping[str, Label]
    before: Mapping[str, Label]
    said: Mapping[str, frozenset[str]]
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True)
class Rate:
    """A share of runs with its 95 % interval (Clopper & Pearson 1934)."""

    hits: int
    n: int

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper limit, 0 and 1 for no runs at all."""
        if not self.n:
            return 0.0, 1.0
        found = stats.binomtest(self.hits, self.n).proportion_ci(0.95, "exact")
        return float(found.low), float(found.high)

    def __str__(self) -> str:
        if not self.n:
            return "–"
        low, high = self.interval
        return f"{self.hits / self.n:.3f} [{low:.3f}, {high:.3f}] of {self.n}"


def judge(condition: Condition, trace: pd.DataFrame, truth: pd.DataFrame) -> list[Judged]:
    """Label every seed of a condition, and ask all rules about it."""
    verdicts: dict[int, list[Verdict]] = {}
    for verdict in diagnose(Trace(trace)):
        verdicts.setdefault(verdict.seed, []).append(verdict)
    judged = []
    for signals in by_seed(Trace(trace)):
        finite = signals["run/finite"].values.min() == 1
        own = tuple(verdicts[signals.seed])
        said = {name: frozenset(rules(signals)) for name, rules in BASELINES.items()}
        said[OURS] = frozenset(verdict.detector for verdict in own if verdict.verdict == "detected")
        true = truth[truth.seed == signals.seed]
        end = labels(condition, true, bool(finite))
        judged.append(Judged(condition, signals.seed, end, _before(condition, true), said, own))
    return judged


def _before(condition: Condition, truth: pd.DataFrame) -> Mapping[str, Label]:
    if condition.switch is None:
        return {}
    return labels(condition, truth[truth.step <= condition.switch * condition.steps], True)


def judge_all(conditions: Iterable[Condition], folder: Path) -> list[Judged]:
    """Every seed of every condition whose frames lie in a folder."""
    return [
        seed
        for condition in conditions
        for seed in judge(condition, *(read(folder, condition.name, part) for part in ("trace", "truth")))
    ]


def read(folder: Path, name: str, part: str) -> pd.DataFrame:
    """A frame of a condition, its ``trace`` or its ``truth``; small files keep names as categories.

    Of a condition that was run again, with newer signals, the later run, in ``again``.
    """
    again = folder / "again" / f"{name}.{part}.parquet"
    frame = pd.read_parquet(again if again.exists() else folder / f"{name}.{part}.parquet")
    named = "signal" if part == "trace" else "quantity"
    frame = frame.astype({"seed": int, "step": int, named: str, "value": float})
    return frame.assign(seconds=0.0, samples=frame["step"]) if part == "trace" else frame


def recall(judged: Iterable[Judged], family: str, who: str = OURS) -> Rate:
    """Of the runs with this failure, the share that is told so."""
    sick = [run for run in judged if run.truth.get(family)]
    return Rate(sum(family in run.said[who] for run in sick), len(sick))


def false_alarms(judged: Iterable[Judged], family: str, who: str = OURS) -> Rate:
    """Of the healthy runs, the share that is told it has this failure."""
    well = [run for run in judged if healthy(run.truth)]
    return Rate(sum(family in run.said[who] for run in well), len(well))


def mix_ups(judged: Iterable[Judged], family: str, who: str = OURS) -> Rate:
    """Of the runs that failed in other ways alone, the share that is told it has this failure."""
    others = [run for run in judged if run.truth.get(family) is False and any(run.truth.values())]
    return Rate(sum(family in run.said[who] for run in others), len(others))


def delays(judged: Iterable[Judged], family: str) -> list[float]:
    """Onset as dated minus the fault's switch, as shares of the run.

    Of runs rightly told whose truth was clear of this failure up to the switch.
    """
    return [
        verdict.onset[1] / run.condition.steps - run.condition.switch
        for run in judged
        if run.condition.switch is not None and run.truth.get(family) and run.before.get(family) is False
        for verdict in run.verdicts
        if verdict.detector == family and verdict.onset is not None
    ]


def confusion(judged: Iterable[Judged], families: Sequence[str] = FAMILIES) -> pd.DataFrame:
    """Runs that have a failure (rows) and are told to have another (columns); runs may stand in several."""
    judged = list(judged)
    columns = [*families, "nothing"]
    table = pd.DataFrame(0, index=[*families, "healthy"], columns=columns)
    for run in judged:
        rows = [name for name in families if run.truth.get(name)] or ["healthy"] * healthy(run.truth)
        told = [name for name in families if name in run.said[OURS]] or ["nothing"]
        for row in rows:
            table.loc[row, told] += 1
    return table


def summary(judged: Iterable[Judged], families: Sequence[str] = FAMILIES) -> pd.DataFrame:
    """A row a failure and a judge: rates with intervals, and the median delay of ours."""
    judged = list(judged)
    rows = []
    for family in families:
        late = delays(judged, family)
        for who in (OURS, *BASELINES):
            delay = f"{np.median(late):+.3f} ({len(late)})" if late and who == OURS else "–"
            known = sum(run.truth.get(family) is None for run in judged)
            found = [rate(judged, family, who) for rate in (recall, false_alarms, mix_ups)]
            rows.append([family, who, *map(str, found), delay, known])
    columns = ["failure", "rules", "recall", "false alarms", "mixed up", "median delay", "undecided"]
    return pd.DataFrame(rows, columns=columns)


def misses(judged: Iterable[Judged], families: Sequence[str] = FAMILIES) -> pd.DataFrame:
    """A row a condition and failure with runs that were not told, and what these were told instead."""
    found: dict[tuple[str, str], list[Judged]] = {}
    for run in judged:
        for family in families:
            if run.truth.get(family):
                found.setdefault((run.condition.name, family), []).append(run)
    rows = []
    for (name, family), runs in found.items():
        missed = [run for run in runs if family not in run.said[OURS]]
        told = sorted(set().union(*(run.said[OURS] for run in missed)) & set(families))
        if missed:
            rows.append([name, family, f"{len(missed)} of {len(runs)}", ", ".join(told) or "nothing"])
    return pd.DataFrame(rows, columns=["condition", "failure", "missed", "told instead"])


def markdown(frame: pd.DataFrame, index: bool = False) -> str:
    """A frame as a table for the documentation."""
    frame = frame.reset_index(names="") if index else frame
    lines = [list(map(str, frame.columns)), ["---"] * frame.shape[1], *frame.astype(str).to_numpy().tolist()]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
