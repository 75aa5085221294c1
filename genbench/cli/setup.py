"""Commands about this machine: data and versions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from genbench.types import NotAvailableError

DataDir = Annotated[
    Path | None,
    typer.Option(
        envvar="GENBENCH_DATA_DIR", help="Where data sets lie.", show_default="data", file_okay=False
    ),
]


def prepare(
    task: Annotated[
        str, typer.Argument(help="The task whose data are wanted, or inception for its weights.")
    ],
    download: Annotated[bool, typer.Option("--download", help="Fetch what is missing.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Check a task's data, and download them if asked to."""
    if task == "inception":
        print(_prepare_inception(download))
        return
    from genbench.tasks import prepare as prepare_task

    print(prepare_task(task, data_dir, download))


def doctor(data_dir: DataDir = None) -> None:
    """Say which versions, device and data sets are found here."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, show_header=False, padding=(0, 1))
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for name, finding in _findings(data_dir).items():
        table.add_row(Text(name), Text(finding))
    Console().print(table)


def _prepare_inception(download: bool) -> str:
    from genbench.metrics.inception import fetch, weights_file

    file = fetch() if download else weights_file()
    if file is None:
        raise NotAvailableError("the Inception weights are not here; genbench prepare inception --download")
    return f"the Inception weights are in {file}"


def _findings(data_dir: Path | None) -> dict[str, str]:
    import torch

    from genbench.engine.devices import choose_device, describe
    from genbench.environment import environment
    from genbench.registry import tasks
    from genbench.tasks import available

    device = choose_device("auto")
    found = environment(describe(device))
    return {
        **found["versions"],
        "machine": found["machine"],
        "commit": found["commit"] or "not a checkout",
        "device": f"{found['device']}, {torch.get_num_threads()} threads",
        **{f"task {name}": available(name, data_dir) for name in tasks},
    }
