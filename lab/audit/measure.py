"""From a finished run to its audit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import torch

from lab.audit.classifier import GroupClassifier
from lab.audit.fairness import attribute_card, balls
from lab.audit.groups import CLASSES, Groupings
from lab.audit.lost import course_of_grids, course_of_rows, grid_features, lost_groups
from lab.audit.membership import LogitAttack, logit_attack
from lab.audit.pictures import save_pairs
from lab.audit.privacy import Estimate, Neighbours, Scores, scores
from lab.audit.real import RealImages, classifiers_of
from lab.audit.sampled import Sampled, sampled
from lab.config import RunConfig
from lab.data import Pack
from lab.record import (
    AUDIT_FILE,
    AUDIT_PICTURE,
    EVALUATIONS_FILE,
    RUN_FILE,
    AuditCard,
    PrivacyCard,
    RunCard,
    read_card,
    read_rows,
    write_card,
)
from lab.run.finished import FinishedRun


@dataclass(frozen=True, eq=False)
class AuditBench:
    """What audits of runs on the same images share."""

    pack: Pack
    real: RealImages
    groupings: Groupings
    device: torch.device


def audit(bench: AuditBench, run: FinishedRun, folder: Path, num_samples: int) -> AuditCard:
    """Measure a run, and write audit.json and the picture of pairs into its folder.

    Raises InputError when the generator makes images that are not finite, and StorageFailed.
    """
    pack, real = bench.pack, bench.real
    usable = bench.groupings.usable
    classifiers = classifiers_of(real, usable, pack.card.fingerprint)
    seen = sampled(run.images(num_samples), real, classifiers)
    ball = balls(real, seen.features)
    num_trained = run.config.data.limit or len(pack.train)
    attributes = [
        attribute_card(one, classifiers[one.name], seen.groups[one.name], ball, real, num_trained)
        for one in usable
    ]
    courses = _courses(bench, run.config, folder, classifiers, num_trained)
    attack = logit_attack(folder, run.config, pack, bench.device)
    card = read_card(folder / RUN_FILE, RunCard)
    made = AuditCard(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        data=pack.card.name,
        extractor=real.extractor.name,
        num_samples=num_samples,
        num_paired=len(ball.generated.covered),
        num_train=num_trained,
        num_heldout=len(pack.heldout),
        verdict=card.verdict.name if card.verdict else "",
        onset_images=card.verdict.onset_images if card.verdict else None,
        attributes=tuple(one.changed(**courses.get(one.name, {})) for one in attributes),
        fairness_note=bench.groupings.note,
        privacy=_privacy(_scores(real, seen), attack, real),
    )
    save_pairs(seen.pairs, pack.train, folder / AUDIT_PICTURE)
    write_card(folder / AUDIT_FILE, made)
    return made


def _scores(real: RealImages, seen: Sampled) -> Scores:
    neighbours = Neighbours(seen.training, seen.heldout, real.heldout_nearest, real.neighbours)
    return scores(neighbours, seen.features, real.members, real.heldout)


def _privacy(of_samples: Scores, attack: LogitAttack, real: RealImages) -> PrivacyCard:
    alarms = of_samples.alarms()
    logit = None
    if attack.separation is not None:
        logit = Estimate(*attack.separation).card()
        alarms += ("logit_attack",) if logit.low > 0.5 else ()
    return PrivacyCard(
        ct=of_samples.ct,
        authenticity=of_samples.authenticity.share.card(),
        authenticity_real=of_samples.authenticity.of_real,
        neighbour_ratio=of_samples.neighbour_ratio.card(),
        near_copies=of_samples.near_copies.share.card(),
        near_copies_real=of_samples.near_copies.of_real,
        distance_attack=Estimate(*of_samples.distance_attack).card(),
        logit_attack=logit,
        logit_note=attack.note,
        num_members=len(real.members),
        alarms=alarms,
    )


def _courses(
    bench: AuditBench,
    config: RunConfig,
    folder: Path,
    classifiers: dict[str, GroupClassifier],
    num_trained: int,
) -> dict[str, dict[str, object]]:
    """Fields `lost` and `lost_by` of each grouping: the classes by their columns, all else by the
    run's sample grids."""
    pack = bench.pack
    rows = read_rows(folder / EVALUATIONS_FILE).rows
    grids = None
    fields: dict[str, dict[str, object]] = {}
    for one in bench.groupings.usable:
        course = None
        if one.name == CLASSES:
            names, shares = _classes(pack, num_trained)
            count = config.evaluation.num_samples
            course = course_of_rows(folder, rows, names, shares, count)
        if course is None:
            if grids is None:
                grids = grid_features(folder, bench.real.extractor, pack.resolution, pack.channels)
            classifier = classifiers[one.name]
            assigned = {at: classifier.assigned(features) for at, features in grids.items()}
            course = course_of_grids(one, classifier, assigned, one.shares(num_trained))
        if course is not None:
            fields[one.name] = {"lost": lost_groups(course), "lost_by": course.source}
    return fields


def _classes(pack: Pack, num_trained: int) -> tuple[Sequence[str], list[float]]:
    """Names of the classes, and their shares of the images that trained."""
    labels = pack.train.labels[:num_trained]
    counts = torch.bincount(labels[labels >= 0], minlength=pack.num_classes).double()
    return list(map(str, pack.card.class_names)), (counts / num_trained).tolist()
