"""From claims to evidence on disk: runs are shared, finished work is kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from genbench.claims.claim import Claim, Tier
from genbench.claims.fingerprint import fingerprint
from genbench.claims.verdicts import explained
from genbench.engine.devices import describe
from genbench.engine.placement import Placement
from genbench.environment import environment
from genbench.executors.attempt import finished, folder_of
from genbench.executors.local import run_all
from genbench.store import ClaimFolder, load_runs
from genbench.store.claims import Origin
from genbench.suite import RunConfig, Suite, expand
from genbench.types import InputError
from genbench.watcher import Watcher

SUITE = "claims"
"""Name of the suite that all claims' runs belong to, so that equal runs are one run."""


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
    """Make the evidence of every claim that has none yet; those whose evidence is there in the end.

    A claim whose runs or measurement fail is reported to the lab's watcher, and the others go on.
    """
    plans = {claim: plan for claim in claims if (plan := _plan(claim, lab)) is not None}
    wanted = {claim: configs for claim, (configs, _) in plans.items()}
    keys = {claim: key for claim, (_, key) in plans.items()}
    waiting = [claim for claim in plans if not _kept(lab.folder(claim), keys[claim])]
    shared = list(dict.fromkeys(config for claim in waiting for config in wanted[claim]))
    if shared:
        run_all(shared, lab.placement, lab.out, lab.watcher, lab.stopping, lab.jobs)
    ready = []
    for claim in plans:
        if claim not in waiting:
            lab.watcher.measured(claim, 0.0, kept=True)
            ready.append(claim)
        elif not lab.stopping() and _measure(claim, wanted[claim], keys[claim], lab):
            ready.append(claim)
    return ready


def _plan(claim: Claim, lab: Lab) -> tuple[list[RunConfig], str] | None:
    """A claim's runs and the key of its evidence; None if the claim itself fails."""
    try:
        configs = configs_of(claim, lab.tier)
        return configs, fingerprint(claim, claim.budget(lab.tier), configs)
    except (
        Exception,
        SystemExit,
    ) as error:  # a plugin's claim may raise anything, and harm no other
        lab.watcher.failed(claim, explained(error))
        return None


def configs_of(claim: Claim, tier: Tier) -> list[RunConfig]:
    """The runs that a claim needs."""
    comparisons = tuple(claim.evidence.comparisons(claim.budget(tier)))
    return expand(Suite(SUITE, Path(claim.id), claim.statement, comparisons)) if comparisons else []


def _kept(folder: ClaimFolder, key: str) -> bool:
    origin = folder.read_origin()
    return origin is not None and origin.key == key


def _measure(claim: Claim, configs: Sequence[RunConfig], key: str, lab: Lab) -> bool:
    started = time.process_time()
    try:
        _check_done(configs, lab.out)
        results = load_runs([folder_of(config, lab.out).path for config in configs])
        frame = claim.evidence.collect(claim.budget(lab.tier), results)
    except (Exception, SystemExit) as error:  # see `_plan`
        lab.watcher.failed(claim, explained(error))
        return False
    seconds = time.process_time() - started
    origin = Origin(key, round(seconds, 3), environment(describe(lab.placement.device)))
    lab.folder(claim).write_evidence(frame, origin)
    lab.watcher.measured(claim, seconds, kept=False)
    return True


def _check_done(configs: Sequence[RunConfig], out: Path) -> None:
    missing = [config for config in configs if finished(config, out) is None]
    if missing:
        first = folder_of(missing[0], out).path
        raise InputError(f"{len(missing)} of its {len(configs)} runs are not done, such as {first}")
