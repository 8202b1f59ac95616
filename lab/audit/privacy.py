"""What generated images show of the training images: pure functions of features and distances.

Every score has the value of fresh images of the same distribution, and an interval; an alarm is an
interval on the side of copying. docs/science.md section 6 has the formulas.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lab.audit.sampled import near
from lab.metrics.memorisation import authenticity, copying
from lab.metrics.nearest import Nearest, nearest
from lab.record.audit import EstimateCard
from lab.statistics import Interval, Separation, difference_interval, separation, wilson_interval

COPIES_OF_REAL = 0.01
"""Share of held-out images nearer to a training image than what counts as a near copy."""
CT_LIMIT = -1.96
MOST_RECORDS = 10_000
"""Members, non-members and samples of the attack by distance, of each at most."""
CHUNK = 1_024

Array = NDArray[np.float64]


class Estimate(NamedTuple):
    """A score with its 95 % interval."""

    value: float
    interval: Interval

    def card(self) -> EstimateCard:
        """As the record keeps it."""
        return EstimateCard(value=self.value, low=self.interval.low, high=self.interval.high)


class Compared(NamedTuple):
    """A share of generated images, with the same share of held-out ones."""

    share: Estimate
    """The interval is Wilson's."""
    of_real: float
    difference: Interval
    """Of the generated images' share minus the held-out images'."""


class Scores(NamedTuple):
    """The scores of privacy that need no critic."""

    ct: float
    authenticity: Compared
    neighbour_ratio: Estimate
    near_copies: Compared
    distance_attack: Separation

    def alarms(self) -> tuple[str, ...]:
        """Names of the scores whose interval lies on the side of copying."""
        signs = {
            "ct": self.ct < CT_LIMIT,
            "authenticity": self.authenticity.difference.high < 0,
            "neighbour_ratio": self.neighbour_ratio.interval.low > 1,
            "near_copies": self.near_copies.difference.low > 0,
            "distance_attack": self.distance_attack.interval.low > 0.5,
        }
        return tuple(name for name, is_alarm in signs.items() if is_alarm)


class Neighbours(NamedTuple):
    """Nearest neighbours of everything that is compared, by squared distance."""

    samples: Nearest
    """Of the N samples among the S members."""
    samples_heldout: Nearest
    """Of the N samples among the M held-out images."""
    heldout: Nearest
    """Of the held-out images among the members."""
    members: Nearest
    """Of the members among the others."""


def scores(neighbours: Neighbours, features: Tensor, members: Tensor, heldout: Tensor) -> Scores:
    """All scores of samples, of which `features` [P, d] are the first ones' features.

    `members` [S, d] trained, `heldout` [M, d] did not.
    """
    samples, _, fresh, among = neighbours
    return Scores(
        copying(samples.distance, fresh.distance),
        _compared(
            round(authenticity(samples, among) * len(samples.row)),
            len(samples.row),
            round(authenticity(fresh, among) * len(fresh.row)),
            len(fresh.row),
        ),
        neighbour_ratio(samples, neighbours.samples_heldout, len(members), len(heldout)),
        near_copies(near(samples, among.distance), near(fresh, among.distance)),
        distance_attack(members, heldout, features),
    )


def neighbour_ratio(
    training: Nearest, heldout: Nearest, num_members: int, num_heldout: int
) -> Estimate:
    """Odds that a sample's nearest real image trained, over num_members / num_heldout.

    If members and held-out images are draws of one distribution that a sample does not
    distinguish, the nearest of all is a member with p = S / (S + M), so the ratio is 1. Samples
    that share their nearest image are no independent draws: over random divisions of the
    R = S + M images the share has the variance p (1 - p) R / (R - 1) sum_r (c_r / N - 1 / R)^2,
    c_r the samples nearest to image r. The interval is Wilson's of as many draws as have that
    variance, as odds. Equal distances count one half.
    """
    num_samples, num_real = len(training.row), num_members + num_heldout
    nearer = (training.distance < heldout.distance).double()
    nearer += (training.distance == heldout.distance).double() / 2
    share = float(nearer.mean())
    index = torch.where(nearer >= 0.5, training.row, heldout.row + num_members)
    counts = torch.bincount(index, minlength=num_real).double()
    spread = float((counts / num_samples - 1 / num_real).square().sum())
    effective = (num_real - 1) / (num_real * spread) if spread > 0 else float(num_samples)
    low, high = wilson_interval(np.array([share * effective]), np.array([effective]))
    odds = num_members / num_heldout
    return Estimate(_odds(share) / odds, Interval(_odds(low[0]) / odds, _odds(high[0]) / odds))


def near_copies(samples: Tensor, heldout: Tensor) -> Compared:
    """Share of samples nearer to a training image than all but 1 % of the held-out images are.

    Both are distances relative to the training image's own neighbour (`near`), [N] and [M].
    """
    num_counted = max(1, round(COPIES_OF_REAL * len(heldout)))
    limit = heldout.double().sort().values[num_counted - 1]
    return _compared(
        int((samples.double() <= limit).sum()),
        len(samples),
        int((heldout.double() <= limit).sum()),
        len(heldout),
    )


def distance_attack(members: Tensor, heldout: Tensor, samples: Tensor) -> Separation:
    """Membership inference by the samples around an image (Hilprecht et al. 2019, sec. 4.1).

    The score of a record is the share of `samples` [P, d] within epsilon of it, epsilon the median
    over all records of the distance to their nearest sample (the median heuristic, sec. 4.3), and
    the AUC is that of equally many members and held-out images, the first of each.
    """
    count = min(len(members), len(heldout), MOST_RECORDS)
    records = torch.cat([members[:count], heldout[:count]]).float()
    samples = samples[:MOST_RECORDS].float()
    epsilon = nearest(records, samples).distance.median()
    shares = within(records, samples, float(epsilon))
    return separation(shares[:count], shares[count:])


def within(records: Tensor, samples: Tensor, epsilon: float) -> Array:
    """Share of `samples` [P, d] at most `epsilon` (squared) from each of `records` [n, d]; [n]."""
    centre = samples.mean(dim=0)
    x, y = records - centre, samples - centre
    squares = y.square().sum(dim=1)
    parts = []
    for part in torch.split(x, CHUNK):
        distances = torch.addmm(squares, part, y.T, alpha=-2.0) + part.square().sum(1)[:, None]
        parts.append((distances <= epsilon).double().mean(dim=1).cpu())
    return np.asarray(torch.cat(parts).numpy(), dtype=np.float64)


def _odds(share: float) -> float:
    return math.inf if share >= 1 else share / (1 - share)


def _compared(count: int, total: int, of_real: int, num_real: int) -> Compared:
    share = Estimate(count / total, wilson_interval(count, total))
    difference = difference_interval((count, total), (of_real, num_real))
    return Compared(share, of_real / num_real, difference)
