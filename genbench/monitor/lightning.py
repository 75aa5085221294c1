"""The monitor as a callback of Lightning."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from genbench.monitor.monitor import Monitor
from genbench.types import NotAvailableError

try:
    from pytorch_lightning import Callback, LightningModule, Trainer
except ImportError:
    raise NotAvailableError(
        "the callback needs pytorch-lightning; install it with pip install genbench[lightning]"
    ) from None


class MonitorCallback(Callback):
    """Watches a module whose children are the players, and prints the report when training ends.

    >>> Trainer(callbacks=[MonitorCallback()]).fit(module, loader)  # doctest: +SKIP

    Args:
        options: of `Monitor`, but for players and data: these are the module's children and training data.
    """

    def __init__(self, **options: Any) -> None:
        self.options = options
        self.monitor: Monitor | None = None

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Begin to watch."""
        players = {
            name: net for name, net in pl_module.named_children() if any(True for _ in net.parameters())
        }
        self.monitor = Monitor(players, trainer.train_dataloader or (), **self.options)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Note a step, with the scalars that it returned."""
        values = outputs.items() if isinstance(outputs, dict) else ()
        losses = {str(name): v for name, v in values if isinstance(v, Tensor) and v.numel() == 1}
        if self.monitor is not None:
            self.monitor.after_step(**losses)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Report, once among several processes, and stop watching."""
        if self.monitor is not None:
            self.monitor.close()
            if trainer.is_global_zero:
                print(self.monitor.report())
