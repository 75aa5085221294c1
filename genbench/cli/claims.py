"""The command that puts the lectures' claims to the test."""

from __future__ import annotations

import enum
import json
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from genbench import registry
from genbench.cli.runs import Device, stop_on_interrupt
from genbench.cli.setup import DataDir
from genbench.types import InputError

if TYPE_CHECKING:
    from rich.console import Console

    from genbench.claims import Claim
    from genbench.types import ClaimRecord


class Tier(enum.StrEnum):
    """How much is spent on each claim."""

    fast = "fast"
    full = "full"
    gpu = "gpu"


def claims(
    ids: Annotated[list[str] | None, typer.Argument(help="Such as T4 G10; all if none are given.")] = None,
    tier: Annotated[
        Tier, typer.Option(help="Under a minute a claim, under fifteen, or sized for a GPU.")
    ] = Tier.fast,
    out: Annotated[Path, typer.Option(help="Where results go.", file_okay=False)] = Path("results"),
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
    device: Device = Device.auto,
    data_dir: DataDir = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Runs at a time.", show_default="cores, 1 on a GPU")
    ] = None,
    measure: Annotated[
        bool, typer.Option(help="Make what evidence is missing or stale; else judge what is there.")
    ] = True,
) -> None:
    """Test what the lectures claim; runs and measurements that are there already are kept.

    Evidence that was measured by other code than there is now is stale. The exit code is 0 whatever the
    verdicts are, since a refuted claim is a finding; 3 if one was not tested.
    """
    from rich.console import Console

    from genbench.claims.gathering import Lab, gather, gathered
    from genbench.claims.verdicts import as_json as plain
    from genbench.claims.verdicts import conclude
    from genbench.cli.progress import Terminal
    from genbench.engine.devices import choose_device
    from genbench.engine.placement import Placement
    from genbench.executors.local import default_jobs

    chosen = select(ids or ())
    placement = Placement(choose_device(device.value), "auto", data_dir)
    console = Console(stderr=True)
    stopping = stop_on_interrupt(console.print)
    with Terminal(console, out) as terminal:
        lab = Lab(out, tier.value, placement, terminal, jobs or default_jobs(placement), stopping)
        ready = gather(chosen, lab) if measure else gathered(chosen, lab)
    if not measure and not ready:
        raise InputError(
            f"{out} holds no evidence of {', '.join(ids or ['a claim'])}; leave out --no-measure"
        )
    records = conclude([(claim, tier.value) for claim in ready], out, terminal.failed)
    if as_json:
        print(json.dumps(plain(records), indent=1))
    else:
        _print_table(records)
    _say_stale(console, records, tier.value, out)
    if stopping():
        console.print("stopped; the same command goes on from here")
        sys.exit(130)
    if terminal.failures:
        sys.exit(3)


def select(ids: Sequence[str]) -> list[Claim]:
    """The claims of these ids or slugs, in any case, or all there are, in the order of the list of claims.

    Raises:
        InputError: an id is unknown; the text names the nearest.
    """
    from genbench.claims.verdicts import place

    every = _made()
    spoken = {name.lower(): name for name in every} | {claim.slug: name for name, claim in every.items()}
    unknown = [each for each in ids if each.lower() not in spoken]
    if unknown:
        known = [*every, *(claim.slug for claim in every.values())]
        raise InputError(f"no claim is called {unknown[0]!r}{registry.nearest(unknown[0], known)}")
    wanted = {spoken[each.lower()] for each in ids}
    return [every[name] for name in sorted(wanted or every, key=place)]


def _made() -> dict[str, Claim]:
    """Every claim by its id; a plugin's that cannot be made is left out with a warning."""
    made: dict[str, Claim] = {}
    for name, entry in registry.claims.items():
        try:
            made[name] = entry.create()
        except (Exception, SystemExit) as error:  # a stranger's code may raise anything
            said = f"claim {name!r} of {entry.origin} is left out: {type(error).__name__}: {error}"
            warnings.warn(said, registry.PluginWarning, stacklevel=2)
    return made


def _print_table(records: Sequence[ClaimRecord]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    colours = {"supported": "green", "refuted": "red", "inconclusive": "yellow"}
    table = Table(box=box.SIMPLE_HEAD)
    for heading, justify in (("claim", "left"), ("verdict", "left"), ("effect [95 %]", "right")):
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    for heading in ("p, Holm", "seeds"):
        table.add_column(heading, justify="right")
    table.add_column("of what")
    for record in records:
        found = record.judgement
        table.add_row(
            Text(f"{record.id} {record.slug}"),
            Text(record.verdict + ", stale" * record.stale, style=colours[record.verdict]),
            Text(f"{found.effect:.3g} [{found.ci_low:.3g}, {found.ci_high:.3g}]"),
            f"{record.p_adjusted:.2g}",
            str(found.seeds),
            Text(found.unit),
        )
    console = Console() if sys.stdout.isatty() else Console(width=160)
    console.print(table)


def _say_stale(console: Console, records: Sequence[ClaimRecord], tier: str, out: Path) -> None:
    """What to do about evidence of other code, in a sentence."""
    ids = [record.id for record in records if record.stale]
    if ids:
        anew = f"genbench claims {' '.join(ids)} --tier {tier} --out {out} measures that anew"
        said = f"stale, measured by earlier code: {', '.join(ids)}; {anew}"
        console.print(said, markup=False, highlight=False, soft_wrap=True)
