"""What columns of strangers' logs are called: steps, runs, times, losses and their players."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping

from genbench.detectors.logs.table import shown

COUNTS = (
    *("step", "global_step", "trainer_global_step", "train_global_step", "steps", "n_step"),
    *("iteration", "iterations", "global_iteration", "iter", "iters", "total_iters", "niter", "n_iter"),
    *("num_updates", "updates", "update", "total_timesteps", "timesteps", "num_timesteps"),
    *("batch", "batches", "batch_idx", "minibatch", "kimg", "nimg", "cur_nimg", "tick"),
)
EPOCHS = ("epoch", "epochs", "current_epoch", "n_epoch")
RUNS = ("seed", "run", "run_id", "run_name", "experiment", "trial")
PHASES = ("mode", "phase", "split", "stage", "subset", "partition")
TIMES = (
    *("seconds", "samples", "time", "wall_time", "walltime", "timestamp", "runtime", "date", "datetime"),
    *("elapsed", "time_elapsed", "time_taken", "created_at", "relative_time"),
    *("relative_time_process", "relative_time_wall"),
)
ROOMS = re.compile(r"(?:run|sample|data|chain|critic|generator|vae|rbm\d*)/.+|.+/(?:grad_norm|depth_ratio)")
"""Signals as genbench itself names them."""
PLAYERS: Mapping[str, frozenset[str]] = {
    "generator": frozenset({"g", "gen", "generator", "netg"}),
    "critic": frozenset({"d", "disc", "discriminator", "critic", "crit", "discrim", "netd"}),
    "vae": frozenset({"vae"}),
}
LOSS = frozenset({"loss", "losses", "err", "error", "errors", "cost", "nll", "elbo", "objective"})
SHORT = {f"{p}{word}": (p, word) for p in "gd" for word in ("loss", "err")}
SHORT |= {f"{word}{p}": (p, word) for p, word in SHORT.values()}
FILLERS = frozenset({"train", "training", "trainer", "total", "model", "net", "avg", "mean", "running"})
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def plain(name: str) -> str:
    """A name in lower case, with underscores for all that is no letter or digit."""
    return re.sub(r"[\W_]+", "_", name.lower()).strip("_")


def is_step(name: str) -> bool:
    """Whether a column of that name says when."""
    return first([name], COUNTS) is not None or first([name], EPOCHS) is not None


def is_time(name: str) -> bool:
    """Whether it holds the time of day or a duration."""
    return plain(name) in TIMES


def is_loss(name: str) -> bool:
    """Whether it is a loss or the norm of a gradient, which should be finite to the end."""
    words = set(_words(name))
    return bool(words & LOSS) or {"grad", "norm"} <= words or "gradnorm" in words


def is_known(name: str) -> bool:
    """Whether a detector may read a signal of that name."""
    return is_loss(name) or ROOMS.fullmatch(name) is not None


def first(columns: Iterable[str], names: Iterable[str]) -> str | None:
    """The column with the first of the names, as it is or below a heading such as ``Progress/``."""
    columns = list(columns)
    spelt = {plain(column): column for column in reversed(columns)}
    for column in columns:
        spelt.setdefault(plain(column.rpartition("/")[2]), column)
    return next((spelt[name] for name in names if name in spelt), None)


def canonical(columns: Iterable[str]) -> dict[str, str]:
    """Column → ``PLAYER/loss`` for losses of one player, unless two columns would get the same name."""
    columns = list(columns)
    found = {column: _signal(column) for column in columns}
    times = Counter([*found.values(), *columns])
    return {column: name for column, name in found.items() if name and times[name] == 1}


def suggestion(columns: Iterable[str], any_column: bool) -> str | None:
    """The ``--map`` to write for a column that has only a player's name, or else for any of them."""
    columns = list(columns)
    named = ((column, player) for column in columns for player in [_player(_words(column))] if player)
    column, player = next(named, (columns[0], "generator") if any_column else ("", ""))
    return f"--map {shlex.quote(f'{shown(column)}={player}/loss')}" if column else None


def _words(name: str) -> list[str]:
    words = [word.lower() for word in _WORDS.findall(name[:200])]
    return [part for word in words for part in SHORT.get(word, (word,))]


def _player(words: Iterable[str]) -> str | None:
    """The player that the words name, if they name one and nothing else."""
    rest = [word for word in words if word not in FILLERS]
    players = {player for word in rest for player, names in PLAYERS.items() if word in names}
    return players.pop() if len(players) == 1 and len(rest) == 1 else None


def _signal(name: str) -> str | None:
    words = _words(name)
    player = _player(word for word in words if word not in LOSS)
    return f"{player}/loss" if player and set(words) & LOSS else None
