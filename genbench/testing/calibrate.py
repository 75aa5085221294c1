"""Freeze what healthy runs score: ``python -m genbench.testing.calibrate FOLDER suites/corpus/*.toml``.

Limits are chosen by hand, on runs of the rounds `LIMITS_FROM` alone; this writes beside them what the healthy
runs of all rounds given score, from which p-values follow.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import genbench.detectors
from genbench.detectors.series import Signals, by_seed
from genbench.registry import detectors
from genbench.testing.faults import Condition, conditions
from genbench.testing.labels import RULES, Label, healthy, labels
from genbench.testing.scoring import read
from genbench.types import Trace

VERSION = 2
"""Of rules and limits together; the first was judged by the first three rounds of the corpus."""
LIMITS_FROM = ("faults.toml", "second.toml", "third.toml")
"""Rounds that limits were chosen on. What healthy runs of others score moves no limit."""
FILE = Path(genbench.detectors.__file__).with_name("calibration.json")


def scores(chosen: list[Condition], folder: Path) -> dict[str, list[float]]:
    """Rule → what it scores on runs that are known not to have its failure, nor any other."""
    found: dict[str, list[float]] = {}
    for condition in chosen:
        trace, truth = (read(folder, condition.name, part) for part in ("trace", "truth"))
        for signals in by_seed(Trace(trace)):
            finite = bool(signals["run/finite"].values.min() == 1)
            label = labels(condition, truth[truth.seed == signals.seed], finite)
            for name, own in _of_seed(signals, label).items():
                found.setdefault(name, []).append(own)
    return {name: sorted(values) for name, values in found.items()}


def _of_seed(signals: Signals, label: Mapping[str, Label]) -> dict[str, float]:
    if any(label.values()):
        return {}
    return {
        finding.rule.name: float(f"{finding.excursion.score:.4g}")
        for name, entry in detectors.items()
        if (label[name] is False if name in RULES else healthy(label))
        for finding in entry.create().findings(signals)
        if len(finding.series) >= finding.rule.least
    }


def main(folder: Path, *rounds: Path) -> None:
    """Write the healthy scores of all conditions of these rounds, limits as they are."""
    chosen = [condition for path in rounds if path.name in LIMITS_FROM for condition in conditions(path)]
    healthy_scores = scores([condition for path in rounds for condition in conditions(path)], folder)
    content: dict[str, Any] = json.loads(FILE.read_text())
    for name, rule in content["rules"].items():
        rule["healthy"] = healthy_scores.get(name, [])
    content["provenance"] = {
        "version": VERSION,
        "rounds": list(LIMITS_FROM),
        "conditions": [condition.name for condition in chosen],
        "runs": sum(condition.seeds for condition in chosen),
        "healthy_rounds": [path.name for path in rounds],
        "healthy_runs": max(map(len, healthy_scores.values())),
        "limits": "published or earlier measured values, moved by hand on these conditions alone",
    }
    rules = ",\n".join(f'  "{name}": {json.dumps(rule)}' for name, rule in content["rules"].items())
    head = json.dumps(content["provenance"])
    FILE.write_text(f'{{\n "provenance": {head},\n "rules": {{\n{rules}\n }}\n}}\n')


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
