"""The callback under a real Lightning trainer."""

import pytest
import pytorch_lightning as lightning
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from genbench.monitor.lightning import MonitorCallback


class Scaler(lightning.LightningModule):
    """Learns next to nothing, and breaks at its thirtieth step."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Linear(2, 1)

    def training_step(self, batch, index):
        (x,) = batch
        loss = self.net(x).square().mean()
        broken = torch.tensor(float("nan")) if index >= 30 else loss.detach()
        return {"loss": loss, "net": broken}

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.01)


@pytest.mark.filterwarnings("ignore")
def test_callback_reports_at_the_end(tmp_path, capsys):
    callback = MonitorCallback(every=5)
    trainer = lightning.Trainer(
        max_epochs=1, callbacks=[callback], logger=False, enable_checkpointing=False, accelerator="cpu",
        enable_progress_bar=False, enable_model_summary=False, default_root_dir=tmp_path,
    )  # fmt: skip
    trainer.fit(Scaler(), DataLoader(TensorDataset(torch.randn(3000, 2)), batch_size=50))
    assert "exploding_gradient (not finite) since step 35" in capsys.readouterr().out
    assert "net/grad_norm" in set(callback.monitor.trace().frame["signal"])
