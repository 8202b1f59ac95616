"""JSON from anybody."""

from __future__ import annotations

import pytest

from lab.json_text import parsed


def test_what_json_loads_takes_is_taken() -> None:
    assert parsed('{"a": [1, 2.5, "x", null]}') == {"a": [1, 2.5, "x", None]}
    assert parsed(b'"\xc3\xa9"') == "é"
    digits = "3" * 400
    assert parsed(f'"{digits}"') == digits


@pytest.mark.parametrize(
    "text", ["", "{", "9" * 400, '{"a": -' + "1" * 31 + "}", "[" * 100_000, '{"a":' * 50_000]
)
def test_what_would_break_a_reader_later_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"digits|nested|Expecting"):
        parsed(text)
