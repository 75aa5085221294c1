"""All detectors on one trace, consequences told from causes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from genbench.detectors.detector import Detector
from genbench.detectors.series import Signals, by_seed
from genbench.registry import detectors
from genbench.types import Trace, Verdict


def diagnose(trace: Trace, names: Sequence[str] | None = None) -> list[Verdict]:
    """Every detector's verdict on every seed, causes before their consequences.

    A detector that raises is no reason to lose the others: its verdict is "not applicable", and says why.

    Args:
        names: only these detectors; None means all.

    Raises:
        InputError: a name is unknown.
    """
    chosen, broken = _made(names or list(detectors))
    chosen.sort(key=lambda detector: (detector.order, detector.name))
    order = {detector.name: detector.order for detector in chosen}
    verdicts = []
    for signals in by_seed(trace):
        silent = [_silent(signals.seed, name, error) for name, error in broken.items()]
        own = [*(_judged(detector, signals) for detector in chosen), *silent]
        verdicts += [_with_cause(verdict, own, order) for verdict in own]
    return verdicts


def _made(names: Sequence[str]) -> tuple[list[Detector], dict[str, Exception]]:
    """The detectors of these names, and what those raised that could not be made."""
    made, broken = [], {}
    for name, entry in {name: detectors[name] for name in names}.items():
        try:
            made.append(_known(entry.create()))
        except Exception as error:  # a stranger's code may raise anything
            broken[name] = error
    return made, broken


def _known(made: object) -> Detector:
    if not isinstance(made, Detector):
        raise TypeError(f"its factory makes a {type(made).__name__}, which is no Detector")
    return made


def _judged(detector: Detector, signals: Signals) -> Verdict:
    try:
        return detector.judge(signals)
    except Exception as error:  # see above
        return _silent(signals.seed, detector.name, error)


def _silent(seed: int, detector: str, error: Exception) -> Verdict:
    said = f"the detector itself failed: {type(error).__name__}: {error}"
    return Verdict(seed, detector, "not applicable", said)


def _with_cause(verdict: Verdict, others: Sequence[Verdict], order: dict[str, int]) -> Verdict:
    """Name the first finding that is a cause by its kind, and no later."""
    if verdict.onset is None:
        return verdict
    for other in others:
        earlier = other.onset is not None and other.onset[0] <= verdict.onset[1]
        if earlier and order[other.detector] < order[verdict.detector]:
            said = f"{verdict.evidence}; likely a consequence of {other.detector}"
            return replace(verdict, evidence=said, cause=other.detector)
    return verdict
