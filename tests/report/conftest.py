"""A folder of results that tests put runs into."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from genbench.report.leaderboard import leaderboard
from genbench.store import Results, RunFolder, load
from genbench.types import Estimate, Record, Score

BETTER = {"modes": "higher", "distance": "lower"}
Values = Mapping[str, Mapping[int, float]]


class Place:
    """A folder of results that runs can be put into."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.count = 0

    def put(
        self, model: str, values: Values, seeds: Sequence[int] = (0, 1), task: str = "ring8", **record: Any
    ) -> RunFolder:
        """Add a run whose scores are poor at step 5 and `values` at the last: metric → seed → value."""
        self.count += 1
        options = record.pop("options", {})
        config = {"options": options, "task_options": record.pop("task_options", {}), "steps": 10, "batch": 8}
        known = {"status": "done", "data": {"checksum": "c0"}, **record}
        run = RunFolder.under(self.root, "suite", task, model, f"{self.count:08x}")
        last = [Score(s, 10, m, Estimate(v, 1)) for m, own in values.items() for s, v in own.items()]
        early = [Score(score.seed, 5, score.metric, Estimate(-99.0, 1)) for score in last]
        run.write_scores([*last, *early], BETTER)
        run.write_record(Record("suite", task, model, config, seeds=tuple(seeds), **known))
        return run

    def load(self) -> Results:
        return load(self.root)

    def board(self, metric: str | None = None, task: str | None = None) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = leaderboard(self.load(), task).to_dict("records")  # type: ignore[assignment]
        return [row for row in rows if metric is None or row["metric"] == metric]

    def frame(self) -> pd.DataFrame:
        return leaderboard(self.load())


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)
