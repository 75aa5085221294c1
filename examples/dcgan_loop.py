"""A plain DCGAN loop, as one writes it, with five lines of the Monitor.

    python examples/dcgan_loop.py                    # DCGAN's settings
    python examples/dcgan_loop.py --critic-rate 0.02 # a discriminator that is far ahead

It trains on scikit-learn's digits, enlarged to 16×16, so nothing has to be downloaded.
"""

import argparse

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import genbench

LATENT, WIDTH = 32, 32


def generator() -> nn.Module:
    return nn.Sequential(
        nn.ConvTranspose2d(LATENT, 2 * WIDTH, 4, bias=False),
        nn.BatchNorm2d(2 * WIDTH),
        nn.ReLU(),
        nn.ConvTranspose2d(2 * WIDTH, WIDTH, 4, 2, 1, bias=False),
        nn.BatchNorm2d(WIDTH),
        nn.ReLU(),
        nn.ConvTranspose2d(WIDTH, 1, 4, 2, 1),
        nn.Tanh(),
    )


def discriminator() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, WIDTH, 4, 2, 1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(WIDTH, 2 * WIDTH, 4, 2, 1, bias=False),
        nn.BatchNorm2d(2 * WIDTH),
        nn.LeakyReLU(0.2),
        nn.Conv2d(2 * WIDTH, 1, 4),
        nn.Flatten(0),
    )


def init(layer: nn.Module) -> None:
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(layer.weight, 0.0, 0.02)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--rate", type=float, default=2e-4)
    parser.add_argument("--critic-rate", type=float, default=2e-4)
    args = parser.parse_args()

    torch.manual_seed(0)
    digits = torch.from_numpy(load_digits().images).float()[:, None] / 8 - 1
    images = nn.functional.interpolate(digits, size=16, mode="bilinear")
    loader = DataLoader(TensorDataset(images), batch_size=64, shuffle=True, drop_last=True)
    netG, netD = generator().apply(init), discriminator().apply(init)
    optG = torch.optim.Adam(netG.parameters(), args.rate, betas=(0.5, 0.999))
    optD = torch.optim.Adam(netD.parameters(), args.critic_rate, betas=(0.5, 0.999))
    bce = nn.BCEWithLogitsLoss()

    monitor = genbench.Monitor(
        players={"netG": netG, "netD": netD},
        data=loader,
        generator_loss=lambda scores: bce(scores, torch.ones_like(scores)),
    )
    step = 0
    while step < args.steps:
        for (real,) in loader:
            fake = netG(torch.randn(len(real), LATENT, 1, 1))
            netD.zero_grad()
            lossD = bce(netD(real), torch.ones(len(real))) + bce(netD(fake.detach()), torch.zeros(len(real)))
            lossD.backward()
            optD.step()
            netG.zero_grad()
            lossG = bce(netD(fake), torch.ones(len(real)))
            lossG.backward()
            optG.step()
            monitor.after_step(netG=lossG, netD=lossD)
            step += 1
    print(monitor.report())


if __name__ == "__main__":
    main()
