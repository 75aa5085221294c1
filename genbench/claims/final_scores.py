"""What runs scored in the end, a row a seed, with the options that tell the runs apart."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from genbench.store import Results

FAILURES = ("mode_collapse", "convergence_failure", "oscillation")
"""Detectors that look at samples alone, so that what they find means the same for every method."""


def final_scores(results: Results, options: Sequence[str] = ()) -> pd.DataFrame:
    """`ended` without the runs' paths."""
    return ended(results, options).drop(columns="path")


def ended(results: Results, options: Sequence[str] = ()) -> pd.DataFrame:
    """Columns path, task, model, the named options, seed, failed, diagnosed, one a metric; at the last step.

    A seed whose loss stopped being finite has `failed` set, and no scores. One that failed, or in whose
    samples a detector found one of `FAILURES`, has `diagnosed` set.
    """
    last = results.scores.groupby("path")["step"].transform("max")
    final = results.scores[results.scores["step"] == last]
    wide = final.pivot_table(index=["path", "seed"], columns="metric", values="value")
    runs = results.records.set_index("path")
    every = [(path, seed) for path, seeds in runs["seeds"].items() for seed in seeds]
    wide = wide.reindex(pd.MultiIndex.from_tuples(every, names=["path", "seed"])).reset_index()
    wide.insert(1, "task", wide["path"].map(runs["task"]))
    wide.insert(2, "model", wide["path"].map(runs["model"]))
    for place, name in enumerate(options):
        wide.insert(
            3 + place, name, wide["path"].map(lambda path, name=name: runs["options"][path].get(name))
        )
    keys = list(zip(wide["path"], wide["seed"], strict=True))
    failures, found = runs["failures"], _found(results.verdicts)
    wide["failed"] = [seed in failures[path] for path, seed in keys]
    wide["diagnosed"] = [seed in failures[path] or (path, seed) in found for path, seed in keys]
    return wide.rename_axis(columns=None)


def _found(verdicts: pd.DataFrame) -> set[tuple[str, int]]:
    told = verdicts[(verdicts["verdict"] == "detected") & verdicts["detector"].isin(FAILURES)]
    return set(zip(told["path"], told["seed"], strict=True))
