"""The page of all claims, made from the evidence that is kept: ``python -m genbench.claims.page``.

Nothing is measured. Every claim that has evidence is judged again, together with all others, so that Holm's
correction covers the whole page.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from genbench.claims.claim import Claim, Tier
from genbench.claims.decisions import interval_of
from genbench.claims.verdicts import conclude, place
from genbench.registry import claims
from genbench.store import ClaimFolder
from genbench.types import ClaimRecord, InputError, Judgement

BEST_FIRST: tuple[Tier, ...] = ("gpu", "full", "fast")
INTRODUCTION = """# What the lectures claim, and what came out

Each statement below stands in one of five lectures on generative models, and is put as an experiment that
could prove it wrong. Test, threshold and seeds were committed before the experiment was run. A claim is
**supported** if the 95 % interval of its effect lies beyond the threshold on the claimed side and its
p-value, adjusted by Holm for all claims of this page, is below .05; **refuted** if the interval lies on the
other side; otherwise **inconclusive**. Where a claim has several parts all must hold, and the part that
decided is shown. A verdict is about the experiment, its nets and its budget: small ones throughout.

`genbench claims` repeats small versions of all, in 8 min 49 s on two quiet cores (`--tier fast --jobs 2`).
G4, G6, G12, G13, G17 and V3 ask which seeds were diagnosed; their small versions are too short to tell, and
decide nothing.

This page is written by `python -m genbench.claims.page` from `results/reference/claims`; do not edit it.
"""


def write_page(root: Path, page: Path) -> list[ClaimRecord]:
    """Judge all evidence below `root`, write `page` and, beside it, the figures in ``images/claims``.

    Raises:
        InputError: there is no evidence of any registered claim.
    """
    chosen = _with_evidence(root)
    if not chosen:
        raise InputError(f"{root} holds no evidence of a claim; run genbench claims --out {root} first")
    records = conclude(chosen, root)
    images = page.parent / "images" / "claims"
    images.mkdir(parents=True, exist_ok=True)
    for record in records:
        figure = ClaimFolder.under(root, record.tier, record.id).figure
        (images / f"{record.id}.svg").write_bytes(figure.read_bytes())
    page.write_text(render(records), encoding="utf-8")
    return records


def render(records: Sequence[ClaimRecord]) -> str:
    """The page as Markdown."""
    counts = Counter(record.verdict for record in records)
    said = ", ".join(f"{counts[verdict]} {verdict}" for verdict in ("supported", "refuted", "inconclusive"))
    parts = [INTRODUCTION, f"{len(records)} claims: {said}.\n", _stale(records)]
    parts += [_table(records), _surprises(records)]
    return "\n".join([*filter(None, parts), *map(_section, records)])


def _with_evidence(root: Path) -> list[tuple[Claim, Tier]]:
    """Every claim with the largest tier that it has evidence of."""
    found: list[tuple[Claim, Tier]] = []
    for name in sorted(claims, key=place):
        tiers = [tier for tier in BEST_FIRST if ClaimFolder.under(root, tier, name).read_origin() is not None]
        found += [(claims[name].create(), tier) for tier in tiers[:1]]
    return found


def _stale(records: Sequence[ClaimRecord]) -> str:
    stale = sum(record.stale for record in records)
    if not stale:
        return ""
    return (
        f"The evidence of {stale} is **stale**, measured by earlier code than there is now. It is judged "
        "as it is; the command in a claim's section measures it anew.\n"
    )


def _table(records: Sequence[ClaimRecord]) -> str:
    lines = [
        "| claim | statement | verdict | effect [95 %] | p, Holm | seeds | tier |",
        "| --- | --- | --- | ---: | ---: | ---: | --- |",
    ]
    for record in records:
        found = record.judgement
        effect = f"{interval_of(found)}<br>{_cell(found.unit)}"
        lines.append(
            f"| [{record.id}](#{_anchor(record)}) | {_cell(record.statement)} | "
            f"**{record.verdict}**{', stale' * record.stale} | {effect} | {record.p_adjusted:.2g} | "
            f"{found.seeds} | {record.tier} |"
        )
    return "\n".join(lines) + "\n"


def _surprises(records: Sequence[ClaimRecord]) -> str:
    lines = [
        f"* **{record.id}** ({record.verdict}): {record.checked}" for record in records if record.checked
    ]
    if not lines:
        return ""
    return "\n".join(
        ["## Outcomes that surprised, and what was checked before they were believed", "", *lines, ""]
    )


def _section(record: ClaimRecord) -> str:
    found = record.judgement
    lines = [
        f"## {record.id} {record.slug}",
        "",
        record.statement,
        "",
        f"*Source:* {record.source}",
        "",
        f"**{record.verdict.capitalize()}**: {found.unit} {interval_of(found)}, p = {found.p:.2g}, adjusted "
        f"{record.p_adjusted:.2g}, {found.seeds} seeds.",
        "",
        f"*Hypothesis.* {record.hypothesis}",
        "",
        f"*Test.* {record.test}",
        "",
        *_parts(found.parts),
        f"![{record.id}](images/claims/{record.id}.svg)",
        "",
        record.lesson,
        "",
        _provenance(record),
        "",
        "```sh",
        f"genbench claims {record.id} --tier {record.tier}",
        "```",
        "",
    ]
    return "\n".join(lines)


def _parts(parts: Sequence[Judgement]) -> list[str]:
    if not parts:
        return []
    rows = [f"| {_cell(part.unit)} | {interval_of(part)} | {part.p:.2g} | {part.outcome} |" for part in parts]
    return ["| part | effect [95 %] | p | outcome |", "| --- | ---: | ---: | --- |", *rows, ""]


def _provenance(record: ClaimRecord) -> str:
    budget = ", ".join(f"{name} {value}" for name, value in record.budget.items() if value)
    versions = record.environment.get("versions", {})
    software = f"torch {versions['torch']}" if "torch" in versions else "torch of an unknown version"
    commit = str(record.environment.get("commit") or "unknown")
    took = f"{record.seconds:.0f} s of processor time beside its runs"
    stale = " *Stale:* measured by earlier code; the command below measures it anew." * record.stale
    return f"*Budget:* {budget}. *Measured* in {took}; {software}, commit {commit[:12]}.{stale}"


def _anchor(record: ClaimRecord) -> str:
    return f"{record.id} {record.slug}".lower().replace(" ", "-")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    write_page(Path(sys.argv[1] if len(sys.argv) > 1 else "results/reference"), Path("docs/claims.md"))
