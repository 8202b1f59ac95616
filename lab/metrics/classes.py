"""Share of each class among the images: lost classes show before averages change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from lab.metrics.nearest import Nearest, TrainingSide
from lab.record import class_share

MOST_CLASSES = 100
"""With more classes, an evaluation has too few samples of each."""

Head = Callable[[Tensor], Tensor]
"""[n, d] features -> [n, num_classes] logits."""


class Labels(NamedTuple):
    """The classes of a pack's images, by their row in the split."""

    train: Tensor
    """[T] int64."""
    heldout: Tensor
    """[M] int64."""
    num_classes: int


@dataclass(frozen=True, eq=False)
class Classes:
    """How classes are assigned to images from their features."""

    head: Head | None
    """The extractor's classifier; None: an image has its nearest training image's class."""
    rows: Tensor
    """[T] int64: classes of the training rows."""
    num_classes: int
    accuracy: float
    """Share of held-out images whose class is right."""
    real: tuple[float, ...]
    """Shares of the classes so assigned to held-out images."""

    @property
    def by(self) -> str:
        """How classes are assigned, and how accurately, in words."""
        method = "the label of the nearest training image"
        if self.head is not None:
            method = "the extractor's own classifier"
        return f"{method}, which is right for {self.accuracy:.1%} of the held-out images"

    @property
    def real_columns(self) -> dict[str, float]:
        """The held-out images' shares by column name."""
        return {class_share(i): share for i, share in enumerate(self.real)}

    def columns(self, features: Tensor, neighbours: Nearest) -> dict[str, float]:
        """Shares of [N, d] features, with these nearest training rows, by column name."""
        shares = shares_of(assigned(self.head, self.rows, features, neighbours), self.num_classes)
        return {class_share(i): share for i, share in enumerate(shares)}


def classes_of(
    labels: Labels | None, head: Head | None, side: TrainingSide, order: tuple[Tensor, Tensor]
) -> Classes | None:
    """The more accurate on held-out images: the extractor's classifier, or the nearest neighbour.

    `order` holds the images behind the rows of `side`: training and held-out ones. A
    classifier of other classes than the pack has is the less accurate. None where an image has
    no class, or there are more than `MOST_CLASSES`.
    """
    if labels is None or not 2 <= labels.num_classes <= MOST_CLASSES:
        return None
    if bool((labels.train < 0).any()) or bool((labels.heldout < 0).any()):
        return None
    rows = labels.train[order[0]].to(side.rows.device)
    truth = labels.heldout[order[1]].to(side.rows.device)
    heads = [None] if head is None else [head, None]
    classes = [assigned(one, rows, side.heldout, side.heldout_nearest) for one in heads]
    right = [float((each == truth).double().mean()) for each in classes]
    best = right.index(max(right))
    real = shares_of(classes[best], labels.num_classes)
    return Classes(heads[best], rows, labels.num_classes, right[best], tuple(real))


def assigned(head: Head | None, rows: Tensor, features: Tensor, neighbours: Nearest) -> Tensor:
    """The class of each of [N, d] features: by `head`, or of its nearest row; int64 [N]."""
    if head is None:
        return rows[neighbours.row]
    return head(features).argmax(dim=1)


def shares_of(classes: Tensor, num_classes: int) -> list[float]:
    """Shares of classes [N]; classes that only a classifier has are left out."""
    counts = torch.bincount(classes.cpu(), minlength=num_classes).double()
    shares: list[float] = (counts / len(classes)).tolist()
    return shares[:num_classes]
