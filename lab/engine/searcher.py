"""The planner as a Ray Tune searcher: a thin adapter, through which every run starts and ends."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from typing import Any

from ray.tune.search import Searcher

from lab.config import config_paths, value_at
from lab.engine.run_callback import RunCallback
from lab.engine.slots import Slot
from lab.engine.watchdog import Fate
from lab.errors import InputError
from lab.plan import Job, Mirror, Outcome, Planner, trial_card
from lab.record import (
    ERROR_FILE,
    IMAGES_SEEN,
    QUALITY,
    RUN_FILE,
    SECONDS_EVALUATING,
    SECONDS_TRAINING,
    TRIAL_FILE,
    Row,
    is_readable,
    run_folder,
    trial_folder,
    write_card,
)
from lab.record.claims import Driver
from lab.record.remote import RemoteFolder
from lab.record.score import final_quality
from lab.record.storage import Storage, open_storage
from lab.run.folder import RunLabel, mark_errored, mark_pruned


class PlannerSearcher(Searcher):  # type: ignore[misc]
    """Asks the planner when a slot is free, and reports to it how each run ended."""

    def __init__(
        self,
        planner: Planner,
        study: Path,
        slot: Slot,
        num_slots: int,
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
        self.mirror = mirror
        self.callbacks: Sequence[RunCallback] = ()
        """Those of Tune's callbacks that are given how each run ended."""
        self.live: dict[str, Job] = {}
        self.given_up: set[str] = set()
        """Tune's ids of the runs that a scheduler stopped for looking poor."""
        self.mistake: str | None = None
        """What a person has to fix before the search can continue; set while it runs."""
        self.avoided: dict[str, str] = {}
        """Nodes that get no more runs: identity -> what a person has to fix there."""
        self._mistaken: defaultdict[tuple[int, int], set[str]] = defaultdict(set)
        """Nodes on which a run, by trial and seed, met something that a person has to fix."""
        self._deaths: defaultdict[tuple[int, int], list[str]] = defaultdict(list)
        """The nodes on which a run, by trial and seed, died since its last evaluation."""
        self._proposals: dict[int, str] = {}
        """Text of each trial.json that no worker is known to have stored yet, by trial."""
        self.fate_of: Callable[[str], Fate] = lambda folder: Fate()
        """What the watchdog knows about the run in a folder, whose worker is gone."""
        self.machines: Callable[[], Mapping[str, str]] = dict
        """Identity -> address of the nodes that may run work now."""
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="ends")
        self._writing: dict[Future[Outcome], tuple[str, Job, Row]] = {}
        """Ends that a thread is noting in the record: Tune's id, the run and its last row."""

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:  # type: ignore[override]
        """The next run for Tune, None when no slot is free, FINISHED at the end."""
        self._look_at_notes()
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
        message = {"job": self._message(job), "avoid": ",".join(self.avoided)}
        return {**_flat(job), **message}

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        # Attempts count from the last stored evaluation: this is one.
        job = self.live[trial_id] = replace(self.live[trial_id], attempt=1)
        self._proposals.pop(job.trial, None)
        self._deaths.pop((job.trial, job.seed), None)
        row = json.loads(result["row"])
        if job.seed == self.planner.explore_job(job.trial).seed:
            self.mirror.report(job.trial, row[IMAGES_SEEN], row[QUALITY])

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        job = self.live.pop(trial_id)
        try:
            self._take_in(trial_id, job, {} if error or result is None else result)
        except InputError as mistake:  # the storage refuses to note it
            self.mistake = self.mistake or str(mistake)

    def _take_in(self, trial_id: str, job: Job, result: dict[str, Any]) -> None:
        if "mistake" in result:
            self._note_mistake(trial_id, job, result["mistake"], result.get("node"))
            return
        if "no_room" in result:
            self.num_slots = max(1, len(self.live))
            text = "there is no room on the cluster for the workers of this run; it waits"
            self._hand_back(trial_id, job, text)
            return
        self.num_slots = min(self.num_slots + 1, self._most_slots)
        if trial_id in self.given_up:
            row = json.loads(result["row"])
            self._note(self._note_pruned, trial_id, job, row)
        elif "score" not in result:
            fate = self.fate_of(self._address(job))
            machines = self.machines()
            job = self._without_lost_machines(job, machines)
            if fate.node is not None and fate.node not in machines:
                self._hand_back(trial_id, job, "the machine that trained this run was lost")
                return
            if fate.node is not None:
                self._deaths[job.trial, job.seed].append(fate.node)
            job = replace(job, attempt=result.get("attempt", job.attempt))
            self._note(self._note_crashed, trial_id, job, {}, result.get("error") or fate.reason)
        else:
            row = json.loads(result["row"])
            self._end(trial_id, job, _finished(job, result, row), row)

    def _end(self, trial_id: str, job: Job, outcome: Outcome, row: Row) -> None:
        self.planner.tell(job, outcome)
        self.mirror.put(self.planner.trial(job.trial))
        again = outcome.status == "errored" and job.attempt < self.planner.settings.max_attempts
        self._announce(trial_id, job, outcome, row, again=again)

    def _announce(
        self, trial_id: str, job: Job, outcome: Outcome, row: Row, *, again: bool
    ) -> None:
        for callback in self.callbacks:
            callback.on_run_end(trial_id, job, outcome, row, again=again)

    def _without_lost_machines(self, job: Job, machines: Mapping[str, str]) -> Job:
        """The job without the attempts that a machine's loss cost.

        A cluster learns of the loss half a minute after the worker's death: at the next one.
        """
        deaths = self._deaths[job.trial, job.seed]
        kept = [node for node in deaths if node in machines]
        lost, deaths[:] = len(deaths) - len(kept), kept
        return replace(job, attempt=max(1, job.attempt - lost))

    def _note_mistake(self, trial_id: str, job: Job, mistake: str, node: str | None) -> None:
        """A person has to fix something: on one node, unless it is so elsewhere as well.

        A run that met it on a second node ends the search, and so does the last node. The record
        keeps the run for a resume.
        """
        machines = self.machines()
        if node is None or len(machines) < 2:
            self.mistake = mistake
            return
        self.avoided[node] = mistake
        met = self._mistaken[job.trial, job.seed]
        met.add(node)
        if len(met) > 1 or not machines.keys() - self.avoided.keys():
            where = " and ".join(sorted(machines.get(one, one) for one in met))
            self.mistake = f"{mistake} (so it was on {where})"
            return
        self._hand_back(
            trial_id,
            job,
            f"on the node {machines.get(node, node)}, which gets no more runs of this search: "
            f"{mistake}",
        )

    def _hand_back(self, trial_id: str, job: Job, why: str) -> None:
        """The run is made later, and this start costs it no attempt."""
        outcome = Outcome(status="errored", error=why)
        self.planner.tell(replace(job, attempt=job.attempt - 1), outcome)
        self._announce(trial_id, job, outcome, {}, again=True)

    def settle(self) -> None:
        """Wait until every end is noted; a storage that refuses is a `mistake`."""
        wait(self._writing)
        self._look_at_notes()

    def _note(
        self, note: Callable[..., Outcome], trial_id: str, job: Job, row: Row, *more: Any
    ) -> None:
        """Have an end without a verdict noted by a thread, and reported to the planner after that.

        Behind a URL that is several requests, for which Tune's loop would wait. The run is not
        tried again before, so that its next start writes after the note.
        """
        self._writing[self._writer.submit(note, job, row, *more)] = trial_id, job, row

    def _look_at_notes(self) -> None:
        for note in [note for note in self._writing if note.done()]:
            trial_id, job, row = self._writing.pop(note)
            try:
                self._end(trial_id, job, note.result(), row)
            except InputError as error:  # the storage refuses to note it
                self.mistake = self.mistake or str(error)

    def _note_pruned(self, job: Job, row: Row) -> Outcome:
        """Stopped for looking poor, neither stable nor failed."""
        folder, within = self._local_folder(job)
        self.storage.fetch(within + RUN_FILE)
        mark_pruned(folder, self._label(job), row)
        self.storage.push(within + RUN_FILE)
        return Outcome(status="pruned")

    def _note_crashed(self, job: Job, row: Row, error: str | None) -> Outcome:
        """A crash is not the GAN's fault: noted in the record, for the planner to retry."""
        folder, within = self._local_folder(job)
        self.storage.fetch(within + RUN_FILE, within + ERROR_FILE)
        text = error or "the worker process died"
        if error is None and (folder / ERROR_FILE).exists():
            text = (folder / ERROR_FILE).read_text(errors="replace").strip()
        mark_errored(folder, self._label(job), text)
        self.storage.push(within + RUN_FILE)
        return Outcome(status="errored", verdict=None, score=None, error=text)

    def _write_trial(self, job: Job) -> None:
        """Write the proposal before its run starts, so that no crash loses it.

        Behind a URL the run's worker stores it: a request in Tune's loop would delay all runs.
        """
        path = trial_folder(self.study, job.trial) / TRIAL_FILE
        for folder in (path.parent, run_folder(self.study, job.trial, job.seed)):
            if folder.is_symlink():
                raise InputError(
                    f"{folder} is a link, and a study is written into its own folders only; put "
                    "the folder itself there, or remove the link"
                )
        if not is_readable(path):
            write_card(path, trial_card(self.planner.explore_job(job.trial)))
            if isinstance(self.storage, RemoteFolder):
                self._proposals[job.trial] = path.read_text()

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
                "avoid": list(self.avoided),
                "fence": self._fence(),
                "proposal": self._proposal(job),
                "gpus": self.slot.gpus,
                "threads": self.slot.threads,
                "config": job.config.model_dump(),
            }
        )

    def _proposal(self, job: Job) -> list[str] | None:
        """The study, path and text of a trial.json that the run's worker is to store first."""
        text = self._proposals.get(job.trial)
        if text is None:
            return None
        path = trial_folder(Path(), job.trial) / TRIAL_FILE
        return [self.storage.name, path.as_posix(), text]

    def _label(self, job: Job) -> RunLabel:
        fence = self._fence()
        number = fence.number if fence else None
        return RunLabel(job.trial, job.seed, job.stage, job.attempt, number)

    def _fence(self) -> Driver | None:
        """This driver as its workers know it behind a URL; None for a folder."""
        storage = self.storage
        if not isinstance(storage, RemoteFolder) or storage.fence is None:
            return None
        return Driver(storage.name, storage.fence, storage.is_conditional)

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Tune pickles searchers to restore them; the lab rebuilds from the record."""
        return {}

    def save(self, checkpoint_path: str) -> None:
        """Nothing: the record is the state (the planner is rebuilt from it)."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing: see `save`."""


def _flat(job: Job) -> dict[str, Any]:
    """A run for Tune's callbacks: every setting by its path, and which run it is."""
    if job.config.trainer is not None:
        settings = dict(job.config.trainer.parameters)
    else:
        settings = {path: value_at(job.config, path) for path in config_paths()}
    of_run = {"trial": job.trial, "seed": job.seed, "stage": job.stage, "origin": job.origin}
    return {**settings, **of_run}


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
