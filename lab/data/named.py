"""The named sets: one line of description each, and how to read their original files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lab.data import emoji, fashion, torchvision_sets
from lab.data.source import Source


@dataclass(frozen=True)
class NamedSet:
    """An entry of `python -m lab.data list`."""

    about: str
    load: Callable[[Path | None], Source]
    """The source, given the folder of its original files or None for the usual places."""


NAMED: dict[str, NamedSet] = {
    "fashion-mini": NamedSet(
        "10,000 of Fashion-MNIST's images, 28x28 grey, 10 classes; comes with the lab",
        lambda root: fashion.fashion_mini(),
    ),
    "emoji-mini": NamedSet(
        "3,655 emoji with captions, 32x32 colour, 9 classes; comes with the lab",
        lambda root: emoji.emoji_mini(),
    ),
    "emoji": NamedSet(
        "the same emoji drawn at 136x136 from Debian's packages",
        emoji.emoji,
    ),
    "fashion-mnist": NamedSet(
        "70,000 articles of clothing, 28x28 grey, 10 classes",
        lambda root: torchvision_sets.idx_set(
            "fashion-mnist",
            "FashionMNIST",
            root,
            class_names=fashion.CLASS_NAMES,
            licence=fashion.LICENCE,
            attribution=fashion.ATTRIBUTION,
            usual=[fashion.DEBIAN_FOLDER],
        ),
    ),
    "mnist": NamedSet(
        "70,000 handwritten digits, 28x28 grey, 10 classes",
        lambda root: torchvision_sets.idx_set(
            "mnist",
            "MNIST",
            root,
            class_names=torchvision_sets.DIGITS,
            licence="CC BY-SA 3.0",
            attribution="MNIST (LeCun, Cortes and Burges 1998)",
        ),
    ),
    "cifar10": NamedSet(
        "60,000 photographs, 32x32 colour, 10 classes",
        lambda root: torchvision_sets.cifar("cifar10", "CIFAR10", root),
    ),
    "cifar100": NamedSet(
        "60,000 photographs, 32x32 colour, 100 classes",
        lambda root: torchvision_sets.cifar("cifar100", "CIFAR100", root),
    ),
    "svhn": NamedSet("99,289 house numbers, 32x32 colour, 10 classes", torchvision_sets.svhn),
    "stl10": NamedSet("100,000 unlabelled photographs, 96x96 colour", torchvision_sets.stl10),
    "celeba": NamedSet(
        "182,732 unlabelled faces, 178x218 colour; downloading needs `pip install gdown`",
        torchvision_sets.celeba,
    ),
}
