"""Facts about k of n in words."""

from reports.kit.shares import RunShare


def test_a_share_never_comes_without_its_wilson_interval() -> None:
    assert str(RunShare(5, 5)) == "5 of 5 (Wilson 95%: 57–100%)"
    assert RunShare(1_300, 2_400).brief == "1,300 of 2,400 (52–56%)"


def test_without_runs_the_interval_is_everything() -> None:
    assert RunShare(0, 0).interval == (0.0, 1.0)
