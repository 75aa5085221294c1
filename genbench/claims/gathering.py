"""From claims to evidence on disk: runs are shared, finished work is kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from genbench import sources
from genbench.claims.claim import Claim, Tier
from genbench.claims.fingerprint import Fingerprint, configs_of, fingerprint
from genbench.claims.verdicts import explained
from genbench.engine.devices import describe
from genbench.engine.placement import Placement
from genbench.environment import environment
from genbench.executors.attempt import finished, folder_of
from genbench.executors.local import run_all
from genbench.store import ClaimFolder, load_runs
from genbench.store.claims import Origin
from genbench.suite import RunConfig
from genbench.types import InputError
from genbench.watcher import Watcher


@dataclass(frozen=True)
class Lab:
    """Where evidence is made and kept.

    Attributes:
        out: folder of results.
        jobs: runs at the same time.
    """

    out: Path
    tier: Tier
    placement: Placement
    watcher: Watcher
    jobs: int = 1
    stopping: Callable[[], bool] = lambda: False

    def folder(self, claim: Claim) -> ClaimFolder:
        """Where a claim's evidence lies."""
        return ClaimFolder.under(self.out, self.tier, claim.id)


def gather(claims: Sequence[Claim], lab: Lab) -> list[Claim]:
    """Make what evidence is missing or stale; the claims that have some in the end.

    A claim whose runs or measurement fail is reported to the lab's watcher, keeps what stale evidence it has,
    and the others go on.
    """
    plans = {claim: plan for claim in claims if (plan := _plan(claim, lab)) is not None}
    wanted = {claim: configs for claim, (configs, _) in plans.items()}
    prints = {claim: made for claim, (_, made) in plans.items()}
    waiting = [claim for claim in plans if not _kept(lab.folder(claim), prints[claim])]
    shared = list(dict.fromkeys(config for claim in waiting for config in wanted[claim]))
    if shared:
        run_all(shared, lab.placement, lab.out, lab.watcher, lab.stopping, lab.jobs)
    for claim in plans:
        if claim not in waiting:
            lab.watcher.measured(claim, 0.0, kept=True)
        elif not lab.stopping():
            _measure(claim, wanted[claim], prints[claim], lab)
    return gathered(plans, lab)


def gathered(claims: Iterable[Claim], lab: Lab) -> list[Claim]:
    """The claims that have evidence, stale or not; nothing is measured."""
    return [claim for claim in claims if lab.folder(claim).read_origin() is not None]


def _plan(claim: Claim, lab: Lab) -> tuple[list[RunConfig], Fingerprint] | None:
    """A claim's runs and the fingerprint of its evidence; None if the claim itself fails."""
    try:
        configs = configs_of(claim, lab.tier)
        return configs, fingerprint(claim, claim.budget(lab.tier), configs)
    except (
        Exception,
        SystemExit,
    ) as error:  # a plugin's claim may raise anything, and harm no other
        lab.watcher.failed(claim, explained(error))
        return None


def _kept(folder: ClaimFolder, wanted: Fingerprint) -> bool:
    origin = folder.read_origin()
    return origin is not None and origin.key == wanted.key


def _measure(claim: Claim, configs: Sequence[RunConfig], made: Fingerprint, lab: Lab) -> None:
    started = time.process_time()
    try:
        _check_done(configs, lab.out)
        results = load_runs([folder_of(config, lab.out).path for config in configs])
        frame = claim.evidence.collect(claim.budget(lab.tier), results)
    except (Exception, SystemExit) as error:  # see `_plan`
        lab.watcher.failed(claim, explained(error))
        return
    seconds = time.process_time() - started
    where = environment(describe(lab.placement.device))
    origin = Origin(made.key, round(seconds, 3), where, made.code, sources.digest(made.code))
    lab.folder(claim).write_evidence(frame, origin)
    lab.watcher.measured(claim, seconds, kept=False)


def _check_done(configs: Sequence[RunConfig], out: Path) -> None:
    missing = [config for config in configs if finished(config, out) is None]
    if missing:
        first = folder_of(missing[0], out).path
        raise InputError(f"{len(missing)} of its {len(configs)} runs are not done, such as {first}")
