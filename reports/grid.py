"""A paper's table: known points that form settings x methods, and where it agrees with the paper.

A known point is named `<setting>-<method>`, say `d-wgan-gp`. Any space whose points fill at least
two settings of two methods shows the matrix; what the paper found is known for Miyato's alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from lab.record import StudyRecord
from lab.stability.statistics import interquartile_mean
from reports.finding import Finding
from reports.markup import Html, element, joined
from reports.tables import explored, finished, run_table, trial_table
from reports.verdicts import glyph, in_order
from reports.words import counted, fixed, images, listed, percents, wilson_bounds


@dataclass(frozen=True)
class Claim:
    """What a paper says of one method over some settings."""

    sentence: str
    method: str
    settings: str
    """One letter a setting."""
    holds: bool
    """Whether it says that the method trains there, or that it fails."""


CLAIMS = {
    "miyato": (
        Claim("spectral norm holds over A–F", "spectral", "abcdef", True),
        Claim("WGAN-GP fails at D, E and F", "wgan-gp", "def", False),
    )
}
"""Findings of the paper behind a named space (Miyato et al. 2018, section 4.1)."""


def grid_rows(study: StudyRecord) -> pd.DataFrame:
    """One row a filled cell: setting, method, stable, total, low, high, quality, failures.

    Over explore runs, the same number for every cell; `quality` is the interquartile mean of the
    final quality, failures as 0. Empty unless two settings share two methods.
    """
    runs = finished(explored(run_table(study))).join(trial_table(study)[["origin"]], on="trial")
    found = []
    for origin, own in runs.groupby("origin", sort=False):
        kind, _, name = str(origin).partition(":")
        setting, _, method = name.partition("-")
        if kind != "known" or not setting or not method:
            continue
        stable = int((own["outcome"] == "stable").sum())
        low, high = wilson_bounds(stable, len(own))
        quality = float(interquartile_mean(own["final_quality"].to_numpy(dtype=float)))
        failures = tuple(in_order(set(own["outcome"]) - {"stable"}))
        found.append((setting, method, stable, len(own), low, high, quality, failures))
    columns = ["setting", "method", "stable", "total", "low", "high", "quality", "failures"]
    rows = pd.DataFrame(found, columns=columns)
    return rows if _has_a_square(rows) else rows.iloc[:0]


def agreements(study: StudyRecord) -> list[Finding]:
    """Where the grid agrees with the paper and where not, by counts; nothing for other spaces."""
    space = (study.study.get("space") or {}).get("name")
    rows = grid_rows(study)
    if rows.empty:
        return []
    return [agreement(rows, claim) for claim in CLAIMS.get(str(space), ())]


def agreement(rows: pd.DataFrame, claim: Claim) -> Finding:
    """One claim of the paper cell by cell.

    A cell agrees when most of its runs went as the paper says. That is a statement on these runs:
    the intervals that go with it say how little a cell's few seeds prove.
    """
    own = rows[rows["method"] == claim.method].set_index("setting")
    ran = [letter for letter in claim.settings if letter in own.index]
    absent = [letter.upper() for letter in claim.settings if letter not in own.index]
    if not ran:
        return Finding(f"The paper's “{claim.sentence}” was not put to the test here.", "")
    cells = own.loc[ran]
    mostly = cells["stable"] * 2 > cells["total"]
    agrees = [letter for letter in ran if bool(mostly[letter]) == claim.holds]
    told = [
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
        f"Beyond what so few runs may show by luck (an interval on the paper's side of 50%): "
        f"{listed(settled) or 'no setting'}."
    )
    return Finding(
        opening + verdict,
        f"Stable runs of {claim.method} and the Wilson 95% interval of their share: "
        f"{listed(told)}.{missing} {proof}",
    )


def grid_section(study: StudyRecord) -> Html | None:
    """The matrix of settings x methods; None for a study without one."""
    rows = grid_rows(study)
    if rows.empty:
        return None
    settings = sorted(rows["setting"].unique())
    methods = list(dict.fromkeys(rows["method"]))
    cells = {(row["setting"], row["method"]): row for row in rows.to_dict("records")}
    head = element("tr", element("th", "method", scope="col"),
                   *(element("th", _title(name), scope="col") for name in settings))  # fmt: skip
    lines = [
        element(
            "tr",
            element("th", method, scope="row"),
            *(_cell(cells.get((setting, method))) for setting in settings),
        )
        for method in methods
    ]
    table = element(
        "table", element("thead", head), element("tbody", joined(lines)), class_="grid"
    )
    budget = float(run_table(study)["budget_images"].max())
    data = (study.study.get("data") or {}).get("name", "unknown data")
    most = int(rows["total"].max())
    low, high = wilson_bounds(most, most)
    note = (
        f"Explore runs at {images(budget)} images each on {data}: stable of total, then the "
        "interquartile mean of the final quality, failures as 0, and the shapes of the failures "
        f"seen. The greener, the more were stable. With {counted(most, 'run')} a cell even all "
        f"stable says only that the share is {percents(low, high)} (Wilson 95%)."
    )
    return element(
        "div",
        element("h3", "Methods by setting"),
        element("div", table, class_="scroll"),
        element("p", note, class_="note"),
        class_="wide",
        id="grid",
    )


def _cell(row: dict[Any, Any] | None) -> Html:
    if row is None:
        return element("td", "not run", class_="empty-cell")
    stable, total, failures = row["stable"], row["total"], row["failures"]
    title = f"Wilson 95%: {percents(row['low'], row['high'])}"
    if failures:
        title += f"; failures: {listed(failures)}"
    return element(
        "td",
        element("b", f"{stable}/{total}"),
        element("small", f"u {fixed(row['quality'])}"),
        *(glyph(name) for name in failures),
        style=f"--share:{100 * stable / total:.0f}%",
        title=title,
    )


def _title(setting: str) -> str:
    return setting.upper() if len(setting) == 1 else setting


def _has_a_square(rows: pd.DataFrame) -> bool:
    """Whether two settings share two methods."""
    methods = [set(own["method"]) for _, own in rows.groupby("setting")]
    return any(
        len(one & other) >= 2 for i, one in enumerate(methods) for other in methods[i + 1 :]
    )
