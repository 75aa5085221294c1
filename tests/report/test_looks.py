"""One seed's samples, cut out of a run's pictures, before and after a failure began."""

import io

import numpy as np
import pytest

from genbench.report.looks import before_and_after
from genbench.report.pictures import image_grid, samples_picture, seed_of
from genbench.store import RunFolder
from genbench.types import Record, Verdict

SEEDS = (3, 5, 7, 8, 9, 11, 12)


def images(seeds: int, n: int = 20) -> np.ndarray:
    return np.random.default_rng(0).random((seeds, n, 1, 8, 8))


@pytest.mark.parametrize("count", [1, 2, 5, 7])
def test_a_row_of_images_is_cut_out_whole(count: int):
    generated = images(count)
    picture = samples_picture(generated, images(1)[0], SEEDS[:count])
    for index in range(count):
        own = image_grid(generated[index : index + 1, :16])
        assert seed_of(picture, index, count, points=False).tobytes() == own.tobytes()


@pytest.mark.parametrize("count", [1, 2, 5, 6, 7])
def test_a_panel_of_points_is_cut_out_whole(count: int):
    points, real = np.random.default_rng(1).normal(size=(count, 30, 2)), np.zeros((9, 2)) + np.eye(9, 2)
    picture = samples_picture(points, real, SEEDS[:count])
    for index in range(count):
        alone = samples_picture(points[index : index + 1], real, SEEDS[:1])
        expected = seed_of(alone, 0, 1, points=True)
        assert seed_of(picture, index, count, points=True).tobytes() == expected.tobytes()


def test_the_looks_next_to_the_onset_are_taken(tmp_path):
    run = RunFolder.under(tmp_path, "suite", "digits", "gan", "0123abcd")
    record = Record("suite", "digits", "gan", {}, "done", (4, 6), data={"shape": [1, 8, 8]})
    generated = images(2)
    for step in (10, 100, 1000):
        kept = io.BytesIO()
        samples_picture(generated * (step == 100), images(1)[0], (4, 6)).save(kept, "PNG")
        run.write_bytes(f"samples/step-{step:07d}.png", kept.getvalue())

    def found(onset: tuple[int, int] | None, seed: int = 6) -> list[str]:
        verdict = Verdict(seed, "oscillation", "detected", "", onset=onset)
        return [look.title for look in before_and_after(run, record, verdict)]

    assert found((100, 120)) == ["before, step 100", "after, step 1000"]
    assert found((0, 5)) == ["after, step 10"]
    assert found((1000, 1010)) == ["before, step 1000"]
    assert found(None) == []
    assert found((100, 120), seed=5) == []
    before, _ = before_and_after(run, record, Verdict(6, "oscillation", "detected", "", onset=(150, 160)))
    assert before.picture.tobytes() == image_grid(generated[1:, :16]).tobytes()
