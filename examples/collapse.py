"""A generator too narrow for eight modes, in ten lines of training; the Monitor says what became of it."""

import torch
from torch import nn

import genbench

torch.manual_seed(0)
angles = 2 * torch.pi * torch.randint(8, (20_000,)) / 8
data = torch.stack([angles.cos(), angles.sin()], 1) + 0.02 * torch.randn(20_000, 2)
G = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2))
D = nn.Sequential(nn.Linear(2, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1))
adam_g, adam_d = (torch.optim.Adam(net.parameters(), 1e-3, betas=(0.5, 0.999)) for net in (G, D))
monitor = genbench.Monitor(players={"G": G, "D": D}, data=data)

for _ in range(1500):
    real, fake = data[torch.randint(len(data), (64,))], G(torch.randn(64, 2))
    loss_d = nn.functional.softplus(-D(real)).mean() + nn.functional.softplus(D(fake.detach())).mean()
    adam_d.zero_grad()
    loss_d.backward()
    adam_d.step()
    loss_g = nn.functional.softplus(-D(fake)).mean()
    adam_g.zero_grad()
    loss_g.backward()
    adam_g.step()
    monitor.after_step(G=loss_g, D=loss_d)

print(monitor.report())
