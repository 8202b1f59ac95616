"""Sets that torchvision downloads; imported only when one of them is packed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.config import cache_folder
from lab.data.fashion import BORDER
from lab.data.idx import find_idx_folder, has_idx_files, read_idx
from lab.data.pixels import read_image
from lab.data.shelf import Shelf
from lab.data.source import Source, array_source
from lab.errors import InputError
from lab.torchvision_import import import_torchvision

DIGITS = tuple("0123456789")


def downloads(name: str) -> Path:
    """The folder that a named set's originals are downloaded to."""
    return cache_folder() / "downloads" / name


def open_set(name: str, kind: str, root: Path | None, layout: str, **arguments: Any) -> Any:
    """torchvision's data set class `kind`, from `root`, else downloaded into the cache.

    `layout` names the files that the root must hold, for the error.
    Raises InputError with the remedy.
    """
    dataset = getattr(import_torchvision().datasets, kind)
    folder = downloads(name) if root is None else root
    try:
        return dataset(str(folder), download=root is None, **arguments)
    except (RuntimeError, OSError, ImportError) as error:
        reason = " ".join(str(getattr(error, "reason", error)).split())
        if root is not None:
            reason = reason.removesuffix(". You can use download=True to download it")
            raise InputError(
                f"{name} cannot be read from {root} ({reason}); --root must name the folder that "
                f"holds {layout}, complete and unchanged"
            ) from error
        raise InputError(
            f"{name} cannot be downloaded ({reason}); fetch it where there is a network and name "
            f"the folder that holds {layout} with --root (data.root in a configuration)"
        ) from error


def idx_set(
    name: str,
    kind: str,
    root: Path | None,
    *,
    class_names: tuple[str, ...],
    licence: str,
    attribution: str,
    usual: Sequence[Path] = (),
) -> Source:
    """MNIST or a relative: from `root`, the usual folders, or torchvision's download.

    Its official train files train, its t10k files are held out.
    """
    fetched = downloads(name) / kind / "raw"
    if root is not None:
        folder = find_idx_folder(name, [root, root / "raw", root / kind / "raw"])
    else:
        if not any(has_idx_files(path) for path in (*usual, fetched)):
            open_set(name, kind, None, "its four idx files")
        folder = find_idx_folder(name, [*usual, fetched])
    images = [read_idx(folder, f"{part}-images-idx3-ubyte") for part in ("train", "t10k")]
    labels = [read_idx(folder, f"{part}-labels-idx1-ubyte") for part in ("train", "t10k")]
    return array_source(
        name,
        np.concatenate(images)[:, :, :, None],
        np.concatenate(labels).astype(np.int64),
        class_names,
        licence,
        attribution,
        num_train=len(images[0]),
        border=BORDER,
    )


def cifar(name: str, kind: str, root: Path | None) -> Source:
    """CIFAR-10 or CIFAR-100: 50,000 train and 10,000 test images, 32x32 colour."""
    layout = {"CIFAR10": "cifar-10-batches-py/", "CIFAR100": "cifar-100-python/"}[kind]
    train, test = (open_set(name, kind, root, layout, train=part) for part in (True, False))
    return array_source(
        name,
        np.concatenate([train.data, test.data]),
        np.asarray([*train.targets, *test.targets], dtype=np.int64),
        tuple(train.classes),
        "not stated by its authors",
        f"{kind} (Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/cifar.html)",
        num_train=len(train.data),
    )


def svhn(root: Path | None) -> Source:
    """Street View House Numbers: 73,257 train and 26,032 test digits, 32x32 colour."""
    layout = "train_32x32.mat and test_32x32.mat"
    parts = [open_set("svhn", "SVHN", root, layout, split=part) for part in ("train", "test")]
    return array_source(
        "svhn",
        np.concatenate([_channels_last(part.data) for part in parts]),
        np.concatenate([part.labels for part in parts]).astype(np.int64),
        DIGITS,
        "non-commercial use only",
        "SVHN (Netzer et al. 2011, http://ufldl.stanford.edu/housenumbers)",
        num_train=len(parts[0].data),
    )


def stl10(root: Path | None) -> Source:
    """STL-10's 100,000 unlabelled images, 96x96 colour, as in Miyato et al. 2018."""
    images = open_set("stl10", "STL10", root, "stl10_binary/", split="unlabeled").data
    return array_source(
        "stl10",
        _channels_last(images),
        None,
        (),
        "not stated by its authors; images from ImageNet",
        "STL-10 (Coates, Ng and Lee 2011, https://cs.stanford.edu/~acoates/stl10)",
    )


def celeba(root: Path | None) -> Source:
    """CelebA, aligned and cropped: 162,770 train and 19,962 test faces, unlabelled."""
    layout = "celeba/ with img_align_celeba/ and its list files"
    train, test = (
        open_set("celeba", "CelebA", root, layout, split=part) for part in ("train", "test")
    )
    names = (*train.filename, *test.filename)
    folder = Path(train.root) / train.base_folder / "img_align_celeba"
    shelf = Shelf(folder, names, lambda name: (folder / name).open("rb"))
    return Source(
        name="celeba",
        num_images=len(names),
        channels=3,
        read=lambda index: read_image(shelf, names[index], channels=3),
        labels=None,
        class_names=(),
        licence="non-commercial research only",
        attribution="CelebA (Liu et al. 2015, https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html)",
        num_train=len(train.filename),
    )


def _channels_last(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """[N, C, H, W] -> [N, H, W, C], a view."""
    return images.transpose(0, 2, 3, 1)
