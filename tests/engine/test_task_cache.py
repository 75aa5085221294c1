from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from genbench.engine.task_cache import load_task
from genbench.suite import RunConfig

CPU = torch.device("cpu")


def config(task: str, **options: object) -> RunConfig:
    return RunConfig("s", task, options, "vae", {}, (0,), 4, 8, 1, None)


def test_the_same_data_are_the_same_task_and_others_are_not() -> None:
    first = load_task(config("ring8", samples=50), None, CPU)
    assert load_task(config("ring8", samples=50), None, CPU) is first
    assert load_task(config("ring8", samples=51), None, CPU) is not first
    assert load_task(config("ring8", samples=50), None, CPU) is not first  # one is remembered, no more


def test_another_number_of_threads_computes_anew() -> None:
    first = load_task(config("ring8", samples=50), None, CPU)
    before = torch.get_num_threads()
    torch.set_num_threads(before + 1)
    try:
        assert load_task(config("ring8", samples=50), None, CPU) is not first
    finally:
        torch.set_num_threads(before)


def test_data_that_change_on_disk_are_another_task(tmp_path: Path) -> None:
    def write(shade: int) -> None:
        for index in range(20):
            Image.fromarray(np.full((8, 8), shade + index, np.uint8)).save(tmp_path / f"{index:02}.png")

    write(10)
    first = load_task(config("folder", path=str(tmp_path)), None, CPU)
    assert load_task(config("folder", path=str(tmp_path)), None, CPU) is first
    write(11)
    second = load_task(config("folder", path=str(tmp_path)), None, CPU)
    assert second.checksum() != first.checksum()


def test_missing_data_are_missed_though_they_were_there(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / "a.png")
    Image.fromarray(np.ones((8, 8), np.uint8)).save(tmp_path / "b.png")
    load_task(config("folder", path=str(tmp_path)), None, CPU)
    for path in tmp_path.iterdir():
        path.unlink()
    with pytest.raises(Exception, match=str(tmp_path)):
        load_task(config("folder", path=str(tmp_path)), None, CPU)
