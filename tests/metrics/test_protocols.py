from __future__ import annotations

import pytest

from lab.errors import InputError
from lab.metrics.protocols import Protocol, parse_protocols


def one(name: str, family: str = "fashion") -> Protocol:
    (protocol,) = parse_protocols([name], family)
    return protocol


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("fid50k_full", Protocol("frechet", "inception", 50_000, "full")),
        ("kid50k_full", Protocol("kernel", "inception", 50_000, "full")),
        ("is50k", Protocol("score", "inception", 50_000)),
        ("fid10k_test", Protocol("frechet", "inception", 10_000, "test")),
        ("kid1500_all", Protocol("kernel", "inception", 1_500, "all")),
        ("fd_fashion50k_full", Protocol("frechet", "fashion", 50_000, "full")),
        ("fd_efficientnet50k_full", Protocol("frechet", "efficientnet", 50_000, "full")),
        ("fd_dinov2_50k_full", Protocol("frechet", "dinov2", 50_000, "full")),
        (
            "rke_efficientnet_2k",
            Protocol("column", "efficientnet", 2_000, column="rke_efficientnet_2k"),
        ),
        ("kid_my-tops10k_test", Protocol("kernel", "my-tops", 10_000, "test")),
        ("fd_v2_10k_test", Protocol("frechet", "v2", 10_000, "test")),
        (
            "coverage_fashion_2k",
            Protocol("column", "fashion", 2_000, column="coverage_fashion_2k"),
        ),
        ("fid_2k", Protocol("column", "inception", 2_000, column="fid_2k")),
        ("fd_fashion_1500", Protocol("column", "fashion", 1_500, column="fd_fashion_1500")),
    ],
)
def test_a_name_fixes_metric_extractor_count_and_real_images(
    name: str, expected: Protocol
) -> None:
    assert one(name) == expected
    assert expected.name == name


def test_a_run_s_own_family_has_columns_too() -> None:
    assert one("rke_tops_2k", "tops") == Protocol("column", "tops", 2_000, column="rke_tops_2k")
    with pytest.raises(InputError, match="unknown"):
        one("rke_tops_2k", "fashion")


def test_several_names_may_come_in_one_word_and_twice() -> None:
    found = parse_protocols(["fid50k_full,is50k", "fid50000_full", "is50k"], "fashion")

    assert [protocol.name for protocol in found] == ["fid50k_full", "is50k"]


@pytest.mark.parametrize("name", ["", "fid", "fid50k_train", "fid0_full", "is50k_full", "FID50k"])
def test_an_unknown_name_is_one_sentence_with_the_allowed_ones(name: str) -> None:
    with pytest.raises(InputError, match=f"the protocol '{name}' is unknown") as error:
        one(name)
    for allowed in ("fid50k_full", "is50k", "fd_fashion50k_full", "kid_fashion_2k"):
        assert allowed in str(error.value)


@pytest.mark.parametrize("name", ["fid49_full", "is2000k"])
def test_a_count_out_of_range_is_one_sentence(name: str) -> None:
    with pytest.raises(InputError, match="from 50 to 1,000,000"):
        one(name)


def test_only_distances_and_scores_take_more_samples_than_real_images() -> None:
    equal = ("coverage_fashion_2k", "ct_fashion_2k", "rke_fashion_2k")
    any_count = ("fd_fashion_2k", "kid_fashion_2k_se", "fid50k_full", "kid50k_full", "is50k")

    assert all(one(name).needs_equal_counts for name in equal)
    assert not any(one(name).needs_equal_counts for name in any_count)


def test_a_sentence_states_counts_and_real_images() -> None:
    assert one("fid50k_full").sentence(8_000, 8_000, "inception-v3-compat") == (
        "Frechet distance of 50,000 samples to the moments of all 8,000 training images; "
        "inception-v3-compat"
    )
    assert "to 60,000 of 100,000 held-out images" in one("kid50k_test").sentence(
        100_000, 60_000, "x"
    )


def test_a_column_at_another_number_of_samples() -> None:
    assert one("coverage_fashion_2k").at(80) == "coverage_fashion_80"
    assert one("kid_fashion_2k_se").at(10_000) == "kid_fashion_10k_se"
