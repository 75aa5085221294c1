"""What models are trained on and measured against."""

from genbench.tasks.binary import binarised, binary_digits, binary_mnist
from genbench.tasks.digits import digits
from genbench.tasks.folder import folder
from genbench.tasks.images import cifar10, fashion_mnist, mnist, stacked_mnist
from genbench.tasks.pictures import decode, open_pictures
from genbench.tasks.planar import gaussian, grid25, ring8, swissroll
from genbench.tasks.sources import available, data_directory, prepare
from genbench.tasks.task import Task, Truth
from genbench.tasks.truths import Mixture, SwissRoll, equal_mixture, swiss_roll

__all__ = [
    "Mixture",
    "SwissRoll",
    "Task",
    "Truth",
    "available",
    "binarised",
    "binary_digits",
    "binary_mnist",
    "cifar10",
    "data_directory",
    "decode",
    "digits",
    "equal_mixture",
    "fashion_mnist",
    "folder",
    "gaussian",
    "grid25",
    "mnist",
    "open_pictures",
    "prepare",
    "ring8",
    "stacked_mnist",
    "swiss_roll",
    "swissroll",
]
