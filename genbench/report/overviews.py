"""A picture a task: the final samples of all its methods beside each other."""

from __future__ import annotations

import re

import numpy as np

from genbench.report.methods import Method, methods
from genbench.report.pictures import overview
from genbench.report.png import png
from genbench.store import Place, Results, RunFolder, Samples, write_atomically


def write_overviews(results: Results, folder: Place) -> list[Place]:
    """Write ``overview-<task>.png`` into `folder` for every task with samples; the files written."""
    folders = {str(run.path): run for run in results.folders}
    by_task: dict[str, list[Method]] = {}
    for method in methods(results.records):
        by_task.setdefault(method.task, []).append(method)
    drawn = {task: _overview(task, own, folders) for task, own in by_task.items()}
    return [_write(folder, task, picture) for task, picture in drawn.items() if picture is not None]


def _overview(task: str, own: list[Method], folders: dict[str, RunFolder]) -> bytes | None:
    kept = {method.model: _samples(method, folders) for method in own}
    shown = {model: samples for model, samples in kept.items() if samples}
    if not shown:
        return None
    real = next(iter(shown.values()))[0].real
    # Folders of several versions of a task may lie beside each other; one picture shows examples of one kind.
    alike = {
        model: [s.generated for s in samples if s.generated.shape[2:] == real.shape[1:]]
        for model, samples in shown.items()
    }
    generated = {model: np.concatenate(own) for model, own in alike.items() if own}
    return png(overview(task, generated, real))


def _samples(method: Method, folders: dict[str, RunFolder]) -> list[Samples]:
    found = [folders[path].read_samples() for path in method.paths]
    return [samples for samples in found if samples is not None]


def _write(folder: Place, task: str, picture: bytes) -> Place:
    path = folder / f"overview-{re.sub('[^A-Za-z0-9._+-]', '_', task)}.png"
    write_atomically(path, picture)
    return path
