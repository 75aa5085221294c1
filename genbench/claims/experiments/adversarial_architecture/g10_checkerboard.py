"""G10: upsampling kernels whose side is no multiple of their stride leave a checkerboard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from genbench.claims import Budget, Claim, Comparison, Results, Runs, Source, claims, drawing
from genbench.claims.designs.arms import Arms, Mean
from genbench.claims.designs.standard_runs import CONVOLUTIONAL, CONVOLUTIONS, on_digits
from genbench.claims.designs.variants import WORTH
from genbench.engine.sampling import draw
from genbench.engine.trained import reopened
from genbench.ops.spectrum import nyquist_share

UPSAMPLING: Mapping[str, Mapping[str, object]] = {
    "4×4, stride 2": {"upsampling": "transposed", "kernel": 4},
    "3×3, stride 2": {"upsampling": "transposed", "kernel": 3},
    "repeat, then 3×3": {"upsampling": "nearest", "kernel": 4},
}
EVEN, ODD, RESIZED = UPSAMPLING
IMAGES = 500

SHARES = drawing.Panel("share", "share of power at the stride", mark=("real", "data"), log=True, small=6)
ARMS = Arms(
    "variant",
    tests=tuple(
        Mean("share", ODD, name, "above", WORTH, f"ln share, {ODD} ÷ {name}", log=True, only=("when", "end"))
        for name in (EVEN, RESIZED)
    ),
    panels=(
        replace(SHARES, title="start of training", only=("when", "start")),
        replace(SHARES, title="end of training", only=("when", "end"), legend=False),
    ),
)


@claims.register("G10", cite="odena2016deconvolution")
def checkerboard() -> Claim:
    """A kernel side that is no multiple of the stride covers pixels unequally and leaves checkerboards."""
    return Claim(
        id="G10",
        slug="checkerboard",
        statement="A generator whose upsampling kernels have a side that is no multiple of their "
        "stride covers pixels unequally, and its images show a checkerboard.",
        sources=(
            Source("L1", "A bag of tricks from F. Chollet"),
            Source("L0", "A bag of tricks from F. Chollet"),
        ),
        hypothesis="With the critic fixed, images of a trained generator with 3×3 kernels and stride 2 "
        "have a larger share of their power at the stride's frequency than those with 4×4 kernels, and "
        "than those that repeat pixels and convolve.",
        test="DCGANs on digits that differ in the generator's upsampling alone. Share of power at the "
        "highest frequency of rows or columns, in samples of the trained nets: ln(3×3 ÷ 4×4) and "
        f"ln(3×3 ÷ repeat), paired by seed, means above {WORTH} (t-tests). Both must hold.",
        lesson="At the start both kinds of transposed convolution leave the pattern, even kernels as "
        "much as odd ones: each parity of pixels has weights of its own, and random weights "
        "differ. The critic removes nearly all of it from both. Kernel sides that are multiples "
        "of the stride treat pixels alike in number, not in weights; resizing before a plain "
        "convolution has no pattern even at the start.",
        evidence=Runs(suite, measure),
        **CONVOLUTIONS,
        **ARMS.parts,
        checked="At the start of training .45 of the power lies at the stride's frequency with 3×3 "
        "kernels, .43 with 4×4 and .03 with repeated pixels, as in the data; at the end .034, "
        ".036 and .030. So the measure sees checkerboards, and training removes them. Deeper nets "
        "on larger images may keep more.",
    )


def suite(budget: Budget) -> list[Comparison]:
    """One run a way of upsampling."""
    return [
        on_digits("dcgan", CONVOLUTIONAL, budget.seeds, budget.steps, **way) for way in UPSAMPLING.values()
    ]


def measure(budget: Budget, results: Results) -> pd.DataFrame:
    """Columns variant, seed, when (``start`` or ``end``), share, and real, the share of the data."""
    rows = []
    for run in reopened(results):
        variant = next(n for n, way in UPSAMPLING.items() if way.items() <= run.options.items())
        task = run.ensemble.task
        real = nyquist_share(task.to_float(task.held_out))
        for when, state in (("start", run.ensemble.initial()), ("end", run.state)):
            for seed, images in zip(
                run.ensemble.seeds, draw(run.ensemble, state, IMAGES, "claims"), strict=True
            ):
                rows.append((variant, seed, when, nyquist_share(images), real))
    return pd.DataFrame(rows, columns=["variant", "seed", "when", "share", "real"])
