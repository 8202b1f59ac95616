"""Facts about groups that a run lost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from lab.audit.classifier import GroupClassifier
from lab.audit.groups import Grouping
from lab.audit.lost import Course, course_of_grids, course_of_rows, grid_features, lost_groups
from lab.metrics.extractors import Extractor
from lab.record import SAMPLES_FOLDER

TIMES = [0, 64, 128, 192, 256]


def course(*shares: list[float], num_samples: int = 500) -> Course:
    """Two groups of equal shares; `shares` are the first one's at each evaluation."""
    return Course(
        ("a", "b"), TIMES, [[one, 1 - one] for one in shares[0]], [0.5, 0.5], num_samples, ""
    )


def test_a_group_that_is_gone_to_the_end_is_lost_from_its_first_absence() -> None:
    (lost,) = lost_groups(course([0.5, 0.4, 0.0, 0.0, 0.0]))
    assert (lost.group, lost.since_images, lost.back_images) == ("a", 128, None)
    assert not lost.never_had


def test_a_group_that_comes_back_has_both_dates() -> None:
    (lost,) = lost_groups(course([0.5, 0.0, 0.0, 0.4, 0.5]))
    assert (lost.since_images, lost.back_images) == (64, 192)


def test_one_evaluation_without_a_group_is_no_loss_but_at_the_end() -> None:
    assert lost_groups(course([0.5, 0.0, 0.5, 0.5, 0.5])) == ()
    assert lost_groups(course([0.5, 0.5, 0.5, 0.5, 0.0]))[0].since_images == 256


def test_what_a_run_lacks_at_its_start_was_not_lost_and_what_it_never_had_is() -> None:
    assert lost_groups(course([0.0, 0.0, 0.3, 0.4, 0.5])) == ()
    (never,) = lost_groups(course([0.0, 0.0, 0.0, 0.0, 0.0]))
    assert never.never_had


def test_few_samples_do_not_show_a_loss() -> None:
    assert lost_groups(course([0.5, 0.5, 0.0, 0.0, 0.0], num_samples=4)) == ()


def test_the_columns_of_class_shares_are_a_course(tmp_path: Path) -> None:
    rows = [{"images_seen": count, "class_share_0": 0.5, "class_share_1": 0.5} for count in TIMES]
    made = course_of_rows(tmp_path, [{"images_seen": 1}, *rows], ("x", "y"), [0.4, 0.6], 500)
    assert made is not None
    assert list(made.images_seen) == TIMES
    assert list(made.real) == [0.4, 0.6]
    assert course_of_rows(tmp_path, [{"images_seen": 1}], ("x", "y"), [0.4, 0.6], 500) is None


class Brightness(torch.nn.Module):
    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor]:
        return (images.float().mean(dim=(1, 2, 3))[:, None] / 255,)


def test_sample_grids_are_cut_into_images_and_classified(tmp_path: Path) -> None:
    folder = tmp_path / SAMPLES_FOLDER
    folder.mkdir()
    for count, bright in ((0, 8), (64, 8), (128, 0), (192, 0)):
        grid = np.zeros((64, 64, 3), dtype=np.uint8)
        grid[:, : bright * 4] = 255
        Image.fromarray(grid).save(folder / f"{count:08d}.webp", lossless=True)
    (folder / "00000256.webp").write_bytes(b"torn")
    Image.fromarray(grid[:60]).save(folder / "00000320.webp")
    extractor = Extractor("b", "b", "b", Brightness(), torch.device("cpu"), 100)
    features = grid_features(tmp_path, extractor, 8, 1)
    assert list(features) == [0, 64, 128, 192]
    assert all(len(one) == 64 for one in features.values())
    classifier = GroupClassifier(
        torch.zeros(1),
        torch.ones(()),
        torch.tensor([[-1.0], [1.0]]),
        torch.tensor([0.5, -0.5]),
        torch.tensor([[9, 1], [0, 10]]),
    )
    both = torch.arange(40) % 2
    grouping = Grouping("light", ("dark", "bright"), both, both)
    assigned = {at: classifier.assigned(one) for at, one in features.items()}
    made = course_of_grids(grouping, classifier, assigned, [0.5, 0.5])
    assert made is not None
    assert made.shares[0] == [0.5, 0.5]
    assert made.real == [0.45, 0.55]
    (lost,) = lost_groups(made)
    assert (lost.group, lost.since_images) == ("bright", 128)
