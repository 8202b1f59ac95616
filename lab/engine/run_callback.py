"""The lab's own callbacks of Ray Tune, which are also given how each run ended."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ray import tune

from lab.plan import Job, Outcome
from lab.record import Row

MESSAGES = ("job", "avoid")
"""Entries of Tune's configurations that are the lab's own messages."""
ROW = "row"
"""The entry of Tune's results with an evaluation as JSON."""


class RunCallback(tune.Callback):  # type: ignore[misc]
    """Starts and evaluations of runs come from Tune, their ends from the searcher.

    To Tune a verdict, a run stopped for looking poor and one without room are all completed
    trials; which of them it is, the searcher works out once for the planner and all callbacks.
    """

    def on_trial_result(
        self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **_: Any
    ) -> None:
        """Tune's own event; results that hold no evaluation end here."""
        row = row_of(result)
        if row is not None:
            self.on_evaluation(trial, row)

    def on_evaluation(self, trial: Any, row: Row) -> None:
        """A run was evaluated; `trial` is Tune's."""

    def on_run_end(
        self, trial_id: str, job: Job, outcome: Outcome, row: Row, *, again: bool
    ) -> None:
        """A start of a run ended, at its last evaluation `row` (empty after a crash).

        `again`: the run is not over, and continues in another trial of Tune.
        """

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Tune pickles callbacks to restore them; the lab rebuilds from the record."""
        return {}


def settings_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """What a person reads of a trial's configuration: all but the lab's own messages."""
    return {name: value for name, value in config.items() if name not in MESSAGES}


def attempt_of(config: Mapping[str, Any]) -> int:
    """Which attempt of its run a trial is."""
    attempt: int = json.loads(config["job"])["attempt"]
    return attempt


def row_of(result: Mapping[str, Any]) -> Row | None:
    """The evaluation in a result, non-finite numbers included; None in one that has none."""
    row: Row | None = json.loads(result[ROW]) if ROW in result else None
    return row
