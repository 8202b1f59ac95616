"""What images that show nothing measure: the distance at which quality is 0.

Every pixel of such an image (each channel by itself) is drawn independently from that pixel's
values over the training images. The numbers belong to the data, its resolution, the extractor
and the number of samples, never to a run (docs/science.md section 1).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from lab.metrics.cache import read_checked, write_checked
from lab.metrics.distances import FrechetStream, KernelStream
from lab.metrics.extractors import Extractor
from lab.metrics.metric import Yardstick
from lab.metrics.reference import Images, Progress, random_order
from lab.randomness import counted_generator

MOST_IMAGES = 10_000
"""Training images that the pixels are drawn from: a fixed random choice of a larger split."""
MOST_BYTES = 2**28
"""Memory that those may take; images of 128 x 128 pixels in colour are 5,461."""


class Anchor(NamedTuple):
    """Distances of images of independent pixels."""

    frechet: float
    kernel: float


def anchor_of(
    extractor: Extractor,
    images: Images,
    yardstick: Yardstick,
    *,
    path: Path,
    progress: Progress | None = None,
) -> Anchor:
    """The distances of as many such images as an evaluation takes.

    They are read from the file `path`, or computed and put there. `images` is the train split
    that `yardstick` is made of; `path` names all that the numbers depend on. Raises InputError
    when the file cannot be written.
    """
    if (content := read_checked(path)) is not None:
        return Anchor(**json.loads(content))
    frechet = FrechetStream(yardstick.moments)
    kernel = KernelStream(yardstick.training.rows, yardstick.num_samples)
    for made in independent_pixels(images, yardstick.num_samples, extractor.batch_size):
        features = extractor.features(made)
        frechet.add(features)
        kernel.add(features)
        if progress is not None:
            progress(len(made))
    anchor = Anchor(*frechet.values(), kernel.values().value)
    write_checked(path, json.dumps(anchor._asdict()).encode())
    return anchor


def independent_pixels(images: Images, count: int, batch_size: int) -> Iterator[Tensor]:
    """`count` images of independent pixels, in batches [n, C, H, H] uint8.

    The i-th image has a seed of its own: it depends neither on the count nor on the batches.
    """
    pool = _pool(images)
    _, channels, height, width = pool.shape
    values = pool.flatten(1)
    for start in range(0, count, batch_size):
        rows = torch.stack(
            [
                torch.randint(
                    len(values),
                    (values.shape[1],),
                    generator=counted_generator(0, "independent pixels", i),
                )
                for i in range(start, min(start + batch_size, count))
            ]
        )
        yield values.gather(0, rows).view(-1, channels, height, width)


def _pool(images: Images) -> Tensor:
    """The images that pixels are drawn from, in memory; a pack may be larger than that."""
    most = min(MOST_IMAGES, max(1, MOST_BYTES // images[0:1].numel()))
    if len(images) <= most:
        return images[0 : len(images)].cpu()
    chosen = random_order(len(images))[:most].sort().values.tolist()
    return torch.cat([images[row : row + 1].cpu() for row in chosen])
