"""Rules that others published, on the same signals: what detectors have to beat."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from genbench.detectors.series import Series, Signals

Baseline = Callable[[Signals], set[str]]
"""Signals of a seed → the failures that the rules report."""


def debugger(signals: Signals) -> set[str]:
    """Rules in the style of Amazon SageMaker Debugger's built-in ones.

    Vanishing: gradient norm below 1e-7; exploding: not finite; loss not decreasing: the last loss is not .1 %
    below the one a tenth of the run earlier.
    """
    found = set()
    if any(_lasts(norm, lambda v: v < 1e-7) for norm in signals.ending("grad_norm").values()):
        found.add("vanishing_gradient")
    if _broken(signals):
        found.add("exploding_gradient")
    losses = signals.ending("loss")
    if losses and all(_stalled(loss) for loss in losses.values()):
        found.add("convergence_failure")
    return found


def autotrainer(signals: Signals) -> set[str]:
    """Rules of AutoTrainer (Zhang et al. 2021, ICSE).

    Vanishing: first over last layer's gradient below 1e-3 and the first below 1e-4; exploding: a norm above
    70, or not finite; oscillation: accuracy changes by .03 in a fifth of the looks.
    """
    found = set()
    for player in signals.ending("grad_norm_first"):
        first, last = (signals[f"{player}/grad_norm_{end}"] for end in ("first", "last"))
        if _lasts(first, lambda v: v < 1e-4) and _lasts(_over(first, last), lambda v: v < 1e-3):
            found.add("vanishing_gradient")
    if _broken(signals) or any(np.any(n.values > 70) for n in signals.ending("grad_norm").values()):
        found.add("exploding_gradient")
    accuracy = signals.get("critic/held_out_accuracy")
    if accuracy is not None and np.mean(np.abs(np.diff(accuracy.values)) >= 0.03) >= 0.2:
        found.add("oscillation")
    return found


def tutorial(signals: Signals) -> set[str]:
    """Patterns of losses that GAN tutorials teach (Brownlee 2019).

    Convergence failure: the critic's loss goes to zero; vanishing: its accuracy is perfect; mode collapse:
    the generator's loss oscillates.
    """
    found = set()
    critic, generator = signals.get("critic/loss"), signals.get("generator/loss")
    if critic is not None and _lasts(critic, lambda v: np.abs(v) < 0.05):
        found.add("convergence_failure")
    accuracy = signals.get("critic/held_out_accuracy")
    if accuracy is not None and _lasts(accuracy, lambda v: v > 0.99):
        found.add("vanishing_gradient")
    if generator is not None:
        late = generator.late(0.5).values
        if len(late) and np.std(late) > 0.25 * abs(np.mean(late)):
            found.add("mode_collapse")
    return found


BASELINES: Mapping[str, Baseline] = {
    "debugger-style": debugger,
    "autotrainer-style": autotrainer,
    "tutorial-style": tutorial,
}


def _broken(signals: Signals) -> bool:
    finite = signals.get("run/finite")
    return finite is not None and bool(np.any(finite.values == 0))


def _lasts(series: Series, beyond: Callable[[np.ndarray], np.ndarray]) -> bool:
    return len(series) >= 3 and bool(np.all(beyond(series.values[-3:])))


def _over(first: Series, last: Series) -> Series:
    return Series(first.steps, first.values / np.maximum(last.at(first.steps), 1e-300))


def _stalled(loss: Series) -> bool:
    if len(loss) < 2:
        return False
    tenth = max(1, len(loss) // 10)
    now, before = loss.values[-tenth:].mean(), loss.values[-2 * tenth : -tenth].mean()
    return bool(now > before - 1e-3 * abs(before))
