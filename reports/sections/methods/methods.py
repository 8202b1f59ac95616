"""Methods: commands, formulas, statistics, metrics, data, versions; and what was left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lab.config import StabilityConfig, value_at
from lab.record import SAMPLES_FOLDER, StudyRecord
from lab.record.columns import MetricNames
from reports.kit.blocks import Block
from reports.kit.markup import Html, element, joined, scrollable
from reports.kit.outcomes import VERDICT_NAMES, glyph, meaning
from reports.kit.table import Cell, table
from reports.kit.words import MISSING, counted, listed, number
from reports.sections.methods.scale import scale_words
from reports.sections.methods.statistics import statistics_section
from reports.study.commands import commands_section, shown_folder
from reports.study.conclusions import is_raced
from reports.study.gallery import MOST_BYTES, Album
from reports.study.left_out import has_own_trainer, left_out
from reports.study.store import MOST_CURVE_BYTES
from reports.study.tables import from_elsewhere, names_of

METRICS = {
    "frechet": "Frechet distance of features; lower is better, biased at few samples",
    "kernel": "kernel distance (KID): unbiased polynomial MMD, block estimate; lower is better",
    "kernel_error": "standard error of the kernel distance",
    "precision": "share of generated images inside the real images' neighbourhoods",
    "recall": "share of real images inside the generated images' neighbourhoods",
    "density": "mean number of real neighbourhoods that a generated image lies in, over k",
    "coverage": "share of real images whose neighbourhood holds a generated image",
    "ct": "C_T: far below 0 generated images lie nearer to training images than held-out ones do",
    "authenticity": "share of generated images that are no near copy of one training image",
    "duplicates": "share of generated images that nearly repeat another generated image",
    "rke": "number of modes by the second-order Renyi entropy of a kernel",
}
NOT_RECORDED = "not recorded"
REQUIRED = tuple(name for name, field in MetricNames.model_fields.items() if field.is_required())
"""Metrics that every record has; older ones lack the others."""


def methods_blocks(study: StudyRecord, album: Album) -> list[Block]:
    """The whole section; `album` holds the pictures that earlier sections put on the page."""
    card = study.card
    facts = {
        "Data": card.data.stored(),
        "Versions": card.versions,
        "Hardware": card.hardware.stored(),
        "Settings": card.settings.stored(),
    }
    return [
        element("h3", "Commands"),
        commands_section(study),
        element("h3", "What this page leaves out, and why"),
        _left_out(study, album),
        element("h3", "Score and verdicts"),
        _formulas(study),
        _folded("The limits behind the verdicts", _thresholds(study)),
        element("h3", "How the statistics are made"),
        statistics_section(),
        *_stages(study),
        element("h3", "Metrics"),
        _metrics(study),
        element("h3", "Data, versions, hardware, settings"),
        element(
            "div",
            *(_facts(title, entries) for title, entries in facts.items()),
            class_="method-columns",
        ),
    ]


def _left_out(study: StudyRecord, album: Album) -> Html:
    """What the record lacks, then what the page leaves out to limit its size."""
    sentences = [*left_out(study), *_pictures(study, album)]
    sentences.append(
        f"Curves take at most {MOST_CURVE_BYTES / 1e6:g} MB, quality and metrics first; a "
        "quantity that does not fit for all runs is kept only for the trials with pictures."
    )
    return element(
        "ul", *(element("li", sentence) for sentence in sentences), class_="method-left-out"
    )


def _pictures(study: StudyRecord, album: Album) -> list[str]:
    """How many runs have their samples here, and where the others' are."""
    if not study.runs:
        return []
    files = f"{shown_folder(study.folder)}/trials/*/seed-*/{SAMPLES_FOLDER}"
    here, whole = len(album.filmstrips), len(study.runs)
    sentences = [
        f"Sample grids of {here:,} of {counted(whole, 'run')} are on this page: the finalists', "
        f"the Pareto set's, one of each failure's, at most {MOST_BYTES / 1e6:g} MB. All are in "
        f"{files}."
    ]
    if album.damaged:
        damaged = sorted(album.damaged)
        more = f" and {len(damaged) - 3:,} more" if len(damaged) > 3 else ""
        sentences.append(f"Pictures that are not WebP: {', '.join(damaged[:3])}{more}.")
    return sentences


def _folded(title: str, body: Html) -> Html:
    return element("details", element("summary", title), scrollable(body, title))


def _formulas(study: StudyRecord) -> Html:
    verdicts = table((Cell([glyph(name), name]), meaning(name)) for name in VERDICT_NAMES)
    return element("div", element("div", *scale_words(study)), verdicts, class_="method-columns")


def _stages(study: StudyRecord) -> list[Html]:
    """How trials were chosen and confirmed; nothing for a study that only explored."""
    if not is_raced(study):
        return []
    settings = study.card.settings
    rungs = [str(seeds) for seeds in settings.seeds]
    text = (
        f"Race: trials have {listed(rungs)} seeds at its rungs, and the better ones are promoted "
        "by their share of stable runs, then by the mean of the objective; all use the same "
        "seeds. "
        "Confirm: the finalists on seeds that no choice was made on, "
        f"{number(settings.confirm)} each; the race's winner is named before any of those "
        "ends. In simulated studies (python -m benchmarks.race.study) the Wilson interval from "
        "such runs contained the winner's true share in 93 to 97% of studies from seven fresh "
        "runs on, and from fewer in 92 to 97%. That is an average over winners: at one given "
        "share the coverage of so few runs may be as low as 85%. The quality's 95% interval is a "
        "percentile bootstrap over seeds; from few seeds such intervals are too narrow: they "
        "contained the true value in about 75% of cases from 3 seeds, 90% from 5 to 7, 94% from "
        "10 on."
    )
    return [element("h3", "Race and confirm"), element("p", text)]


def _thresholds(study: StudyRecord) -> Html:
    rows = []
    for name, field in StabilityConfig.model_fields.items():
        value = value_at(study.card.base, f"stability.{name}")
        # A study of version 0.1 was judged by other limits, which today's do not replace.
        limit = number(value if value is not None or study.is_rescaled else field.default)
        rows.append((name, limit or MISSING, field.description or ""))
    return table(rows)


def _metrics(study: StudyRecord) -> Html:
    metrics = study.card.metrics
    baseline = metrics.baseline
    names = names_of(study).model_dump()
    anchor = metrics.anchor
    kinds = [(kind, name) for kind, name in names.items() if kind in REQUIRED or name in baseline]
    rows = [
        (name, _measured(baseline, name), *([_measured(anchor, name)] if anchor else []),
         METRICS[kind])
        for kind, name in kinds
    ]  # fmt: skip
    nothing = (
        " “Independent pixels” is what images that show nothing score: their every pixel is drawn "
        "independently from that pixel's training values."
        if anchor
        else ""
    )
    if has_own_trainer(study):
        return _own_metric(study, rows)
    protocol = (
        f"Extractor {metrics.extractor or NOT_RECORDED}, "
        f"{number(metrics.num_samples)} generated images an evaluation, nearest "
        f"k = {number(metrics.nearest_k)}, reference: "
        f"{metrics.reference or NOT_RECORDED}. “Real images” is what held-out real images "
        "score against the same reference: the best that a perfect generator could reach."
        f"{nothing}"
    )
    anchored = ["independent pixels"] if anchor else []
    values = table(rows, ("metric", "real images", *anchored, "meaning"), label="Metrics")
    return joined([element("p", protocol), values, *_classes(study)])


def _own_metric(study: StudyRecord, rows: Sequence[tuple[str, ...]]) -> Html:
    """The one distance of a training that the lab did not measure."""
    names = names_of(study)
    values = [row for row in rows if row[0] == names.kernel][:1]
    whose = (
        "that were given with the runs"
        if from_elsewhere(study)
        else "that the space states (METRIC)"
    )
    text = (
        f"{names.kernel} is measured by {study.card.metrics.extractor}, and the lab has not "
        "checked it. Its values for real images and for an untrained generator are those "
        f"{whose}."
    )
    notes = [] if study.card.imported is None else study.card.imported.notes
    head = ("metric", "real images", "untrained", "meaning")
    lines = [(*row[:-1], "distance to real images; lower is better") for row in values]
    return joined(
        [
            element("p", text),
            *(element("p", f"Import: {note}.") for note in notes),
            table(lines, head, label="Metrics"),
        ]
    )


def _measured(values: Mapping[str, float], name: str) -> str:
    return number(values[name]) if name in values else MISSING


def _classes(study: StudyRecord) -> list[Html]:
    """How generated images are classified; nothing where the data has no classes."""
    by = study.card.metrics.class_share_by
    if not by:
        return []
    text = f"Class shares: images are classified by {by}; real shares are measured the same way."
    return [element("p", text)]


def _facts(title: str, data: Any) -> Html:
    entries = data if isinstance(data, Mapping) else {}
    rows = [(str(name), _shown(value)) for name, value in entries.items()]
    return _folded(title, table(rows or [(MISSING, "not recorded")]))


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_shown(item)}" for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(_shown(item) for item in value) or "none"
    return number(value, 4)
