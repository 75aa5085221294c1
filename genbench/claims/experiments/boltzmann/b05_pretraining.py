"""B5: features that are learnt without labels help when labels are few."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from genbench.claims import Budget, Claim, Examples, Experiment, Figure, Judgement, Source, decisions, drawing
from genbench.claims.designs.combinations import every
from genbench.engine.trained import Trained
from genbench.models.dbn import rbm
from genbench.registry import claims
from genbench.tasks.digits import digits
from genbench.tasks.task import Task

HIDDEN = 128
LABELS = (10, 30, 100, 300, 1000)
FEW = 100
"""Up to so many labels count as few."""


@claims.register("B5", cite="hinton2006dbn")
def pretraining_helps() -> Claim:
    """Features learned without labels help when labels are few."""
    return Claim(
        id="B5",
        slug="pretraining-helps",
        statement="Features learnt from unlabelled data are a better start than random ones where few "
        "labels are to be had.",
        sources=(
            Source("L2", "Features = Weights = Basis vectors"),
            Source("L4", "Deep Convolutional Generative Adversarial Networks (DCGANs)"),
        ),
        hypothesis="On digits with 10 to 100 labels, hidden units of a restricted Boltzmann machine that "
        "saw the training images without labels give more accurate linear probes, and a better start for "
        "fine-tuning, than a layer with random weights.",
        test="By seed, held-out accuracy averaged over 10, 30 and 100 labels, pretrained minus random "
        "start: of a linear probe and after fine-tuning, means above .02 each (t-tests). Both must hold.",
        lesson="What pretraining is worth depends on how many labels there are, on how long it lasted "
        "and on what it is compared with: 128 random units of 64 pixels lose nothing, and a "
        "linear probe can read them. The figure shows up to a thousand labels.",
        evidence=Experiment(measure),
        fast=Budget(seeds=8, steps=500, size=100),
        full=Budget(seeds=16, steps=4000, size=300),
        judge=judge,
        figure=figure,
        examples=examples,
        checked="With 4,000 steps of pretraining probes on its units are ahead at few labels, by .028 in the "
        "mean up to a hundred of them; with the 500 of the fast tier they were behind at every "
        "number. Fine-tuning takes the lead back: .007 [.001, .013] is left, a gain that exists and "
        "lies below the .02 that the test asks for.",
    )


def measure(budget: Budget) -> pd.DataFrame:
    """Columns seed, labels, start (``pretrained`` or ``random``), way (``probe`` or ``tuned``), accuracy.

    `size` is the number of steps of fine-tuning.
    """
    task = digits()
    trained = Trained.of(rbm(hidden=HIDDEN), task, budget.seeds, budget.steps, batch=64)
    model: Any = trained.ensemble.model
    rows = []
    for seed in range(budget.seeds):
        machine = model.rbm_layers(trained.nets[seed])[0]
        source = torch.Generator().manual_seed(seed)
        plain = nn.Linear(task.dim, HIDDEN)
        with torch.no_grad():
            plain.weight.uniform_(-(task.dim**-0.5), task.dim**-0.5, generator=source)
            plain.bias.zero_()
        layers = {
            "pretrained": (machine.weight.detach().t().clone(), machine.hidden_bias.detach().clone()),
            "random": (plain.weight.detach(), plain.bias.detach()),
        }
        for labels in LABELS:
            chosen = _balanced(task, labels, source)
            for start, layer in layers.items():
                rows.append((seed, labels, start, "probe", _probed(task, layer, chosen)))
                rows.append((seed, labels, start, "tuned", _tuned(task, layer, chosen, seed, budget.size)))
    return pd.DataFrame(rows, columns=["seed", "labels", "start", "way", "accuracy"])


def judge(frame: pd.DataFrame) -> Judgement:
    """What pretraining gains at few labels, for probes and for tuned nets."""
    few = frame[frame["labels"] <= FEW]
    table = few.pivot_table(index=["way", "seed"], columns="start", values="accuracy")
    gain = table["pretrained"] - table["random"]
    return decisions.all_of(
        decisions.mean(gain["probe"], "above", 0.02, "gain in accuracy at ≤ 100 labels, linear probe"),
        decisions.mean(gain["tuned"], "above", 0.02, "gain in accuracy at ≤ 100 labels, fine-tuned"),
    )


def figure(frame: pd.DataFrame) -> Figure:
    """Accuracy against the number of labels."""
    drawn, axes = drawing.panels(2)
    for ax, (way, title) in zip(axes, {"probe": "linear probe", "tuned": "fine-tuned"}.items(), strict=True):
        drawing.lines(ax, frame[frame["way"] == way], "labels", "accuracy", "start")
        ax.set(xscale="log", xlabel="labels", ylabel="held-out accuracy", title=title)
    return drawn


def examples() -> Examples:
    """A gain, a loss, and a gain about the threshold."""
    rng = np.random.default_rng(0)

    def made(gain: float) -> pd.DataFrame:
        frame = every(seed=range(16), labels=LABELS, start=("pretrained", "random"), way=("probe", "tuned"))
        accuracy = 0.6 + gain * (frame["start"] == "pretrained") + 0.03 * rng.standard_normal(len(frame))
        return frame.assign(accuracy=accuracy)

    return {"supported": made(0.1), "refuted": made(-0.1), "inconclusive": made(0.02)}


def _balanced(task: Task, labels: int, source: torch.Generator) -> Tensor:
    """Indices of `labels` training examples, as many of each class."""
    classes = _labels(task)[0]
    order = torch.randperm(len(classes), generator=source)
    return torch.cat([order[classes[order] == c][: labels // 10] for c in range(10)])


def _labels(task: Task) -> tuple[Tensor, Tensor]:
    assert task.train_labels is not None
    assert task.held_out_labels is not None
    return task.train_labels, task.held_out_labels


def _probed(task: Task, layer: Sequence[Tensor], chosen: Tensor) -> float:
    """Held-out accuracy of logistic regression on the hidden units."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    weight, bias = layer
    train, held_out = (
        (part.flatten(1) @ weight.T + bias).sigmoid().numpy() for part in (task.train, task.held_out)
    )
    train_labels, held_out_labels = _labels(task)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        probe = LogisticRegression(C=10.0, max_iter=300).fit(train[chosen], train_labels[chosen].numpy())
    return float(probe.score(held_out, held_out_labels.numpy()))


def _tuned(task: Task, layer: Sequence[Tensor], chosen: Tensor, seed: int, steps: int) -> float:
    """Held-out accuracy of a net with one hidden layer, started at `layer` and trained as a whole."""
    source = torch.Generator().manual_seed(seed)
    hidden, bias = (part.clone().requires_grad_() for part in layer)
    top = (0.05 * torch.randn(10, HIDDEN, generator=source)).requires_grad_()
    offset = torch.zeros(10, requires_grad=True)
    optimizer = torch.optim.Adam([hidden, bias, top, offset], lr=3e-3)
    train_labels, held_out_labels = _labels(task)
    x, y = task.train.flatten(1)[chosen], train_labels[chosen]

    def logits(inputs: Tensor) -> Tensor:
        return (inputs @ hidden.T + bias).sigmoid() @ top.T + offset

    for _ in range(steps):
        rows = torch.randint(len(x), (min(64, len(x)),), generator=source)
        optimizer.zero_grad()
        cross_entropy(logits(x[rows]), y[rows]).backward()
        optimizer.step()
    with torch.no_grad():
        right = logits(task.held_out.flatten(1)).argmax(1) == held_out_labels
    return float(right.double().mean())
