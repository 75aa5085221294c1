"""The scores between which a method is placed, and what their own noise allows to be said."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from genbench.report.scales import error_on_scale, inside, to_scale
from genbench.types import Scale

Floats = NDArray[np.float64]

ERRORS = 3.0
"""Standard errors beyond which a difference is more than noise."""
SHARE = 0.1
"""The least gain of real data over the trivial sampler, as a share of the larger of both."""
UNKNOWN = 0.1, 0.01
"""A standard error that a record lacks, as shares of the score and of the distance between both anchors."""


@dataclass(frozen=True)
class Anchors:
    """Scores between which a method is placed; NaN if unknown.

    Attributes:
        trivial: of a trivial sampler, a Gaussian fitted to the training data.
        real: of real data against real data.
        trivial_error, real_error: standard errors of single such scores, in the score's unit. Records of
            earlier versions have none; then the larger is taken of 10 % of the score and 1 % of the distance
            between both. Measured ones are 1 to 40 % of the score, mostly less than 10 %.
        scale: where they are compared; see `scales.scale_of`.
    """

    trivial: float = math.nan
    real: float = math.nan
    trivial_error: float = math.nan
    real_error: float = math.nan
    scale: Scale = "identity"

    @property
    def known(self) -> bool:
        """Whether both scores are known, so that others can be placed between them."""
        return math.isfinite(self.trivial) and math.isfinite(self.real)

    @property
    def distance(self) -> float:
        """From the trivial sampler to real data, on the scale; negative where less is better."""
        trivial, real = self._both(np.array([self.trivial, self.real]))
        return float(real - trivial)

    def normalised(self, values: Floats) -> Floats:
        """(g(x) − g(trivial)) / (g(real) − g(trivial)), g the scale: 0 is trivial, 1 is real.

        Below 0 is worse than trivial; NaN where an anchor is unknown, infinite where both are equal.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray((self._both(values) - self._both(np.array([self.trivial]))) / self.distance)

    def normalised_error(self) -> float:
        """Standard error of the trivial sampler's score, in the unit of `normalised`."""
        scale = self._shared(np.array([self.trivial, self.real]))
        error = error_on_scale(np.array([self._errors()[0]]), np.array([self.trivial]), scale)
        return float(error[0] / abs(self.distance)) if self.distance else math.nan

    def tell_apart(self, better: str | None) -> bool:
        """Whether real data score better than the trivial sampler, beyond the noise of both.

        By more than three standard errors of their difference, and by a tenth of the larger of both.
        """
        gain = (self.real - self.trivial) * (1 if better == "higher" else -1)
        noise = ERRORS * math.hypot(*self._errors())
        return bool(gain > max(noise, SHARE * max(abs(self.real), abs(self.trivial))))

    def worse(self, values: Floats, better: str | None) -> NDArray[np.bool_]:
        """Which values are worse than the trivial sampler by more than three of its standard errors.

        For single seeds: nothing is assumed of their spread. Shape (n,) → (n,); NaN and what has no trivial
        score are not.
        """
        behind = (self.trivial - values) * (1 if better == "higher" else -1)
        return np.asarray(behind > ERRORS * self._errors()[0])

    def below(self, values: Floats, better: str | None, level: float = 0.05) -> bool:
        """Whether a method's mean is worse than the trivial sampler: one-sided Welch test on the scale.

        The standard error of the mean over seeds and that of the trivial score add up; the former alone
        counts for the degrees of freedom. False with fewer than two seeds.

        Args:
            values: one a seed, NaN-free.
        """
        n = len(values)
        if n < 2 or not math.isfinite(self.trivial):
            return False
        trivial = np.array([self.trivial])
        scale = self._shared(np.append(values, trivial))
        on_scale, score = to_scale(values, scale), float(to_scale(trivial, scale)[0])
        own = float(on_scale.var(ddof=1)) / n
        total = own + float(error_on_scale(np.array([self._errors()[0]]), trivial, scale)[0]) ** 2
        behind = (score - float(on_scale.mean())) * (1 if better == "higher" else -1)
        if not total or behind <= 0:
            return behind > 0
        freedom = min((n - 1) * (total / own) ** 2, 1e9) if own else 1e9
        return bool(special.stdtr(freedom, -behind / math.sqrt(total)) < level)

    def _both(self, values: Floats) -> Floats:
        return to_scale(values, self._shared(np.array([self.trivial, self.real])))

    def _shared(self, values: Floats) -> Scale:
        """The scale, or that of the scores themselves where one of these does not lie in its domain."""
        return self.scale if inside(self.scale, values) else "identity"

    def _errors(self) -> tuple[float, float]:
        """Standard errors of trivial and real, those that no record has by their fallback."""
        apart = UNKNOWN[1] * abs(self.real - self.trivial) if self.known else 0.0
        pairs = ((self.trivial, self.trivial_error), (self.real, self.real_error))
        trivial, real = (e if math.isfinite(e) else max(UNKNOWN[0] * abs(x), apart) for x, e in pairs)
        return trivial, real
