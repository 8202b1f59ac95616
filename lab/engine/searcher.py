"""The planner as a Ray Tune searcher: a thin adapter, through which every run starts and ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from ray.tune.search import Searcher

from lab.engine.slots import Slot
from lab.errors import InputError
from lab.plan import Job, Mirror, Outcome, Planner, trial_card
from lab.record import (
    ERROR_FILE,
    QUALITY,
    RUN_FILE,
    SECONDS_EVALUATING,
    SECONDS_TRAINING,
    TRIAL_FILE,
    is_readable,
    run_folder,
    trial_folder,
    write_card,
)
from lab.record.score import final_quality
from lab.record.storage import Storage, open_storage
from lab.run.folder import RunLabel, mark_errored, mark_pruned


class Watcher(Protocol):
    """What follows the runs: the live display."""

    def run_started(self, job: Job) -> None: ...

    def run_evaluated(self, job: Job, row: dict[str, Any]) -> None: ...

    def run_ended(
        self, job: Job, outcome: Outcome, row: dict[str, Any], *, again: bool
    ) -> None: ...


class PlannerSearcher(Searcher):  # type: ignore[misc]
    """Asks the planner when a slot is free, and reports to it how each run ended."""

    def __init__(
        self,
        planner: Planner,
        study: Path,
        slot: Slot,
        num_slots: int,
        watcher: Watcher,
        mirror: Mirror,
        storage: Storage | None = None,
    ) -> None:
        super().__init__()
        self.planner = planner
        self.study = study
        self.storage = storage or open_storage(str(study))
        """The study; `study` is its folder, or this process's copy of a remote one."""
        self.slot = slot
        self.num_slots = num_slots
        self._most_slots = num_slots
        self.watcher = watcher
        self.mirror = mirror
        self.live: dict[str, Job] = {}
        self.given_up: set[str] = set()
        """Tune's ids of the runs that a scheduler stopped for looking poor."""
        self.mistake: str | None = None
        """What a person has to fix before the search can continue; set while it runs."""
        self.why_died: Callable[[str], str | None] = lambda folder: None
        """Why the watchdog killed the worker of the run in a folder, if it did."""

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:  # type: ignore[override]
        """The next run for Tune, None when no slot is free, FINISHED at the end."""
        if self.planner.finished or self.mistake is not None:
            return str(Searcher.FINISHED)
        if len(self.live) >= self.num_slots:
            return None
        try:
            job = self.planner.ask()
            if job is None:
                return None
            self._write_trial(job)
        except InputError as error:
            self.mistake = str(error)
            return str(Searcher.FINISHED)
        self.mirror.put(self.planner.trial(job.trial))
        self.live[trial_id] = job
        self.watcher.run_started(job)
        return {"job": self._message(job)}

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        self.watcher.run_evaluated(self.live[trial_id], json.loads(result["row"]))

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        job = self.live.pop(trial_id)
        result = {} if error or result is None else result
        if "mistake" in result:
            self.mistake = result["mistake"]  # the record keeps the run for a resume
            return
        if "no_room" in result:
            self._hand_back(job)
            return
        self.num_slots = min(self.num_slots + 1, self._most_slots)
        if trial_id in self.given_up:
            row = json.loads(result["row"])
            outcome = self._pruned(job, row)
        elif "score" not in result:
            job = replace(job, attempt=result.get("attempt", job.attempt))
            try:
                outcome, row = self._crashed(job, result.get("error")), {}
            except InputError as mistake:
                self.mistake = str(mistake)
                return
        else:
            row = json.loads(result["row"])
            outcome = _finished(job, result, row)
        self.planner.tell(job, outcome)
        self.mirror.put(self.planner.trial(job.trial))
        again = outcome.status == "errored" and job.attempt < self.planner.settings.max_attempts
        self.watcher.run_ended(job, outcome, row, again=again)

    def _hand_back(self, job: Job) -> None:
        """The cluster has no room for another gang: the run waits until others end."""
        self.num_slots = max(1, len(self.live))
        text = "there is no room on the cluster for the workers of this run; it waits"
        outcome = Outcome(status="errored", error=text)
        self.planner.tell(replace(job, attempt=job.attempt - 1), outcome)  # costs no attempt
        self.watcher.run_ended(job, outcome, {}, again=True)

    def _pruned(self, job: Job, row: dict[str, Any]) -> Outcome:
        """Stopped for looking poor: noted in the record, neither stable nor failed."""
        folder, within = self._local_folder(job)
        self.storage.pull(lambda path: path == within + RUN_FILE)
        mark_pruned(folder, _label(job), row)
        self.storage.push(within + RUN_FILE)
        return Outcome(status="pruned")

    def _crashed(self, job: Job, error: str | None) -> Outcome:
        """A crash is not the GAN's fault: noted in the record, for the planner to retry."""
        folder, within = self._local_folder(job)
        self.storage.pull(
            lambda path: path.startswith(within) and path.endswith((RUN_FILE, ERROR_FILE))
        )
        text = error or self.why_died(self._address(job)) or "the worker process died"
        if error is None and (folder / ERROR_FILE).exists():
            text = (folder / ERROR_FILE).read_text(errors="replace").strip()
        mark_errored(folder, _label(job), text)
        self.storage.push(within + RUN_FILE)
        return Outcome(status="errored", verdict=None, score=None, error=text)

    def _write_trial(self, job: Job) -> None:
        """Write the proposal before its run starts, so that no crash loses it."""
        path = trial_folder(self.study, job.trial) / TRIAL_FILE
        if not is_readable(path):
            write_card(path, trial_card(self.planner.explore_job(job.trial)))
            self.storage.push(path.relative_to(self.study).as_posix())

    def _local_folder(self, job: Job) -> tuple[Path, str]:
        """The run's folder, and its path within the study, with a slash at its end."""
        folder = run_folder(self.study, job.trial, job.seed)
        return folder, f"{folder.relative_to(self.study).as_posix()}/"

    def _address(self, job: Job) -> str:
        """The run's folder as every node knows it: a path or a URL."""
        return f"{self.storage.name}/{run_folder(Path(), job.trial, job.seed)}"

    def _message(self, job: Job) -> str:
        """The job as one string: Tune flattens and copies what it is given as a mapping."""
        return json.dumps(
            {
                "folder": self._address(job),
                "trial": job.trial,
                "stage": job.stage,
                "attempt": job.attempt,
                "max_attempts": self.planner.settings.max_attempts,
                "config": job.config.model_dump(),
            }
        )

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Tune pickles searchers to restore them; the lab rebuilds from the record."""
        return {}

    def save(self, checkpoint_path: str) -> None:
        """Nothing: the record is the state (the planner is rebuilt from it)."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing: see `save`."""


def _label(job: Job) -> RunLabel:
    return RunLabel(job.trial, job.seed, job.stage, job.attempt)


def _finished(job: Job, result: dict[str, Any], row: dict[str, Any]) -> Outcome:
    """The outcome of a run that has its verdict, as a rebuilt planner reads it from run.json."""
    verdict, onset = str(result["verdict"]), result["onset_images"]
    return Outcome(
        "finished",
        verdict,
        float(result["score"]),
        quality=final_quality(row[QUALITY], verdict),
        life=1.0 if onset is None else min(1.0, onset / job.config.training.budget_images),
        seconds=row[SECONDS_TRAINING] + row[SECONDS_EVALUATING],
    )
