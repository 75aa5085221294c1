"""Whether a run can be repeated."""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import Annotated

import typer

from genbench.cli.setup import DataDir


def verify(
    run: Annotated[str, typer.Argument(help="A run's folder, or its URL.")],
    tolerance: Annotated[
        float | None, typer.Option(min=0, help="Relative difference that is tolerated.", show_default="0.001")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Repeat a run from its record and say whether it comes out the same; exit 1 if it does not."""
    from genbench.executors.verify import TOLERANCE
    from genbench.executors.verify import verify as repeat
    from genbench.store import RunFolder, folder_place

    found = repeat(RunFolder(folder_place(run)), data_dir, TOLERANCE if tolerance is None else tolerance)
    if as_json:
        print(json.dumps(dataclasses.asdict(found), indent=1))
    else:
        print(f"{run}: {found.sameness}")
        if found.first is not None:
            print(f"first difference: {found.first}")
            print(f"largest relative difference: {found.largest:.3g}")
        for change in found.changes:
            print(f"changed since: {change}")
    if found.sameness == "different":
        sys.exit(1)
