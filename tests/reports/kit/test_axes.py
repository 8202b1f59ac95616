"""Facts about the axis of quality: the distance stands beside u wherever it is known."""

import math

import pytest

from lab.record.scale import Scale
from reports.kit.axes import Ruler, quality_ticks, quality_title, quality_words

RULER = Ruler(Scale(2.67, 0.004), "kid_fashion")


def test_a_quality_is_written_with_its_distance() -> None:
    assert quality_words(0.5, RULER) == "0.50 = kid 0.25"
    assert quality_words(0.5, None) == "0.50"
    assert quality_words(math.nan, RULER) == "nan"


def test_ticks_name_both_and_the_title_names_the_distance() -> None:
    ticks = quality_ticks(RULER)
    assert ticks is not None
    assert ticks[0] == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert ticks[1][0] == "0 · 2.7"
    assert ticks[1][-1] == "1 · 4e-3"
    assert quality_title(RULER) == "quality u · kid_fashion"


@pytest.mark.parametrize("tick", range(6))
def test_the_distance_of_a_tick_has_its_quality(tick: int) -> None:
    ticks = quality_ticks(RULER)
    assert ticks is not None
    distance = float(ticks[1][tick].split(" · ")[1])
    assert RULER.scale.quality(distance) == pytest.approx(ticks[0][tick], abs=0.01)


def test_a_short_axis_has_ticks_of_its_own_and_none_outside_of_0_to_1() -> None:
    ticks = quality_ticks(RULER, 0.91, 1.02)
    assert ticks is not None
    assert len(ticks[0]) > 3
    assert min(ticks[0]) >= 0.91
    assert max(ticks[0]) <= 1.0


def test_without_a_scale_nothing_is_added() -> None:
    assert quality_ticks(None) is None
    assert quality_title(None) == "quality u"
