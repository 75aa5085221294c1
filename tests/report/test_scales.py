import numpy as np
import pytest

from genbench.report.scales import error_on_scale, inside, scale_of, to_scale
from genbench.types import Scale


@pytest.mark.parametrize(
    ("declared", "better", "values", "scale"),
    [
        ("log", "lower", [0.1, 20.0, np.nan], "log"),
        ("log", "lower", [0.0, 20.0], "identity"),
        ("logit", "higher", [0.1, 0.99], "logit"),
        ("logit", "higher", [0.1, 1.0], "identity"),
        ("identity", "lower", [0.1, 0.2], "identity"),
        # Files of earlier versions declare none.
        (None, "lower", [0.1, 0.2], "log"),
        (None, "lower", [-0.1, 0.2], "identity"),
        (None, "higher", [0.1, 0.2], "identity"),
        ("of a stranger", "lower", [0.1, 0.2], "log"),
    ],
)
def test_the_declared_scale_holds_where_all_scores_lie_in_its_domain(
    declared: str | None, better: str, values: list[float], scale: Scale
) -> None:
    assert scale_of(declared, better, np.array(values)) == scale


def test_scales_are_what_they_are_called() -> None:
    x = np.array([0.2, 0.5])
    assert to_scale(x, "identity").tolist() == x.tolist()
    assert to_scale(x, "log") == pytest.approx(np.log(x))
    assert to_scale(x, "logit") == pytest.approx(np.log(x / (1 - x)))
    assert np.isfinite(to_scale(np.array([0.0, 1.0]), "logit")).all()
    assert np.isnan(to_scale(np.array([np.nan]), "log")[0])
    assert not inside("log", np.array([np.nan]))


@pytest.mark.parametrize("scale", ["identity", "log", "logit"])
def test_errors_on_a_scale_are_those_of_small_steps(scale: Scale) -> None:
    x, step = np.array([0.3]), 1e-6
    moved = (to_scale(x + step, scale) - to_scale(x - step, scale)) / 2
    assert error_on_scale(np.array([step]), x, scale) == pytest.approx(moved, rel=1e-4)
