"""What was measured for a claim, and the verdict on it, on disk."""

from __future__ import annotations

import io
import json
from dataclasses import asdict, dataclass, field
from typing import Any

import pandas as pd
from pydantic import TypeAdapter

from genbench.sources import Code, digest
from genbench.store import tables
from genbench.store.atomic import checked_name, write_atomically
from genbench.store.place import Place, place, read
from genbench.types import ClaimRecord, InputError

FRAME, ORIGIN, VERDICT, FIGURE = "evidence.parquet", "evidence.json", "verdict.json", "figure.svg"
_VERDICT = TypeAdapter(ClaimRecord)


@dataclass(frozen=True)
class Origin:
    """Where evidence comes from.

    Attributes:
        key: hash of the budget, the runs and the code that measured; other evidence has another key.
        seconds: processor time of the measurement.
        code: the definitions that measured, by module; none for evidence from before they were noted.
        digest: of these definitions, as they were.
    """

    key: str
    seconds: float
    environment: dict[str, Any] = field(default_factory=dict)
    code: Code = field(default_factory=dict)
    digest: str = ""

    @property
    def current(self) -> bool:
        """Whether the code that measured is still as it was; it is read, not imported."""
        return bool(self.code) and digest(self.code) == self.digest


_ORIGIN = TypeAdapter(Origin)


@dataclass(frozen=True)
class ClaimFolder:
    """A folder ``claims/verdicts/<tier>/<id>`` with the evidence, verdict and figure of one claim.

    It is not called after a run, so that readers of runs pass it by. Every write is atomic.
    """

    path: Place

    @classmethod
    def under(cls, root: str | Place, tier: str, name: str) -> ClaimFolder:
        """The folder of a claim in a folder of results; InputError if a name cannot be a folder's."""
        return cls(place(root) / "claims" / "verdicts" / checked_name(tier) / checked_name(name))

    def write_evidence(self, frame: pd.DataFrame, origin: Origin) -> None:
        """Keep what was measured; the origin last, since it says that the frame is whole."""
        buffer = io.BytesIO()
        frame.to_parquet(buffer, index=False, compression="zstd")
        write_atomically(self.path / FRAME, buffer.getvalue())
        self._write_json(ORIGIN, asdict(origin))

    def read_origin(self) -> Origin | None:
        """Where the kept evidence comes from; None if there is none, or it cannot be read."""
        try:
            return _ORIGIN.validate_json(read(self.path / ORIGIN))
        except (OSError, ValueError):
            return None

    def read_evidence(self) -> pd.DataFrame:
        """What was measured.

        Raises:
            InputError: it is missing or damaged.
        """
        try:
            return pd.read_parquet(io.BytesIO(read(self.path / FRAME)))
        except OSError as error:
            raise InputError(f"{self.path / FRAME} cannot be read: {error.strerror or error}") from None
        except ValueError as error:
            raise tables.damaged(self.path / FRAME, error) from None

    def write_verdict(self, record: ClaimRecord, figure: bytes) -> None:
        """Keep the verdict and its figure, SVG."""
        write_atomically(self.path / FIGURE, figure)
        self._write_json(VERDICT, asdict(record))

    def read_verdict(self) -> ClaimRecord:
        """The verdict as it was written.

        Raises:
            InputError: it is missing or damaged.
        """
        try:
            return _VERDICT.validate_json(read(self.path / VERDICT))
        except OSError as error:
            raise InputError(f"{self.path / VERDICT} cannot be read: {error.strerror}") from None
        except ValueError as error:
            raise tables.damaged(self.path / VERDICT, error) from None

    @property
    def figure(self) -> Place:
        """Where the figure lies."""
        return self.path / FIGURE

    def _write_json(self, name: str, content: Any) -> None:
        write_atomically(self.path / name, json.dumps(content, indent=1).encode())


def claim_folders(root: Place) -> list[ClaimFolder]:
    """Every claim with a verdict below a folder of results, sorted by path."""
    found: list[Place] = list(root.glob(f"**/claims/verdicts/*/*/{VERDICT}"))
    return [ClaimFolder(path.parent) for path in sorted(found, key=str)]
