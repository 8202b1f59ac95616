"""Images from a generator: the same latent codes every time, as uint8, and as a grid."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lab.gan.networks import Generator
from lab.gan.networks.network import placed
from lab.gan.ranks import ALONE, Ranks
from lab.gan.texts import Texts
from lab.randomness import counted_generator
from lab.record.durable import write_patiently

BATCH = 250
PASS_PIXELS = BATCH * 64**2
"""Most pixels of one forward pass."""


def to_uint8(images: Tensor) -> Tensor:
    """[-1, 1] -> {0, ..., 255} by rounding; non-finite pixels must have been ruled out."""
    return (images.float() * 127.5 + 127.5).round().clamp(0, 255).to(torch.uint8)


def latents(
    count: int,
    latent_size: int,
    num_classes: int,
    *,
    seed: int,
    purpose: str,
    class_counts: Sequence[int] | None = None,
    texts: Texts | None = None,
) -> Iterator[tuple[Tensor, Tensor]]:
    """Batches of codes [n, latent_size] and classes [n], or with `texts` vectors of theirs [n, E].

    The classes go round in order, or in the shares of `class_counts`; the texts are those of
    `captions`.
    """
    if texts is not None:
        labels = texts.vectors[captions(count, texts, seed=seed, purpose=purpose)]
    else:
        of_each = [1] * max(num_classes, 1) if class_counts is None else class_counts
        labels = in_shares(count, of_each)
    for index, start in enumerate(range(0, count, BATCH)):
        rng = counted_generator(seed, purpose, index)
        classes = labels[start : start + BATCH]
        yield torch.randn(BATCH, latent_size, generator=rng)[: len(classes)], classes


def captions(count: int, texts: Texts, *, seed: int, purpose: str) -> Tensor:
    """Numbers of random captions, int64 [count]; a smaller count gives the first of them."""
    drawn = [
        torch.rand(BATCH, 2, generator=counted_generator(seed, f"captions of {purpose}", index))
        for index in range(-(-count // BATCH))
    ]
    return texts.numbers(torch.cat(drawn)[:count].to(texts.firsts.device))


def in_shares(count: int, class_counts: Sequence[int]) -> Tensor:
    """`count` classes [count] int64, of which every first n have the shares of the counts.

    The k-th image of a class stands where (k - 1/2) / share falls, so that no class is ahead of
    its share by more than about one image; equal counts give 0, 1, ..., K - 1 and again.
    """
    total = sum(class_counts)
    places, classes = [], []
    for label, size in enumerate(class_counts):
        needed = -(-count * size // total)
        places.append((2 * np.arange(needed) + 1) * total / (2 * max(size, 1)))
        classes.append(np.full(needed, label))
    order = np.argsort(np.concatenate(places), kind="stable")[:count]
    return torch.from_numpy(np.concatenate(classes)[order])


@torch.no_grad()
def generate(
    generator: Generator,
    codes: Iterator[tuple[Tensor, Tensor]],
    *,
    autocast: AbstractContextManager[Any],
    ranks: Ranks = ALONE,
) -> Tensor | None:
    """Images [N, C, H, W] uint8 on the CPU, or None when any pixel is not finite.

    Ranks take turns with the batches; rank 0 gets all images, the others None.
    """
    parameter = next(generator.parameters())
    size = max(1, min(BATCH, PASS_PIXELS // generator.resolution**2))
    images, finite = [], torch.ones((), dtype=torch.bool, device=parameter.device)
    with autocast:
        for z, labels in islice(codes, ranks.rank, None, ranks.num_ranks):
            made = []
            for codes_of, classes in zip(
                torch.split(z, size), torch.split(labels, size), strict=True
            ):
                part = generator(codes_of.to(parameter), placed(classes, parameter))
                finite &= part.isfinite().all()
                made.append(to_uint8(part))
            images.append(torch.cat(made))
    gathered = ranks.gather(([batch.cpu() for batch in images], bool(finite)))
    if gathered is None or not all(is_finite for _, is_finite in gathered):
        return None
    turns = zip_longest(*(batches for batches, _ in gathered))
    return torch.cat([batch for turn in turns for batch in turn if batch is not None])


def grid(images: Tensor, columns: int | None = None) -> Tensor:
    """[N, C, H, W] uint8 -> one picture [H', W', 3] uint8, row by row."""
    count, channels, height, width = images.shape
    columns = columns or math.isqrt(count)
    rows = -(-count // columns)
    padded = images.new_zeros(rows * columns, channels, height, width)
    padded[:count] = images
    sheet = padded.view(rows, columns, channels, height, width).permute(0, 3, 1, 4, 2)
    sheet = sheet.reshape(rows * height, columns * width, channels)
    return sheet.expand(-1, -1, 3) if channels == 1 else sheet


def encode_webp(picture: Tensor) -> bytes:
    """A picture [H, W, 3] uint8 as WebP."""
    import io

    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(picture.contiguous().numpy()).save(file, "WEBP", quality=80, method=4)
    return file.getvalue()


def save_grid(images: Tensor, path: Path, columns: int | None = None) -> None:
    """Write a grid of images [N, C, H, W] uint8 as WebP. Raises StorageFailed."""
    write_patiently(path, encode_webp(grid(images, columns)))
