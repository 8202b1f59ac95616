"""--dry-run: the plan of a search, printed; nothing is trained and no study written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fsspec
import pytest

import lab.engine.cluster
import lab.engine.forecast.dry_run
from lab.engine.cluster import Node, Resources
from lab.engine.options import SearchOptions
from lab.engine.slots import Slot
from lab.engine.study import sizes
from lab.plan import Planner, PlanSettings, find_preset, load_space, study_card, trial_card
from lab.record import append_row, run_folder, trial_folder, write_json
from lab.search import main
from tests.storages import s3_server

OPENED = {
    "precision": "float32",
    "evaluation": 1.0,
    "data": {"name": "fashion-mini", "num_images": 10_000, "resolution": 32, "channels": 1},
    "metrics": {"num_paired": 2_000},
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[dict[str, Any]]]]:
    """A machine of four cores where an image takes 0.5 ms an update; what is to be measured."""
    measured: list[tuple[str, list[dict[str, Any]]]] = []

    @contextmanager
    def measuring(slot: Slot, num_workers: int) -> Iterator[Any]:
        def measure(what: str, configs: list[dict[str, Any]], node: str) -> list[dict[str, Any]]:
            measured.append((what, configs))
            slower = 3 if node == "slow" else 1
            if what == "opening":
                return [OPENED | {"evaluation": 1.0 * slower}]
            each = 5e-4 * slower
            return [
                {"round": each * c["training"]["batch_size"] * (1 + c["training"]["critic_steps"])}
                for c in configs
            ]

        yield measure

    def connect(*_: object, **__: object) -> None:
        raise AssertionError("a plan for this machine needs no Ray")

    machine = Resources((Node(4, 0),))
    for name in ("_start_here", "_join"):
        monkeypatch.setattr(lab.engine.cluster, name, connect)
    for name in ("measuring_here", "measuring_on_cluster"):
        monkeypatch.setattr(lab.engine.forecast.dry_run, name, measuring)
    monkeypatch.setattr(lab.engine.forecast.dry_run, "this_machine", lambda: machine)
    monkeypatch.setattr("lab.engine.study.this_machine", lambda: machine)
    return measured


def plan(capsys: pytest.CaptureFixture[str], *args: str) -> dict[str, str]:
    """The lines of a plan, by their titles."""
    assert main(["--dry-run", *args]) == 0
    _, *lines = capsys.readouterr().out.splitlines()
    return {line[:15].strip(): line[16:] for line in lines}


@pytest.mark.usefixtures("asked")
def test_the_plan_says_what_would_be_done_and_how_long_it_takes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = plan(capsys, "--trials=10", "--budget-kimg=8", "--concurrent=2")
    assert said["preset"].startswith("laptop: ")
    assert said["data"] == "fashion-mini, 10,000 images of 32x32x1"
    assert said["resources"] == "4 CPUs and 0 GPUs of this machine"
    assert said["slots"] == "2 runs at a time, each on 1 CPU and 0 GPU"
    assert said["a run"] == "8 kimg in float32, 4 evaluations of 2,000 samples"
    assert said["trials"] == "10 to go: 7 known, 3 sobol"
    assert said["runs"] == (
        "36 to go, stages explore, race, confirm: 1 seed each; then the best race: 4 with 2, "
        "2 with 6; confirmed on 7 fresh seeds each; 36 runs in all"
    )
    # Four evaluations at 1 s; 8,000 images at 1 ms with one critic step, at 0.6 ms with five.
    # A gradient penalty is expected to cost more, which it does not here: hence 16 s.
    assert said["time of a run"] == "11 s on average, 8.8 s to 16 s"
    assert said["time in all"].startswith("at most about 3 min ")
    assert said["estimated from"].startswith(
        "rounds of the base and of the cheapest and the most expensive planned"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("asked")
def test_the_plan_of_a_small_set_names_the_images_that_metrics_of_equal_counts_take(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(OPENED, "metrics", {"num_paired": 217})
    said = plan(capsys, "--trials=1", "--budget-kimg=8", "--preset=laptop")
    assert said["preset"].endswith("a small conditional DCGAN trunk")
    assert said["a run"].endswith("of 2,000 samples, 217 in metrics of equal counts")


@pytest.fixture
def two_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cluster of three H100 and a T4, which is three times slower."""

    @contextmanager
    def connected(address: str | None, *, verbose: bool) -> Iterator[Resources]:
        fast = [Node(8, 1, "H100", f"fast-{index}") for index in range(3)]
        yield Resources((Node(2, 0, "", "head"), Node(8, 1, "T4", "slow"), *fast))

    monkeypatch.setattr(lab.engine.forecast.dry_run, "connected", connected)


@pytest.mark.usefixtures("two_kinds")
def test_one_node_of_each_kind_is_timed_and_the_plan_states_hours_and_money(
    asked: list[tuple[str, list[dict[str, Any]]]], capsys: pytest.CaptureFixture[str]
) -> None:
    args = ("--preset=laptop", "--trials=7", "--known-only", "--budget-kimg=8", "--price=2.5")
    said = plan(capsys, "--address=auto", *args)
    assert [what for what, _ in asked] == ["opening", "rounds"] * 2
    assert said["slots"] == "4 runs at a time, each on 1 CPU and 1 GPU"
    runs, *kinds = said["time of a run"].split("; ")
    assert runs == "14 s on average, 8.8 s to 36 s"  # the first run is the T4's
    assert kinds == ["31 s on T4 (1 slot), 10 s on H100 (3 slots)"]
    hours, money = said["cost"].removeprefix("at most about ").split(", ")
    number, unit = hours.split()
    assert unit == "GPU-hours"
    assert money.endswith(" at 2.50 an hour")
    assert float(money.split()[0]) == pytest.approx(2.5 * float(number), abs=0.01)
    assert "on one node of each kind (T4, H100)" in said["estimated from"]


@pytest.mark.usefixtures("asked")
def test_hours_of_a_budget_become_trials_and_their_derivation(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = plan(capsys, "--budget-kimg=8", "--budget-hours=.2", "--price=1")
    hours, runs = said["budget"].split(", ")
    assert hours == "0.2 core-hours"
    most = int(runs.split()[2])
    fitted, cost = said["fitted to it"].split(": ")
    trials = int(fitted.split()[0])
    assert fitted.endswith("seeds 1,2,6, 2 finalists, 7 fresh seeds")
    made = int(cost.split(" for ")[1].split()[0])
    assert made <= most < made + 3  # one more trial and a wider rung would not fit
    assert "fresh seeds are kept, then the race" in said["fitted by"]
    assert said["trials"].startswith(f"{trials} to go")
    assert said["runs"].startswith(f"{made} to go")
    spent = float(said["cost"].removeprefix("at most about ").split()[0])
    assert 0.15 < spent < 0.22  # a mean run stands for those that are drawn later


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize(
    ("args", "said"),
    [
        ([], "the shortest search (1 trial, seeds 1, 1 finalist, 7 fresh seeds) takes 0.0"),
        (["--trials=30"], "the shortest search with --trials 30 (30 trials, seeds 1, 1 finalist"),
    ],
)
def test_hours_that_are_too_few_are_one_sentence(
    capsys: pytest.CaptureFixture[str], args: list[str], said: str
) -> None:
    assert main(["--dry-run", "--budget-kimg=8", "--budget-hours=.01", *args]) == 2
    complaint = capsys.readouterr().err
    assert "--budget-hours is 0.01, and " in complaint
    assert said in complaint
    assert "core-hours" in complaint


def test_several_workers_share_a_batch_and_each_costs_its_cores(
    asked: list[tuple[str, list[dict[str, Any]]]], capsys: pytest.CaptureFixture[str]
) -> None:
    said = plan(capsys, "--trials=1", "--budget-kimg=8", "--workers=2")
    assert said["slots"] == "2 runs at a time, each on 2 workers of 1 CPU and 0 GPU"
    (_, _), (what, configs) = asked
    assert what == "rounds"
    assert [config["training"]["batch_size"] for config in configs] == [8]
    # half the images at 1 ms for each of two workers: as many CPU-seconds, but for evaluations
    assert said["time of a run"].startswith("8 s on average")
    assert "communication" in said["estimated from"]


def test_a_range_of_workers_is_planned_with_as_many_as_there_is_room_for(
    asked: list[tuple[str, list[dict[str, Any]]]], capsys: pytest.CaptureFixture[str]
) -> None:
    plan(capsys, "--trials=1", "--workers=2:16")
    assert [config["training"]["batch_size"] for config in asked[1][1]] == [4]


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """The first of three trials has ended, the second has seen half of its 12,000 images."""
    space = load_space("sngan").with_defaults(find_preset("laptop").base)
    planner = Planner(space, PlanSettings(trials=3))
    settings = planner.settings.model_dump() | {"num_sobol": planner.num_sobol, "concurrent": 2}
    settings |= {"cpus_per_worker": 1.0, "gpus_per_worker": 0.0, "preset": "laptop"}
    entries = study_card(space).stored() | {"study": "x", "preset": "laptop", "settings": settings}
    write_json(tmp_path / "study.json", entries)
    for end in (
        {"status": "finished", "verdict": {"name": "stable"}, "score": 0.5},
        {"status": "running"},
    ):
        job = planner.ask()
        assert job is not None
        folder = run_folder(tmp_path, job.trial, job.seed)
        write_json(trial_folder(tmp_path, job.trial) / "trial.json", trial_card(job).stored())
        run = {"trial": job.trial, "seed": job.seed, "stage": "explore", "attempts": 1, **end}
        write_json(folder / "run.json", run)
        append_row(folder / "evaluations.jsonl", {"images_seen": 6_000, "quality": 0.5})
    return tmp_path


@pytest.mark.usefixtures("asked")
def test_a_resumed_search_is_planned_by_what_is_left_of_it(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_bytes() for path in study.rglob("*") if path.is_file()}
    said = plan(capsys, f"--resume={study}")
    assert said["trials"] == "2 to go: 2 known"
    assert said["runs"] == "2 to go, stages explore: 1 seed each; 3 runs in all"
    # one run from 6,000 images on with five critic steps (3.6 s and 2 evaluations), one whole
    # with one (12 s and 5 evaluations)
    assert said["time of a run"] == "11 s on average, 5.6 s to 17 s"
    assert said["time in all"].startswith("at most about 17 s")
    assert {path: path.read_bytes() for path in study.rglob("*") if path.is_file()} == before


@pytest.mark.usefixtures("asked")
def test_a_finished_search_has_nothing_left(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = {"trial": 1, "seed": 0, "stage": "explore", "status": "finished", "score": 0.5}
    write_json(run_folder(study, 1, 0) / "run.json", ended | {"verdict": {"name": "stable"}})
    said = plan(capsys, f"--resume={study}", "--trials=2")
    assert said["trials"].startswith("0 to go")
    assert said["time"] == "none: every run has ended"


@pytest.mark.usefixtures("asked")
def test_a_plan_leaves_nothing_behind_a_url(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with s3_server(monkeypatch):
        said = plan(capsys, "--storage=s3://lab/studies", "--trials=2")
        assert fsspec.filesystem("s3").find("lab") == []
    assert said["trials"].startswith("2 to go")


def test_real_rounds_and_an_evaluation_are_timed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = plan(
        capsys,
        "--preset=laptop",
        "--trials=1",
        "--concurrent=1",
        "--budget-kimg=1",
        "--set=evaluation.num_samples=100",
        "--set=network.width=0.0625",
    )
    assert "the rounds of every planned configuration" in said["estimated from"]
    assert "core-hours" in said["cost"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("nodes", "preset"),
    [
        ([Node(4, 0)], "laptop"),
        ([Node(4, 0), Node(8, 1)], "gpu"),
        ([Node(4, 0), Node(8, 1), Node(8, 1)], "cluster"),
    ],
)
def test_a_head_without_gpus_does_not_make_one_machine_a_cluster(
    nodes: list[Node], preset: str
) -> None:
    planned = sizes(load_space("sngan"), SearchOptions(), Resources(tuple(nodes)))
    assert planned.preset.name == preset


def test_a_cluster_may_be_asked_for_more_than_fits_yet_and_a_machine_may_not() -> None:
    machines = Resources((Node(0, 0), Node(2, 0)))
    asked = SearchOptions(concurrent=6)
    assert sizes(load_space("sngan"), asked, machines).num_slots == 2
    there = SearchOptions(concurrent=6, address="auto")
    assert sizes(load_space("sngan"), there, machines).num_slots == 6
