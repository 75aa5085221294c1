"""What tests of logs ask: values by step, findings, and losses that break."""

from pathlib import Path

import numpy as np

from genbench.detectors import diagnose
from genbench.detectors.logs import Log, read_log

N = 200
STEPS = 10 * np.arange(N)
G = np.round(1 + 0.2 * np.sin(np.arange(N)), 4)
D = np.round(1.2 + 0.1 * np.cos(np.arange(N)), 4)
BROKEN = np.where(np.arange(N) < 150, G, np.nan)
"""A loss that is no number from row 150 on, which is step 1500."""
BREAKS = [(0, (1490, 1500))]


def log_of(tmp_path: Path, name: str, text: str | bytes, mapping: dict[str, str] | None = None) -> Log:
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_log(path, mapping)


def values(log: Log, signal: str, seed: int = 0) -> dict[int, float]:
    """Step → value of what is a number."""
    frame = log.frame[(log.frame["signal"] == signal) & (log.frame["seed"] == seed)].dropna()
    return dict(zip(frame["step"], frame["value"], strict=True))


def up_to_the_break(steps: np.ndarray = STEPS) -> dict[int, float]:
    return {int(s): float(g) for s, g in zip(steps[:150], G, strict=False)}


def breaks(log: Log) -> list[tuple[int, tuple[int, int] | None]]:
    """Seed and onset of numbers that are not finite."""
    return [(v.seed, v.onset) for v in diagnose(log) if v.verdict == "detected" and v.subtype == "not finite"]


def clear(log: Log) -> bool:
    return any(v.detector == "exploding_gradient" and v.verdict == "clear" for v in diagnose(log))


def said(log: Log, text: str) -> bool:
    return any(text in note for note in log.notes)
