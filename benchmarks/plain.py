"""What a first script does: SNGAN's ResNets and a training step, as plainly as PyTorch lets one.

Contiguous layout, torch's own spectral norm, real and fake in separate passes with gradients
through G in the critic's step, ordinary Adam, `.item()` on every loss.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, relu
from torch.nn.utils.parametrizations import spectral_norm

BASE = 64
"""Channels at width .25 of both networks in the generator; the critic has half."""


class UpBlock(nn.Module):
    """BN ReLU up conv3 BN ReLU conv3, shortcut up conv1."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.BatchNorm2d(channels), nn.BatchNorm2d(channels)
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.shortcut = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv1(interpolate(relu(self.norm1(x)), scale_factor=2))
        h = self.conv2(relu(self.norm2(h)))
        return h + self.shortcut(interpolate(x, scale_factor=2))


class PlainGenerator(nn.Module):
    """Latent code [B, 128] -> images [B, 3, 32, 32]."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.Linear(128, BASE * 16)
        self.blocks = nn.Sequential(UpBlock(BASE), UpBlock(BASE), UpBlock(BASE))
        self.norm = nn.BatchNorm2d(BASE)
        self.out = nn.Conv2d(BASE, 3, 3, padding=1)

    def forward(self, z: Tensor) -> Tensor:
        h = self.blocks(self.dense(z).view(-1, BASE, 4, 4))
        return self.out(relu(self.norm(h))).tanh()


class DownBlock(nn.Module):
    """ReLU conv3 ReLU conv3 (pool), shortcut conv1 (pool); the first one starts without ReLU."""

    def __init__(self, inputs: int, outputs: int, *, down: bool, first: bool = False) -> None:
        super().__init__()
        self.conv1 = spectral_norm(nn.Conv2d(inputs, outputs, 3, padding=1))
        self.conv2 = spectral_norm(nn.Conv2d(outputs, outputs, 3, padding=1))
        self.learned = down or inputs != outputs
        if self.learned:
            self.shortcut = spectral_norm(nn.Conv2d(inputs, outputs, 1))
        self.down, self.first = down, first

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv2(relu(self.conv1(x if self.first else relu(x))))
        kept = self.shortcut(x) if self.learned else x
        return avg_pool2d(h, 2) + avg_pool2d(kept, 2) if self.down else h + kept


class PlainCritic(nn.Module):
    """Images [B, 3, 32, 32] -> logits [B]."""

    def __init__(self) -> None:
        super().__init__()
        width = BASE // 2
        self.blocks = nn.Sequential(
            DownBlock(3, width, down=True, first=True),
            DownBlock(width, width, down=True),
            DownBlock(width, width, down=False),
            DownBlock(width, width, down=False),
        )
        self.dense = spectral_norm(nn.Linear(width, 1))

    def forward(self, images: Tensor) -> Tensor:
        return self.dense(relu(self.blocks(images)).sum(dim=(2, 3))).squeeze(1)


def plain_step(batch_size: int, critic_steps: int) -> Callable[[], None]:
    """One generator step with its critic steps, hinge loss."""
    G, D = PlainGenerator(), PlainCritic()
    optimizer_g = torch.optim.Adam(G.parameters(), lr=2e-4, betas=(0.5, 0.999))
    optimizer_d = torch.optim.Adam(D.parameters(), lr=2e-4, betas=(0.5, 0.999))
    real = torch.randn(batch_size, 3, 32, 32).clamp(-1, 1)

    def step() -> None:
        for _ in range(critic_steps):
            fake = G(torch.randn(batch_size, 128))
            loss_d = relu(1 - D(real)).mean() + relu(1 + D(fake)).mean()
            optimizer_d.zero_grad()
            loss_d.backward()
            optimizer_d.step()
            loss_d.item()
        loss_g = -D(G(torch.randn(batch_size, 128))).mean()
        optimizer_g.zero_grad()
        loss_g.backward()
        optimizer_g.step()
        loss_g.item()

    return step
