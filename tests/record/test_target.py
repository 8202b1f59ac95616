"""Facts about targets in a metric's own unit."""

from __future__ import annotations

import pytest

from lab.errors import InputError
from lab.record.columns import metric_names
from lab.record.scale import Scale
from lab.record.target import Target, parse_target, quality_of_target, target_column

NAMES = metric_names("inception")


@pytest.mark.parametrize(
    ("text", "target"),
    [
        (".5", Target("quality", 0.5)),
        ("quality=.5", Target("quality", 0.5)),
        ("FID=20", Target("fid", 20.0)),
        ("kid=1e-3", Target("kid", 0.001)),
    ],
)
def test_a_target_is_a_quality_or_a_distance(text: str, target: Target) -> None:
    assert parse_target(text) == target


@pytest.mark.parametrize("text", ["", "fid", "fid=", "fid=-3", "quality=2", "1", "=3", "fid=inf"])
def test_any_other_text_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(InputError, match=r"the target is '.*'; give a quality between 0 and 1"):
        parse_target(text)


def test_a_distance_is_found_by_the_beginning_of_its_column() -> None:
    assert target_column(Target("fid", 20.0), NAMES) == NAMES.frechet
    assert target_column(Target("kid", 0.1), NAMES) == NAMES.kernel
    assert target_column(Target("fd_mine", 1.0), metric_names("mine")) == "fd_mine"
    with pytest.raises(InputError, match=r"names 'is50k'; this run measures fid\S* and kid"):
        target_column(Target("is50k", 9.0), NAMES)


def test_a_target_has_a_quality_by_the_anchors_of_its_own_distance() -> None:
    anchor, baseline = {NAMES.frechet: 400.0}, {NAMES.frechet: 2.0}
    quality = quality_of_target("fid=20", NAMES, anchor, baseline)
    assert quality == Scale(400.0, 2.0).quality(20.0)
    assert 0 < quality_of_target("fid=900", NAMES, anchor, baseline) < 0.01
