"""Steps that are no rising count: epochs, restarts, several runs, fractions, marks, gaps."""

import numpy as np
import pandas as pd
import pytest
from reading_logs import BREAKS, BROKEN, STEPS, D, G, N, breaks, clear, log_of, said, up_to_the_break, values

from genbench.detectors.logs.steps import attempts, joined, whole
from genbench.types import InputError

ROWS = np.arange(N)


def csv(**columns: object) -> str:
    return pd.DataFrame(columns).to_csv(index=False, na_rep="nan")


def test_iterations_that_begin_again_with_each_epoch(tmp_path):
    log = log_of(tmp_path, "log.csv", csv(epoch=ROWS // 20, iter=ROWS % 20, g_loss=BROKEN, d_loss=D))
    assert breaks(log) == [(0, (149, 150))]
    assert values(log, "generator/loss") == up_to_the_break(ROWS)
    assert values(log, "critic/loss") == dict(enumerate(D))
    assert said(log, "iterations begin again with each epoch: steps are counted on, 20 to an epoch")


def test_epochs_and_iterations_that_count_from_one(tmp_path):
    log = log_of(tmp_path, "log.csv", csv(epoch=ROWS // 20 + 1, iter=ROWS % 20 + 1, g_loss=BROKEN))
    assert values(log, "generator/loss") == up_to_the_break(ROWS + 1)


def test_a_global_step_beside_epochs_is_taken_as_it_is(tmp_path):
    log = log_of(tmp_path, "log.csv", csv(epoch=ROWS // 20, step=STEPS, g_loss=BROKEN))
    assert (breaks(log), log.notes) == (BREAKS, ())


def test_epochs_whose_one_iteration_is_the_same(tmp_path):
    log = log_of(tmp_path, "log.csv", csv(epoch=ROWS, iter=np.full(N, 99), g_loss=G))
    assert list(np.diff(sorted(values(log, "generator/loss")))) == [99] * (N - 1)


def test_several_rows_to_an_epoch_are_counted(tmp_path):
    log = log_of(tmp_path, "log.csv", csv(epoch=ROWS // 20, g_loss=BROKEN))
    assert breaks(log) == [(0, (149, 150))]
    assert said(log, "rows are counted instead of epochs")


def test_a_second_run_in_the_file_is_a_seed_of_its_own(tmp_path):
    log = log_of(tmp_path, "log.csv", csv(step=STEPS, g_loss=G) + csv(step=STEPS, g_loss=BROKEN)[12:])
    assert breaks(log) == [(1, (1490, 1500))]
    assert values(log, "generator/loss", 0) == dict(zip(STEPS.tolist(), G, strict=True))
    assert values(log, "generator/loss", 1) == up_to_the_break()
    assert said(log, "from row 201")
    assert said(log, "seed 0 is attempt 1, seed 1 is attempt 2")


def test_epochs_of_a_second_run_begin_again_as_well(tmp_path):
    twice = pd.DataFrame({"epoch": ROWS // 20, "iter": ROWS % 20, "g_loss": G})
    whole_file = pd.concat([twice, twice.assign(g_loss=BROKEN)])
    log = log_of(tmp_path, "log.csv", whole_file.to_csv(index=False, na_rep="nan"))
    assert breaks(log) == [(1, (149, 150))]


def test_a_run_resumed_from_a_checkpoint_replaces_what_it_repeats(tmp_path):
    first = csv(step=STEPS[:120], g_loss=np.full(120, 9.0))
    log = log_of(tmp_path, "log.csv", first + csv(step=STEPS[100:], g_loss=BROKEN[100:])[12:])
    expected = {s: 9.0 if s < 1000 else v for s, v in up_to_the_break().items()}
    assert values(log, "generator/loss") == expected
    assert breaks(log) == BREAKS
    assert said(log, "from row 121, to step 1000: 20 rows written before")


def test_nan_that_a_restart_replaced_is_no_end(tmp_path):
    first = csv(step=STEPS[:120], g_loss=np.r_[G[:100], np.full(20, np.nan)])
    log = log_of(tmp_path, "log.csv", first + csv(step=STEPS[95:], g_loss=G[95:])[12:])
    assert breaks(log) == []
    assert clear(log)


@pytest.mark.parametrize("behind", [0, 1, 3])
def test_two_runs_that_write_side_by_side(behind, tmp_path):
    lines = []
    for row in range(N + behind):
        lines += [f"{STEPS[row]},{G[row]}"] if row < N else []
        lines += [f"{STEPS[row - behind]},{BROKEN[row - behind]}"] if row >= behind else []
    log = log_of(tmp_path, "log.csv", "\n".join(["step,g_loss", *lines, ""]))
    assert breaks(log) == [(1, (1490, 1500))]
    assert values(log, "generator/loss", 0) == dict(zip(STEPS.tolist(), G, strict=True))


def test_a_column_tells_runs_apart(tmp_path):
    runs = pd.concat(
        [pd.DataFrame({"run": r, "step": STEPS, "g_loss": v}) for r, v in (("b", BROKEN), ("a", G))]
    )
    log = log_of(tmp_path, "log.csv", runs.to_csv(index=False, na_rep="nan"))
    assert breaks(log) == BREAKS
    assert said(log, "seed 0 is run b, seed 1 is run a")


def test_newest_first(tmp_path):
    log = log_of(tmp_path, "log.csv", csv(step=STEPS[::-1], g_loss=BROKEN[::-1]))
    assert breaks(log) == BREAKS
    assert said(log, "sorted by step")


def test_parts_of_epochs_are_numbered_in_their_order(tmp_path):
    log = log_of(tmp_path, "log.csv", csv(epoch=ROWS / 100, g_loss=BROKEN))
    assert breaks(log) == [(0, (149, 150))]
    assert said(log, "0 is 0 and 199 is 1.99")


@pytest.mark.parametrize("mark", [",", " ", "'", "_", "\u202f", "\u00a0"])
def test_steps_with_thousands_marks(mark, tmp_path):
    steps = [f"{step:,}".replace(",", mark) for step in STEPS * 1000]
    log = log_of(tmp_path, "log.csv", csv(step=steps, g_loss=BROKEN))
    assert values(log, "generator/loss") == up_to_the_break(STEPS * 1000)
    assert breaks(log) == [(0, (1_490_000, 1_500_000))]


def test_one_odd_cell_is_a_gap_and_said(tmp_path):
    cells = G.astype(object)
    cells[3] = "-"
    log = log_of(tmp_path, "log.csv", csv(step=STEPS, d_loss=cells, g_loss=BROKEN))
    assert values(log, "critic/loss") == {s: g for s, g in zip(STEPS.tolist(), G, strict=True) if s != 30}
    assert said(log, "d_loss: 1 cell without a number now a gap (row 4: -)")


def test_one_odd_step_takes_that_of_the_row_before(tmp_path):
    steps = STEPS.astype(object)
    steps[160] = "?"
    log = log_of(tmp_path, "log.csv", csv(step=steps, g_loss=BROKEN))
    assert breaks(log) == BREAKS
    assert said(log, "1 row without a step")
    assert said(log, "step: 1 cell without a number now a gap (row 161: ?)")


def test_rows_are_counted_where_nothing_says_the_step(tmp_path):
    log = log_of(tmp_path, "log.csv", csv(g_loss=BROKEN, d_loss=D))
    assert values(log, "generator/loss") == up_to_the_break(ROWS)
    assert said(log, "no column says the step: rows are counted")


def test_a_column_that_may_be_the_step_is_asked_for(tmp_path):
    with pytest.raises(InputError, match=r"--map 'my it=step' \(columns: my it, g_loss\)"):
        log_of(tmp_path, "log.csv", csv(**{"my it": STEPS, "g_loss": BROKEN}))
    log = log_of(tmp_path, "log.csv", csv(**{"my it": STEPS, "g_loss": BROKEN}), {"my it": "step"})
    assert breaks(log) == BREAKS


def test_a_mapped_step_goes_before_one_of_that_name(tmp_path):
    log = log_of(tmp_path, "log.csv", csv(step=ROWS * 0, my=STEPS, g_loss=BROKEN), {"my": "step"})
    assert breaks(log) == BREAKS
    assert said(log, "left out, since another column has its name by --map: step")


ENDS = {
    "one nan": (["nan"], True),
    "one infinity": (["inf"], True),
    "minus infinity": (["-Infinity"], True),
    "nan of C on Windows": (["-1.#IND"], True),
    "a tensor": (["tensor(nan, device='cuda:0')"], True),
    "one empty cell": ([""], False),
    "two empty cells": (["", ""], True),
    "nan that passed": (["nan", "1.0"], False),
    "a word": (["diverged"], False),
}


@pytest.mark.parametrize("kind", sorted(ENDS))
def test_a_loss_that_ends_so(kind, tmp_path):
    ends, bad = ENDS[kind]
    text = csv(step=STEPS, g_loss=G) + "".join(f'{2000 + 10 * i},"{end}"\n' for i, end in enumerate(ends))
    log = log_of(tmp_path, "log.csv", text)
    assert breaks(log) == ([(0, (1990, 2000))] if bad else [])
    assert clear(log) is not bad


@pytest.mark.parametrize("name", ["generator_objective", "D", "fid", "who knows"])
def test_any_column_that_ends_in_nan_is_told(name, tmp_path):
    log = log_of(tmp_path, "log.csv", csv(**{"step": STEPS, name: BROKEN, "g_loss": G}))
    assert breaks(log) == BREAKS


def test_rows_of_validation_are_no_gaps_of_training(tmp_path):
    rows = [f"{s},{g}," for s, g in zip(STEPS, G, strict=True)] + ["1990,,0.5", "1990,,0.4", "1990,,0.3"]
    log = log_of(tmp_path, "log.csv", "\n".join(["step,train_loss,val_loss", *rows, ""]))
    assert breaks(log) == []
    assert clear(log)


def test_training_that_broke_between_rows_of_validation_is_told(tmp_path):
    rows = [
        line
        for s, g in zip(STEPS, BROKEN, strict=True)
        for line in (f"{s},{'' if np.isnan(g) else g},0.1,", f"{s},,,0.5")
    ]
    log = log_of(tmp_path, "log.csv", "\n".join(["step,train_loss,lr,val_loss", *rows, ""]))
    assert breaks(log) == BREAKS


def test_the_first_of_three_runs_that_broke(tmp_path):
    text = csv(step=STEPS, g_loss=BROKEN) + 2 * csv(step=STEPS, g_loss=G)[12:]
    assert breaks(log_of(tmp_path, "log.csv", text)) == BREAKS


def test_seeds_of_which_one_was_begun_again(tmp_path):
    rows = [(3, G), (7, BROKEN), (3, G)]
    frames = [pd.DataFrame({"seed": seed, "step": STEPS, "g_loss": loss}) for seed, loss in rows]
    log = log_of(tmp_path, "log.csv", pd.concat(frames).to_csv(index=False, na_rep="nan"))
    assert breaks(log) == [(1, (1490, 1500))]
    assert said(log, "seed 0 is run 3, seed 1 is run 7, seed 2 is run 3, attempt 2")


def test_a_tidy_log_written_twice(tmp_path):
    rows = [
        (s, name, v)
        for loss in (G, BROKEN)
        for name in ("g_loss", "d_loss")
        for s, v in zip(STEPS, loss, strict=True)
    ]
    log = log_of(
        tmp_path, "log.csv", pd.DataFrame(rows, columns=["step", "signal", "value"]).to_csv(na_rep="nan")
    )
    assert breaks(log) == [(1, (1490, 1500))]
    assert values(log, "critic/loss", 1) == up_to_the_break()


def test_rows_of_a_tidy_log_without_a_name(tmp_path):
    text = "step,signal,value\n0,g_loss,1.0\n1,,2.0\n2,g_loss,nan\n"
    log = log_of(tmp_path, "log.csv", text)
    assert (values(log, "generator/loss"), breaks(log)) == ({0: 1.0}, [(0, (0, 2))])
    assert said(log, "1 row without a signal's name left out")


def test_training_and_validation_in_the_same_column(tmp_path):
    rows = [row for i in ROWS for row in ((i, "train", BROKEN[i]), (i, "val", D[i]))]
    frame = pd.DataFrame(rows, columns=["epoch", "phase", "loss"])
    log = log_of(tmp_path, "log.csv", frame.to_csv(index=False, na_rep="nan"))
    assert breaks(log) == [(0, (149, 150))]
    assert values(log, "loss") == up_to_the_break(ROWS)
    assert values(log, "val/loss") == dict(enumerate(D))
    tidy = frame.rename(columns={"loss": "value"}).assign(signal="loss")
    log = log_of(tmp_path, "tidy.csv", tidy.to_csv(index=False, na_rep="nan"))
    assert (values(log, "loss"), values(log, "val/loss")) == (up_to_the_break(ROWS), dict(enumerate(D)))


def test_validation_counts_its_own_iterations(tmp_path):
    rows = []
    for epoch in range(20):
        rows += [("train", epoch + 1, 50 * k + 50, BROKEN[10 * epoch + k]) for k in range(10)]
        rows += [("val", epoch + 1, 200, 1.0)]
    frame = pd.DataFrame(rows, columns=["mode", "epoch", "iter", "loss"])
    log = log_of(tmp_path, "log.csv", frame.to_csv(index=False, na_rep="nan"))
    assert values(log, "loss") == up_to_the_break(50 * ROWS + 50)
    assert len(values(log, "val/loss")) == 20
    assert breaks(log) == [(0, (7500, 7550))]


def test_two_runs_by_epochs_of_which_one_broke(tmp_path):
    rows = [row for i in ROWS for row in ((i, G[i]), (i, BROKEN[i]))]
    log = log_of(
        tmp_path, "log.csv", pd.DataFrame(rows, columns=["epoch", "loss"]).to_csv(index=False, na_rep="nan")
    )
    assert breaks(log) == [(0, (300, 301))]


def test_a_check_before_the_first_step(tmp_path):
    log = log_of(tmp_path, "log.csv", "step,val_loss,g_loss\n-1,1.0,\n0,,1.0\n10,,1.1\n")
    assert (values(log, "val_loss"), values(log, "generator/loss")) == ({-1: 1.0}, {0: 1.0, 10: 1.1})


def test_what_attempts_are():
    def told(*steps: int) -> tuple[list[int], list[bool]]:
        found = attempts(np.array(steps))
        return found.run.tolist(), found.kept.tolist()

    assert told(0, 1, 2) == ([0, 0, 0], [True] * 3)
    assert told(0, 1, 0, 1) == ([0, 0, 1, 1], [True] * 4)
    assert told(0, 1, 2, 3, 2, 3, 4) == ([0] * 7, [True, True, False, False, True, True, True])
    assert told(5, 6, 0, 1, 2, 1, 2) == ([0, 0, 1, 1, 1, 1, 1], [True] * 3 + [False] * 2 + [True] * 2)
    assert told(4, 4, 3, 3, 2, 2, 1, 1, 0, 0) == ([0, 1] * 5, [True] * 10)


def test_what_joined_steps_are():
    count, epoch = np.array([5.0, 9.0, 2.0, 7.0]), np.array([1.0, 1.0, 2.0, 2.0])
    steps, what = joined(count, epoch)
    assert steps is not None
    assert (steps.tolist(), what is not None) == ([5, 9, 11, 16], True)
    rising, nothing = joined(np.arange(4.0), epoch)
    assert rising is not None
    assert (rising.tolist(), nothing) == ([0, 1, 2, 3], None)


def test_fractions_are_ranked_and_infinities_are_no_steps():
    steps, _ = whole(np.array([0.5, np.inf, 0.25, 0.5, np.nan, 1e300]))
    np.testing.assert_array_equal(steps, [1, np.nan, 0, 1, np.nan, np.nan])
