"""Trains an encoder of texts and images by contrasting pairs of a batch (Radford et al. 2021)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lab.data.split import Split
from lab.gan.texts import unit
from lab.metrics.network import fitted
from lab.metrics.training import Progress, initial_network, share_of_peak, shifted
from lab.randomness import counted_generator
from lab.text.encoder import SIZE, Encoder, TextNetwork
from lab.text.words import words_in

MOST_SHARP = math.log(100.0)
"""Upper limit of the logarithm of the inverse temperature, as of CLIP's."""


@dataclass(frozen=True)
class TrainingPlan:
    """How an encoder is trained."""

    num_epochs: int = 80
    """Passes over the images."""
    batch_size: int = 256
    """Images of one step, each with one of its captions."""
    peak_rate: float = 2e-3
    """AdamW's learning rate at its peak, a tenth of the way; from there a cosine to 0."""
    width: int = 32
    """Channels of the image network's first layer."""
    seed: int = 0


class _Contrast(nn.Module):
    """Both networks, and the inverse temperature of the softmax."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder
        self.log_sharpness = nn.Parameter(torch.tensor(math.log(1 / 0.07)))

    def forward(self, images: Tensor, captions: list[str]) -> Tensor:
        """The mean cross-entropy of each image's caption and of each caption's image, []."""
        of_images = unit(self.encoder.images(images))
        of_texts = self.encoder.texts(words_in(captions))
        sharpness = self.log_sharpness.clamp_max(MOST_SHARP).exp()
        scores = sharpness * of_images @ of_texts.t()
        diagonal = torch.arange(len(scores), device=scores.device)
        return 0.5 * (F.cross_entropy(scores, diagonal) + F.cross_entropy(scores.t(), diagonal))


def train_encoder(
    splits: Sequence[tuple[Split, Tensor]],
    side: int,
    plan: TrainingPlan,
    progress: Callable[[Progress], None],
) -> Encoder:
    """Train on images and their captions: of each split those at the rows, int64 [n].

    `progress` is called after each epoch. Augmentation shifts a batch by at most two pixels,
    without flips, as captions may name a side.
    """
    contrast = _initial(splits[0][0][0:1].shape[1], side, plan)
    optimizer = torch.optim.AdamW(contrast.parameters(), lr=plan.peak_rate, weight_decay=0.05)
    where = torch.cat(
        [
            torch.stack([torch.full_like(rows, index), rows], dim=1)
            for index, (_, rows) in enumerate(splits)
        ]
    )
    size = min(plan.batch_size, len(where))
    num_steps = plan.num_epochs * (len(where) // size)
    step = 0
    for epoch in range(plan.num_epochs):
        rng = counted_generator(plan.seed, "order of texts", epoch)
        order = where[torch.randperm(len(where), generator=rng)]
        total = 0.0
        contrast.train()
        batches = torch.split(order, size)[: len(where) // size]
        for batch in batches:
            for group in optimizer.param_groups:
                group["lr"] = plan.peak_rate * share_of_peak(step, num_steps)
            images, captions = _pairs(splits, batch, rng)
            loss = contrast(_shifted(images, side, plan.seed, step), captions)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += float(loss.detach())
            step += 1
        progress(Progress(epoch + 1, plan.num_epochs, total / len(batches)))
    encoder = contrast.encoder
    return Encoder(encoder.texts.eval(), encoder.images.folded(), side)


def _initial(channels: int, side: int, plan: TrainingPlan) -> _Contrast:
    images = initial_network(channels, SIZE, plan.width, plan.seed)
    with torch.random.fork_rng(devices=[]):  # torch's layers draw from the global generator
        torch.manual_seed(plan.seed)
        return _Contrast(Encoder(TextNetwork(), images, side))


def _pairs(
    splits: Sequence[tuple[Split, Tensor]], batch: Tensor, rng: torch.Generator
) -> tuple[Tensor, list[str]]:
    """Images [B, C, H, H] in [-1, 1] at (split, row), int64 [B, 2], and a caption of each."""
    images, captions = [], []
    for index, (split, _) in enumerate(splits):
        rows = batch[batch[:, 0] == index, 1]
        images.append(split.batch(rows, "cpu").images)
        assert split.captions is not None
        for row, share in zip(rows.tolist(), torch.rand(len(rows), generator=rng), strict=True):
            of_image = split.captions[row]
            captions.append(of_image[int(share * len(of_image))])
    return torch.cat(images), captions


def _shifted(images: Tensor, side: int, seed: int, step: int) -> Tensor:
    """[B, C, H, H] in [-1, 1] -> [B, C, side, side], whose edges are repeated."""
    fitting = fitted((images + 1) * 127.5, images.shape[1], side)
    return shifted(fitting, counted_generator(seed, "shifts", step))
