"""Which share of the images shows each class: lost groups show here before averages move."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from lab.metrics.nearest import Nearest, TrainingSide
from lab.record import class_share

MOST_CLASSES = 100
"""Of more, an evaluation's samples tell too little of each."""

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
    """How an image's class is told from its features."""

    head: Head | None
    """The extractor's classifier; None: an image has its nearest training image's class."""
    rows: Tensor
    """[T] int64: classes of the training rows."""
    num_classes: int
    accuracy: float
    """Share of held-out images that are named right."""
    real: tuple[float, ...]
    """Shares of the held-out images so named."""

    @property
    def by(self) -> str:
        """What names the classes, and how well, in words."""
        teller = "the label of the nearest training image"
        if self.head is not None:
            teller = "the extractor's own classifier"
        return f"{teller}, which names {self.accuracy:.1%} of the held-out images right"

    @property
    def real_columns(self) -> dict[str, float]:
        """The held-out images' shares by column name."""
        return {class_share(i): share for i, share in enumerate(self.real)}

    def columns(self, features: Tensor, found: Nearest) -> dict[str, float]:
        """Shares of [N, d] features, whose nearest training rows are `found`, by column name."""
        shares = shares_of(named(self.head, self.rows, features, found), self.num_classes)
        return {class_share(i): share for i, share in enumerate(shares)}


def classes_of(
    labels: Labels | None, head: Head | None, side: TrainingSide, order: tuple[Tensor, Tensor]
) -> Classes | None:
    """What names held-out images better: the extractor's classifier, or the nearest neighbour.

    `order` holds the images behind the rows of `side`: training and held-out ones. The
    classifier may know other classes than the pack has, and then loses. None where an image has
    no class, or there are more than `MOST_CLASSES`.
    """
    if labels is None or not 2 <= labels.num_classes <= MOST_CLASSES:
        return None
    if bool((labels.train < 0).any()) or bool((labels.heldout < 0).any()):
        return None
    rows = labels.train[order[0]].to(side.rows.device)
    truth = labels.heldout[order[1]].to(side.rows.device)
    tellers = [None] if head is None else [head, None]
    found = [named(teller, rows, side.heldout, side.heldout_nearest) for teller in tellers]
    right = [float((classes == truth).double().mean()) for classes in found]
    best = right.index(max(right))
    real = shares_of(found[best], labels.num_classes)
    return Classes(tellers[best], rows, labels.num_classes, right[best], tuple(real))


def named(head: Head | None, rows: Tensor, features: Tensor, found: Nearest) -> Tensor:
    """The class of each of [N, d] features: by `head`, or of its nearest row; int64 [N]."""
    if head is None:
        return rows[found.row]
    return head(features).argmax(dim=1)


def shares_of(classes: Tensor, num_classes: int) -> list[float]:
    """Shares of classes [N]; one that a classifier knows and the data has not counts for none."""
    counts = torch.bincount(classes.cpu(), minlength=num_classes).double()
    shares: list[float] = (counts / len(classes)).tolist()
    return shares[:num_classes]
