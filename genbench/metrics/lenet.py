"""Train a classifier that the package ships: ``python -m genbench.metrics.lenet digits|mnist``.

It takes half a minute for the digits and some minutes for MNIST on two cores, and gives the same each time
on one machine. The weights are stored in half precision; the accuracy beside them is measured with those.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F

from genbench.metrics.classifier import SIZES, WEIGHTS, LeNet
from genbench.registry import tasks
from genbench.tasks.task import Task

BATCH = 64
EPOCHS = {"digits": 120, "mnist": 12}
SHIFT = {"digits": 1, "mnist": 2}
"""Pixels by which a training image is moved at most, so that the classifier bears off-centre samples."""


def shifted(images: Tensor, most: int, generator: torch.Generator) -> Tensor:
    """Each image moved by up to `most` pixels along both axes, zeros moving in, shape (n, 1, H, W)."""
    size = images.shape[-1]
    start = torch.randint(0, 2 * most + 1, (len(images), 2), generator=generator)
    window = torch.arange(size)
    rows = (start[:, :1] + window)[:, None, :, None]
    columns = (start[:, 1:] + window)[:, None, None, :]
    padded = F.pad(images, (most,) * 4)
    return padded[torch.arange(len(images))[:, None, None, None], 0, rows, columns]


def train(task: Task, epochs: int, shift: int) -> LeNet:
    """A classifier of the task's labels, by AdamW with a cosine schedule and label smoothing of 0.05."""
    assert task.train_labels is not None
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = LeNet(task.shape[-1]).train()
        optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=0.01)
        generator = torch.Generator().manual_seed(1)
        for epoch in range(epochs):
            for group in optimizer.param_groups:
                group["lr"] = 1e-3 * (1 + math.cos(math.pi * epoch / epochs))
            for batch in torch.randperm(len(task.train), generator=generator).split(BATCH):
                images = shifted(task.to_float(task.train[batch]), shift, generator)
                loss = F.cross_entropy(net(images), task.train_labels[batch], label_smoothing=0.05)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
    return net.eval().requires_grad_(False)


def held_out_accuracy(net: LeNet, task: Task) -> float:
    """Share of the task's held-out images whose most probable class is their label."""
    assert task.held_out_labels is not None
    guess = torch.cat([net(task.to_float(part)).argmax(dim=1) for part in task.held_out.split(1024)])
    return float((guess == task.held_out_labels).double().mean())


def save(net: LeNet, task: Task, path: Path) -> float:
    """Store the weights in half precision with the accuracy that they have then, which is returned."""
    stored = {name: value.half().contiguous() for name, value in net.state_dict().items()}
    net.load_state_dict({name: value.float() for name, value in stored.items()})
    accuracy = held_out_accuracy(net, task)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(stored, path, {"accuracy": f"{accuracy:.4f}", "data_sha256": task.checksum()})
    return accuracy


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=sorted(SIZES))
    parser.add_argument("--data-dir", type=Path, help="folder that holds MNIST")
    parser.add_argument("--out", type=Path, help="folder for the weights; that of the package by default")
    args = parser.parse_args()
    options = {"data_dir": args.data_dir} if args.data_dir else {}
    task: Task = tasks[args.task].create(**options)
    net = train(task, EPOCHS[args.task], SHIFT[args.task])
    path = (args.out or WEIGHTS) / f"{args.task}.safetensors"
    print(f"{path}: {100 * save(net, task, path):.2f} % of the held-out images right")


if __name__ == "__main__":
    main()
