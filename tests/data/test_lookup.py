"""Finding data sets: the embedded one, named ones, and those that are not there."""

from __future__ import annotations

import gzip
import importlib.util
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from lab.config import DataConfig, cache_folder
from lab.data import Pack, find, torchvision_sets
from lab.data.fashion import DEBIAN_FOLDER, EMBEDDED_FILE
from lab.data.idx import FILES, read_idx
from lab.data.named import NAMED
from lab.errors import InputError
from tests.data.conftest import random_pixels


@pytest.fixture(scope="module")
def fashion_mini(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pack]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAB_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield find(DataConfig())


def test_fashion_mini_is_ten_thousand_images_split_by_class(fashion_mini: Pack) -> None:
    card = fashion_mini.card
    assert (card.name, card.num_images, card.resolution) == ("fashion-mini", 10_000, 32)
    assert (card.channels, card.num_classes, card.class_names[9]) == (1, 10, "Ankle boot")
    assert card.splits == {"train": (0, 8000), "heldout": (8000, 10_000)}
    assert fashion_mini.train.labels.bincount().tolist() == [800] * 10
    assert fashion_mini.heldout.labels.bincount().tolist() == [200] * 10


def test_fashion_mini_never_changes(fashion_mini: Pack) -> None:
    """A new fingerprint would make the numbers of old studies incomparable with new ones."""
    assert fashion_mini.card.fingerprint == "c4fccb1318d5e33a653373c9faa28a70"


def test_fashion_mini_is_padded_with_black_to_32(fashion_mini: Pack) -> None:
    images = fashion_mini.train[:500]
    border = torch.ones(32, 32, dtype=torch.bool)
    border[2:-2, 2:-2] = False
    assert images[:, :, border].max() == 0
    assert images[:, :, ~border].max() == 255


def test_any_first_images_of_fashion_mini_show_all_classes(fashion_mini: Pack) -> None:
    assert fashion_mini.train.labels[:200].bincount(minlength=10).min() > 0


def test_fashion_mini_carries_its_licence_and_is_small(fashion_mini: Pack) -> None:
    assert fashion_mini.card.licence == "MIT"
    assert "Zalando SE" in fashion_mini.card.attribution
    folder = Path(torchvision_sets.__file__).parent / "embedded"
    assert (folder / EMBEDDED_FILE).stat().st_size <= 4_500_000
    assert "Copyright © 2017 Zalando SE" in (folder / "LICENSE.txt").read_text()


def test_the_second_find_opens_the_same_pack(fashion_mini: Pack, capsys: Any) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAB_CACHE", str(fashion_mini.folder.parent.parent))
        again = find(DataConfig())
    assert again.folder == fashion_mini.folder
    assert "packing" not in capsys.readouterr().err


def test_importing_the_data_part_loads_neither_torchvision_nor_pillow() -> None:
    program = (
        "import sys, lab.data; "
        "print([name for name in ('torchvision', 'PIL', 'rich.progress') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.stdout.strip() == "[]", result.stderr


@pytest.mark.skipif(not DEBIAN_FOLDER.exists(), reason="Debian's dataset-fashion-mnist is absent")
def test_fashion_mnist_is_found_where_debian_puts_it() -> None:
    pack = find(DataConfig(source="fashion-mnist", resolution=28))
    assert (len(pack.train), len(pack.heldout)) == (60_000, 10_000)
    assert pack.train.labels.bincount().tolist() == [6000] * 10
    originals = read_idx(DEBIAN_FOLDER, "t10k-images-idx3-ubyte")
    assert pack.heldout[:].sum(dtype=torch.int64).item() == originals.sum(dtype=np.int64)


def write_idx(folder: Path, *, compressed: bool) -> Path:
    """Twenty train and ten test digits in the original files' format."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        count = 20 if name.startswith("train") else 10
        shape = (count, 28, 28) if "images" in name else (count,)
        data = random_pixels(*shape) if "images" in name else np.arange(count, dtype=np.uint8) % 10
        content = struct.pack(f">4B{len(shape)}i", 0, 0, 8, len(shape), *shape) + data.tobytes()
        path = folder / (f"{name}.gz" if compressed else name)
        path.write_bytes(gzip.compress(content) if compressed else content)
    return folder


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("place", [".", "raw", "MNIST/raw"])
def test_mnist_is_read_from_a_given_root(tmp_path: Path, compressed: bool, place: str) -> None:
    write_idx(tmp_path / "root" / place, compressed=compressed)
    config = DataConfig(source="mnist", root=str(tmp_path / "root"))
    pack = find(config)
    assert (len(pack.train), len(pack.heldout)) == (20, 10)
    assert (pack.resolution, pack.num_classes) == (32, 10)


def test_a_root_without_the_files_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"mnist is not in .*give the folder .* with --root"):
        find(DataConfig(source="mnist", root=str(tmp_path)))


@pytest.mark.parametrize("name", FILES)
def test_a_torn_idx_file_is_one_sentence(tmp_path: Path, name: str) -> None:
    folder = write_idx(tmp_path / "root", compressed=False)
    path = folder / name
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(InputError, match=f"{name} is no whole idx file"):
        find(DataConfig(source="mnist", root=str(folder)))


def test_a_torn_gzip_file_is_one_sentence(tmp_path: Path) -> None:
    folder = write_idx(tmp_path / "root", compressed=True)
    path = folder / f"{FILES[0]}.gz"
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(InputError, match=r"\.gz cannot be read"):
        find(DataConfig(source="mnist", root=str(folder)))


def give_torchvision(monkeypatch: pytest.MonkeyPatch, **kinds: Any) -> None:
    module = SimpleNamespace(datasets=SimpleNamespace(**kinds))
    monkeypatch.setattr(torchvision_sets, "import_torchvision", lambda: module)


def test_no_network_is_one_sentence_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    def offline(root: str, **arguments: Any) -> Any:
        assert arguments["download"]
        raise OSError("Name or service not known")

    give_torchvision(monkeypatch, CIFAR10=offline)
    with pytest.raises(
        InputError,
        match=r"cifar10 cannot be downloaded \(Name or service not known\); .* with --root",
    ) as caught:
        find(DataConfig(source="cifar10"))
    assert "\n" not in str(caught.value)
    assert list((cache / "packs").iterdir()) == []


def test_a_wrong_root_is_one_sentence_and_downloads_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def absent(root: str, **arguments: Any) -> Any:
        assert root == str(tmp_path)
        assert not arguments["download"]
        raise RuntimeError("Dataset not found or corrupted.")

    give_torchvision(monkeypatch, SVHN=absent)
    with pytest.raises(InputError, match=r"svhn cannot be read from .*train_32x32\.mat"):
        find(DataConfig(source="svhn", root=str(tmp_path)))


def test_cifar_keeps_its_official_split(monkeypatch: pytest.MonkeyPatch) -> None:
    images = random_pixels(30, 32, 32, 3)

    def cifar(root: str, train: bool, download: bool) -> Any:
        part = slice(0, 20) if train else slice(20, 30)
        labels = list(range(30))[part]
        return SimpleNamespace(
            data=images[part],
            targets=[label % 3 for label in labels],
            classes=["air", "bird", "car"],
        )

    give_torchvision(monkeypatch, CIFAR10=cifar, CIFAR100=cifar)
    for name in ("cifar10", "cifar100"):
        pack = find(DataConfig(source=name))
        assert (len(pack.train), len(pack.heldout), pack.channels) == (20, 10, 3)
        assert pack.card.class_names == ("air", "bird", "car")
        official = images[20:].sum(dtype=np.int64)
        assert pack.heldout[:].sum(dtype=torch.int64).item() == official


@pytest.mark.parametrize(("name", "kind", "side"), [("svhn", "SVHN", 32), ("stl10", "STL10", 96)])
def test_sets_with_channels_first_come_out_upright(
    monkeypatch: pytest.MonkeyPatch, name: str, kind: str, side: int
) -> None:
    """The red channel brightens to the right and the green one downwards."""
    ramp = np.linspace(0, 255, side).astype(np.uint8)
    image = np.zeros((3, side, side), np.uint8)
    image[0], image[1] = ramp[None, :], ramp[:, None]
    data = np.repeat(image[None], 20, axis=0)
    give_torchvision(
        monkeypatch,
        **{kind: lambda root, **_: SimpleNamespace(data=data, labels=np.arange(20) % 10)},
    )
    red, green, blue = find(DataConfig(source=name)).train[0:1][0].float()
    assert red[:, -1].min() > 240
    assert red[:, 0].max() < 15
    assert green[-1].min() > 240
    assert green[0].max() < 15
    assert blue.max() == 0


def test_celeba_is_read_file_by_file_from_its_root(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from PIL import Image

    folder = tmp_path / "celeba" / "img_align_celeba"
    folder.mkdir(parents=True)
    for i in range(12):
        Image.fromarray(np.full((218, 178, 3), 20 * i, np.uint8)).save(folder / f"{i}.jpg")

    def celeba(root: str, split: str, download: bool) -> Any:
        numbers = range(9) if split == "train" else range(9, 12)
        names = [f"{i}.jpg" for i in numbers]
        return SimpleNamespace(root=root, base_folder="celeba", filename=names)

    give_torchvision(monkeypatch, CelebA=celeba)
    pack = find(DataConfig(source="celeba", resolution=64, root=str(tmp_path)))
    shades = sorted(round(float(image.float().mean()) / 20) for image in pack.heldout[:])
    assert shades == [9, 10, 11]
    assert pack.num_classes == 0


def test_all_sets_of_the_issue_are_named() -> None:
    expected = (
        "fashion-mini emoji-mini emoji fashion-mnist mnist cifar10 cifar100 svhn stl10 celeba"
    )
    assert set(NAMED) == set(expected.split())


def test_the_installed_torchvision_has_every_set_the_lab_asks_for() -> None:
    if importlib.util.find_spec("torchvision") is None:
        pytest.skip("torchvision is absent")
    datasets = torchvision_sets.import_torchvision().datasets
    for kind in ("MNIST", "FashionMNIST", "CIFAR10", "CIFAR100", "SVHN", "STL10", "CelebA"):
        assert hasattr(datasets, kind)


def test_an_unknown_set_names_the_nearest(cache: Path) -> None:
    with pytest.raises(InputError, match=r"the data set 'cifar-10' is unknown.*'cifar10'"):
        find(DataConfig(source="cifar-10"))
    assert not cache.exists()


def test_a_file_that_is_no_zip_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(InputError, match="neither a folder nor a zip"):
        find(DataConfig(source=str(tmp_path / "notes.txt")))
    with pytest.raises(InputError, match="is not there"):
        find(DataConfig(source=str(tmp_path / "gone.zip")))


def test_a_pack_of_another_resolution_is_one_sentence(pack: Pack) -> None:
    with pytest.raises(InputError, match=r"data\.resolution is 32 but the pack .* holds 8x8"):
        find(DataConfig(source=str(pack.folder)))


def test_a_damaged_pack_in_the_cache_is_one_sentence(fashion_mini: Pack, tmp_path: Path) -> None:
    folder = cache_folder() / "packs" / fashion_mini.folder.name
    folder.mkdir(parents=True)
    (folder / "card.json").write_bytes((fashion_mini.folder / "card.json").read_bytes())
    with pytest.raises(InputError, match=r"images\.npy is missing; remove that folder and pack"):
        find(DataConfig())
