"""The command line. Nothing heavy is imported before a command needs it: --help answers at once."""

from __future__ import annotations

import os
import sys
import warnings

import typer

from genbench.cli import catalogue, claims, diagnosis, evaluation, reports, runs, setup, verification
from genbench.registry import PluginWarning
from genbench.types import GenbenchError, NetworkFileWarning

app = typer.Typer(
    name="genbench",
    help="Compare generative methods under one protocol, and look at what came out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
COMMANDS = (
    runs.run,
    runs.show,
    runs.leaderboard,
    reports.report,
    reports.figures,
    reports.compare,
    verification.verify,
    evaluation.evaluate,
    diagnosis.diagnose,
    claims.claims,
    setup.prepare,
    setup.doctor,
    catalogue.cite,
)
for command in COMMANDS:
    app.command()(command)
app.command("list")(catalogue.list_names)


def main() -> None:
    """Run the command line; a mistake of the user's is one sentence and exit code 2."""
    # Threads that spin while they wait make a small step a hundred times slower on a busy machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    warnings.formatwarning = _formatted
    try:
        app()
    except GenbenchError as error:
        print(f"genbench: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(2)
    except OSError as error:  # a full disk, a folder without rights
        where = f"{error.filename}: " if error.filename else ""
        print(f"genbench: {where}{error.strerror or error}; see to the disk, then try again", file=sys.stderr)
        sys.exit(2)


_as_python_does = warnings.formatwarning


def _formatted(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, line: str | None = None
) -> str:
    """Our own warnings as sentences, without the line of code that they come from."""
    if issubclass(category, PluginWarning | NetworkFileWarning):
        return f"genbench: {message}\n"
    return _as_python_does(message, category, filename, lineno, line)


__all__ = ["app", "main"]
