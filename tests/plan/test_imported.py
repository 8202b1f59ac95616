"""Known points from other searches."""

from __future__ import annotations

from pathlib import Path

import optuna
import pytest

from lab.engine.options import SearchOptions
from lab.engine.study import asked_space
from lab.errors import InputError
from lab.plan import (
    Planner,
    PlanSettings,
    Space,
    imported_points,
    load_space,
    restored_space,
    study_card,
)
from tests.plan.simulation import write_space

TABLE = """params_optimizer.critic_lr,critic_steps,penalty.kind,penalty.weight,value,note
1e-3,1,r1,10,0.2,weak
2e-3,1,none,,0.8,best
2e-3,1,none,,0.7,again
9,1,none,,0.9,outside
""".replace("critic_steps", "training.critic_steps")


@pytest.fixture
def space(tmp_path: Path) -> Space:
    return load_space(write_space(tmp_path))


def test_the_best_rows_of_a_table_that_fit_are_points(space: Space, tmp_path: Path) -> None:
    file = tmp_path / "trials.csv"
    file.write_text(TABLE)
    imported = imported_points(str(file), space.point_in)
    assert imported.points == {
        "imported-1": {
            "optimizer.critic.lr": 2e-3,
            "training.critic_steps": 1,
            "penalty.kind": "none",
        },
        "imported-2": {
            "optimizer.critic.lr": 1e-3,
            "training.critic_steps": 1,
            "penalty.kind": "r1",
            "penalty.weight": 10,
        },
    }
    assert (imported.num_trials, imported.num_outside) == (4, 1)


def test_an_optuna_study_is_read_by_its_url(space: Space, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'other.db'}"
    with pytest.raises(InputError, match="names a file that does not exist"):
        imported_points(url, space.point_in)
    for name in ("one", "two"):
        study = optuna.create_study(storage=url, study_name=name, direction="minimize")
        for rate in (1e-4, 1e-3):
            ranges = {"optimizer.critic.lr": optuna.distributions.FloatDistribution(1e-5, 1)}
            ranges["penalty.kind"] = optuna.distributions.CategoricalDistribution(["none"])
            ranges["training.critic_steps"] = optuna.distributions.IntDistribution(1, 9)
            params = {"optimizer.critic.lr": rate, "penalty.kind": "none"}
            params["training.critic_steps"] = 2
            made = optuna.create_trial(params=params, distributions=ranges, value=-rate)
            study.add_trial(made)
    with pytest.raises(InputError, match=r"holds 2 studies \(one, two\); add #NAME of one"):
        imported_points(url, space.point_in)
    points = imported_points(f"{url}#one", space.point_in).points
    assert [point["optimizer.critic.lr"] for point in points.values()] == [1e-3, 1e-4]


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "\x00\x00"])
def test_a_table_without_a_point_is_one_sentence(text: str, space: Space, tmp_path: Path) -> None:
    (tmp_path / "trials.csv").write_text(text)
    with pytest.raises(InputError, match=r"^--import .*(of which none is a point|cannot be read)"):
        imported_points(str(tmp_path / "trials.csv"), space.point_in)


def test_a_search_runs_them_first_and_a_resume_knows_them(space: Space, tmp_path: Path) -> None:
    (tmp_path / "trials.csv").write_text(TABLE)
    options = SearchOptions(space=str(space.file), import_points=str(tmp_path / "trials.csv"))
    asked = asked_space(options)
    planner = Planner(asked, PlanSettings(trials=8))
    jobs = [planner.ask() for _ in range(8)]
    origins = [job.origin for job in jobs if job]
    own = [f"known:{name}" for name in space.known_points]
    assert origins[: len(own) + 2] == [*own, "known:imported-1", "known:imported-2"]
    assert restored_space(study_card(asked)).known_points == asked.known_points
