"""One rank of a gang, its orders played from a list: no Ray is started."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from lab.engine.gang.mailbox import Order, RankError
from lab.engine.gang.worker import GangBroken, _Rank
from lab.errors import InputError
from lab.gan.ranks import ALONE
from lab.stability.verdict import Verdict
from tests.engine.stand_in import Measured

STABLE = Verdict("stable", None, "all went well", True)


class Orders:
    """A mailbox that gives a list of orders, and remembers what came back."""

    def __init__(self, *orders: Order | None, stays: bool = True) -> None:
        self.left = list(orders)
        self.stays = stays
        self.answers: list[dict[str, Any]] = []
        self.errors: list[RankError] = []

    def __getattr__(self, name: str) -> Any:
        return SimpleNamespace(remote=getattr(self, f"on_{name}"))

    def on_next_order(self, group: str, after: int) -> Order | None:
        return self.left.pop(0)

    def on_deliver(self, group: str, serial: int, answer: dict[str, Any]) -> None:
        self.answers.append(answer)

    def on_fail(self, group: str, rank: int, serial: int, error: RankError) -> bool:
        self.errors.append(error)
        return self.stays


class Runs:
    """Starts runs that note what happens to them."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.told: list[str] = []

    def start(self, job: dict[str, Any]) -> Iterator[Measured]:
        self.told.append(f"{job['name']} starts, attempt {job['attempt']}")
        try:
            if self.error is not None:
                raise self.error
            yield Measured({"images_seen": 0}, None, None)
            yield Measured({"images_seen": 1}, STABLE, 0.5)
        finally:
            self.told.append(f"{job['name']} is closed")


def step(serial: int, run: int, attempt: int = 1) -> Order:
    return Order(serial, "step", run, {"name": f"run {run}", "attempt": 1}, attempt)


def end(serial: int) -> Order:
    return Order(serial, "end", 0, None, 0)


def serve(orders: Orders, runs: Runs) -> None:
    _Rank(ALONE, "a", runs.start, orders).serve(lambda answer: answer)


def test_a_run_is_closed_at_its_verdict_and_the_next_one_started() -> None:
    orders, runs = Orders(step(1, 1), step(2, 1), step(3, 2), end(4)), Runs()
    serve(orders, runs)
    assert [answer["verdict"] for answer in orders.answers] == [None, "stable", None]
    assert runs.told == [
        "run 1 starts, attempt 1",
        "run 1 is closed",
        "run 2 starts, attempt 1",
        "run 2 is closed",
    ]


def test_a_run_that_is_dropped_is_closed_before_that_is_answered() -> None:
    orders, runs = Orders(step(1, 1), Order(2, "close", 1, {}, 1), end(3)), Runs()
    serve(orders, runs)
    assert runs.told[-1] == "run 1 is closed"
    assert orders.answers[-1] == {}


def test_the_attempt_of_an_order_reaches_its_run() -> None:
    orders, runs = Orders(step(1, 1, attempt=3), end(2)), Runs()
    serve(orders, runs)
    assert runs.told[0] == "run 1 starts, attempt 3"


@pytest.mark.parametrize(
    ("error", "mistake", "collateral"),
    [
        (ValueError("no"), None, False),
        (InputError("the disk is full"), "the disk is full", False),
        (RuntimeError("[gloo/transport/tcp/pair.cc:537] reset by peer"), None, True),
    ],
)
def test_what_a_run_raises_is_reported_as_what_it_is(
    error: Exception, mistake: str | None, collateral: bool
) -> None:
    orders = Orders(step(1, 1), end(2))
    serve(orders, Runs(error))
    (report,) = orders.errors
    assert (report.mistake, report.collateral, report.usable) == (mistake, collateral, True)
    assert str(error) in report.summary


def test_a_rank_that_is_told_so_leaves_its_gang() -> None:
    with pytest.raises(GangBroken, match="ValueError: no"):
        serve(Orders(step(1, 1), stays=False), Runs(ValueError("no")))
    with pytest.raises(GangBroken, match="another worker"):
        serve(Orders(None), Runs())
