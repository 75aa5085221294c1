"""What of a placement's choices a record tells."""

from dataclasses import replace

import torch

from genbench.engine.placement import Placement, assemble, described
from genbench.suite import RunConfig

OPTIONS = {"width": 8, "latent": 2}
CONFIG = RunConfig("test", "ring8", {"samples": 300}, "vae", OPTIONS, (0, 1), 10, 16, 1)
CPU = Placement(torch.device("cpu"))


def test_backend_and_compilation_are_told():
    asked = replace(CPU, backend="loop")
    told = described(assemble(CONFIG, asked), asked)
    assert (told["backend"], told["compiled"], told["precision"]) == ("loop", False, "fp32")
    assert told["threads"] == torch.get_num_threads()
    assert set(told) == {"backend", "compiled", "precision", "threads"}


def test_seeds_at_once_are_told_where_memory_was_short():
    ensemble = replace(assemble(CONFIG, CPU), together=1)
    assert described(ensemble, CPU)["seeds_together"] == 1
