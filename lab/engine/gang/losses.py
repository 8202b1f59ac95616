"""Reports to a gang's mailbox how its workers failed, as Ray Train sees it."""

from __future__ import annotations

from typing import Any

from ray.train import UserCallback  # type: ignore[attr-defined]  # its annotations are of Train V1


class Losses(UserCallback):  # type: ignore[misc]
    """Runs in Ray Train's controller. A group that is replaced to grow has not failed."""

    def __init__(self, mailbox: Any) -> None:
        self._mailbox = mailbox

    def after_exception(self, run_context: Any, worker_exceptions: dict[int, Exception]) -> None:
        """As UserCallback's: by rank, what its worker raised or died of."""
        # When one rank dies, others fail with it, so one is enough (as in Ray Train's own policy).
        taken = any(map(_was_preempted, worker_exceptions.values()))
        self._mailbox.failed.remote(machine_was_taken=taken)


def _was_preempted(error: Exception) -> bool:
    """Whether Ray marks it as the death of an actor whose machine was drained."""
    death = getattr(error, "health_check_failure", error)
    return bool(getattr(death, "preempted", False))
