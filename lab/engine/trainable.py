"""A Tune trainable whose `step()` pulls the next evaluation of a run; its actor is reused."""

from __future__ import annotations

import json
from typing import Any

from ray import tune

from lab.engine.gang.gang import GangPlan, make_gang
from lab.engine.gang.mailbox import Job
from lab.engine.slots import Slot
from lab.errors import InputError
from lab.record import ERROR_FILE, IMAGES_SEEN, QUALITY
from lab.record.storage import open_storage

ONE_CPU = GangPlan(Slot(1, 0))


class RunCrashed(Exception):
    """The slot's gang is gone: Tune is to make a new slot, the planner to try the run again."""


class RunTrainable(tune.Trainable):  # type: ignore[misc]
    """A slot: one gang, which trains run after run."""

    def setup(
        self, config: dict[str, Any], plan: GangPlan = ONE_CPU, watchdog: Any = None
    ) -> None:
        self._plan = plan
        self._watch = _Watch(watchdog)
        self._gang = make_gang(plan)
        self._begin(json.loads(config["job"]))

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Take the next run; the gang, its imports, data and metrics stay."""
        self._watch.over()
        self._begin(json.loads(new_config["job"]))
        return True

    def _begin(self, job: Job) -> None:
        self._mistake: str | None = None
        try:
            self._place = open_storage(job["folder"])
            self._place.remove(ERROR_FILE)  # of an earlier attempt
        except InputError as error:
            self._mistake = str(error)
        if self._gang.over:
            self._gang.end()
            self._gang = make_gang(self._plan)
        self._watch.began(job["folder"], self._gang.starting_seconds)
        self._gang.begin(job)

    def step(self) -> dict[str, Any]:
        """Train to the next evaluation, or to what ended the run otherwise.

        A run that failed on a gang that is still good is a result with its `error`.
        """
        answer = self._gang.next() if self._mistake is None else {"mistake": self._mistake}
        if answer.get("no_room"):
            self._watch.over()
            return {"no_room": True, "done": True}
        if "end" in answer:
            self._watch.over()
            self._place.write(ERROR_FILE, answer["end"].encode())
            raise RunCrashed(answer["end"].strip().rpartition("\n")[2])
        if "row" not in answer:
            self._watch.over()
            return {**answer, "done": True}
        row = json.loads(answer["row"])
        watched = {name: row[name] for name in (IMAGES_SEEN, QUALITY)}  # by a scheduler
        result = {"row": answer["row"], "done": answer["verdict"] is not None, **watched}
        if answer["verdict"] is None:
            self._watch.evaluated()
        else:
            self._watch.over()
            result |= {name: answer[name] for name in ("verdict", "onset_images", "score")}
        return result

    def cleanup(self) -> None:
        self._watch.over()
        self._gang.end()


class _Watch:
    """The slot's line to the watchdog, if there is one; nothing waits for it."""

    def __init__(self, watchdog: Any) -> None:
        self._watchdog = watchdog
        self._run = ""

    def began(self, run: str, extra_seconds: float) -> None:
        self._run = run
        if self._watchdog is not None:
            import ray

            me = ray.get_runtime_context().current_actor
            self._watchdog.began.remote(run, me, extra_seconds)

    def evaluated(self) -> None:
        if self._watchdog is not None:
            self._watchdog.evaluated.remote(self._run)

    def over(self) -> None:
        if self._watchdog is not None:
            self._watchdog.over.remote(self._run)
