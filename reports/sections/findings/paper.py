"""Where a paper's table, run again, agrees with the paper, and what its first method gains."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from lab.record import StudyRecord
from lab.statistics import Effect, paired_effect
from reports.kit.finding import Finding
from reports.kit.words import counted, listed, percents
from reports.sections.findings.grid import grid_rows, grid_runs


@dataclass(frozen=True)
class Claim:
    """What a paper reports about one method over some settings."""

    sentence: str
    method: str
    settings: str
    """One letter a setting."""
    holds: bool
    """Whether the paper reports that the method trains there, or that it fails."""


MIYATO = (
    Claim("spectral norm holds over A–F", "spectral", "abcdef", True),
    Claim("WGAN-GP fails at D, E and F", "wgan-gp", "def", False),
)
CLAIMS = {"miyato": MIYATO, "miyato_core": MIYATO}
"""Findings of the paper behind a named space (Miyato et al. 2018, section 4.1)."""


def agreements(study: StudyRecord) -> list[Finding]:
    """Where the grid agrees with the paper and where not, by counts; nothing for other spaces."""
    rows = grid_rows(study)
    if rows.empty:
        return []
    claims = [agreement(rows, claim) for claim in CLAIMS.get(study.card.space.name, ())]
    return [*claims, against_others(grid_runs(study))]


def against_others(runs: pd.DataFrame) -> Finding:
    """The grid's first method against every other one, paired on setting and seed."""
    first, *others = list(dict.fromkeys(runs["method"]))
    sentences = []
    most = 0
    for what, values, words in (
        ("stable runs", runs["outcome"].eq("stable"), _points),
        ("quality", runs["final_quality"], _gain),
    ):
        effects = {other: _effect(runs, first, other, values) for other in others}
        effects = {other: effect for other, effect in effects.items() if effect.num_configurations}
        most = max([most, *(effect.num_configurations for effect in effects.values())])
        if effects:
            sentences.append(f"In {what}: {_sorted_out(effects, words)}.")
    return Finding(
        f"{first} against the others, on the same settings and seeds:",
        f"{' '.join(sentences)} Intervals (95%) resample the {counted(most, 'setting')}; from so "
        "few they are too narrow rather than too wide.",
    )


def _sorted_out(effects: dict[str, Effect], words: Callable[[Effect], str]) -> str:
    """Others that it beats, that beat it, that equal it everywhere, and those left open."""
    groups: dict[str, list[str]] = {}
    for other, effect in effects.items():
        low, high = effect.interval
        if low == high == 0:
            groups.setdefault("equal at every setting", []).append(other)
        elif np.isnan(low) or low == high:
            groups.setdefault("no interval", []).append(f"{other} {words(effect)}")
        elif low > 0 or high < 0:
            which = "above" if low > 0 else "below"
            groups.setdefault(which, []).append(f"{other} {words(effect)}")
        else:
            groups.setdefault("not distinguished from", []).append(other)
    order = ("above", "below", "not distinguished from", "equal at every setting", "no interval")
    return "; ".join(f"{name} {listed(groups[name])}" for name in order if name in groups)


def _effect(runs: pd.DataFrame, treated: str, other: str, values: pd.Series[Any]) -> Effect:
    both = runs["method"].isin([treated, other]).to_numpy()
    return paired_effect(
        runs["setting"].to_numpy(dtype=str)[both],
        runs["seed"].to_numpy(dtype=np.int64)[both],
        (runs["method"] == treated).to_numpy()[both],
        values.to_numpy(dtype=np.float64)[both],
        np.random.default_rng(0),
    )


def _points(effect: Effect) -> str:
    """A difference of shares: `+33 points [0, +67]`."""
    low, high = effect.interval
    between = "" if np.isnan(low) or low == high else f" [{100 * low:+.0f}, {100 * high:+.0f}]"
    return f"{100 * effect.difference:+.0f} points{between}"


def _gain(effect: Effect) -> str:
    low, high = effect.interval
    between = "" if np.isnan(low) or low == high else f" [{low:+.2f}, {high:+.2f}]"
    return f"{effect.difference:+.2f}{between}"


def agreement(rows: pd.DataFrame, claim: Claim) -> Finding:
    """One claim of the paper cell by cell.

    A cell agrees when most of its runs ended as the paper reports. That is a statement about these
    runs: the intervals beside it show how little the few seeds of a cell prove.
    """
    of_method = rows[rows["method"] == claim.method].set_index("setting")
    ran = [letter for letter in claim.settings if letter in of_method.index]
    absent = [letter.upper() for letter in claim.settings if letter not in of_method.index]
    if not ran:
        return Finding(f"The paper's “{claim.sentence}” was not tested here.", "")
    cells = of_method.loc[ran]
    mostly = cells["stable"] * 2 > cells["total"]
    agrees = [letter for letter in ran if bool(mostly[letter]) == claim.holds]
    counts = [
        f"{letter.upper()} {cells['stable'][letter]} of {cells['total'][letter]} "
        f"({percents(float(cells['low'][letter]), float(cells['high'][letter]))})"
        for letter in ran
    ]
    against = [letter.upper() for letter in ran if letter not in agrees]
    opening = f"“{claim.sentence[0].upper()}{claim.sentence[1:]}”: "
    if not against:
        verdict = "every setting run here agrees." if absent else "these runs agree."
    elif not agrees:
        verdict = "these runs do not agree."
    else:
        within = listed([letter.upper() for letter in agrees])
        verdict = f"these runs agree at {within}, not at {listed(against)}."
    missing = f" Not run: {listed(absent)}." if absent else ""
    side = cells["low"] > 0.5 if claim.holds else cells["high"] < 0.5
    settled = [letter.upper() for letter in ran if bool(side[letter])]
    proof = (
        "Agreement beyond what so few runs may show by chance (an interval on the paper's side "
        f"of 50%): {listed(settled) or 'no setting'}."
    )
    return Finding(
        opening + verdict,
        f"Stable runs of {claim.method} and the Wilson 95% interval of their share: "
        f"{listed(counts)}.{missing} {proof}",
    )
