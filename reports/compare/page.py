"""Two studies side by side on one page, or one study at two dates: what differs, and by how much.

Their settings come first, with a warning for each quantity that must not be compared; then their
results, every difference with its interval.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from lab.errors import InputError
from lab.record import read_study, trial_folder, write_whole
from lab.record.storage import Storage, for_reading, in_its_words
from reports.compare.blocks import (
    curve_blocks,
    differs_blocks,
    fate_blocks,
    matched_blocks,
    only_blocks,
    share_blocks,
)
from reports.compare.card import StudyPair, pair_of, same_study
from reports.compare.ends import end_blocks
from reports.compare.rows import ends_of
from reports.kit.blocks import Block, Section
from reports.kit.document import age, contents, document
from reports.kit.markup import Html, element, joined
from reports.kit.words import counted
from reports.study.commands import copyable
from reports.study.tables import from_elsewhere


def store_comparison(first: Storage, second: Storage, out: Path | None = None) -> str:
    """Write the comparison, by default into the first study's folder; returns its path or URL.

    Raises InputError when either is not a study, or both are the same.
    """
    if first.name == second.name or first.folder.resolve() == second.folder.resolve():
        raise InputError(
            f"{first.name} was given twice: there is nothing to compare; give two studies, or a "
            "copy of the folder from another date"
        )
    studies = []
    for storage in (first, second):
        with in_its_words(storage):
            storage.pull(for_reading)
            studies.append(read_study(storage.folder))
    pair = pair_of((studies[0], studies[1]), (first.name, second.name))
    content = build_comparison(pair)
    for storage in (first, second):
        content = content.replace(str(storage.folder), storage.name)
    if out is not None:
        write_whole(out, content.encode())
        return str(out)
    name = f"compare-{second.folder.name}.html"
    first.write(name, content.encode())
    return f"{first.name}/{name}"


def build_comparison(pair: StudyPair, now: datetime | None = None) -> str:
    """The whole HTML document."""
    title = f"{pair.names[0]} against {pair.names[1]}"
    return document(
        f"{title}: comparison",
        [
            _header(pair, title),
            age(now or datetime.now(UTC)),
            contents(SECTIONS),
            element("main", *(it.drawn(pair) for it in SECTIONS), id="main", class_="comparison"),
            element(
                "footer",
                "Made from the two records alone. This page loads nothing from a network.",
            ),
        ],
        ["reports.compare", "reports.sections.findings"],
    )


def _header(pair: StudyPair, title: str) -> Html:
    facts = [
        f"{name}: {counted(len(study.trials), 'trial')}, "
        f"{counted(len(study.runs), 'run')}, {study.card.status}"
        for name, study in zip(pair.names, pair.studies, strict=True)
    ]
    kicker = "One study at two dates" if same_study(pair) else "Two studies compared"
    return element(
        "header",
        element("p", kicker, class_="kicker"),
        element("h1", title),
        *(element("p", fact, class_="facts-line") for fact in facts),
    )


def command_blocks(pair: StudyPair) -> list[Block]:
    """Commands that write this page and each report, and train each leading trial again."""
    entries = [("This page", f"python -m reports {pair.sources[0]} {pair.sources[1]}")]
    for name, study, source in zip(pair.names, pair.studies, pair.sources, strict=True):
        entries.append((f"The report of {name}", f"python -m reports {source}"))
        end = ends_of(study)
        if end is not None and not from_elsewhere(study):
            folder = trial_folder(Path(source), end.trial) if "://" not in source else None
            named = folder or f"{source}/trials/{end.trial:04d}"
            entries.append((f"Trial {end.trial} of {name}, trained again",
                            f"python -m lab.train --trial {named} "
                            f"{study.card.settings.train_options}"))  # fmt: skip
    rows = [joined([element("dt", what), element("dd", copyable(it))]) for what, it in entries]
    return [element("dl", joined(rows), class_="commands")]


SECTIONS: list[Section[StudyPair]] = [
    Section("differs", "What differs", "Are the numbers of the two studies comparable?",
            differs_blocks),
    Section("shares", "Stable runs", "Which study has the larger share of stable runs?",
            share_blocks),
    Section("ends", "Leading trials", "Which trial leads each study?", end_blocks),
    Section("matched", "Matched configurations", "How do equal settings perform in each study?",
            matched_blocks),
    Section("fates", "How runs end", "Do runs fail in different ways, or at different times?",
            fate_blocks),
    Section("curves", "Curves", "Does quality rise at a different pace?", curve_blocks),
    Section("only", "Only in one", "What does only one study have?", only_blocks),
    Section("commands", "Commands", "Which commands reproduce these pages and trials?",
            command_blocks),
]  # fmt: skip
"""The sections of a comparison in reading order."""
