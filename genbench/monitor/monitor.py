"""The monitor: signals of a training loop, and the detectors on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pandas as pd
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad

from genbench.detectors import diagnose
from genbench.detectors.samples import BANK, Reference, statistics
from genbench.detectors.units import dead_units, worst_share
from genbench.monitor.steps import StepWatch
from genbench.types import InputError, Trace, Verdict, detections

ROLES: Mapping[str, tuple[str, ...]] = {
    "generator": ("generator", "g", "netg", "gen"),
    "critic": ("critic", "discriminator", "d", "netd", "disc"),
}
"""Names by which players are known; signals bear the role."""
MOST_LOOKS = 200
"""Looks that are kept; when there are more, every second one is dropped and the interval doubles."""
EXAMPLES = 8 * BANK
MOST_NUMBERS = 2**27
"""Numbers of the examples that are kept: of large images there are fewer, half a gigabyte at most."""
PASS_NUMBERS = 2**20
"""Numbers of the examples that go through a net at once, so that a look costs no more memory than a step."""


class Monitor:
    """Watches a loop that is not ours, and says what goes wrong in it.

    >>> monitor = Monitor(players={"G": G, "D": D}, data=loader)    # doctest: +SKIP
    >>> for x in loader:                                            # doctest: +SKIP
    ...     ...                                                     # train as always
    ...     monitor.after_step(G=loss_g, D=loss_d)
    >>> print(monitor.report())                                     # doctest: +SKIP

    Gradients and updates are seen through hooks of `torch.optim`. Samples come from the first inputs that the
    generator gets, which are kept as a fixed bank, or from `sample`. Looking changes neither the nets, nor
    their buffers, nor the state of the random numbers.

    Args:
        players: name → net. The generator of a GAN is called G or generator, its critic D, critic or
            discriminator; other names are kept as they are.
        data: training data as a tensor (n, *shape), or a loader whose batches are tensors, or start with one.
        held_out: data that were not trained on, (m, *shape); without it half of `data` stands in, and copying
            cannot be seen.
        sample: n → n samples, (n, *shape) in the range of `data`, from noise that is always the same.
        generator_loss: critic's scores, which are 0 where it is undecided, → the generator's loss; for the
            signal that shows a saturated critic.
        every: steps between two looks at first.
    """

    def __init__(
        self,
        players: Mapping[str, nn.Module],
        data: Tensor | Iterable[Any],
        *,
        held_out: Tensor | None = None,
        sample: Callable[[int], Tensor] | None = None,
        generator_loss: Callable[[Tensor], Tensor] | None = None,
        every: int = 10,
    ) -> None:
        if not players:
            raise InputError("players is empty; give the nets that are trained, such as {'G': G, 'D': D}")
        self.players = {_role(name): net for name, net in players.items()}
        self.sample, self.generator_loss, self.every = sample, generator_loss, every
        self._real, self._reference = _references(data, held_out)
        self._rows: list[tuple[int, str, float]] = []
        self._step, self._finite = 0, torch.tensor(True)
        self._bank: list[Tensor] = []
        self._watch = StepWatch(self.players, self._due)
        self._capture = self._captured_inputs()

    def after_step(self, **losses: Tensor | float) -> None:
        """Note that a training step is over; call it once a step, with the losses by player, if any."""
        for loss in losses.values():
            value = torch.as_tensor(loss).detach()
            self._finite = self._finite.to(value.device) & value.isfinite().all()
        if self._due():
            signals = {f"{_role(name)}/loss": torch.as_tensor(loss) for name, loss in losses.items()}
            self._look({**signals, **self._watch.signals})
            self._watch.signals.clear()
        self._step += 1

    def trace(self) -> Trace:
        """All signals so far."""
        frame = pd.DataFrame(self._rows, columns=["step", "signal", "value"])
        frame = frame.assign(seed=0, seconds=0.0, samples=0)
        return Trace(frame[["seed", "step", "seconds", "samples", "signal", "value"]])

    def verdicts(self) -> list[Verdict]:
        """What every detector says so far."""
        return diagnose(self.trace()) if self._rows else []

    def report(self) -> str:
        """The findings so far as text: failures, symptoms, notes, and of each causes first."""
        found = detections(self.verdicts())
        if not found:
            clear = sum(verdict.verdict == "clear" for verdict in self.verdicts())
            return f"nothing found in {self._step} steps by the {clear} detectors that have their signals"
        return "\n".join(_line(verdict) for verdict in found)

    def close(self) -> None:
        """Take all hooks off; what was seen stays."""
        self._watch.close()
        if self._capture is not None:
            self._capture.remove()

    def _due(self) -> bool:
        return (self._step + 1) % self.every == 0

    def _captured_inputs(self) -> Any:
        """A hook that keeps the generator's first inputs as the bank; None where it is not needed."""
        net = self.players.get("generator")
        if net is None or self.sample is not None:
            return None

        def keep(module: nn.Module, inputs: tuple[Any, ...]) -> None:
            if len(inputs) == 1 and isinstance(inputs[0], Tensor) and sum(map(len, self._bank)) < BANK:
                self._bank.append(inputs[0].detach().clone())

        return net.register_forward_pre_hook(keep)

    def _look(self, signals: dict[str, Tensor]) -> None:
        devices = {p.device for net in self.players.values() for p in net.parameters() if p.is_cuda}
        with torch.random.fork_rng(devices=list(devices)), torch.no_grad():
            samples, dead = self._samples()
            signals |= {f"{player}/dead_units": worst_share(units) for player, units in dead.items()}
            if samples is not None:
                found = statistics(self._reference, samples[None].to(self._real))
                signals |= {name: value[0] for name, value in found.items()}
                signals |= self._scores(samples)
        numbers = {name: float(value.detach()) for name, value in signals.items()}
        step = self._step + 1
        self._rows.append((step, "run/finite", float(self._finite)))
        self._rows += [(step, name, value) for name, value in numbers.items()]
        self._thin()

    def _samples(self) -> tuple[Tensor | None, Mapping[str, list[Tensor]]]:
        if self.sample is not None:
            return self.sample(BANK).detach().float(), {}
        if sum(map(len, self._bank)) < BANK:
            return None, {}
        net, made, dead = self.players["generator"], [], []
        for z in torch.cat(self._bank)[:BANK].split(self._at_once):
            with dead_units({"generator": net}) as units:
                made.append(_pure(net, z).float())
            dead.append(units.get("generator", []))
        asleep = [torch.stack(calls).all(0) for calls in zip(*dead, strict=True)]
        return torch.cat(made), {"generator": asleep} if asleep else {}

    @property
    def _at_once(self) -> int:
        """Examples that go through a net at once."""
        return max(16, PASS_NUMBERS // self._real[0].numel())

    def _scores(self, samples: Tensor) -> dict[str, Tensor]:
        """How the critic tells data from samples, where it takes one tensor and gives one score each."""
        critic = self.players.get("critic")
        if critic is None:
            return {}
        pair = (x[: BANK // 2].to(samples) for x in (self._real, samples))
        on_real, on_fake = (torch.cat([_pure(critic, p) for p in x.split(self._at_once)]) for x in pair)
        if on_real.numel() != len(on_real):
            return {}
        on_real, on_fake = on_real.flatten(), on_fake.flatten()
        found = {"critic/auc": (on_real[:, None] > on_fake).float().mean()}
        if self.generator_loss is not None:
            slopes = [grad(self.generator_loss)(s).abs().sum() for s in (on_fake, torch.zeros_like(on_fake))]
            found["generator/score_gradient"] = slopes[0] / slopes[1].clamp_min(1e-30)
        return found

    def _thin(self) -> None:
        steps = sorted({step for step, _, _ in self._rows})
        if len(steps) > MOST_LOOKS:
            kept = set(steps[1::2])
            self._rows = [row for row in self._rows if row[0] in kept]
            self.every *= 2


def _role(name: str) -> str:
    return next((role for role, names in ROLES.items() if name.lower() in names), name)


def _pure(net: nn.Module, x: Tensor) -> Tensor:
    """net(x) with its running statistics left as they are."""
    own = {name: parameter.detach() for name, parameter in net.named_parameters()}
    own |= {name: buffer.detach().clone() for name, buffer in net.named_buffers()}
    result: Tensor = functional_call(net, own, (x,))
    return result


def _references(data: Tensor | Iterable[Any], held_out: Tensor | None) -> tuple[Tensor, Reference]:
    with torch.random.fork_rng(devices=[]):  # a loader shuffles by the global generator
        train = _collect(data)
    if len(train) < BANK // 2:
        raise InputError(f"the monitor's data hold {len(train)} examples; give at least {BANK // 2}")
    new = train[1::2] if held_out is None else held_out[: _kept(held_out)].detach().cpu().float()
    return new, Reference.of(train[::2], new)


def _collect(data: Tensor | Iterable[Any]) -> Tensor:
    if isinstance(data, Tensor):
        return data[: _kept(data)].detach().cpu().float()
    parts: list[Tensor] = []
    for batch in data:
        parts.append((batch if isinstance(batch, Tensor) else batch[0]).detach().cpu().float())
        if sum(map(len, parts)) >= (most := _kept(parts[0])):
            return torch.cat(parts)[:most]
    return torch.cat(parts) if parts else torch.empty(0)


def _kept(examples: Tensor) -> int:
    """How many examples of this size are kept."""
    size = max(1, examples[:1].numel())
    return min(EXAMPLES, max(BANK, MOST_NUMBERS // size))


def _line(verdict: Verdict) -> str:
    kind = f" ({verdict.subtype})" if verdict.subtype else ""
    since = f"since step {verdict.onset[1]}" if verdict.onset else ""
    return (
        f"{verdict.level}: {verdict.detector}{kind} {since}: {verdict.evidence}\n  remedy: {verdict.remedy}"
    )
