"""Generators that copy: fresh real images, some of them replaced by training images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lab.audit.privacy import Neighbours, scores
from lab.metrics.nearest import nearest
from lab.randomness import counted_generator
from lab.statistics import separation, wilson_interval
from lab.validate.audit.features import NOISE, SHIFT, Pool
from lab.validate.part import Cell, Check, Say, Table

COPIED = (0.0, 0.01, 0.05, 0.2)
"""Shares of a generator's images that copy training images."""
KINDS = ("plain", "noisy", "shifted")
NUM_MEMBERS, NUM_HELDOUT, NUM_SAMPLES = 1_600, 500, 500
NAMES = ("ct", "authenticity", "neighbour_ratio", "near_copies", "distance_attack", "logit_attack")
KNOWN_BY = 2.0
"""Deviations by which a critic's logit of an image that it memorised is higher."""
MOST_FALSE = 0.1
POWER = 0.9
STRONG = ("ct", "authenticity", "near_copies")
"""Scores that must find copies of a fifth."""
FOUND = ("plain", "noisy")
"""Copies that they must find; of shifted ones nothing is claimed."""

Alarms = NDArray[np.bool_]


class Case(NamedTuple):
    """Generators of one kind, over all divisions of the images."""

    copied: float
    kind: str
    alarms: Alarms
    """[divisions, scores]"""


def measured(pool: Pool, num_splits: int, say: Say) -> list[Case]:
    """The alarms of every kind of generator on the same divisions."""
    keys = [(share, kind) for share in COPIED for kind in (KINDS if share else KINDS[:1])]
    alarms: dict[tuple[float, str], list[list[bool]]] = {key: [] for key in keys}
    for number in range(num_splits):
        for key, row in _one_split(pool, keys, number).items():
            alarms[key].append(row)
        if (number + 1) % 10 == 0:
            say(f"generators that copy: {number + 1} of {num_splits} divisions")
    return [Case(*key, np.array(rows)) for key, rows in alarms.items()]


def _one_split(
    pool: Pool, keys: Sequence[tuple[float, str]], number: int
) -> dict[tuple[float, str], list[bool]]:
    rng = counted_generator(0, "division of the images", number)
    order = torch.randperm(len(pool.features), generator=rng)
    sizes = [NUM_MEMBERS, NUM_HELDOUT, NUM_SAMPLES]
    rows = torch.split(order[: sum(sizes)], sizes)
    members, heldout, fresh = (pool.features[part] for part in rows)
    of_members = nearest(members, members, itself=True)
    of_heldout = nearest(heldout, members)
    results = {}
    for copied, kind in keys:
        count = round(copied * NUM_SAMPLES)
        source = {"plain": pool.features, "noisy": pool.noisy, "shifted": pool.shifted}[kind]
        taken = torch.randperm(NUM_MEMBERS, generator=rng)[:count]
        samples = torch.cat([source[rows[0][taken]], fresh[count:]])
        neighbours = Neighbours(
            nearest(samples, members), nearest(samples, heldout), of_heldout, of_members
        )
        raised = scores(neighbours, samples, members, heldout).alarms()
        raised += _of_critic(copied, rng)
        results[copied, kind] = [name in raised for name in NAMES]
    return results


def _of_critic(copied: float, rng: torch.Generator) -> tuple[str, ...]:
    """The alarm of a critic that memorised a share of the training images."""
    raised = (torch.arange(NUM_MEMBERS) < round(copied * NUM_MEMBERS)).double() * KNOWN_BY
    members = _normal(NUM_MEMBERS, rng) + raised
    attack = separation(members, _normal(NUM_HELDOUT, rng))
    return ("logit_attack",) if attack.interval.low > 0.5 else ()


def _normal(count: int, rng: torch.Generator) -> Tensor:
    return torch.randn(count, generator=rng, dtype=torch.float64)


def checks(cases: Sequence[Case]) -> list[Check]:
    """Few false alarms, and copies of a fifth of the images are found."""
    (fresh,) = (case for case in cases if not case.copied)
    false = {name: _rate(fresh, name) for name in NAMES}
    of_fifth, of_few = _power(cases, 0.2), _power(cases, 0.05)
    total = len(fresh.alarms)
    return [
        Check(
            f"A generator that copies nothing raises each alarm in at most {MOST_FALSE:.0%} of "
            "cases.",
            max(false.values()) <= MOST_FALSE,
            f"{_listed(false)}, of {total} generators",
        ),
        Check(
            f"Copies that are 20% of the images are found by C_T, authenticity and the share of "
            f"near copies in at least {POWER:.0%} of cases, plain or noisy.",
            min(of_fifth[name] for name in STRONG) >= POWER,
            f"{_listed(of_fifth)}, the lower of both",
        ),
        Check(
            f"Copies that are 5% are found by the share of near copies in at least {POWER:.0%} of "
            "cases, plain or noisy.",
            of_few["near_copies"] >= POWER,
            f"{_listed(of_few)}, the lower of both",
        ),
    ]


def _power(cases: Sequence[Case], copied: float) -> dict[str, float]:
    """The lower alarm rate of the kinds of copies that must be found, by score."""
    of_kinds = [case for case in cases if case.copied == copied and case.kind in FOUND]
    return {name: min(_rate(case, name) for case in of_kinds) for name in NAMES}


def _rate(case: Case, name: str) -> float:
    return float(case.alarms[:, NAMES.index(name)].mean())


def _listed(rates: dict[str, float]) -> str:
    return ", ".join(f"{name} {rate:.0%}" for name, rate in rates.items())


def table(cases: Sequence[Case]) -> Table:
    """Alarms of each kind of generator, with Wilson's interval."""
    rows: list[list[Cell]] = []
    for case in cases:
        total = len(case.alarms)
        cells: list[Cell] = [f"{case.copied:.0%}", case.kind if case.copied else "none"]
        for count in case.alarms.sum(axis=0):
            low, high = wilson_interval(int(count), total)
            cells.append(f"{count / total:.0%} ({low:.0%} to {high:.0%})")
        rows.append(cells)
    return Table(
        "Alarms of generators that copy",
        ("copied", "copies", *NAMES),
        rows,
        f"{NUM_SAMPLES} images a generator: fresh real images, of which the stated share is "
        f"replaced by training images, by these under noise of {NOISE:g} grey levels, or shifted "
        f"by {SHIFT} pixel; "
        f"{NUM_MEMBERS:,} training and {NUM_HELDOUT} held-out images. The critic of logit_attack "
        "is planted: the logits of as large a share of the training images are "
        f"{KNOWN_BY:g} deviations higher. An alarm is a 95% interval on the side of copying.",
    )
