"""Facts about the classifier of groups."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from lab.audit.classifier import cached_classifier, confusion_of, train_classifier


def clouds(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Points of three Gaussians in 8 dimensions; the first has nine tenths of them."""
    rng = torch.Generator().manual_seed(seed)
    groups = (torch.rand(count, generator=rng) > 0.9).long()
    groups += groups * torch.randint(0, 2, (count,), generator=rng)
    centres = 3 * torch.eye(3, 8)
    return centres[groups] + torch.randn(count, 8, generator=rng), groups


def test_rare_groups_are_classified_as_well_as_frequent_ones() -> None:
    made = train_classifier(*clouds(2000, 0), *clouds(1000, 1), 3)
    rates = made.confusion.double().diagonal() / made.confusion.sum(dim=1)
    assert rates.min() > 0.85
    assert int(made.confusion.sum()) == 1000


def test_the_confusion_counts_images_by_group_and_assignment() -> None:
    table = confusion_of(torch.tensor([0, 0, 1, 1, 1]), torch.tensor([0, 1, 1, 1, 0]), 2)
    assert table.tolist() == [[1, 1], [1, 2]]


def test_weights_are_cached_and_a_damaged_file_is_made_again(tmp_path: Path) -> None:
    given = (*clouds(300, 0), *clouds(200, 1), 3)
    first = cached_classifier(tmp_path, ("key",), *given)
    (file,) = tmp_path.iterdir()
    written = file.read_bytes()
    assert cached_classifier(tmp_path, ("key",), *given).weight.equal(first.weight)
    file.write_bytes(written[:-5])
    assert cached_classifier(tmp_path, ("key",), *given).confusion.equal(first.confusion)
    assert file.read_bytes() == written
    cached_classifier(tmp_path, ("another",), *given)
    assert len(list(tmp_path.iterdir())) == 2
