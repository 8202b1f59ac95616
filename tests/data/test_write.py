"""Packing: what is written, and that it is written whole or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lab.data.aside import make_folder_whole
from lab.data.pack import IMAGES_FILE, open_pack
from lab.data.source import Source, fit
from lab.data.write import packing_order, write_pack
from lab.errors import InputError
from tests.data.conftest import random_pixels, random_source


def fingerprint_of(source: Source, folder: Path) -> str:
    write_pack(lambda: source, folder, resolution=8)
    return open_pack(folder).card.fingerprint


def test_rows_and_labels_stand_in_the_packing_order(tmp_path: Path) -> None:
    source = random_source()
    write_pack(lambda: source, tmp_path / "pack", resolution=8)
    images = np.load(tmp_path / "pack" / IMAGES_FILE)
    pack = open_pack(tmp_path / "pack")
    order = packing_order(source)
    for row, index in enumerate(order.indices):
        assert np.array_equal(images[row], source.read(index))
    expected = source.labels[order.indices[: order.num_train]].tolist()
    assert pack.train.labels.tolist() == expected


def test_the_fingerprint_is_the_same_for_the_same_images(tmp_path: Path) -> None:
    first = fingerprint_of(random_source(), tmp_path / "first")
    assert fingerprint_of(random_source(), tmp_path / "second") == first


def test_one_pixel_changes_the_fingerprint(tmp_path: Path) -> None:
    source = random_source()

    def touched(index: int) -> np.ndarray:
        image = source.read(index).copy()
        image[3, 3, 0] ^= index == 17
        return image

    before = fingerprint_of(source, tmp_path / "before")
    assert fingerprint_of(replace(source, read=touched), tmp_path / "after") != before


def test_labels_and_splits_change_the_fingerprint(tmp_path: Path) -> None:
    source = random_source(num_classes=0)
    labelled = replace(source, labels=np.zeros(50, np.int64), class_names=("only",))
    given = replace(source, num_train=40)
    other = replace(source, num_train=39)
    places = ("source", "labelled", "given", "other")
    prints = {
        fingerprint_of(each, tmp_path / place)
        for each, place in zip((source, labelled, given, other), places, strict=True)
    }
    assert len(prints) == 4


def test_more_than_fifty_thousand_images_pack(tmp_path: Path) -> None:
    source = random_source(num_images=50_003, side=4, channels=1, num_classes=7)
    write_pack(lambda: source, tmp_path / "pack", resolution=4)
    pack = open_pack(tmp_path / "pack")
    assert (len(pack.train), len(pack.heldout)) == (40_003, 10_000)
    counts = np.bincount(pack.heldout.labels.numpy())
    assert counts.max() - counts.min() <= 1
    last = packing_order(source).indices[-1]
    assert np.array_equal(pack.heldout[9_999:][0, 0].numpy(), source.read(last)[:, :, 0])


def test_too_few_images_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has 4 images; a pack needs at least 5"):
        write_pack(lambda: random_source(num_images=4), tmp_path / "pack", 8)
    with pytest.raises(InputError, match="one image in each of its 6 classes"):
        write_pack(lambda: random_source(num_images=6, num_classes=6), tmp_path / "pack", 8)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("failure", [InputError("a broken image"), KeyboardInterrupt()])
def test_a_pack_that_fails_half_way_leaves_nothing(tmp_path: Path, failure: BaseException) -> None:
    source = random_source(num_images=600)
    seen: list[Path] = []

    def read(index: int) -> np.ndarray:
        if index == packing_order(source).indices[400]:
            seen.extend(tmp_path.rglob(IMAGES_FILE))
            raise failure
        return source.read(index)

    with pytest.raises(type(failure)):
        write_pack(lambda: replace(source, read=read), tmp_path / "pack", 8)
    assert seen, "the failure must come after writing began"
    assert list(tmp_path.iterdir()) == []


KILLED_PACKER = textwrap.dedent("""
    import dataclasses, sys, time
    from pathlib import Path
    from lab.data.write import write_pack
    from tests.data.conftest import random_source

    source = random_source(num_images=600)
    reads = []

    def read(index):
        reads.append(index)
        if len(reads) == 400:
            print("half-way", flush=True)
            time.sleep(600)
        return source.read(index)

    write_pack(lambda: dataclasses.replace(source, read=read), Path(sys.argv[1]), 8)
""")


def test_after_sigkill_no_pack_is_there_and_the_next_attempt_clears_the_rest(
    tmp_path: Path,
) -> None:
    target = tmp_path / "pack"
    command = [sys.executable, "-c", KILLED_PACKER, str(target)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "half-way\n"
        os.kill(process.pid, signal.SIGKILL)
    assert not target.exists()
    assert list(tmp_path.iterdir()), "the killed process was writing"
    write_pack(lambda: random_source(num_images=600), target, 8)
    assert list(tmp_path.iterdir()) == [target]
    assert sorted(path.name for path in target.iterdir()) == [
        "card.json",
        "images.npy",
        "labels.npy",
    ]


def test_of_many_packers_one_packs_and_the_others_wait(tmp_path: Path) -> None:
    loads: list[int] = []
    together = threading.Barrier(6)

    def load() -> Source:
        loads.append(1)
        return random_source()

    def work() -> None:
        together.wait()
        write_pack(load, tmp_path / "pack", 8)
        assert open_pack(tmp_path / "pack").card.num_images == 50
        finished.append(1)

    finished: list[int] = []
    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loads) == 1
    assert len(finished) == 6
    assert list(tmp_path.iterdir()) == [tmp_path / "pack"]


def test_one_who_waited_for_a_packer_that_failed_packs_itself(tmp_path: Path) -> None:
    started, finish = threading.Event(), threading.Event()

    def fail(folder: Path) -> None:
        started.set()
        finish.wait()
        raise InputError("broken")

    def first() -> None:
        with pytest.raises(InputError):
            make_folder_whole(tmp_path / "pack", fail)

    threads = [threading.Thread(target=first)]
    threads[0].start()
    started.wait()
    packing = (random_source, tmp_path / "pack", 8)
    threads.append(threading.Thread(target=write_pack, args=packing))
    threads[1].start()
    finish.set()
    for thread in threads:
        thread.join()
    assert open_pack(tmp_path / "pack").card.num_images == 50


def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    program = textwrap.dedent("""
        import resource, sys
        from pathlib import Path
        from lab.errors import InputError
        from lab.data.write import write_pack
        from tests.data.conftest import random_source

        resource.setrlimit(resource.RLIMIT_FSIZE, (2**16, 2**16))
        try:
            write_pack(lambda: random_source(num_images=600), Path(sys.argv[1]), 8)
        except InputError as error:
            print(error)
    """)
    target = tmp_path / "pack"
    result = subprocess.run(
        [sys.executable, "-c", program, str(target)], capture_output=True, text=True, check=False
    )
    assert f"{target} cannot be written: File too large" in result.stdout, result.stderr
    assert list(tmp_path.iterdir()) == []


def test_digits_get_a_border_at_32_and_are_doubled_at_64() -> None:
    digit = random_pixels(28, 28, 1)
    at_32 = fit(digit, 32, border=2)
    assert np.array_equal(at_32[2:-2, 2:-2], digit)
    assert at_32.sum() == digit.sum(dtype=at_32.sum().dtype)
    assert fit(digit, 64, border=2).shape == (64, 64, 1)
    assert np.array_equal(fit(digit, 28, border=2), digit)


def test_images_stored_channels_first_are_packed_right(tmp_path: Path) -> None:
    images = random_pixels(20, 3, 8, 8).transpose(0, 2, 3, 1)
    source = replace(random_source(20), read=lambda index: images[index])
    write_pack(lambda: source, tmp_path / "pack", 8)
    packed = np.load(tmp_path / "pack" / IMAGES_FILE)
    assert np.array_equal(packed, images[packing_order(source).indices])


def test_the_doubled_digit_keeps_its_mean_and_stays_in_place() -> None:
    digit = np.zeros((28, 28, 1), np.uint8)
    digit[8:20, 6:16] = 200
    doubled = fit(digit, 64, border=2)[:, :, 0].astype(float)
    assert doubled[22:42, 18:34].min() > 180
    assert doubled[:18].max() < 20
    assert doubled.mean() == pytest.approx(np.pad(digit[:, :, 0], 2).mean(), rel=0.05)


def test_the_centre_square_of_a_wide_image_is_kept() -> None:
    wide = np.zeros((16, 40, 3), np.uint8)
    wide[:, 12:28] = 255
    assert fit(wide, 8).min() == 255
    tall = wide.transpose(1, 0, 2)
    assert fit(tall, 8).min() == 255


@pytest.mark.timeout(60)
def test_a_cache_that_is_a_link_to_nothing_is_one_sentence(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.symlink_to(tmp_path / "gone")
    with pytest.raises(InputError, match=r"cache is a link to .*gone, which is not there; make"):
        make_folder_whole(cache / "packs" / "x", lambda folder: None)
