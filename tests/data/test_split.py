"""Batches from a split."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import torch

from lab.data import Pack, PackCard, Split
from lab.data import split as split_module
from lab.data.pack import CARD_FILE, IMAGES_FILE


def test_a_batch_is_the_rows_asked_for_scaled_to_minus_one_to_one(pack: Pack) -> None:
    indices = torch.tensor([5, 0, 5, 39])
    batch = pack.train.batch(indices, "cpu")
    pixels = torch.stack([pack.train[int(i) : int(i) + 1][0] for i in indices])
    assert batch.images.shape == (4, 3, 8, 8)
    assert torch.equal(((batch.images + 1) * 127.5).round().to(torch.uint8), pixels)
    assert torch.equal(batch.labels, pack.train.labels[indices])


def test_black_is_minus_one_and_white_is_one() -> None:
    pixels = torch.tensor([0, 255], dtype=torch.uint8).reshape(1, 1, 2, 1)
    batch = Split(pixels, torch.tensor([-1])).batch(torch.tensor([0]), "cpu")
    assert batch.images.flatten().tolist() == [-1.0, 1.0]


def test_a_batch_is_float32_and_channels_last(pack: Pack) -> None:
    images = pack.train.batch(torch.arange(4), "cpu").images
    assert images.dtype == torch.float32
    assert images.is_contiguous(memory_format=torch.channels_last)
    assert not images.is_contiguous()


def test_mirrored_rows_are_flipped_left_to_right_and_others_are_not(pack: Pack) -> None:
    indices = torch.arange(3)
    plain = pack.train.batch(indices, "cpu").images
    mirrored = pack.train.batch(indices, "cpu", torch.tensor([True, False, True])).images
    assert torch.equal(mirrored[1], plain[1])
    for row in (0, 2):
        assert torch.equal(mirrored[row], plain[row].flip(2))
        assert not torch.equal(mirrored[row], plain[row])
    assert mirrored.is_contiguous(memory_format=torch.channels_last)


def test_heldout_indices_count_from_the_first_heldout_row(pack: Pack) -> None:
    images = np.load(pack.folder / IMAGES_FILE)
    first = torch.from_numpy(images[len(pack.train)]).permute(2, 0, 1)
    assert torch.equal(pack.heldout[0:1][0], first)
    assert len(pack.train) + len(pack.heldout) == len(images)


def test_a_slice_is_a_copy_that_may_be_written(pack: Pack) -> None:
    before = pack.train[0:2]
    pack.train[0:2].zero_()
    assert torch.equal(pack.train[0:2], before)
    assert before.dtype == torch.uint8
    assert before.shape == (2, 3, 8, 8)


def test_a_split_moves_to_a_device_when_a_third_of_its_free_memory_suffices(
    pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = len(pack.train) * 8 * 8 * 3
    monkeypatch.setattr(split_module, "_free_bytes", lambda device: 3 * size)
    moved = pack.train.resident("meta")
    assert moved.batch(torch.arange(4), "meta").images.device.type == "meta"
    assert torch.equal(moved.labels, pack.train.labels)
    monkeypatch.setattr(split_module, "_free_bytes", lambda device: 3 * size - 1)
    assert pack.train.resident("meta") is pack.train


def test_on_the_cpu_the_map_stays(pack: Pack) -> None:
    assert pack.train.resident("cpu") is pack.train


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_resident_or_not_a_gpu_batch_has_the_same_numbers(pack: Pack) -> None:
    indices, mirror = torch.tensor([7, 3, 3]), torch.tensor([True, False, True])
    resident = pack.train.resident("cuda")
    assert resident is not pack.train
    expected = pack.train.batch(indices, "cpu", mirror)
    for split in (pack.train, resident):
        batch = split.batch(indices, "cuda", mirror)
        assert batch.images.is_cuda
        assert torch.equal(batch.images.cpu(), expected.images)
        assert torch.equal(batch.labels.cpu(), expected.labels)
        assert torch.equal(split[2:5].cpu(), pack.train[2:5])


def sparse_pack(folder: Path, num_images: int) -> Path:
    """A pack of black 64x64 colour images that takes no room on the disk."""
    folder.mkdir()
    card = PackCard(
        name="sparse",
        fingerprint="0" * 32,
        num_images=num_images,
        resolution=64,
        channels=3,
        num_classes=0,
        class_names=(),
        licence="none",
        attribution="generated",
        splits={"train": (0, num_images - 10), "heldout": (num_images - 10, num_images)},
    )
    (folder / CARD_FILE).write_text(json.dumps(card.model_dump()))
    header = {"descr": "|u1", "fortran_order": False, "shape": card.image_shape}
    with (folder / IMAGES_FILE).open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        file.truncate(file.tell() + num_images * 64 * 64 * 3)
    return folder


def test_a_set_larger_than_the_memory_limit_is_read(tmp_path: Path) -> None:
    """2.5 GB under a limit of what the process holds plus 256 MB; reading it whole must fail."""
    folder = sparse_pack(tmp_path / "sparse", 200_000)
    program = textwrap.dedent("""
        import resource, sys
        from pathlib import Path
        import numpy as np, torch
        from lab.data import open_pack, training_indices

        torch.set_num_threads(1)
        status = Path("/proc/self/status").read_text()
        held = 1024 * int(status.split("VmData:")[1].split()[0])
        resource.setrlimit(resource.RLIMIT_DATA, (held + 2**28, held + 2**28))
        folder = Path(sys.argv[1])
        try:
            np.load(folder / "images.npy")
        except MemoryError:
            print("too large")
        train = open_pack(folder).train
        for step in range(5):
            images = train.batch(training_indices(len(train), 0, step * 64, 64), "cpu").images
            assert images.shape == (64, 3, 64, 64) and float(images.max()) == -1.0
        print("read", len(train))
    """)
    result = subprocess.run(
        [sys.executable, "-c", program, str(folder)], capture_output=True, text=True, check=False
    )
    assert result.stdout.split("\n")[:2] == ["too large", "read 199990"], result.stderr
