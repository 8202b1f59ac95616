"""Made-up audits beside runs, for everything that reads a record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from lab.record import (
    AUDIT_FILE,
    AUDIT_PICTURE,
    AuditCard,
    AuditedAttributeCard,
    AuditedGroupCard,
    EstimateCard,
    LostGroupCard,
    PrivacyCard,
    write_card,
)

TONES = ("default", "light", "medium-light", "medium", "medium-dark", "dark", "mixed", "none")
CLASSES = ("Smileys & Emotion", "People & Body", "Animals <b>&</b> Nature", "Flags")


def estimate(value: float, half: float = 0.02) -> EstimateCard:
    return EstimateCard(value=value, low=max(0.0, value - half), high=value + half)


def attribute(
    name: str, groups: tuple[str, ...], seed: int, **fields: Any
) -> AuditedAttributeCard:
    """Groups whose shares differ a little from the data's."""
    draw = np.random.default_rng(seed)
    data = draw.dirichlet(np.full(len(groups), 3.0))
    shares = 0.7 * data + 0.3 * draw.dirichlet(np.full(len(groups), 3.0))
    cards = [
        AuditedGroupCard(
            name=group,
            data=float(of_data),
            share=estimate(float(share)),
            assigned=float(share),
            num_heldout=50,
            right=0.8,
            precision=None if at == 0 else estimate(0.6),
            precision_real=0.7,
            coverage=estimate(0.5),
            coverage_real=0.9,
            standing=float(min(share / of_data, 0.5 / 0.9)),
        )
        for at, (group, of_data, share) in enumerate(zip(groups, data, shares, strict=True))
    ]
    return AuditedAttributeCard(
        name=name,
        groups=tuple(sorted(cards, key=lambda it: it.standing or 0.0)),
        accuracy=0.83,
        total_variation=estimate(0.11),
        total_variation_of_equal=0.03,
        lost_by="8 sample grids of 64 images in samples/",
        **fields,
    )


def audit_card(seed: int = 0, *, copies: bool = False) -> AuditCard:
    """An audit of two attributes."""
    lost = LostGroupCard(group="dark", since_images=48_000)
    never = LostGroupCard(group="Flags", since_images=0, never_had=True)
    return AuditCard(
        created="2026-03-01T10:00:00+00:00",
        data="emoji-mini",
        extractor="emoji-v1",
        num_samples=2805,
        num_paired=732,
        num_train=2805,
        num_heldout=732,
        verdict="collapsed" if copies else "stable",
        onset_images=48_000 if copies else None,
        attributes=(
            attribute("class", CLASSES, seed, lost=(never,) if copies else ()),
            attribute("skin tone", TONES, seed + 1, lost=(lost,) if copies else ()),
        ),
        privacy=PrivacyCard(
            ct=-9.3 if copies else 1.2,
            authenticity=estimate(0.4 if copies else 0.6),
            authenticity_real=0.6,
            neighbour_ratio=estimate(2.4 if copies else 1.1, 0.3),
            near_copies=estimate(0.2 if copies else 0.01),
            near_copies_real=0.01,
            distance_attack=estimate(0.52, 0.03),
            logit_attack=estimate(0.8 if copies else 0.6),
            logit_note="critic after 64,000 images",
            num_members=2805,
            alarms=("ct", "authenticity", "near_copies") if copies else (),
        ),
    )


def put_audit(run: Path, seed: int = 0, *, copies: bool = False, picture: bool = True) -> None:
    """audit.json of a run, and its picture."""
    run.mkdir(parents=True, exist_ok=True)
    write_card(run / AUDIT_FILE, audit_card(seed, copies=copies))
    if picture:
        draw = np.random.default_rng(seed)
        pixels = draw.integers(0, 255, (208, 400, 3), dtype=np.uint8)
        (run / AUDIT_PICTURE).parent.mkdir(exist_ok=True)
        Image.fromarray(pixels).save(run / AUDIT_PICTURE, "WEBP")
