"""A Tune trainable whose `step()` returns the next evaluation of a run; its actor is reused."""

from __future__ import annotations

import json
import traceback
from pkgutil import resolve_name
from typing import Any

from ray import tune

from lab.engine.cluster import this_node
from lab.engine.gang.gang import GangPlan, TrainGang
from lab.engine.runs import (
    Answer,
    Evaluations,
    JobMessage,
    answer_of,
    driver_of,
    finite_numbers,
)
from lab.engine.slots import Slot
from lab.engine.watchdog import Leash
from lab.errors import InputError
from lab.record import ERROR_FILE
from lab.record.leases import fence
from lab.record.remote import RemoteFolder, unguarded
from lab.record.storage import open_storage
from lab.trainer.process import TrainingFailed

ONE_CPU = GangPlan(Slot(1, 0))


class RunCrashed(Exception):
    """The slot's gang is gone: Tune is to make a new slot, the planner to try the run again."""


class InlineGang:
    """A gang of one: the calling process trains, with the interface of `TrainGang`."""

    over = False
    starting_seconds = 0.0

    def uses_any_of(self, avoid: list[str]) -> bool:
        """Whether it may have workers on a node that is to be avoided: Tune places its own."""
        return False

    def __init__(self, plan: GangPlan) -> None:
        self._plan = plan
        self._evaluations: Evaluations | None = None
        self._max_attempts = 1

    def begin(self, job: JobMessage) -> None:
        """Take the next run; the one before, if any, is dropped."""
        import torch

        self.end()
        self._max_attempts = job["max_attempts"]
        torch.set_num_threads(self._plan.slot.threads)
        start = resolve_name(self._plan.start_run)
        self._evaluations = start(job, device=self._plan.slot.device)

    def next(self) -> Answer:
        """Train to the next evaluation and return what came of it.

        An error leaves the process in doubt, so it is the end of the gang as well.
        """
        assert self._evaluations is not None
        try:
            return answer_of(next(self._evaluations))
        except InputError as error:
            return {"mistake": str(error)}
        except TrainingFailed as error:  # in a process of its own: this one is as good as before
            last = {} if error.again else {"attempt": self._max_attempts}
            return {"error": str(error), **last}
        except Exception:
            return {"end": traceback.format_exc()}

    def end(self) -> None:
        """Drop the run, if there is one: its folder is released."""
        evaluations: Any = self._evaluations
        self._evaluations = None
        if evaluations is not None:
            evaluations.close()


class RunTrainable(tune.Trainable):  # type: ignore[misc]
    """A slot: one gang, which trains run after run."""

    def setup(
        self, config: dict[str, Any], plan: GangPlan = ONE_CPU, watchdog: Any = None
    ) -> None:
        job = json.loads(config["job"])
        self._plan = plan
        self._watch = Leash(watchdog)
        self._gang = self._new_gang(job)
        self._begin(job)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Take the next run; the gang, its imports, data and metrics stay."""
        self._watch.over()
        self._begin(json.loads(new_config["job"]))
        return True

    def _new_gang(self, job: JobMessage) -> InlineGang | TrainGang:
        if self._plan.slot.alone:
            return InlineGang(self._plan)
        return TrainGang(self._plan, avoid=job.get("avoid", []))

    def _begin(self, job: JobMessage) -> None:
        self._mistake: str | None = None
        try:
            self._run_storage = open_storage(job["folder"])
            self._run_storage.remove(ERROR_FILE)  # of an earlier attempt
            driver = driver_of(job)
            self._check = fence(driver.study, driver.number) if driver else unguarded
            if job.get("proposal"):
                self._store_proposal(*job["proposal"])
        except InputError as error:
            self._mistake = str(error)
        if self._gang.over or self._gang.uses_any_of(job.get("avoid", [])):
            self._gang.end()
            self._gang = self._new_gang(job)
        self._watch.began(job["folder"], self._gang.starting_seconds)
        self._gang.begin(job)

    def _store_proposal(self, study: str, path: str, text: str) -> None:
        """Store the trial.json of a run's trial, unless it is another driver's by now."""
        storage = open_storage(study)
        assert isinstance(storage, RemoteFolder), study
        if not storage.create(path, text.encode()):
            self._check()
            storage.write(path, text.encode())

    def step(self) -> dict[str, Any]:
        """Train to the next evaluation, or to whatever else ended the run.

        A run that failed on a gang that still works is a result with its `error`.
        """
        answer = self._gang.next() if self._mistake is None else {"mistake": self._mistake}
        if "mistake" in answer:
            answer = {"node": this_node(), **answer}
        if answer.get("no_room"):
            self._watch.over()
            return {"no_room": True, "done": True}
        if "end" in answer:
            self._watch.over()
            self._check()
            self._run_storage.write(ERROR_FILE, answer["end"].encode())
            raise RunCrashed(answer["end"].strip().rpartition("\n")[2])
        if "row" not in answer:
            self._watch.over()
            return {**answer, "done": True}
        row = json.loads(answer["row"])
        result = {**finite_numbers(row), "row": answer["row"]}
        result["done"] = answer["verdict"] is not None
        if answer["verdict"] is None:
            self._watch.evaluated()
        else:
            self._watch.over()
            result |= {name: answer[name] for name in ("verdict", "onset_images", "score")}
        return result

    def cleanup(self) -> None:
        self._watch.over()
        self._gang.end()
