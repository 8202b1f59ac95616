"""docs/record.md names every field and column, and the schemas describe each field."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import lab.record.audit
import lab.record.cards
import lab.record.columns
import lab.record.detector
import lab.record.study_parts
from lab.record.__main__ import main
from lab.record.card import Card
from lab.record.columns import MetricNames, metric_names

DOCUMENT = (Path(__file__).parents[2] / "docs" / "record.md").read_text()
CARDS = [
    card
    for module in (lab.record.cards, lab.record.study_parts, lab.record.detector, lab.record.audit)
    for card in vars(module).values()
    if isinstance(card, type) and issubclass(card, Card) and card.__module__ == module.__name__
]


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.__name__)
def test_every_field_is_in_the_document_with_its_meaning(card: type[Card]) -> None:
    rows = [line for line in DOCUMENT.splitlines() if line.startswith("| `")]
    for name, field in card.model_fields.items():
        assert field.description, name
        meaning = " ".join(field.description.split())
        assert any(
            row.startswith(f"| `{name}` |") and row.endswith(f"| {meaning} |") for row in rows
        ), f"{name}: {meaning}"


def test_every_column_is_in_the_document() -> None:
    constants = {
        name: value
        for name, value in vars(lab.record.columns).items()
        if name.isupper() and isinstance(value, str)
    }
    for name, column in constants.items():
        quoted = f"`{column}" if name.endswith("_PREFIX") else f"| `{column}` |"
        assert quoted in DOCUMENT, name
    for role, column in metric_names("fashion", 2_000).model_dump().items():
        assert f"| `{role}` | `{column}` |" in DOCUMENT
    assert set(MetricNames.model_fields) == set(metric_names("fashion", 2_000).model_dump())


def test_the_schemas_describe_the_files(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    schemas: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert list(schemas) == ["study.json", "trial.json", "run.json", "audit.json"]
    for schema in schemas.values():
        for part in (schema, *schema.get("$defs", {}).values()):
            assert all("description" in it or "$ref" in it for it in part["properties"].values())
    assert schemas["run.json"]["required"] == ["trial", "seed", "status"]


@pytest.mark.parametrize("args", [[], ["shema"], ["schema", "more"]])
def test_another_verb_or_argument_ends_with_code_2(args: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(args)
    assert ended.value.code == 2
