"""docs/adding-a-method.md is run as it stands there: its models, the contract, and what it says of nets."""

import re
from pathlib import Path

import pytest
import torch
from torch import nn

from genbench.engine.ensemble import Ensemble
from genbench.models.model import Draw, Loss, Model, Noise, Phase, Sampler, Update
from genbench.ops.optim import adam, sgd
from genbench.registry import models, tasks
from genbench.testing import MODEL_CHECKS, conditional_tasks, ensemble, small_tasks
from genbench.types import InputError

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "adding-a-method.md").read_text()
PROSE = " ".join(PAGE.split())
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
NAMES = [name for block in BLOCKS for name in re.findall(r'@models\.register\("(.*?)"\)', block)]
PLUGIN = ROOT / "tests" / "plugins" / "genbench-strangers" / "genbench_strangers"
POINTS, DIGITS = small_tasks()
CASES = [(name, task) for name in NAMES for task in (POINTS, DIGITS)]
CASES += [("conditional-gan", task) for task in conditional_tasks()]


def temporary(name: str) -> str:
    return f"{name}-of-the-page"


@pytest.fixture(scope="module")
def page():
    """What the blocks define, one scope a block; their models and tasks are known by temporary names."""
    with pytest.MonkeyPatch.context() as patch:
        for registry in (models, tasks):
            patch.setattr(registry, "_entries", {name: registry[name] for name in registry})
        scopes = []
        for number, block in enumerate(BLOCKS):
            code = re.sub(r'register\("(.*?)"\)', lambda found: f'register("{temporary(found[1])}")', block)
            scope = {"__name__": f"page{number}"}
            exec(compile(code, f"adding-a-method.md, block {number}", "exec"), scope)
            scopes.append(scope)
        yield scopes


def test_the_page_has_a_method_of_each_kind():
    assert NAMES == ["squared-hinge-gan", "energy-distance", "conditional-gan", "flow-matching", "em-mixture"]


@pytest.mark.parametrize("check", MODEL_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize(("name", "task"), CASES, ids=lambda value: getattr(value, "name", value))
def test_contract(page, name, task, check):
    check(temporary(name), task)


@pytest.mark.usefixtures("page")
def test_nothing_of_the_page_runs_seed_by_seed():
    for name in NAMES:
        assert ensemble(temporary(name), POINTS, (0, 1)).backend == "batched"


def test_the_task_of_the_page_is_conditional(page):
    (made,) = (scope["digits_by_class"] for scope in page if "digits_by_class" in scope)
    task = made()
    task.check()
    assert task.condition.shape == (10,)


def test_the_contract_of_the_page_is_called(page):
    (asked,) = (scope["test_contract"] for scope in page if "test_contract" in scope)
    marked = {mark.args[0]: mark.args[1] for mark in asked.pytestmark}
    assert marked["check"] == MODEL_CHECKS
    assert len(marked["task"]) == len(small_tasks()) + len(conditional_tasks())


@pytest.mark.parametrize("module", ["conditional_gan", "digits_by_class", "em_mixture"])
def test_the_page_shows_the_plugin_that_is_tested(module):
    assert (PLUGIN / f"{module}.py").read_text() in BLOCKS


def test_links_lead_somewhere():
    headings = {
        re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-")
        for line in re.findall(r"^#+ (.*)$", PAGE, re.M)
    }
    prose = re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL)
    for target in re.findall(r"\]\((?!https?:)(.*?)\)", prose):
        path, _, anchor = target.partition("#")
        assert (ROOT / "docs" / path).exists(), target
        assert path or anchor in headings, target


class Body(Model):
    """A generator of points that descends a squared error, with nets that a test brings."""

    def __init__(self, **makers):
        self.makers = makers

    def nets(self, task):
        return {name: make() for name, make in self.makers.items()}

    def phases(self, task):
        def objective(nets, batch):
            value = (nets["net"](batch.noise["z"]) - batch.x).square().mean()
            return Loss(value, {"net/loss": value})

        return [Phase([Update(objective, {"net": adam(1e-3)}, {"z": Noise("normal", (2,))})], name="fit")]

    def sampler(self, task):
        noise = {"z": Noise("normal", (2,))}
        return Sampler(Draw(noise, lambda nets, drawn, c: nets["net"](drawn["z"])))


class Waves(nn.Module):
    """Random frequencies, as a buffer or as a plain tensor."""

    def __init__(self, buffer):
        super().__init__()
        frequencies = torch.randn(2, 8)
        if buffer:
            self.register_buffer("frequencies", frequencies)
        else:
            self.frequencies = frequencies

    def forward(self, z):
        return torch.sin(z @ self.frequencies)


class Fold(nn.Module):
    """Branches on its input."""

    def forward(self, x):
        return x if x.mean() > 0 else -x


class Scaled(nn.Linear):
    """Has a number of its own that is no tensor."""

    def __init__(self):
        super().__init__(2, 2)
        self.scale = float(torch.rand(()))

    def forward(self, z):
        return self.scale * super().forward(z)


class Foreign(nn.Linear):
    """Draws from Python's random numbers."""

    def forward(self, z):
        import random

        return super().forward(z) + random.random()


def dense(*between, bias=True):
    return nn.Sequential(nn.Linear(2, 8, bias=bias), *between, nn.Linear(8, 2))


def frozen():
    net = dense()
    net[0].requires_grad_(False)
    return net


def tied():
    net = nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 2))
    net[2].weight = net[0].weight
    return net


HELD = {
    "random buffer": (lambda: nn.Sequential(Waves(True), nn.Linear(8, 2)), "batched"),
    "plain tensor": (lambda: nn.Sequential(Waves(False), nn.Linear(8, 2)), "batched"),
    "frozen": (frozen, "batched"),
    "tied": (tied, "batched"),
    "batch norm of the batch": (
        lambda: dense(nn.BatchNorm1d(8, track_running_stats=False), bias=False),
        "batched",
    ),
    "batch norm with statistics": (lambda: dense(nn.BatchNorm1d(8), bias=False), "batched"),
    "spectral norm": (
        lambda: nn.Sequential(nn.utils.parametrizations.spectral_norm(nn.Linear(2, 2)), nn.Linear(2, 2)),
        "loop",
    ),
    "dropout": (lambda: dense(nn.Dropout()), "loop"),
    "branch": (lambda: dense(Fold()), "loop"),
}


@pytest.mark.parametrize(("make", "backend"), HELD.values(), ids=HELD)
def test_nets_may_hold(make, backend):
    model = Body(net=make)
    assert ensemble(model, POINTS, (0, 1)).backend == backend
    for check in MODEL_CHECKS:
        check(model, POINTS)


def shared():
    layer = nn.Linear(2, 2)
    return {"net": lambda: nn.Sequential(layer), "other": lambda: nn.Sequential(layer)}


class TwoKinds(Body):
    """Moves one net by two kinds of optimiser."""

    def phases(self, task):
        (phase,) = super().phases(task)
        (update,) = phase.updates
        return [Phase([update, Update(update.objective, {"net": sgd(0.1)}, update.noise)], name="fit")]


REFUSED = {
    "shared parameter": Body(**shared()),
    "hidden number": Body(net=Scaled),
    "foreign chance": Body(net=lambda: Foreign(2, 2)),
    "two kinds of optimiser": TwoKinds(net=dense),
}


@pytest.mark.parametrize("model", REFUSED.values(), ids=REFUSED)
def test_nets_may_not_hold(model):
    """The whole sentence stands on the page."""
    with pytest.raises(InputError) as refusal:  # noqa: PT012, any of the three may find it
        runs = Ensemble(model, POINTS, (0, 1), 6, 16).feasible()
        runs.advance(runs.initial(), 1)
    assert f'"{refusal.value}"' in PROSE


@pytest.mark.parametrize("between", [nn.Dropout, Fold])
def test_the_page_says_why_seeds_run_one_by_one(between):
    runs = Ensemble(Body(net=lambda: dense(between())), POINTS, (0, 1), 6, 16)
    assert runs.unbatchable in PROSE


def test_batched_is_refused_with_the_sentence_of_the_page():
    runs = Ensemble(Body(net=lambda: dense(nn.Dropout())), POINTS, (0, 1), 6, 16)
    with pytest.raises(InputError) as refusal:
        runs.advance(runs.initial(), 1)
    assert f'"{refusal.value}"' in PROSE
