"""The real images of an audit as features: those that trained the run, and held-out ones."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from lab.audit.classifier import GroupClassifier, cached_classifier
from lab.audit.groups import Grouping
from lab.config import RunConfig, cache_folder
from lab.data import Pack
from lab.data.progress import tracked_later
from lab.errors import InputError
from lab.metrics.extractors import Extractor, load_extractor, settled
from lab.metrics.manifold import radii
from lab.metrics.nearest import Nearest, nearest
from lab.metrics.reference import kept_order, real_features
from lab.user_file import files_for, is_reference

LEAST = 50
"""Images of a split, and generated ones, that an audit needs."""
MOST_PAIRED = 10_000
"""Generated and real images that precision and coverage compare at most."""


@dataclass(frozen=True, eq=False)
class RealImages:
    """Features of real images, on the extractor's device."""

    extractor: Extractor
    rows: Tensor
    """[T, d] features of training images."""
    order: Tensor
    """Row in the train split of each of them, int64 [T]."""
    heldout: Tensor
    """[M, d] features of held-out images."""
    heldout_order: Tensor
    """Row in the held-out split of each of them, int64 [M]."""
    trained: Tensor
    """Rows of `rows` that the run trained on, int64 [S]."""
    nearest_k: int
    all_neighbours: Nearest
    """Of each of `rows` among the others."""

    @property
    def num_paired(self) -> int:
        """Images of each kind that can be compared with as many."""
        return min(len(self.rows), len(self.heldout), MOST_PAIRED)

    @cached_property
    def members(self) -> Tensor:
        """[S, d] features of the images that the run trained on."""
        return self.rows if len(self.trained) == len(self.rows) else self.rows[self.trained]

    @cached_property
    def neighbours(self) -> Nearest:
        """Of each of `members` among the others."""
        if len(self.trained) == len(self.rows):
            return self.all_neighbours
        return nearest(self.members, self.members, itself=True)

    @cached_property
    def heldout_nearest(self) -> Nearest:
        """The member nearest to each held-out image."""
        return nearest(self.heldout, self.members)

    @cached_property
    def radii(self) -> Tensor:
        """Squared radii of the balls around the first `num_paired` training images, [P]."""
        return radii(self.rows[: self.num_paired], self.nearest_k)

    def classifier(self, grouping: Grouping, fingerprint: str) -> GroupClassifier:
        """The classifier of a grouping of the images behind these features."""
        extractor = self.extractor
        return cached_classifier(
            cache_folder() / "audit",
            (extractor.digest, extractor.device.type, fingerprint, grouping.name),
            self.rows,
            grouping.train[self.order],
            self.heldout,
            grouping.heldout[self.heldout_order],
            len(grouping.groups),
        )


def real_images(config: RunConfig, pack: Pack, device: torch.device) -> RealImages:
    """Features of a pack's images, cached, for a run of `config`.

    Raises InputError when the extractor cannot be had or there are too few images.
    """
    num_trained = config.data.limit or len(pack.train)
    if min(num_trained, len(pack.heldout)) < LEAST:
        raise InputError(
            f"{pack.card.name} has {num_trained} images that the run trained on and "
            f"{len(pack.heldout)} held-out images; an audit needs at least {LEAST} of each: use a "
            "larger data set"
        )
    evaluation = settled(config.evaluation, pack.channels)
    files = files_for(filter(is_reference, [evaluation.extractor]), config.files)
    extractor = load_extractor(evaluation, device, files)
    counts = len(pack.train), len(pack.heldout)
    with ExitStack() as stack:
        features = real_features(
            extractor,
            pack.train,
            pack.heldout,
            num_samples=min(counts),
            fingerprint=pack.card.fingerprint,
            cache=cache_folder() / "features",
            progress=tracked_later(stack, "features of real images", sum(counts)),
        )
    order, heldout_order = (kept_order(count, min(counts)) for count in counts)
    return RealImages(
        extractor,
        features.reference.to(device),
        order,
        features.heldout.to(device),
        heldout_order,
        (order < num_trained).nonzero()[:, 0],
        min(evaluation.nearest_k, min(counts) - 1),
        Nearest(*(part.to(device) for part in features.neighbours)),
    )


def classifiers_of(
    real: RealImages, groupings: Sequence[Grouping], fingerprint: str
) -> dict[str, GroupClassifier]:
    """A classifier of each grouping, by its name."""
    return {one.name: real.classifier(one, fingerprint) for one in groupings}
