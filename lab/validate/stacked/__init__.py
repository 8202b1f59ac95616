"""Part 3: stacked images, 1,000 modes by a classifier per channel."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from lab.data import find
from lab.randomness import counted_generator
from lab.validate.part import Cell, Check, Part, Say, Table
from lab.validate.pool import done_by
from lab.validate.stacked.modes import (
    NUM_CLASSES,
    NUM_MODES,
    PAPER_SAMPLES,
    classified,
    divergence_error,
    expected_divergence,
    read_classifier,
    spread_of,
)
from lab.validate.stacked.training import (
    METHODS,
    ORIGINALS,
    SEED,
    StackedMethod,
    Trained,
    Training,
    real_classes,
    stacked_pack,
    train,
)

NUM_PLANTED = 5_200
PLANTED_CLASSES = 5
"""Of ten, in the first channel: 500 modes."""
LEAST_ACCURACY = 0.85
STANDARD_ERRORS = 4.0
PAPER_KIMG = 5_000
"""From this budget on, full-width networks must show the ordering of R3GAN's Table 1."""
OURS = METHODS[0].name
"""R3GAN's loss; published with 1000 modes and a KL of .03."""
PUBLISHED = {
    METHODS[1].name: ("WGAN-GP", "959 / .73"),
    METHODS[2].name: ("StyleGAN2", "940 / .42"),
}
"""The methods that it is published to be better than: name in the paper, modes / KL there."""


def validate(quick: bool, processes: int, say: Say, budget_kimg: int | None = None) -> Part:
    """Counting checked on planted samplers, then GANs trained and counted.

    `budget_kimg` trains every method so long at full width, on a GPU where there is one.
    """
    started = time.perf_counter()
    originals = find(ORIGINALS)
    say("classifying the originals")
    images = torch.cat([originals.train[:], originals.heldout[:]])
    truth = torch.cat([originals.train.labels, originals.heldout.labels])
    classes = classified(read_classifier(), images)[:, 0]
    trained = _trained(quick, processes, say, budget_kimg)
    return Part(
        name="stacked",
        question="Does a GAN find 1,000 modes of images, and is a lost one noticed?",
        checks=[
            _accuracy_check(classes, truth),
            *_baseline_checks(classes, truth),
            *planted_checks(images, classes, truth),
            *training_checks(trained, budget_kimg),
        ],
        tables=[_table(trained)],
        seconds=time.perf_counter() - started,
        settings=_settings(quick, budget_kimg),
    )


def _trained(quick: bool, processes: int, say: Say, budget_kimg: int | None) -> list[Trained]:
    kimg, width, batch, num_samples, methods = _size(quick, budget_kimg)
    num_images = 8_000 if quick else 20_000
    on_gpu = torch.cuda.is_available()
    with stacked_pack(num_images) as pack:
        jobs = [
            Training(method, pack, 1000 * kimg, batch, width, num_samples) for method in methods
        ]
        return done_by(train, jobs, 1 if on_gpu else processes, say, describe=_describe)


def _size(
    quick: bool, budget_kimg: int | None
) -> tuple[int, float, int, int, Sequence[StackedMethod]]:
    """Thousands of images, width, batch, samples counted, methods."""
    if budget_kimg is not None:
        return budget_kimg, 1.0, 64, PAPER_SAMPLES, METHODS
    if quick:
        return 40, 0.25, 32, 5_200, METHODS[:2]
    return 200, 0.25, 32, PAPER_SAMPLES, METHODS


def _describe(training: Training, trained: Trained) -> str:
    after = trained.after
    if after is None:
        return f"{trained.method}: non-finite images"
    return f"{trained.method}: {after.modes} modes, KL {after.divergence:.2f}"


# What counting must find.


def _accuracy_check(classes: Tensor, truth: Tensor) -> Check:
    right = float((classes == truth).double().mean())
    return Check(
        "The classifier knows the classes of images that it was not trained on.",
        right >= LEAST_ACCURACY,
        f"{right:.2%} of {len(truth):,} images right; at least {LEAST_ACCURACY:.0%} asked for",
    )


def _baseline_checks(classes: Tensor, truth: Tensor) -> list[Check]:
    """Triples of real images: the floor, by true classes and by the classifier's."""
    allowed = STANDARD_ERRORS * divergence_error(PAPER_SAMPLES)
    checks = []
    for name, labels in (("by their labels", truth), ("by the classifier", classes)):
        spread = spread_of(real_classes(labels, PAPER_SAMPLES))
        shares = torch.bincount(labels, minlength=NUM_CLASSES).double() / len(labels)
        uneven = 3 * float((shares * (shares * NUM_CLASSES).log()).sum())
        floor = expected_divergence(PAPER_SAMPLES) + uneven
        checks.append(
            Check(
                f"Real triples, {name}, have all 1,000 modes and the divergence of mere sampling.",
                spread.modes == NUM_MODES and abs(spread.divergence - floor) <= allowed,
                f"{spread.modes} modes, KL {spread.divergence:.4f} at {PAPER_SAMPLES:,} samples; "
                f"expected {floor:.4f} ({uneven:.4f} of it from uneven classes), allowed "
                f"{STANDARD_ERRORS:g} standard errors, {allowed:.4f}",
            )
        )
    return checks


def planted_checks(images: Tensor, classes: Tensor, truth: Tensor) -> list[Check]:
    """A sampler of 500 modes and one of a single image, counted from their pixels."""
    draw = counted_generator(SEED, "planted modes", 0)
    wanted = torch.randint(NUM_CLASSES, (NUM_PLANTED, 3), generator=draw)
    wanted[:, 0] %= PLANTED_CLASSES
    members = [
        ((classes == truth) & (truth == label)).nonzero().flatten() for label in range(NUM_CLASSES)
    ]
    members_drawn = torch.rand(NUM_PLANTED, 3, generator=draw)
    rows = torch.stack(
        [
            members[label][int(share * len(members[label]))]
            for label, share in zip(
                wanted.flatten().tolist(), members_drawn.flatten().tolist(), strict=True
            )
        ]
    )
    stacked = images[rows, 0].view(NUM_PLANTED, 3, *images.shape[2:])
    network = read_classifier()
    spread = spread_of(classified(network, stacked))
    expected = NUM_MODES // NUM_CLASSES * PLANTED_CLASSES
    floor = expected_divergence(NUM_PLANTED, expected)
    allowed = STANDARD_ERRORS * divergence_error(NUM_PLANTED, expected)
    alone = spread_of(classified(network, stacked[:1]).expand(NUM_PLANTED, -1))
    return [
        Check(
            f"A sampler of {expected} modes is counted as one, with its divergence.",
            spread.modes == expected and abs(spread.divergence - floor) <= allowed,
            f"{spread.modes} modes, KL {spread.divergence:.4f} at {NUM_PLANTED:,} samples; "
            f"expected {floor:.4f}, allowed {STANDARD_ERRORS:g} standard errors, {allowed:.4f}",
        ),
        Check(
            "A sampler of one image has one mode and the largest divergence, log 1000.",
            alone.modes == 1 and math.isclose(alone.divergence, math.log(NUM_MODES)),
            f"{alone.modes} mode, KL {alone.divergence:.4f} against {math.log(NUM_MODES):.4f}",
        ),
    ]


# What the trained ones did.


def training_checks(trained: Sequence[Trained], budget_kimg: int | None) -> list[Check]:
    """Each method against its untrained self; at the paper's scale, its ordering as well."""
    checks = [_beats_untrained(one) for one in trained]
    if budget_kimg is not None and budget_kimg >= PAPER_KIMG:
        checks += paper_checks({one.method: one for one in trained})
    return checks


def _beats_untrained(one: Trained) -> Check:
    claim = f"{one.method} finds modes that its untrained generator lacks."
    if one.after is None:
        return Check(claim, False, "it ended with non-finite images")
    return Check(
        claim,
        one.after.modes >= 10 * one.before.modes
        and one.after.divergence < one.before.divergence / 2,
        f"{one.before.modes} modes and KL {one.before.divergence:.2f} before, {one.after.modes} "
        f"and {one.after.divergence:.2f} after; asked for: ten times the modes, half the KL",
    )


def paper_checks(trained: dict[str, Trained]) -> list[Check]:
    """The ordering of R3GAN (Huang et al. 2024), Table 1, a check for each of PUBLISHED."""
    return [_paper_check(trained, name) for name in PUBLISHED]


def _paper_check(trained: dict[str, Trained], name: str) -> Check:
    (in_paper, published), ours, other = PUBLISHED[name], trained[OURS].after, trained[name].after
    claim = f"{OURS} covers more than {name}, as in the R3GAN paper."
    if ours is None or other is None:
        return Check(claim, False, "one of them ended with non-finite images")
    return Check(
        claim,
        ours.modes >= other.modes and ours.divergence < other.divergence,
        f"{ours.modes} modes and KL {ours.divergence:.3f} against {other.modes} and "
        f"{other.divergence:.3f}; the paper, on stacked MNIST: 1000 / .03 and {published} of "
        f"{in_paper}",
    )


def _table(trained: Sequence[Trained]) -> Table:
    rows: list[list[Cell]] = [
        [
            one.method,
            one.before.modes,
            None if one.after is None else one.after.modes,
            None if one.after is None else one.after.divergence,
            one.before.num_samples,
            round(one.seconds, 1),
        ]
        for one in trained
    ]
    count = trained[0].before.num_samples
    return Table(
        "Modes and divergence of the averaged generator",
        ("method", "modes untrained", "modes", "KL", "samples", "seconds"),
        rows,
        f"The KL's floor at {count:,} samples is {expected_divergence(count):.3f} (999 / 2n = "
        f"{(NUM_MODES - 1) / 2 / count:.3f}). One seed each, so no ordering is claimed here. The "
        f"paper's scale, on a GPU: python -m lab.validate --part stacked --budget-kimg "
        f"{2 * PAPER_KIMG}; from {PAPER_KIMG:,} kimg on its ordering is a claim.",
    )


def _settings(quick: bool, budget_kimg: int | None) -> dict[str, Any]:
    kimg, width, batch, num_samples, methods = _size(quick, budget_kimg)
    return {
        "originals": f"{ORIGINALS.source} at {ORIGINALS.resolution} pixels",
        "kimg": kimg,
        "architecture": "dcgan",
        "width": width,
        "batch": batch,
        "samples": num_samples,
        "methods": {method.name: dict(method.values) for method in methods},
        "seed": SEED,
    }
