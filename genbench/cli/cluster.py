"""Options of runs that run somewhere else."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from genbench.types import InputError

if TYPE_CHECKING:
    from genbench.engine.placement import Placement
    from genbench.executors.cluster import RayCluster


class Place(enum.StrEnum):
    """Where runs run."""

    local = "local"
    ray = "ray"


CPUS, RETRIES = 1.0, 3
"""What a run on Ray has if nothing else is said."""

PANEL = "On a cluster"
Where = Annotated[
    Place, typer.Option("--executor", help="This machine, or a Ray cluster.", rich_help_panel=PANEL)
]
Address = Annotated[
    str | None,
    typer.Option(help="As in ray.init: auto, host:port, ray://host:10001.", rich_help_panel=PANEL),
]
Cpus = Annotated[float, typer.Option(min=0, help="CPUs of a run on Ray.", rich_help_panel=PANEL)]
Gpus = Annotated[
    float, typer.Option(min=0, help="GPUs of a run on Ray, such as 0.25.", rich_help_panel=PANEL)
]
Retries = Annotated[
    int, typer.Option(min=0, help="Tries after the first, when a machine dies.", rich_help_panel=PANEL)
]
SeedsPerRun = Annotated[
    int | None,
    typer.Option(min=1, help="Split runs with more seeds than this, over workers.", rich_help_panel=PANEL),
]


def chosen_cluster(
    where: Place, address: str | None, cpus: float, gpus: float, retries: int, device: str, jobs: int | None
) -> RayCluster | None:
    """What the options mean; None for this machine.

    Raises:
        InputError: they contradict each other.
    """
    if where is Place.local:
        given = {"address": address is not None, "cpus-per-run": cpus != CPUS, "gpus-per-run": gpus > 0}
        given["retries"] = retries != RETRIES
        if names := " and ".join(f"--{name}" for name, changed in given.items() if changed):
            raise InputError(f"{names}: for --executor ray; add it")
        return None
    if (device == "cuda") > (gpus > 0) or (device == "cpu" and gpus):
        raise InputError(f"--device {device} and --gpus-per-run {gpus:g} contradict each other; change one")
    from genbench.executors.cluster import IN_FLIGHT, RayCluster

    return RayCluster(address, cpus, gpus, retries, jobs or IN_FLIGHT)


@contextmanager
def led(placement: Placement, elsewhere: bool) -> Iterator[Placement]:
    """The placement, with the processes that torchrun started beside this one; all but the first end here.

    Raises:
        InputError: runs are to go side by side or somewhere else as well.
    """
    from genbench.engine.follower import follow
    from genbench.engine.parallel import join, launched

    if launched() > 1 and elsewhere:
        raise InputError("torchrun splits one run at a time over processes; leave --jobs and --executor out")
    group = join(placement.device)
    if group is None:
        yield placement
        return
    placement = replace(placement, device=group.device, group=group)
    if group.rank:
        follow(group, placement)
        raise typer.Exit
    try:
        yield placement
    finally:
        group.dismiss()
