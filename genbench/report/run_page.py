"""What a report shows of one run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from genbench.report.looks import kept
from genbench.report.methods import Method
from genbench.report.pictures import samples_picture
from genbench.report.png import png
from genbench.report.repeat import suite_toml
from genbench.store import WALKS, Place, RunFolder, Samples
from genbench.store.place import read
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

    @property
    def steps(self) -> list[int]:
        """Steps with a picture of its samples, ascending."""
        return list(self.kept) or ([self.record.steps_done] if self._final is not None else [])

    def picture(self, step: int) -> bytes:
        """The picture of its samples at one of `steps`, a PNG.

        Where no picture was kept, as of committed results, the final images are drawn.
        """
        if path := self.kept.get(step):
            return read(path)
        assert self._final is not None
        return png(samples_picture(self._final.generated, self._final.real, self.record.seeds))

    @cached_property
    def _final(self) -> Samples | None:
        """Final images, if no picture of them was kept; points have their density pictures."""
        final = None if self.kept else self._samples
        return final if final is not None and final.generated.ndim == 5 else None

    @cached_property
    def kept(self) -> dict[int, Place]:
        """The pictures of its samples that the run kept, by step."""
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
        final = self._samples
        if final is None or final.real.ndim != 2 or final.real.shape[1] < 2:
            return None
        return np.concatenate(list(final.generated))[:, :2], final.real[:, :2]

    @cached_property
    def _samples(self) -> Samples | None:
        return self.folder.read_samples()

    @property
    def toml(self) -> str | None:
        return suite_toml(self.record.config)

    @property
    def settings(self) -> dict[str, Any]:
        """The configuration without what stands elsewhere or is left to its default."""
        elsewhere = {"suite", "task", "model", "seeds", "key"}
        config = self.record.config.items()
        return {key: value for key, value in config if key not in elsewhere and value is not None}
