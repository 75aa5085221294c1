"""What runs scored in the end, a row a seed, with the options that tell the runs apart."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from genbench.store import Results


def final_scores(results: Results, options: Sequence[str] = ()) -> pd.DataFrame:
    """Columns task, model, the named options, seed, failed, and one a metric; scores of each run's last step.

    A seed whose loss stopped being finite has `failed` set, and whatever scores it still got.
    """
    last = results.scores.groupby("path")["step"].transform("max")
    final = results.scores[results.scores["step"] == last]
    wide = final.pivot_table(index=["path", "seed"], columns="metric", values="value").reset_index()
    runs = results.records.set_index("path")
    wide.insert(1, "task", wide["path"].map(runs["task"]))
    wide.insert(2, "model", wide["path"].map(runs["model"]))
    for place, name in enumerate(options):
        wide.insert(
            3 + place, name, wide["path"].map(lambda path, name=name: runs["options"][path].get(name))
        )
    failures = runs["failures"]
    wide["failed"] = [seed in failures[path] for path, seed in zip(wide["path"], wide["seed"], strict=True)]
    return wide.drop(columns="path").rename_axis(columns=None)
