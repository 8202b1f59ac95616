"""The section `terms`: one section for each term of the catalogue, made from its line there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field, create_model

from lab.catalogue import TERMS, TermEntry
from lab.config.base import ConfigSection
from lab.config.scalars import scheduled
from lab.config.sections import OwnTermKind


def _section(name: str, entry: TermEntry) -> type[ConfigSection]:
    fields: dict[str, Any] = {
        "weight": (
            scheduled(ge=0.0, le=1e6),
            Field(default=0.0, description=f"Weight of {entry.summary}; 0: left out."),
        ),
        "every_steps": (
            int,
            Field(
                default=entry.every_steps,
                ge=1,
                le=1024,
                description="Interval in steps of the term, whose weight it multiplies.",
            ),
        ),
    }
    if entry.has_kind:
        kind = Field(default="none", description=f"Class of {entry.summary.split(',')[0]}.")
        fields["kind"] = (OwnTermKind, kind)
    for key, (default, summary, low, high) in entry.settings.items():
        fields[key] = (
            scheduled(ge=low, le=high),
            Field(default=default, description=summary),
        )
    return _made(f"{name.title().replace('-', '')}Config", fields)


def _terms() -> type[ConfigSection]:
    sections: dict[str, Any] = {}
    for name, entry in TERMS.items():
        section = _section(name, entry)
        sections[name.replace("-", "_")] = (
            section,
            Field(default=section(), description=entry.summary),
        )
    return _made("TermsConfig", sections)


def _made(name: str, fields: dict[str, Any]) -> type[ConfigSection]:
    """A section as an attribute of this module, where other processes look for it."""
    section = create_model(name, __base__=ConfigSection, __module__=__name__, **fields)
    globals()[name] = section
    return section


if TYPE_CHECKING:
    TermsConfig = ConfigSection
else:
    TermsConfig = _terms()
