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
    samples a detector found one of `FAILURES`, has `diagnosed` set; where nothing was found and one of them
    had too few looks to tell, it is missing, since a short run is not a healthy one.
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
    failures = runs["failures"]
    found, unknown = (_seeds(results.verdicts, said) for said in ("detected", "insufficient evidence"))
    wide["failed"] = [seed in failures[path] for path, seed in keys]
    wide["diagnosed"] = pd.Series(
        [
            True if key[1] in failures[key[0]] or key in found else pd.NA if key in unknown else False
            for key in keys
        ],
        dtype="boolean",
    )
    return wide.rename_axis(columns=None)


def _seeds(verdicts: pd.DataFrame, said: str) -> set[tuple[str, int]]:
    """Path and seed of what got this verdict from one of `FAILURES`."""
    told = verdicts[(verdicts["verdict"] == said) & verdicts["detector"].isin(FAILURES)]
    return set(zip(told["path"], told["seed"], strict=True))
