"""Settings of runs that no log holds: from a table with a row a run, or from the runs' names."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from lab.errors import InputError, nearest
from lab.exchange.finding import FoundRun
from lab.record import Scalar
from lab.stability.logs.settings import as_setting

RUN = "run"
"""The column of a table that names the run."""
PLACEHOLDER = re.compile(r"\{([A-Za-z_][\w.]*)\}")
NUMBER = r"[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?"
"""Looked for first: the hyphen of `1e-4` divides nothing."""
MOST_NAMED = 3


def with_table(runs: Sequence[FoundRun], path: Path) -> list[FoundRun]:
    """The runs with the settings of a CSV table over those of their logs.

    The column `run` holds the run's name, the name of its file, or its path; every other column is
    a setting, and an empty cell none.
    Raises InputError for a table without that column, and where a run has no row or two.
    """
    table = _read_table(path)
    missing: list[str] = []
    result: list[FoundRun] = []
    used: set[str] = set()
    for run in runs:
        names = [name for name in _names_of(run) if name in table]
        if not names:
            missing.append(run.name)
            continue
        used.add(names[0])
        result.append(replace(run, settings={**run.settings, **table[names[0]]}))
    if missing:
        close = nearest(missing[0], table.keys() - used, 1)
        raise InputError(
            f"{path} has no row for {_listed(missing)}{close}; add one, with the run's name in "
            f"the column '{RUN}', or do not give the run"
        )
    return result


def _names_of(run: FoundRun) -> list[str]:
    """What a table may call a run."""
    path = PurePosixPath(run.name)
    file = run.source
    return [run.name, f"{run.name}{file.suffix}", file.name, path.name, str(file)]


def _read_table(path: Path) -> dict[str, dict[str, Scalar]]:
    """The settings of each run by its name."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, ValueError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"--settings {path} cannot be read: {reason}; give a CSV table") from None
    columns = list(rows[0]) if rows else []
    if RUN not in columns:
        raise InputError(
            f"--settings {path} has the columns {', '.join(map(str, columns)) or 'of no row'} and "
            f"no '{RUN}'; name each run there as its file or folder is called"
        )
    table: dict[str, dict[str, Scalar]] = {}
    for row in rows:
        name = (row.pop(RUN) or "").strip()
        if name in table:
            raise InputError(f"--settings {path} has two rows for the run '{name}'; leave one out")
        table[name] = {
            str(column).strip(): as_setting(cell)
            for column, cell in row.items()
            if column and isinstance(cell, str) and cell.strip()
        }
    return table


def with_pattern(runs: Sequence[FoundRun], pattern: str) -> list[FoundRun]:
    """The runs with settings from their names, say by `lr{lr}-seed{seed}`.

    The pattern describes a run's whole name, or its last parts where it has as many slashes.
    Raises InputError for a pattern without a placeholder, and for names that do not match it.
    """
    if not PLACEHOLDER.search(pattern):
        raise InputError(
            f"--pattern is '{pattern}', which names no setting; write it in braces, say "
            "'lr{lr}-seed{seed}'"
        )
    names = PLACEHOLDER.findall(pattern)
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise InputError(f"--pattern '{pattern}' has {{{repeated}}} twice; give each name once")
    expression = _expression(pattern)
    num_parts = pattern.count("/") + 1
    result: list[FoundRun] = []
    failed: list[str] = []
    for run in runs:
        parts = PurePosixPath(run.name).parts
        end = "/".join(parts[-num_parts:])
        match = expression.fullmatch(run.name) or expression.fullmatch(end)
        if match is None:
            failed.append(run.name)
            continue
        values = dict(zip(names, map(as_setting, match.groups()), strict=True))
        result.append(replace(run, settings={**run.settings, **values}))
    if failed:
        raise InputError(
            f"--pattern '{pattern}' does not match {_listed(failed)}; describe every name, or do "
            "not give the run"
        )
    return result


def _expression(pattern: str) -> re.Pattern[str]:
    texts = PLACEHOLDER.split(pattern)[::2]
    return re.compile(f"({NUMBER}|[^/]+?)".join(map(re.escape, texts)))


def _listed(names: Sequence[str]) -> str:
    """`the run 'a'`, `3 runs ('a', 'b', 'c')`"""
    if len(names) == 1:
        return f"the run '{names[0]}'"
    more = ", ..." if len(names) > MOST_NAMED else ""
    return f"{len(names)} runs ({', '.join(map(repr, names[:MOST_NAMED]))}{more})"
