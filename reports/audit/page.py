"""The page of `python -m lab.audit RUN --out audit.html`: the report's section of these runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from lab.record import AUDIT_PICTURE, AuditCard
from reports.kit.blocks import Section
from reports.kit.document import document
from reports.kit.markup import Html, element
from reports.kit.words import counted, day
from reports.sections.audit import SECTION
from reports.sections.audit.audit import QUESTION, TITLE, audit_blocks
from reports.sections.audit.audited import Audited, pairs_words
from reports.study.gallery import webp_uri


def build_audit_page(audits: Sequence[tuple[str, Path, AuditCard]]) -> str:
    """The whole HTML document of runs: each one's name, folder and audit."""
    runs = [Audited(name, card, _picture(folder, name)) for name, folder, card in audits]
    section = Section("audit", TITLE, QUESTION, partial(audit_blocks, runs))
    made = day(datetime.now(UTC).isoformat())
    return document(
        "Fairness and privacy",
        [
            element(
                "header",
                element("p", "Audit", class_="kicker"),
                element("h1", "Fairness and privacy of " + counted(len(runs), "run")),
                element("p", f"Made on {made}", class_="facts-line"),
            ),
            element("main", section.drawn(), id="main"),
            element("footer", "Made from audit.json of these runs alone. This page loads nothing "
                    "from a network."),
        ],
        [SECTION.package],
    )  # fmt: skip


def _picture(folder: Path, name: str) -> Html | None:
    uri = webp_uri(folder / AUDIT_PICTURE)
    return None if uri is None else element("img", src=uri, alt=pairs_words(name))
