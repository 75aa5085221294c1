"""The handwritten digits that scikit-learn carries: real images without a download."""

from __future__ import annotations

import torch

from genbench.registry import tasks
from genbench.tasks.task import Task


@tasks.register("digits", cite="alpaydin1998optdigits", kind="small images")
def digits() -> Task:
    """Optical digits, 8×8 grey, embedded: 1,437 to train on and 360 held out.

    Alpaydin & Kaynak 1998 (UCI), as `sklearn.datasets.load_digits`. Grey values v/16 are float32 in [0, 1],
    shape (n, 1, 8, 8). The split is fixed and stratified: of the images ordered by class, every fifth is
    held out. Both splits hold images by the same writers, so held-out scores say nothing of new writers.
    """
    from sklearn.datasets import load_digits

    pixels, classes = load_digits(return_X_y=True)
    images = torch.from_numpy(pixels).float().div(16).reshape(-1, 1, 8, 8)
    labels = torch.from_numpy(classes).long()
    by_class = labels.argsort(stable=True)
    held_out = torch.zeros(len(labels), dtype=torch.bool)
    held_out[by_class[::5]] = True
    return Task(
        name="digits",
        kind="images",
        train=images[~held_out],
        held_out=images[held_out],
        metrics=("frechet_lenet@1k", "coverage_lenet@1k", "class_kl_lenet@1k", "sliced_wasserstein@1k"),
        ranked_by=("frechet_lenet@1k", "coverage_lenet@1k"),
        train_labels=labels[~held_out],
        held_out_labels=labels[held_out],
        classifier="digits",
        levels=17,
    )
