"""What a first script does: SNGAN's ResNets and a training step, as plainly as PyTorch lets one.

Contiguous layout, torch's own spectral norm, real and fake in separate passes with gradients
through G in the critic's step, ordinary Adam, `.item()` on every loss. The plain versions of the
two architectures without residuals are in plain_cnns.py.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, relu
from torch.nn.utils.parametrizations import spectral_norm

GENERATOR_CHANNELS, CRITIC_CHANNELS = 256, 128
"""Of every block at width 1 (Miyato et al. 2018, Table 4)."""
LATENT_SIZE = 128


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

    def __init__(self, width: float) -> None:
        super().__init__()
        channels = round(GENERATOR_CHANNELS * width)
        self.dense = nn.Linear(LATENT_SIZE, channels * 16)
        self.blocks = nn.Sequential(*(UpBlock(channels) for _ in range(3)))
        self.norm = nn.BatchNorm2d(channels)
        self.out = nn.Conv2d(channels, 3, 3, padding=1)

    def forward(self, z: Tensor) -> Tensor:
        h = self.blocks(self.dense(z).view(len(z), -1, 4, 4))
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

    def __init__(self, width: float) -> None:
        super().__init__()
        channels = round(CRITIC_CHANNELS * width)
        self.blocks = nn.Sequential(
            DownBlock(3, channels, down=True, first=True),
            DownBlock(channels, channels, down=True),
            DownBlock(channels, channels, down=False),
            DownBlock(channels, channels, down=False),
        )
        self.dense = spectral_norm(nn.Linear(channels, 1, bias=False))

    def forward(self, images: Tensor) -> Tensor:
        return self.dense(relu(self.blocks(images)).sum(dim=(2, 3))).squeeze(1)


def plain_step(
    networks: tuple[nn.Module, nn.Module],
    batch_size: int,
    critic_steps: int,
    *,
    device: torch.device | str = "cpu",
    bfloat16: bool = False,
) -> Callable[[], None]:
    """One generator step with its critic steps, hinge loss, for a generator and a critic."""
    G, D = (network.to(device) for network in networks)
    optimizer_g = torch.optim.Adam(G.parameters(), lr=2e-4, betas=(0.5, 0.999))
    optimizer_d = torch.optim.Adam(D.parameters(), lr=2e-4, betas=(0.5, 0.999))
    real = torch.randn(batch_size, 3, 32, 32, device=device).clamp(-1, 1)
    precision = torch.autocast(real.device.type, torch.bfloat16, enabled=bfloat16)

    def noise() -> Tensor:
        return torch.randn(batch_size, LATENT_SIZE, device=device)

    def step() -> None:
        for _ in range(critic_steps):
            with precision:
                fake = G(noise())
                loss_d = relu(1 - D(real)).mean() + relu(1 + D(fake)).mean()
            optimizer_d.zero_grad()
            loss_d.backward()
            optimizer_d.step()
            loss_d.item()
        with precision:
            loss_g = -D(G(noise())).mean()
        optimizer_g.zero_grad()
        loss_g.backward()
        optimizer_g.step()
        loss_g.item()

    return step
