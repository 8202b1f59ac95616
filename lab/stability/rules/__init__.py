"""The rules, one file a verdict; limits are fields of `StabilityConfig`.

To add a verdict, write `lab/stability/rules/<name>.py` with a frozen `RULE`, and add the name to
`lab.record.verdicts.VERDICTS` at its place of precedence.
"""

from __future__ import annotations

from importlib import import_module

from lab.record import RULED, VerdictName
from lab.stability.history import Onset, RunHistory, number
from lab.stability.rule import Rule


def _rule(name: VerdictName) -> Rule:
    rule: Rule = import_module(f"{__name__}.{name}").RULE
    assert rule.name == name, f"{__name__}.{name} holds the rule {rule.name!r}"
    return rule


RULES: dict[VerdictName, Rule] = {name: _rule(name) for name in RULED}
"""In order of precedence where several hold first at the same row."""


def silent_rules(history: RunHistory) -> dict[VerdictName, tuple[str, ...]]:
    """Rules that could not be applied, as no row has any of their columns, and those columns."""
    silent: dict[VerdictName, tuple[str, ...]] = {}
    for name, rule in RULES.items():
        columns = rule.reads(history.names)
        if not rule.of_some and not has_any(history, columns):
            silent[name] = columns
    return silent


def has_any(history: RunHistory, columns: tuple[str, ...]) -> bool:
    """Whether any row has a number in any of the columns."""
    values = (number(row, column) for row in history.rows for column in columns)
    return any(value is not None for value in values)


def first_failure(history: RunHistory) -> tuple[Rule, Onset] | None:
    """The failure that holds at the earliest row; of several at that row, the first of `RULES`."""
    onsets = [(rule, onset) for rule in RULES.values() if (onset := rule.find(history))]
    return min(onsets, key=lambda failure: failure[1].row, default=None)
