"""Facts about the part of the validation on texts, at a small size."""

from __future__ import annotations

import pytest

from lab.validate import texts


def test_what_ignores_its_texts_is_deaf_and_what_follows_them_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(texts, "SHARES", (0.0, 0.5))
    monkeypatch.setattr(texts, "QUICK_RUNS", 3)
    said: list[str] = []
    part = texts.validate(True, 1, said.append)
    assert part.passed
    assert [tuple(row[2:]) for row in part.tables[0].rows] == [(3, 0), (0, 3)]
    assert said == ["0% followed: 3 of 3 runs deaf", "50% followed: 0 of 3 runs deaf"]
