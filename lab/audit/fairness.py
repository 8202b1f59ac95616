"""Shares, quality and coverage of each group of one attribute, as the record keeps them."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from lab.audit.classifier import GroupClassifier
from lab.audit.groups import Grouping
from lab.audit.real import RealImages
from lab.metrics.manifold import Inside, inside, radii
from lab.randomness import counted_seed
from lab.record.audit import AuditedAttributeCard, AuditedGroupCard, EstimateCard
from lab.statistics import CorrectedShares, corrected_shares, total_variation, wilson_interval


class Ball(NamedTuple):
    """Which images lie in balls of the other kind, among P of each."""

    generated: Inside
    of_real: Inside
    """With held-out images in the place of generated ones."""


def balls(real: RealImages, features: Tensor) -> Ball:
    """Of the first generated images' features [P', d], against as many real ones."""
    count = min(real.num_paired, len(features))
    rows, around = real.rows[:count], real.radii[:count]
    if count < real.num_paired:
        around = radii(rows, min(real.nearest_k, count - 1))

    def against(images: Tensor) -> Inside:
        return inside(rows, images, around, radii(images, min(real.nearest_k, count - 1)))

    return Ball(against(features[:count]), against(real.heldout[:count]))


def attribute_card(
    grouping: Grouping,
    classifier: GroupClassifier,
    assigned: Tensor,
    ball: Ball,
    real: RealImages,
    num_trained: int,
) -> AuditedAttributeCard:
    """Fairness over the groups of one grouping; `assigned` [N] are the samples' groups."""
    num_groups = len(grouping.groups)
    counts = torch.bincount(assigned, minlength=num_groups)
    confusion = classifier.confusion
    rng = np.random.default_rng(counted_seed(0, f"shares of {grouping.name}", 0))
    shares = corrected_shares(counts.numpy(), confusion.numpy(), rng)
    data = grouping.shares(num_trained)
    apart = total_variation(shares, data)
    count = len(ball.generated.covered)
    truth = grouping.train[real.order[:count]]
    fresh = grouping.heldout[real.heldout_order[:count]]
    groups = []
    for i, name in enumerate(grouping.groups):
        card = AuditedGroupCard(
            name=name,
            data=data[i],
            share=_share(shares, i),
            assigned=int(counts[i]) / len(assigned),
            num_heldout=int(confusion[i].sum()),
            right=int(confusion[i, i]) / int(confusion[i].sum()),
            precision=_estimate(ball.generated.num_balls.cpu() > 0, assigned[:count] == i),
            precision_real=_mean(ball.of_real.num_balls.cpu() > 0, fresh == i),
            coverage=_estimate(ball.generated.covered.cpu(), truth == i),
            coverage_real=_mean(ball.of_real.covered.cpu(), truth == i),
        )
        groups.append(card.changed(standing=_standing(card)))
    return AuditedAttributeCard(
        name=grouping.name,
        groups=tuple(sorted(groups, key=_rank)),
        accuracy=int(confusion.diagonal().sum()) / int(confusion.sum()),
        total_variation=EstimateCard(
            value=apart.value, low=apart.interval.low, high=apart.interval.high
        ),
        total_variation_of_equal=apart.of_equal,
        merged=grouping.merged,
    )


def _share(shares: CorrectedShares, i: int) -> EstimateCard:
    return EstimateCard(
        value=float(shares.value[i]),
        low=float(shares.interval.low[i]),
        high=float(shares.interval.high[i]),
    )


def _estimate(hits: Tensor, of: Tensor) -> EstimateCard | None:
    """Share of `hits` [n] among `of` [n], both bool, with Wilson's interval; None of nothing."""
    total = int(of.sum())
    if not total:
        return None
    count = int(hits[of].sum())
    low, high = wilson_interval(count, total)
    return EstimateCard(value=count / total, low=low, high=high)


def _mean(hits: Tensor, of: Tensor) -> float | None:
    estimate = _estimate(hits, of)
    return None if estimate is None else estimate.value


def _rank(card: AuditedGroupCard) -> float:
    return math.inf if card.standing is None else card.standing


def _standing(card: AuditedGroupCard) -> float | None:
    """The lower of two ratios: of the shares, and of the coverages; None without either."""
    ratios = [card.share.value / card.data] if card.data else []
    if card.coverage is not None and card.coverage_real:
        ratios.append(card.coverage.value / card.coverage_real)
    return min(ratios, default=None)
