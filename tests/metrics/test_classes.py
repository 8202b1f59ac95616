"""Facts about class shares, and about which training images are shown as originals."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from lab.config import EvaluationConfig
from lab.data import Pack
from lab.metrics import Labels, PackEvaluator, make_evaluator
from lab.metrics.classes import MOST_CLASSES, classes_of, shares_of
from lab.metrics.evaluator import NUM_SUSPECTS
from lab.metrics.memorisation import suspects
from lab.metrics.nearest import Nearest, TrainingSide, nearest
from lab.record import class_share

ROWS = torch.tensor([[0.0, 0.0], [0.0, 1.0], [9.0, 0.0], [9.0, 1.0]])
HELDOUT = torch.tensor([[0.0, 0.4], [9.0, 0.4], [9.0, 0.6]])
LABELS = Labels(torch.tensor([1, 0, 1, 0]), torch.tensor([0, 1, 1]), 2)
ORDERS = torch.tensor([1, 3, 0, 2]), torch.tensor([0, 1, 2])
"""Behind the rows: images 1, 3, 0, 2, so that their classes are 0, 0, 1, 1."""


def side() -> TrainingSide:
    return TrainingSide(ROWS, nearest(ROWS, ROWS, itself=True), HELDOUT)


def right_of_four(features: Tensor) -> Tensor:
    """A classifier of this very data."""
    return torch.stack([4 - features[:, 0], features[:, 0] - 4], dim=1)


def always_two(features: Tensor) -> Tensor:
    """A classifier of other data, with a class too many."""
    return torch.tensor([0.0, 0.0, 1.0]).expand(len(features), 3)


def test_the_nearest_training_image_names_the_class_through_the_fixed_order() -> None:
    classes = classes_of(LABELS, None, side(), ORDERS)
    assert classes is not None
    assert (classes.accuracy, classes.real) == (1.0, (1 / 3, 2 / 3))
    features = torch.tensor([[0.0, 0.1], [0.1, 0.0], [8.0, 0.0], [0.0, 2.0]])
    columns = classes.columns(features, side().find(features))
    assert columns == {"class_share_0": 0.75, "class_share_1": 0.25}
    by = "the label of the nearest training image, which is right for 100.0%"
    assert classes.by.startswith(by)


def test_a_classifier_names_them_where_it_does_as_well() -> None:
    classes = classes_of(LABELS, right_of_four, side(), ORDERS)
    assert classes is not None
    assert classes.head is right_of_four
    assert "own classifier" in classes.by


def test_a_classifier_of_other_data_loses_to_the_nearest_image() -> None:
    classes = classes_of(LABELS, always_two, side(), ORDERS)
    assert classes is not None
    assert classes.head is None
    assert sum(classes.real) == pytest.approx(1.0)


@pytest.mark.parametrize(
    "labels",
    [
        None,
        LABELS._replace(num_classes=1),
        LABELS._replace(num_classes=MOST_CLASSES + 1),
        LABELS._replace(train=torch.tensor([1, 0, -1, 0])),
        LABELS._replace(heldout=torch.tensor([0, -1, 1])),
    ],
)
def test_data_without_a_class_for_every_image_has_no_shares(labels: Labels | None) -> None:
    assert classes_of(labels, None, side(), ORDERS) is None


def test_a_class_that_no_image_has_gets_zero_and_a_foreign_one_no_column() -> None:
    assert shares_of(torch.tensor([0, 0, 3, 5]), 5) == [0.5, 0.0, 0.0, 0.25, 0.0]


def test_the_embedded_extractor_names_the_classes_of_fashion(
    evaluator: PackEvaluator, pack: Pack
) -> None:
    told = evaluator.description()
    assert told["class_share_by"].startswith(
        "the extractor's own classifier, which is right for 9"
    )
    counts = torch.bincount(pack.heldout.labels, minlength=10).double() / len(pack.heldout)
    assert told["class_share_real"] == pytest.approx(counts.tolist(), abs=0.03)


def test_lost_classes_show_as_shares_near_zero(evaluator: PackEvaluator, pack: Pack) -> None:
    half = pack.heldout[:][pack.heldout.labels < 5]
    found = evaluator.measure(half.repeat(2, 1, 1, 1)[:1000])
    shares = [found[class_share(i)] for i in range(10)]
    assert sum(shares) == pytest.approx(1.0)
    assert sum(shares[:5]) > 0.95


def test_without_labels_there_is_no_column(pack: Pack, tmp_path: Path) -> None:
    config = EvaluationConfig(num_samples=60)
    few = make_evaluator(
        config, pack.train[0:300], pack.heldout[0:60], fingerprint="few", cache=tmp_path
    )
    assert not [name for name in few.measure(pack.train[300:360]) if name.startswith("class_")]
    assert "class_share_real" not in few.description()


def test_the_most_suspicious_sample_is_first_by_its_originals_own_measure() -> None:
    training = Nearest(torch.tensor([4.0, 1.0, 0.0]), torch.tensor([1, 0, 1]))
    found = Nearest(torch.tensor([1.0, 0.5, 2.0, 0.0]), torch.tensor([0, 1, 2, 2]))
    told = suspects(found, training, 3)
    assert told.sample.tolist() == [3, 0, 1]
    assert told.row.tolist() == [2, 0, 1]


def test_served_training_images_are_told_with_the_very_originals(
    evaluator: PackEvaluator, pack: Pack
) -> None:
    images = pack.heldout[0:1000].clone()
    served = torch.arange(5, 5 + NUM_SUSPECTS)
    images[100 : 100 + NUM_SUSPECTS] = torch.cat([pack.train[i : i + 1] for i in served.tolist()])
    found = evaluator.examine(images)
    assert set(found.suspects.tolist()) == set(range(100, 100 + NUM_SUSPECTS))
    copies = zip(found.suspects.tolist(), found.originals.tolist(), strict=True)
    same = [torch.equal(images[i], pack.train[row : row + 1][0]) for i, row in copies]
    assert all(same)
