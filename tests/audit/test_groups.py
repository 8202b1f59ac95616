"""Facts about the groups of a pack."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lab.audit.groups import groupings_of
from lab.data import Pack, open_pack
from lab.data.source import Attribute
from lab.errors import InputError
from tests.audit.packs import write_attributed_pack
from tests.runs import write_small_pack


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    rare = np.where(np.arange(600) < 30, np.arange(600) // 10, 3).astype(np.int16)
    attributes = {
        "same": Attribute(("only", "never"), np.zeros(600, dtype=np.int16)),
        "rare": Attribute(("a", "b", "c", "usual"), rare),
    }
    return open_pack(write_attributed_pack(tmp_path_factory.mktemp("packs") / "a", **attributes))


def test_classes_come_first_and_images_without_a_value_are_a_group(pack: Pack) -> None:
    groupings = groupings_of(pack)
    assert [one.name for one in groupings.usable] == ["class", "side"]
    side = groupings.usable[1]
    assert side.groups == ("left", "right", "none")
    without = pack.train.attributes["side"] < 0
    assert side.train[without].unique().tolist() == [2]
    assert sum(side.shares(100)) == pytest.approx(1)


def test_an_attribute_with_one_value_is_one_sentence(pack: Pack) -> None:
    assert "'same' has one value (only), so there are no groups to compare." in (
        groupings_of(pack).note
    )
    with pytest.raises(InputError, match=r"'same' has one value .* leave --attribute same out"):
        groupings_of(pack, ("same",))


def test_rare_values_without_enough_images_leave_nothing_to_compare(pack: Pack) -> None:
    assert "'rare' has fewer than two values with 20 images" in groupings_of(pack).note


def test_rare_values_together_are_other(tmp_path: Path) -> None:
    kinds = (np.arange(600) % 60).astype(np.int16)
    kinds = np.where(kinds < 40, 0, kinds - 39).astype(np.int16)
    names = tuple(f"kind {i}" for i in range(21))
    pack = open_pack(write_attributed_pack(tmp_path / "a", kind=Attribute(names, kinds)))
    (kind,) = groupings_of(pack, ("kind",)).usable
    assert kind.groups == ("kind 0", "other")
    assert kind.merged == names[1:]
    assert kind.shares(len(pack.train))[1] == pytest.approx(1 / 3, abs=0.05)


def test_an_unknown_attribute_is_one_sentence(pack: Pack) -> None:
    with pytest.raises(InputError, match=r"the attribute 'sid' is unknown; did you mean 'side'"):
        groupings_of(pack, ("sid",))


def test_a_pack_without_groups_has_no_fairness(tmp_path: Path) -> None:
    pack = open_pack(write_small_pack(tmp_path / "a", labelled=False))
    groupings = groupings_of(pack)
    assert groupings.usable == ()
    assert groupings.note == (
        "Fairness is not measured: squares has neither classes nor attributes."
    )
    with pytest.raises(InputError, match="--attribute is side, but squares has neither"):
        groupings_of(pack, ("side",))
