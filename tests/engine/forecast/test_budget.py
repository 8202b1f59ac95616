"""--budget-hours of a search about to start: what is timed, printed and searched with."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

import lab.engine.forecast.budget
from lab.engine.cluster import Node, Resources
from lab.engine.forecast.budget import fitted_options
from lab.engine.options import SearchOptions
from lab.engine.slots import Slot
from lab.engine.study import sizes
from lab.errors import InputError
from lab.plan import load_space

MACHINES = Resources((Node(4, 0),))
SPACE = '''"""A training of one's own."""
COMMAND = "python train.py {folder} --lr={lr}"
LOG = "log.csv"
METRIC = {"name": "fid", "initial": 400}
BASE = {"training.budget_images": 5000}
KNOWN_POINTS = {}


def suggest(trial):
    return {"lr": trial.suggest_float("lr", 1e-4, 1e-1, log=True)}
'''


@pytest.fixture(autouse=True)
def timings(monkeypatch: pytest.MonkeyPatch) -> None:
    """An update takes 1 ms, an evaluation nothing."""

    @contextmanager
    def measuring(slot: Slot, num_workers: int) -> Iterator[Any]:
        def measure(what: str, configs: list[dict[str, Any]], node: str) -> list[dict[str, Any]]:
            if what == "opening":
                return [{"precision": "float32", "evaluation": 0.0}]
            return [{"round": 1e-3 * (1 + c["training"]["critic_steps"])} for c in configs]

        yield measure

    monkeypatch.setattr(lab.engine.forecast.budget, "measuring_on_cluster", measuring)


def test_a_search_starts_with_the_numbers_that_fit_and_prints_them() -> None:
    out = io.StringIO()
    space = load_space("sngan")
    options = SearchOptions(budget_hours=0.02, price=2.0, budget_kimg=100.0, confirm=4)
    made = fitted_options(space, options, MACHINES, Console(file=out, width=200))
    assert made.confirm == 4
    assert made.trials is not None
    settings = sizes(space, made, MACHINES).settings
    assert (settings.trials, settings.confirm) == (made.trials, 4)
    assert settings.seeds == made.seed_counts()
    assert settings.race == made.race
    printed = out.getvalue()
    assert printed.startswith("budget          0.02 core-hours, in which ")
    assert f"fitted to it    {made.trials} trials, seeds " in printed
    assert " at 2.00 an hour for " in printed
    assert "--confirm 4 as given; fresh seeds are kept" in printed


def test_a_training_of_ones_own_cannot_be_fitted(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(SPACE)
    space = load_space(tmp_path / "mine.py")
    options = SearchOptions(budget_hours=1.0)
    with pytest.raises(InputError, match="a trainer of your own could only be timed by training"):
        fitted_options(space, options, MACHINES, Console(file=io.StringIO()))


def test_a_resumed_study_keeps_its_numbers() -> None:
    with pytest.raises(InputError, match="cannot change --budget-hours"):
        SearchOptions(budget_hours=1.0, resume="x").check()
    SearchOptions(price=2.0, resume="x").check()
