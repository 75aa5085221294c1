"""What models are trained on and measured against."""

from genbench.tasks.digits import digits
from genbench.tasks.planar import gaussian, grid25, ring8, swissroll
from genbench.tasks.task import Task, Truth
from genbench.tasks.truths import Mixture, SwissRoll, equal_mixture, swiss_roll

__all__ = [
    "Mixture",
    "SwissRoll",
    "Task",
    "Truth",
    "digits",
    "equal_mixture",
    "gaussian",
    "grid25",
    "ring8",
    "swiss_roll",
    "swissroll",
]
