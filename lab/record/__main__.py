"""``python -m lab.record import | export | schema``: studies from and for other programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from lab.cli import run_commands
from lab.exchange.commands import export_study, import_runs
from lab.record.audit import AuditCard
from lab.record.card import Card
from lab.record.cards import RunCard, StudyCard, TrialCard
from lab.record.names import AUDIT_FILE, RUN_FILE, STUDY_FILE, TRIAL_FILE

PROG = "python -m lab.record"
CARDS: dict[str, type[Card]] = {
    STUDY_FILE: StudyCard,
    TRIAL_FILE: TrialCard,
    RUN_FILE: RunCard,
    AUDIT_FILE: AuditCard,
}


def schemas() -> dict[str, dict[str, Any]]:
    """The JSON schema of each file of cards, by file name."""
    return {name: card.model_json_schema() for name, card in CARDS.items()}


def schema() -> int:
    """Print the JSON schema of each file, as one object by file name."""
    print(json.dumps(schemas(), indent=2))
    return 0


def main(args: list[str] | None = None) -> int:
    """Entry point."""
    commands: dict[str, Callable[..., int]] = {
        "import": import_runs,
        "export": export_study,
        "schema": schema,
    }
    return run_commands(commands, prog=PROG, args=args)


if __name__ == "__main__":
    sys.exit(main())
