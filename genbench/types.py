"""What travels between the rooms: plain frozen records, free of torch and of files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    import pandas as pd

Status = Literal["running", "interrupted", "done", "failed", "skipped"]
Outcome = Literal["detected", "clear", "not applicable", "insufficient evidence"]
Kind = Literal["exact", "lower bound", "upper bound", "estimate"]
Standing = Literal["supported", "refuted", "inconclusive"]
Level = Literal["failure", "symptom", "note"]
"""How much a finding weighs: a failure counts and ranks, a symptom is shown, a note is only written down."""
Scale = Literal["identity", "log", "logit"]
"""Where differences of a score are compared: as it is, by ratios (distances), or by odds (shares)."""
Precision = Literal["fp32", "tf32", "bf16"]
"""fp32 throughout; TF32 matrix products on a GPU; or bfloat16 products under autocast, parameters in fp32."""


FEW_SAMPLES = "few samples"
"""Flag: the protocol was kept, but from so few the estimate is coarse or biased; as for all of its name."""
SINGULAR = "singular covariance"
"""Flag: the samples or the data lie in fewer dimensions than they have; the distance is defined."""
ONE_CLASS = "one class"
"""Flag: the classifier sees a single class in the samples, which the score then names everywhere."""
BANDWIDTH_AT_END = "the best bandwidth is at the end of its range"
HIGH_DIMENSION = "kernel estimates mean little in {dim} dimensions"
OPEN_LOG_Z = "the interval of log Z is open: more chains or temperatures"
NO_COLLISION = "no collision: a lower bound"
"""Flag: the number of samples that are distinct is not known, only that it is larger."""
UNSOLVED = "linear program not solved"
"""Flag: exact transport was cut short, so that the value is no distance."""
_FEWER = "{given} samples, {asked} asked"
_NOT_COMPARABLE = re.compile(
    rf"{re.escape(NO_COLLISION)}|{re.escape(UNSOLVED)}|{_FEWER.format(given='[0-9]+', asked='[0-9]+')}"
)


class GenbenchError(Exception):
    """A mistake that one sentence explains: what is wrong, where, and what to do about it."""


class InputError(GenbenchError):
    """The user's input cannot be used: a suite, an option, a name, a file (exit code 2)."""


class NetworkFileWarning(UserWarning):
    """A file is about to be run as a program, because the user named it."""


class NotAvailableError(GenbenchError):
    """Something optional is absent here, such as a data set or weights; the text says how to get it."""


def fewer(given: int, asked: int) -> str:
    """The flag of a score of `given` samples by a protocol that asks for `asked`, which are more."""
    return _FEWER.format(given=given, asked=asked)


def compares(flags: Iterable[str]) -> bool:
    """Whether a score with these flags stands beside others of the same name.

    It does not where the protocol was not kept: fewer samples than asked, a bound instead of a value, a
    linear program that was not solved. Every other flag describes a value that is what its name says.
    """
    return not any(_NOT_COMPARABLE.fullmatch(flag) for flag in flags)


def same_data(one: str | None, other: str | None) -> bool:
    """Whether two checksums of a task's data are equal, as far as both tell.

    Records of earlier versions hold that of the examples alone, without the part after the hyphen.
    """
    (examples, _, beside), (others, _, others_beside) = (str(c).partition("-") for c in (one, other))
    return examples == others and (not beside or not others_beside or beside == others_beside)


@dataclass(frozen=True)
class Estimate:
    """A number with what is needed to trust it.

    Attributes:
        value: the point estimate.
        low, high: 95 % interval of the estimate given the samples, where the estimator has one.
        n: how many samples it was computed from.
        flags: what a reader must know, such as ``"singular covariance"`` or ``"few samples"``.
        kind: what the value is of a likelihood, bounds in expectation; None for other scores.
    """

    value: float
    n: int
    low: float | None = None
    high: float | None = None
    flags: tuple[str, ...] = ()
    kind: Kind | None = None


@dataclass(frozen=True)
class Score:
    """One estimate of one seed at one step; a row of ``scores.parquet``."""

    seed: int
    step: int
    metric: str
    estimate: Estimate


@dataclass(frozen=True)
class Trace:
    """The signals of a run, tidy: columns seed, step, seconds, samples, signal, value.

    Detectors read nothing else, so a trace may as well come from somebody else's log.
    """

    frame: pd.DataFrame


@dataclass(frozen=True)
class Verdict:
    """What one detector says of one seed.

    Attributes:
        onset: the last clean step and the first bad one; None unless detected.
        p: share of healthy runs that score no less, of this detector alone, not adjusted for others; None
            where there were too few healthy runs to say. Below .05 wherever something was detected.
        effect: how bad, in the unit that `evidence` names.
        level: how much the finding weighs, or would weigh if it were one; None where nobody said.
        cause: the detector whose finding this one is likely a consequence of.
    """

    seed: int
    detector: str
    verdict: Outcome
    evidence: str
    subtype: str | None = None
    onset: tuple[int, int] | None = None
    p: float | None = None
    effect: float | None = None
    remedy: str | None = None
    level: Level | None = None
    cause: str | None = None


def detections(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """What was detected: failures before symptoms before notes, within a level in the order given."""
    found = (verdict for verdict in verdicts if verdict.verdict == "detected")
    return sorted(found, key=lambda verdict: get_args(Level).index(verdict.level or "symptom"))


@dataclass(frozen=True)
class Record:
    """All that says what a run was: enough to repeat it, and to know whether two runs compare.

    Attributes:
        config: the resolved configuration, every default written out.
        failures: seed → the sentence that says why it failed.
        examples: training examples consumed so far, over all seeds, critic steps included.
        reason: why the whole run was skipped or failed; None otherwise.
        notes: what a reader must know, such as a metric that could not score this run.
        seconds: durations by part: ``training``, and ``evaluation``, which is scoring and its samples.
        cost: ``peak_bytes``, the highest memory use in training, and ``flops``, the first step of each phase
            with the floating-point operations of one step of one seed in it.
        anchors: metric → its score of a ``trivial`` sampler, a Gaussian fitted to the training data, and of
            ``real`` data against real data, with their standard errors ``trivial_error`` and ``real_error``;
            what is not defined is left out, and records of earlier versions have no errors.
        ranked_by: metrics whose mean ranks the task's methods in place of the first one; see `Task`.
    """

    suite: str
    task: str
    model: str
    config: Mapping[str, Any]
    status: Status
    seeds: tuple[int, ...]
    steps_done: int = 0
    examples: int = 0
    failures: Mapping[int, str] = field(default_factory=dict)
    reason: str | None = None
    notes: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    cost: Mapping[str, Any] = field(default_factory=dict)
    anchors: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    ranked_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Judgement:
    """What the test of a claim says of its evidence.

    Attributes:
        outcome: before p-values are adjusted for the claims judged together.
        effect: the quantity that the claim is about, in the unit that `unit` names.
        ci_low, ci_high: 95 % interval of the effect.
        p: of the hypothesis that the claim does not hold.
        seeds: independent repetitions behind the effect.
        parts: the judgements that this one combines, each named by its unit; empty for a single test.
    """

    outcome: Standing
    effect: float
    ci_low: float
    ci_high: float
    p: float
    seeds: int
    unit: str
    parts: tuple[Judgement, ...] = ()


@dataclass(frozen=True)
class ClaimRecord:
    """A claim with its verdict, as it lies on disk and is shown.

    Attributes:
        verdict: the judgement's outcome; ``inconclusive`` for ``supported`` if `p_adjusted` is .05 or more.
        p_adjusted: by Holm over the claims judged together, `together` of them.
        budget: what the tier spent on it.
        seconds: processor time of its own measurement; runs are timed in their own records.
        checked: what was checked before an outcome that surprised was believed; None if it did not.
        stale: whether the evidence was measured by other code than there is now.
    """

    id: str
    slug: str
    statement: str
    source: str
    hypothesis: str
    test: str
    lesson: str
    tier: str
    budget: Mapping[str, int]
    verdict: Standing
    judgement: Judgement
    p_adjusted: float
    together: int
    seconds: float
    checked: str | None = None
    environment: Mapping[str, Any] = field(default_factory=dict)
    stale: bool = False
