"""Who trains the runs of a slot: its own process, or a gang of workers under Ray Train.

Both take run after run (`begin`), give one answer at a time (`next`: see `mailbox`),
drop a run that is not wanted any more (`close`) and leave nothing behind (`end`).
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import threading
import traceback
from dataclasses import dataclass, field
from typing import Any, Protocol

from lab.engine.cluster import ENVIRONMENT
from lab.engine.gang.mailbox import Answer, Job, Mailbox
from lab.engine.gang.worker import answer_of, carry_out_orders, named
from lab.engine.slots import Slot
from lab.errors import InputError

TRAIN_ENVIRONMENT = {
    # How soon Ray Train sees that a worker ended; its own 2 s would be added to every restart.
    "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "0.5",
    # A worker whose process does not answer for so long is taken for dead.
    "RAY_TRAIN_WORKER_HEALTH_CHECK_TIMEOUT_S": "180",
    # Processes and files that nobody asked for.
    "RAY_TRAIN_ENABLE_PREEMPTION_WATCHER": "0",
    "RAY_TRAIN_METRICS_ENABLED": "0",
    "RAY_TRAIN_ENABLE_PRINT_PATCH": "0",
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
}
MAX_GROUP_FAILURES = 12
"""Deaths of a gang's workers before the gang is given up and the slot makes a new one."""
MAX_PREEMPTIONS = 1000
MAX_START_FAILURES = 5
"""A start fails after a minute without room for it; then the run is handed back, to wait."""
SECONDS_TO_START = 600.0
"""Processes, imports, a process group; and a place, which is waited for as said above."""
SECONDS_TO_END = 12.0
"""Tune kills a slot's process that takes longer to stop."""


def worker_environment() -> dict[str, str]:
    """What the driver's environment says, or the lab's own values, for workers elsewhere."""
    ours = ENVIRONMENT | TRAIN_ENVIRONMENT
    return {name: os.environ.get(name, value) for name, value in ours.items()}


@dataclass(frozen=True)
class GangPlan:
    """What the gangs of a search are made of."""

    slot: Slot
    start_run: str = "lab.engine.gang.worker:start_run"
    """`module:name` of what starts a run on a worker."""
    hung_after_seconds: float = 3600.0
    """A rank waits so long for another; the process group then fails."""
    environment: dict[str, str] = field(default_factory=worker_environment)
    verbose: bool = False


class Gang(Protocol):
    """Trains the runs of one slot."""

    def begin(self, job: Job) -> None:
        """Take the next run; the one before, if any, is dropped."""

    def next(self) -> Answer:
        """Train to the next evaluation, and say what came of it."""

    def end(self) -> None:
        """Leave nothing behind."""

    @property
    def over(self) -> bool:
        """Whether it takes no further run."""

    @property
    def starting_seconds(self) -> float:
        """What is allowed for its own start, should it not have started yet."""


class InlineGang:
    """One worker: the calling process."""

    def __init__(self, plan: GangPlan) -> None:
        self._plan = plan
        self._evaluations: Any = None

    def begin(self, job: Job) -> None:
        import torch

        self.end()
        torch.set_num_threads(self._plan.slot.threads)
        start = named(self._plan.start_run)
        self._evaluations = start(job, device=self._plan.slot.device)

    def next(self) -> Answer:
        """An error leaves the process in doubt, so the gang has come to its end with it."""
        try:
            return answer_of(next(self._evaluations))
        except InputError as error:
            return {"mistake": str(error)}
        except Exception:
            return {"end": traceback.format_exc()}

    @property
    def over(self) -> bool:
        return False

    @property
    def starting_seconds(self) -> float:
        return 0.0

    def end(self) -> None:
        if self._evaluations is not None:
            self._evaluations.close()
            self._evaluations = None


class TrainGang:
    """Several workers: a long-lived Ray Train run, in a thread of the calling actor.

    The thread is not the main one, so Ray Train leaves the signal handlers alone.
    """

    def __init__(self, plan: GangPlan) -> None:
        self._plan = plan
        self._mailbox = _mailbox_here()
        self._scratch = tempfile.mkdtemp(prefix="gan-lab-gang-")
        self._run = 0
        self._job: Job | None = None
        self._over = self._ending = False
        self._started = False
        self._thread = threading.Thread(target=self._fit, name="gang", daemon=True)
        self._thread.start()

    @property
    def starting_seconds(self) -> float:
        return 0.0 if self._started else SECONDS_TO_START

    @property
    def over(self) -> bool:
        return self._over or not self._thread.is_alive()

    def begin(self, job: Job) -> None:
        self._drop()
        self._run += 1
        self._job = job

    def next(self) -> Answer:
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
        if not self._thread.is_alive():  # else the workers still ask it what to do
            ray.kill(self._mailbox)
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _drop(self) -> None:
        job, self._job = self._job, None
        if job is not None:
            self._ordered("close", job)

    def _ordered(self, action: str, job: Job) -> Answer:
        import ray

        answer: Answer = ray.get(self._mailbox.carry_out.remote(action, self._run, job))
        self._over = "end" in answer
        self._started = True
        return answer

    def _fit(self) -> None:
        """The whole life of the gang; whoever waits for it is told when it is over."""
        import ray

        end: Answer = {"end": "Ray Train ended the workers of this gang"}
        try:
            _trainer(self._plan, self._mailbox, self._scratch).fit()
        except Exception as error:
            end = {"end": traceback.format_exc(), "no_room": _is_without_room(error)}
        finally:
            self._mailbox.ended.remote(end)
            if self._ending:
                ray.kill(self._mailbox)


def _is_without_room(error: Exception) -> bool:
    """Whether Ray Train gave up because no place for the workers came free."""
    failure = getattr(error, "controller_failure", None)
    return type(failure).__name__ == "WorkerGroupStartupTimeoutError"


def _mailbox_here() -> Any:
    """A mailbox in a process of its own on this node: it lives and dies with the caller."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    actor = ray.remote(Mailbox).options(num_cpus=0, scheduling_strategy=here)
    return actor.remote()


def _trainer(plan: GangPlan, mailbox: Any, scratch: str) -> Any:
    import ray.train
    from ray.train.torch import TorchConfig, TorchTrainer

    train: Any = ray.train  # whose types are those of its first version
    for name in TRAIN_ENVIRONMENT:
        os.environ[name] = plan.environment[name]  # Ray Train hands them on from here
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
            logging_config=train.LoggingConfig(
                log_level=logging.getLevelName(logging.INFO if plan.verbose else logging.ERROR)
            ),
        ),
    )


def make_gang(plan: GangPlan) -> Gang:
    return InlineGang(plan) if plan.slot.alone else TrainGang(plan)
