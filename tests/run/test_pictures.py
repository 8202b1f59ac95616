"""The picture of generated images over training images that a finished run leaves."""

from pathlib import Path

import pytest
import torch
from PIL import Image

from lab.config import RunConfig
from lab.data import open_pack
from lab.gan.sampling import encode_webp, grid
from lab.metrics import Examination
from lab.record import RUN_FILE, neighbours_file
from lab.run.pictures import COLUMNS, save_lookalikes
from tests.runs import finish, poisoned, stop_after


def test_rows_of_images_stand_over_rows_of_their_originals(pack: Path, tmp_path: Path) -> None:
    train = open_pack(pack).train
    images = torch.arange(40, dtype=torch.uint8).view(-1, 1, 1, 1).expand(40, *train[:1].shape[1:])
    suspects, originals = torch.arange(20).flip(0), torch.arange(20) + 7
    path = tmp_path / "out.webp"
    save_lookalikes(images, Examination({}, suspects, originals), train, path)

    rows = [images[suspects[:8]], train[7:15], images[suspects[8:16]], train[15:23]]
    assert path.read_bytes() == encode_webp(grid(torch.cat(rows), COLUMNS))
    with Image.open(path) as picture:
        assert picture.size == (8 * 32, 4 * 32)


def test_a_run_has_the_picture_at_its_end_alone(undisturbed: Path) -> None:
    assert [path.name for path in (undisturbed / "samples").glob("neighbours-*")] == [
        neighbours_file(undisturbed, 192).name
    ]


def test_a_run_killed_between_its_verdict_and_its_end_makes_the_same_picture(
    config: RunConfig, undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(Exception):
        pass

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("lab.run.loop.save_lookalikes", killed)
        with pytest.raises(Killed):
            finish(config, tmp_path)
    assert not neighbours_file(tmp_path, 192).exists()
    assert '"finished"' not in (tmp_path / RUN_FILE).read_text()
    finish(config, tmp_path)
    assert (
        neighbours_file(tmp_path, 192).read_bytes()
        == neighbours_file(undisturbed, 192).read_bytes()
    )


def test_a_run_stopped_early_has_none(config: RunConfig, tmp_path: Path) -> None:
    stop_after(config, tmp_path, 2)
    assert not list((tmp_path / "samples").glob("neighbours-*"))


def test_images_that_are_not_finite_have_no_originals(config: RunConfig, tmp_path: Path) -> None:
    with poisoned(9):
        finish(config, tmp_path)
    assert not list((tmp_path / "samples").glob("neighbours-*"))
