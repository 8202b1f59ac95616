"""How outcomes are drawn."""

from __future__ import annotations

from lab.record.verdicts import UNFINISHED, VERDICTS
from reports.kit.outcomes import LIGHT_TEXT, OUTCOMES, in_order, look, meaning, text_on


def test_every_outcome_has_a_meaning_and_no_two_verdicts_share_a_code() -> None:
    assert all(meaning(outcome) for outcome in OUTCOMES)
    styles = [word.style for word in VERDICTS]
    for code in ("colour", "symbol", "dash", "path"):
        assert len({getattr(style, code) for style in styles}) == len(styles), code
    symbols = [word.style.symbol for word in UNFINISHED]
    assert len(set(symbols)) == len(symbols)


def test_an_outcome_of_a_newer_record_is_grey_and_comes_last() -> None:
    assert look("vanished").colour == look("running").colour
    assert meaning("vanished") == ""
    assert in_order({"vanished", "stalled", "stable"}) == ["stable", "stalled", "vanished"]


def test_text_is_light_on_the_dark_blue_alone() -> None:
    assert [outcome for outcome in OUTCOMES if text_on(outcome) == LIGHT_TEXT] == ["degraded"]
