"""Several workers that train the runs of a slot together, under Ray Train."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import threading
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from lab.engine.cluster import ENVIRONMENT, elsewhere, on_this_node
from lab.engine.gang.losses import Losses
from lab.engine.gang.mailbox import Mailbox
from lab.engine.gang.worker import carry_out_orders
from lab.engine.runs import Answer, JobMessage
from lab.engine.slots import Slot
from lab.record.scratch import scratch_folder

TRAIN_ENVIRONMENT = {
    # How soon Ray Train notices that a worker ended: its own 2 s would lengthen every restart.
    "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "0.5",
    # A worker whose process does not answer for this long counts as dead.
    "RAY_TRAIN_WORKER_HEALTH_CHECK_TIMEOUT_S": "180",
    # Processes and files that a search has no use for.
    "RAY_TRAIN_ENABLE_PREEMPTION_WATCHER": "0",
    "RAY_TRAIN_METRICS_ENABLED": "0",
    "RAY_TRAIN_ENABLE_PRINT_PATCH": "0",
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
}
MAX_GROUP_FAILURES = 12
"""Deaths of a gang's workers before the gang is given up and the slot makes a new one."""
MAX_PREEMPTIONS = 1000
"""Ray Train counts machines that are taken away apart from failures; practically no limit."""
MAX_START_FAILURES = 5
"""A start without room fails after a minute; after five the run is handed back, to wait."""
SECONDS_TO_START = 600.0
"""Allowed for processes, imports and a process group, beside the minutes of waiting for room."""
SECONDS_TO_END = 12.0
"""Tune kills a slot's process that takes longer to stop."""


def worker_environment() -> dict[str, str]:
    """Variables for workers on other nodes: the driver's values, else the lab's."""
    ours = ENVIRONMENT | TRAIN_ENVIRONMENT
    return {name: os.environ.get(name, value) for name, value in ours.items()}


@dataclass(frozen=True)
class GangPlan:
    """What the gangs of a search are made of."""

    slot: Slot
    start_run: str = "lab.engine.runs:start_run"
    """`module:name` of the function that starts a run on a worker."""
    hung_after_seconds: float = 6 * 3600.0
    """How long a rank waits for another before the process group fails."""
    environment: dict[str, str] = field(default_factory=worker_environment)
    verbose: bool = False


class TrainGang:
    """A long-lived Ray Train run, in a thread of the calling actor.

    It takes run after run (`begin`), gives one answer at a time (`next`) and leaves nothing
    behind (`end`). The thread is not the main one, so Ray Train leaves the signal handlers alone.
    """

    def __init__(self, plan: GangPlan, *, avoid: Sequence[str] = ()) -> None:
        """`avoid`: identities of nodes that get no worker."""
        self._plan = plan
        self._avoid = tuple(avoid)
        self._mailbox = _mailbox_here()
        self._scratch = tempfile.mkdtemp(prefix="gang-", dir=scratch_folder())
        self._run = 0
        self._job: JobMessage | None = None
        self._over = self._ending = False
        self._started = False
        self._thread = threading.Thread(target=self._fit, name="gang", daemon=True)
        self._thread.start()

    @property
    def starting_seconds(self) -> float:
        """What is allowed for the gang's own start, if it has not started yet."""
        return 0.0 if self._started else SECONDS_TO_START

    @property
    def over(self) -> bool:
        """Whether it takes no further run."""
        return self._over or not self._thread.is_alive()

    def uses_any_of(self, avoid: Sequence[str]) -> bool:
        """Whether it was placed before all of these nodes were to be avoided."""
        return not set(avoid) <= set(self._avoid)

    def begin(self, job: JobMessage) -> None:
        """Take the next run; the one before, if any, is dropped."""
        self._drop()
        self._run += 1
        self._job = job

    def next(self) -> Answer:
        """Train to the next evaluation and return what came of it."""
        assert self._job is not None
        answer = self._ordered("step", self._job)
        if "row" not in answer or answer["verdict"] is not None:
            self._job = None
        return answer

    def end(self) -> None:
        import ray

        self._ending = True
        self._mailbox.finish.remote()
        self._thread.join(SECONDS_TO_END)
        if not self._thread.is_alive():  # else the workers still ask the mailbox for orders
            ray.kill(self._mailbox)
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _drop(self) -> None:
        job, self._job = self._job, None
        if job is not None:
            self._ordered("close", job)

    def _ordered(self, action: str, job: JobMessage) -> Answer:
        import ray

        answer: Answer = ray.get(self._mailbox.carry_out.remote(action, self._run, job))
        self._over = "end" in answer
        self._started = True
        return answer

    def _fit(self) -> None:
        """Run the gang to its end, which answers every call that waits for the mailbox."""
        import ray

        end: Answer = {"end": "Ray Train ended the workers of this gang"}
        try:
            _trainer(self._plan, self._avoid, self._mailbox, self._scratch).fit()
        except Exception as error:
            end = {"end": traceback.format_exc(), "no_room": _is_without_room(error)}
        finally:
            self._mailbox.ended.remote(end)
            if self._ending:
                ray.kill(self._mailbox)


def _is_without_room(error: Exception) -> bool:
    """Whether Ray Train gave up because the cluster had no room for the workers."""
    failure = getattr(error, "controller_failure", None)
    return type(failure).__name__ == "WorkerGroupStartupTimeoutError"


def _mailbox_here() -> Any:
    """A mailbox in a process of its own on this node: it lives and dies with the caller."""
    import ray

    actor = ray.remote(Mailbox).options(num_cpus=0, scheduling_strategy=on_this_node())
    return actor.remote()


def _trainer(plan: GangPlan, avoid: Sequence[str], mailbox: Any, scratch: str) -> Any:
    import ray.train
    from ray.train.torch import TorchConfig, TorchTrainer

    train: Any = ray.train  # its annotations are those of Train V1
    for name in TRAIN_ENVIRONMENT:
        os.environ[name] = plan.environment[name]  # Ray Train reads them in this process
    slot = plan.slot
    least, most = slot.workers
    resources = {"CPU": slot.cpus} | ({"GPU": slot.gpus} if slot.gpus else {})
    return TorchTrainer(
        carry_out_orders,
        train_loop_config={
            "mailbox": mailbox,
            "threads": slot.threads,
            "start_run": plan.start_run,
        },
        scaling_config=train.ScalingConfig(
            num_workers=most if least == most else (least, most),
            use_gpu=slot.gpus > 0,
            resources_per_worker=resources,
            placement_strategy="PACK",
            label_selector=elsewhere(avoid),
        ),
        torch_config=TorchConfig(
            backend="cpu:gloo,cuda:nccl" if slot.gpus else "gloo",
            timeout_s=max(1, round(plan.hung_after_seconds)),
        ),
        run_config=train.RunConfig(
            name="gang",
            storage_path=scratch,
            failure_config=train.FailureConfig(
                max_failures=MAX_GROUP_FAILURES,
                controller_failure_limit=MAX_START_FAILURES,
                max_preemption_failures=MAX_PREEMPTIONS,
            ),
            worker_runtime_env={"env_vars": plan.environment},
            callbacks=[Losses(mailbox)],
            logging_config=train.LoggingConfig(
                log_level=logging.getLevelName(logging.INFO if plan.verbose else logging.ERROR)
            ),
        ),
    )
