"""What a report shows of one run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from genbench.report.looks import kept
from genbench.report.methods import Method
from genbench.report.repeat import suite_toml
from genbench.store import WALKS, Place, RunFolder
from genbench.types import Record, Verdict


@dataclass(frozen=True, eq=False)
class RunPage:
    """A run and where its pages and pictures lie in the report.

    Attributes:
        slug: names its files.
        method: the method that it belongs to.
    """

    folder: RunFolder
    slug: str
    method: Method
    record: Record

    @cached_property
    def steps(self) -> dict[int, Place]:
        """Pictures of its samples by step, ascending."""
        return kept(self.folder)

    @property
    def walks(self) -> Place | None:
        """The picture of walks through its latent space."""
        path = self.folder.path / WALKS
        return path if path.exists() else None

    @cached_property
    def verdicts(self) -> list[Verdict]:
        return self.folder.read_verdicts()

    @cached_property
    def points(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Final samples of all seeds and real data in the plane, each (n, 2); None of images."""
        kept = self.folder.read_samples()
        if kept is None or kept.real.ndim != 2 or kept.real.shape[1] < 2:
            return None
        return np.concatenate(list(kept.generated))[:, :2], kept.real[:, :2]

    @property
    def toml(self) -> str | None:
        return suite_toml(self.record.config)

    @property
    def settings(self) -> dict[str, Any]:
        """The configuration without what stands elsewhere or is left to its default."""
        elsewhere = {"suite", "task", "model", "seeds", "key"}
        config = self.record.config.items()
        return {key: value for key, value in config if key not in elsewhere and value is not None}
