"""Small training sets of a named data set, and the training images that are left over."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from lab.config import DataConfig
from lab.data import Pack, find
from lab.data.source import array_source
from lab.data.write import write_pack

SOURCE = "fashion-mini"
NUM_TRAIN = 500
"""Images of a small training set."""


@lru_cache(maxsize=1)
def whole_pack() -> Pack:
    """The data that every case is made of."""
    return find(DataConfig(source=SOURCE))


def chosen_rows(seed: int) -> Tensor:
    """Which rows of the train split are the small set of a seed, int64 [NUM_TRAIN]."""
    return _shuffled(seed)[:NUM_TRAIN]


def rows_left_over(seed: int) -> Tensor:
    """The other rows of the train split, int64."""
    return _shuffled(seed)[NUM_TRAIN:]


def _shuffled(seed: int) -> Tensor:
    order = np.random.default_rng(seed).permutation(len(whole_pack().train))
    return torch.from_numpy(order)


def small_pack(seed: int, folder: Path) -> Path:
    """Pack the seed's small training set, with the whole held-out split, into `folder`."""
    pack = whole_pack()
    rows = chosen_rows(seed)
    images = torch.cat([pack.train[:][rows], pack.heldout[:]])
    labels = torch.cat([pack.train.labels[rows], pack.heldout.labels])
    card = pack.card
    source = array_source(
        f"{card.name}-{NUM_TRAIN}",
        images.permute(0, 2, 3, 1).numpy(),
        labels.numpy(),
        tuple(card.class_names),
        card.licence,
        card.attribution,
        num_train=NUM_TRAIN,
    )
    path = folder / "small-pack"
    write_pack(lambda: source, path, pack.resolution)
    return path
