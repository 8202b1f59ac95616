"""Families of settings: what stands together wherever the page lists the settings of a space."""

from __future__ import annotations

from collections.abc import Iterable

FAMILIES = {
    "network": ("network",),
    "objective": ("loss", "penalty", "vae", "text"),
    "remedies": ("terms", "augmentation"),
    "optimizer": ("optimizer",),
    "training": ("training",),
    "data": ("data",),
}
"""The first parts of each family's paths, in the order of the page."""
OTHER = "other settings"
"""Of the evaluation and of the limits, and paths that this version does not have."""
FAMILY_OF_PART = {part: family for family, parts in FAMILIES.items() for part in parts}
"""In the order of the page."""
_ORDER = [*FAMILIES, OTHER]


def family_of(path: str) -> str:
    """`optimizer` of `optimizer.critic.lr`."""
    return FAMILY_OF_PART.get(path.split(".", 1)[0], OTHER)


def family_order(path: str) -> int:
    """A key that sorts paths by family, in the order of the page."""
    return _ORDER.index(family_of(path))


def by_family(paths: Iterable[str]) -> dict[str, list[str]]:
    """The paths of each family; families, and paths within them, in order of first appearance."""
    families: dict[str, list[str]] = {}
    for path in paths:
        families.setdefault(family_of(path), []).append(path)
    return families


def with_headings(paths: Iterable[str]) -> list[tuple[str, str]]:
    """(path, its family's name where a heading stands before it, else ""), family by family.

    Settings of a single family need no heading.
    """
    families = by_family(paths)
    return [
        (path, family if i == 0 and len(families) > 1 else "")
        for family, of_family in families.items()
        for i, path in enumerate(of_family)
    ]
