"""How to reproduce a study: commands, versions, data, metrics and their floor, rules, formulas."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.config import MetricNames, StabilityConfig
from lab.record import StudyRecord, trial_folder
from reports.conclusions import conclusions_of, is_raced, leading_trial
from reports.markup import Html, element, joined
from reports.tables import config_value, names_of
from reports.verdicts import VERDICTS, glyph, look
from reports.words import listed, number

METRICS = {
    "frechet": "Frechet distance of features; lower is better, biased at few samples",
    "kernel": "kernel distance (KID): unbiased polynomial MMD, block estimate; lower is better",
    "kernel_error": "standard error of the kernel distance",
    "precision": "share of generated images inside the real images' neighbourhoods",
    "recall": "share of real images inside the generated images' neighbourhoods",
    "density": "how many real neighbourhoods hold a generated image, over k",
    "coverage": "share of real images whose neighbourhood holds a generated image",
    "ct": "C_T: far below 0 generated images lie nearer to training images than held-out ones do",
    "authenticity": "share of generated images that are no near copy of one training image",
    "duplicates": "share of generated images that nearly repeat another one",
    "rke": "number of modes by the second-order Renyi entropy of a kernel",
}
FINALISTS = 3
"""Trials worth confirming in a study that did not race."""
REQUIRED = tuple(name for name, field in MetricNames.model_fields.items() if field.is_required())
"""Metrics that every record has; older ones lack the others."""


def methods(study: StudyRecord) -> Html:
    """The whole section."""
    card = study.study
    parts = [
        element("h3", "Commands"),
        _commands(study),
        element("h3", "Score and verdicts"),
        _formulas(study),
        *_stages(study),
        element("h3", "Metrics"),
        _metrics(study),
        element("h3", "Data, versions, hardware"),
        element(
            "div",
            *(
                _facts(title, card.get(title.lower(), {}))
                for title in ("Data", "Versions", "Hardware", "Settings")
            ),
            class_="cards",
        ),
    ]
    return joined(parts)


def command_of(study: StudyRecord) -> str:
    """The search's command line as it was given, quoted for a shell."""
    command = study.study.get("command") or []
    return shlex.join(str(word) for word in command) if isinstance(command, list) else str(command)


def train_command(study: StudyRecord) -> str | None:
    """The command that trains the leading trial again, or None when nothing is scored."""
    trial = leading_trial(study)
    if trial is None:
        return None
    folder = trial_folder(study.folder, trial)
    return f"python -m lab.train --trial {shown_folder(folder)}"


def confirm_command(study: StudyRecord, num_seeds: int) -> str:
    """The command that goes on to train the finalists on so many fresh seeds each.

    A study that did not race has no finalists, so it is told how many to take.
    """
    race = "" if is_raced(study) else f" --race {min(FINALISTS, len(study.trials))}"
    folder = shown_folder(study.folder)
    return f"python -m lab.search --resume {folder}{race} --confirm {num_seeds}"


def shown_folder(folder: Path) -> str:
    """A folder as a command names it: short where it lies under the working folder, else whole."""
    here = Path.cwd()
    return shlex.quote(str(folder.relative_to(here) if folder.is_relative_to(here) else folder))


def copyable(command: str, what: str = "the command") -> Html:
    """A command, or another text named by `what`, with a button that copies it."""
    button = element("button", "copy", type="button", class_="copy", aria_label=f"Copy {what}")
    return element("div", element("pre", element("code", command)), button, class_="command")


def _commands(study: StudyRecord) -> Html:
    folder = shown_folder(study.folder)
    leader = "best" if conclusions_of(study).recommended is None else "recommended"
    entries = [
        ("The search as it was started", command_of(study)),
        (f"The {leader} trial, trained again", train_command(study)),
        ("Continue or finish this study", f"python -m lab.search --resume {folder}"),
        ("This page, made again", f"python -m reports {folder}"),
    ]
    rows = [
        joined([element("dt", name), element("dd", copyable(command))])
        for name, command in entries
        if command
    ]
    return element("dl", joined(rows), class_="commands")


def _formulas(study: StudyRecord) -> Html:
    names = names_of(study)
    floor = study.study.get("metrics", {}).get("baseline", {}).get(names.kernel)
    score = [
        element("p", "Quality of an evaluation at t images: ", element(
            "span", "u", element("sub", "t"), " = clip(1 − (Q", element("sub", "t"), " − Q",
            element("sub", "rr"), ") / (Q", element("sub", "0"), " − Q", element("sub", "rr"),
            "), 0, 1)", class_="formula"),
            f", where Q is {names.kernel}, Q", element("sub", "0"), " that of the untrained "
            "generator and Q", element("sub", "rr"),
            f" that of held-out real images ({number(floor)}). From a failure on, u is 0."),
        element("p", "Score of a run: ", element(
            "span", "J = (1/T) ∫ u dt", class_="formula"),
            " over images seen, up to the budget T: between 0 and 1, higher is better, finite for "
            "every run."),
        element("p", "Stable: no failure before T and a final quality of at least the target. "
            "Intervals of shares are Wilson's at 95%. The limits behind the verdicts; how well "
            "they name planted failures, python -m lab.validate measures:"),
    ]  # fmt: skip
    meanings = [
        element(
            "tr", element("th", glyph(name), name, scope="row"), element("td", look(name).meaning)
        )
        for name in VERDICTS
    ]
    verdicts = element("table", element("tbody", joined(meanings)), class_="facts")
    return joined([*score[:2], verdicts, score[2], _thresholds(study)])


def _stages(study: StudyRecord) -> list[Html]:
    """How trials were chosen and what confirms them; nothing for a study that only explored."""
    if not is_raced(study):
        return []
    settings = study.study.get("settings") or {}
    rungs = [str(seeds) for seeds in settings.get("seeds") or ()]
    told = (
        f"Race: trials have {listed(rungs)} seeds at its rungs, the better ones going on by their "
        "share of stable runs, then by the mean of the objective; seeds are common to all. "
        "Confirm: the finalists on seeds that no choice was made on, "
        f"{number(settings.get('confirm'))} each; the race's winner is named before any of those "
        "ends. In simulated studies (python -m benchmarks.race_study) the Wilson interval from "
        "such runs held the winner's true share in 93 to 97% of studies from seven fresh runs on, "
        "and from fewer in 92 to 97%. That is an average over winners: at one given share the "
        "coverage of so few runs may be as low as 85%. The quality's 95% interval is a percentile "
        "bootstrap over seeds; from few seeds such intervals are too narrow: they held the truth "
        "in about 75% of cases from 3 seeds, 90% from 5 to 7, 94% from 10 on."
    )
    return [element("h3", "Race and confirm"), element("p", told)]


def _thresholds(study: StudyRecord) -> Html:
    rows = []
    for name, field in StabilityConfig.model_fields.items():
        value = config_value(study.study.get("base", {}), f"stability.{name}")
        shown = number(field.default if value is None else value)
        rows.append(_row(name, shown, field.description or ""))
    return element("table", element("tbody", joined(rows)), class_="facts")


def _metrics(study: StudyRecord) -> Html:
    metrics = study.study.get("metrics", {})
    baseline = metrics.get("baseline", {})
    names = names_of(study).model_dump()
    rows = [
        _row(name, number(baseline[name]) if name in baseline else "–", METRICS[kind])
        for kind, name in names.items()
        if kind in REQUIRED or name in baseline
    ]
    head = element(
        "tr", *(element("th", word, scope="col") for word in ("metric", "real images", "meaning"))
    )
    protocol = (
        f"Extractor {metrics.get('extractor', 'not recorded')}, "
        f"{number(metrics.get('num_samples'))} generated images an evaluation, nearest "
        f"k = {number(metrics.get('nearest_k'))}, reference: "
        f"{metrics.get('reference', 'not recorded')}. “Real images” is what held-out real images "
        "score against the same reference: the best a perfect generator could expect."
    )
    table = element(
        "table", element("thead", head), element("tbody", joined(rows)), class_="facts"
    )
    return joined([element("p", protocol), table])


def _facts(title: str, data: Any) -> Html:
    entries = data if isinstance(data, Mapping) else {}
    rows = [_row(str(name), _shown(value)) for name, value in entries.items()]
    if not rows:
        rows = [_row("–", "not recorded")]
    body = element("table", element("tbody", joined(rows)), class_="facts")
    return element("details", element("summary", title), body, open=True)


def _row(name: str, *values: str) -> Html:
    cells = (element("td", value) for value in values)
    return element("tr", element("th", name, scope="row"), *cells)


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_shown(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(_shown(item) for item in value) or "none"
    return number(value, 4)
