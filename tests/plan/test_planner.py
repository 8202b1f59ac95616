"""Order of the jobs, what each kind of end does, and the planner rebuilt from the record."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from optuna.trial import TrialState

from lab.errors import InputError
from lab.plan import Job, Outcome, Planner, PlanSettings, Space, load_space, trial_card
from lab.plan.settings import sobol_count
from lab.record import RUN_FILE, TRIAL_FILE, read_json, read_study, trial_folder, write_json
from tests.plan.simulation import Search, good_rates_win, noisy, write_space


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Space:
    return load_space(write_space(tmp_path_factory.mktemp("space")))


def asked_all(planner: Planner, outcome: Outcome) -> list[Job]:
    jobs = []
    while job := planner.ask():
        jobs.append(job)
        planner.tell(job, outcome)
    return jobs


STABLE = Outcome("finished", "stable", 0.7)


def test_known_points_come_first_then_sobol_then_tpe(space: Space) -> None:
    jobs = asked_all(Planner(space, PlanSettings(trials=12, num_sobol=6)), STABLE)
    assert [job.origin for job in jobs] == [
        "known:plain",
        "known:held",
        *["sobol"] * 6,
        *["tpe"] * 4,
    ]
    assert [job.trial for job in jobs] == list(range(12))
    assert jobs[1].config.penalty.kind == "r1"
    assert jobs[1].config.network.architecture == "dcgan"


def test_explore_runs_share_one_seed(space: Space) -> None:
    jobs = asked_all(Planner(space, PlanSettings(trials=9, seed=41)), STABLE)
    assert {job.seed for job in jobs} == {job.config.seed for job in jobs} == {41}
    assert {job.stage for job in jobs} == {"explore"}


def test_half_of_the_trials_without_a_known_point_are_sobol() -> None:
    assert sobol_count(PlanSettings(trials=27), num_known=7) == 14
    assert sobol_count(PlanSettings(trials=12), num_known=7) == 4
    assert sobol_count(PlanSettings(trials=9), num_known=7) == 2
    assert sobol_count(PlanSettings(trials=3), num_known=7) == 0
    assert sobol_count(PlanSettings(trials=20, num_sobol=1), num_known=0) == 1


def test_known_only_runs_nothing_else(space: Space) -> None:
    jobs = asked_all(Planner(space, PlanSettings(trials=50, known_only=True)), STABLE)
    assert [job.origin for job in jobs] == ["known:plain", "known:held"]


def test_known_only_without_known_points_is_refused(space: Space) -> None:
    with pytest.raises(InputError, match="has no known point; leave out --known-only"):
        Planner(replace(space, known_points={}), PlanSettings(known_only=True))


def test_a_space_with_everything_fixed_runs_once(space: Space) -> None:
    everything = {
        "optimizer.critic.lr": 1e-3,
        "training.critic_steps": 1,
        "penalty.kind": "r1",
        "penalty.weight": 1.0,
    }
    planner = Planner(space.with_fixed(everything), PlanSettings(trials=6, num_sobol=3))
    jobs = asked_all(planner, STABLE)
    (job,) = jobs
    assert (job.origin, job.parameters, job.config.penalty.weight) == ("sobol", {}, 1.0)


def test_the_planner_says_how_long_the_sobol_design_is(space: Space) -> None:
    assert Planner(space, PlanSettings(trials=22)).num_sobol == 14


def test_ask_waits_while_the_last_runs_are_out(space: Space) -> None:
    planner = Planner(space, PlanSettings(trials=2))
    jobs = [planner.ask(), planner.ask()]
    assert planner.ask() is None
    assert not planner.finished
    for job in jobs:
        assert job is not None
        planner.tell(job, STABLE)
    assert planner.ask() is None
    assert planner.finished


def test_a_crashed_run_is_tried_again_and_then_its_trial_fails(space: Space) -> None:
    planner = Planner(space, PlanSettings(trials=1, max_attempts=3))
    attempts = asked_all(planner, Outcome("errored", error="the node went away"))
    assert [job.attempt for job in attempts] == [1, 2, 3]
    assert {job.trial for job in attempts} == {0}
    assert len({str(job.parameters) for job in attempts}) == 1
    assert planner.finished
    assert planner.trial(0).state == TrialState.FAIL


def test_failed_runs_are_complete_with_their_score(space: Space) -> None:
    planner = Planner(space, PlanSettings(trials=3))
    for outcome in (
        Outcome("finished", "diverged", 0.0),
        Outcome("pruned"),
        Outcome("finished", "stable", 0.9),
    ):
        job = planner.ask()
        assert job is not None
        planner.tell(job, outcome)
    states = [trial.state for trial in planner.trials()]
    assert states == [TrialState.COMPLETE, TrialState.PRUNED, TrialState.COMPLETE]
    assert planner.trial(0).value == 0.0
    verdicts = [trial.user_attrs["verdict"] for trial in planner.trials()]
    assert verdicts == ["diverged", "pruned", "stable"]


def test_failed_runs_teach_tpe(space: Space, tmp_path: Path) -> None:
    search = Search(Planner(space, PlanSettings(trials=120, num_sobol=32)), tmp_path)
    search.go_on()
    failed = {
        origin: [
            good_rates_win(job).verdict == "diverged"
            for job in search.asked
            if job.origin == origin
        ]
        for origin in ("sobol", "tpe")
    }
    share = {origin: sum(ends) / len(ends) for origin, ends in failed.items()}
    assert 0.2 < share["sobol"] < 0.3  # a quarter of the log range is above 1e-2
    assert share["tpe"] < 0.05


def test_sobol_covers_conditional_branches(space: Space) -> None:
    planner = Planner(space, PlanSettings(trials=66, num_sobol=64))
    jobs = [job for job in asked_all(planner, STABLE) if job.origin == "sobol"]
    kinds = Counter(job.parameters["penalty.kind"] for job in jobs)
    assert kinds == {"none": 32, "r1": 32}
    for job in jobs:
        assert ("penalty.weight" in job.parameters) == (job.parameters["penalty.kind"] == "r1")
    decades = Counter(
        int(job.parameters["penalty.weight"] / 0.1 >= 10.0**1.5)
        for job in jobs
        if "penalty.weight" in job.parameters
    )
    assert decades == {0: 16, 1: 16}
    steps = Counter(job.parameters["training.critic_steps"] for job in jobs)
    assert steps == dict.fromkeys(range(1, 9), 8)


def test_the_seed_changes_sobol_and_tpe_but_no_known_point(space: Space) -> None:
    settings = PlanSettings(trials=8, num_sobol=3)
    one = asked_all(Planner(space, settings), STABLE)
    other = asked_all(Planner(space, settings.model_copy(update={"seed": 1})), STABLE)
    same = [a.parameters == b.parameters for a, b in zip(one, other, strict=True)]
    assert same == [True, True] + [False] * 6


def test_more_trials_leave_the_first_sobol_points_as_they_are(space: Space) -> None:
    few = asked_all(Planner(space, PlanSettings(trials=7, num_sobol=5)), STABLE)
    many = asked_all(Planner(space, PlanSettings(trials=40, num_sobol=38)), STABLE)
    assert [job.parameters for job in few] == [job.parameters for job in many[:7]]


@pytest.mark.parametrize("num_ends", [0, 1, 4, 9, 17, 23])
def test_planner_rebuilt_from_the_record_proposes_the_same(
    space: Space, tmp_path: Path, num_ends: int
) -> None:
    settings = PlanSettings(trials=24, num_sobol=8)
    undisturbed = Search(Planner(space, settings), tmp_path / "study")
    undisturbed.go_on(num_ends)
    running = sorted(job.trial for job in undisturbed.running)
    shutil.copytree(tmp_path / "study", tmp_path / "killed")
    record = read_study(tmp_path / "killed", evaluations=False)
    resumed = Search(Planner.rebuild(space, settings, record), tmp_path / "killed")
    resumed.fill()
    assert [job.trial for job in resumed.running] == running

    # From here both go on with the same runs ending in the same order.
    again = {job.trial: job for job in resumed.running}
    resumed.running = [again[job.trial] for job in undisturbed.running]
    resumed.asked = list(undisturbed.asked)
    undisturbed.go_on()
    resumed.go_on()
    assert resumed.asked == undisturbed.asked
    assert len(resumed.asked) == 24
    assert resumed.planner.finished


def test_interrupted_runs_come_again_with_seed_parameters_and_attempt(
    space: Space, tmp_path: Path
) -> None:
    crashes = iter([True, False, False, False])

    def outcome(job: Job) -> Outcome:
        return Outcome("errored", error="lost") if next(crashes) else STABLE

    settings = PlanSettings(trials=6, seed=5)
    search = Search(Planner(space, settings), tmp_path, outcome, num_slots=2)
    search.go_on(num_ends=3)
    before = {job.trial: job for job in search.running}
    assert any(job.attempt == 2 for job in search.asked)
    rebuilt = Planner.rebuild(space, settings, read_study(tmp_path, evaluations=False))
    again = [rebuilt.ask() for _ in before]
    assert {job.trial: job for job in again if job} == before


def test_a_crash_on_record_counts_as_an_attempt(space: Space, tmp_path: Path) -> None:
    settings = PlanSettings(trials=1, max_attempts=2)
    search = Search(
        Planner(space, settings), tmp_path, lambda job: Outcome("errored"), num_slots=1
    )
    search.fill()
    search.end_one()
    rebuilt = Planner.rebuild(space, settings, read_study(tmp_path, evaluations=False))
    job = rebuilt.ask()
    assert job is not None
    assert (job.trial, job.attempt) == (0, 2)
    rebuilt.tell(job, Outcome("errored"))
    assert rebuilt.finished


def test_a_proposal_that_never_started_is_asked_for_after_interrupted_runs(
    space: Space, tmp_path: Path
) -> None:
    settings = PlanSettings(trials=6)
    search = Search(Planner(space, settings), tmp_path, num_slots=3)
    search.fill()
    (tmp_path / "trials" / "0001" / "seed-0" / RUN_FILE).unlink()
    rebuilt = Planner.rebuild(space, settings, read_study(tmp_path, evaluations=False))
    jobs = [rebuilt.ask() for _ in range(4)]
    assert [job.trial for job in jobs if job] == [0, 2, 1, 3]


def test_a_damaged_trial_is_proposed_anew_under_its_number(space: Space, tmp_path: Path) -> None:
    settings = PlanSettings(trials=6)
    search = Search(Planner(space, settings), tmp_path)
    search.go_on(num_ends=3)
    (trial_folder(tmp_path, 1) / TRIAL_FILE).write_text('{"format": 1, "num')
    rebuilt = Planner.rebuild(space, settings, read_study(tmp_path, evaluations=False))
    jobs = asked_all(rebuilt, STABLE)
    assert next(job for job in jobs if job.trial == 1) == search.asked[1]
    assert rebuilt.finished


def test_a_resumed_search_may_have_more_trials(space: Space, tmp_path: Path) -> None:
    search = Search(Planner(space, PlanSettings(trials=5)), tmp_path)
    search.go_on()
    record = read_study(tmp_path, evaluations=False)
    longer = Planner.rebuild(space, PlanSettings(trials=9), record)
    assert [job.trial for job in asked_all(longer, STABLE)] == [5, 6, 7, 8]


def test_a_recorded_trial_keeps_its_stored_configuration(space: Space, tmp_path: Path) -> None:
    settings = PlanSettings(trials=3)
    search = Search(Planner(space.with_fixed({"network.width": 0.25}), settings), tmp_path)
    search.fill()
    rebuilt = Planner.rebuild(space, settings, read_study(tmp_path, evaluations=False))
    job = rebuilt.ask()
    assert job is not None
    assert job.config.network.width == 0.25


def test_a_record_that_left_its_space_is_refused(space: Space, tmp_path: Path) -> None:
    settings = PlanSettings(trials=2)
    Search(Planner(space, settings), tmp_path).go_on()
    path = trial_folder(tmp_path, 1) / TRIAL_FILE
    row = read_json(path)
    row["parameters"]["training.critic_steps"] = 9
    write_json(path, row)
    with pytest.raises(InputError, match=r"trial 1 of the record does not fit .* is 9;"):
        Planner.rebuild(space, settings, read_study(tmp_path, evaluations=False))


def test_a_finished_run_without_a_score_is_refused(space: Space, tmp_path: Path) -> None:
    settings = PlanSettings(trials=2)
    Search(Planner(space, settings), tmp_path).go_on()
    path = tmp_path / "trials" / "0000" / "seed-0" / RUN_FILE
    write_json(path, {**read_json(path), "score": None})
    with pytest.raises(InputError, match="finished without a finite score; remove the folder"):
        Planner.rebuild(space, settings, read_study(tmp_path, evaluations=False))


def test_the_trial_card_holds_parameters_and_the_whole_configuration(space: Space) -> None:
    job = Planner(space, PlanSettings(trials=1)).ask()
    assert job is not None
    card = trial_card(job)
    assert card.number == 0
    assert card.origin == "known:plain"
    assert card.parameters["training.critic_steps"] == 1
    assert card.config["optimizer"]["critic"]["lr"] == 1e-3


RACED = PlanSettings(trials=12, num_sobol=4, seeds=(1, 2, 4), race=3, confirm=2, seed=7)


def test_explore_comes_before_the_race_and_the_race_before_confirmation(space: Space) -> None:
    planner = Planner(space, RACED)
    jobs = asked_all(planner, STABLE)
    assert planner.stages == ("explore", "race", "confirm")
    assert Counter(job.stage for job in jobs) == {"explore": 12, "race": 6 + 2 * 3, "confirm": 6}
    assert len(jobs) == planner.num_runs == planner.num_ended
    assert [job.stage for job in jobs[:12]] == ["explore"] * 12
    assert {job.seed for job in jobs if job.stage == "race"} == {8, 9, 10}
    assert {job.seed for job in jobs if job.stage == "confirm"} == {1007, 1008}


def test_a_raced_run_differs_from_its_trial_by_its_seed_alone(space: Space) -> None:
    jobs = asked_all(Planner(space, RACED), STABLE)
    first = {job.trial: job for job in jobs if job.stage == "explore"}
    for job in jobs:
        assert job.config == first[job.trial].config.model_copy(update={"seed": job.seed})
        assert job.parameters == first[job.trial].parameters


def test_the_recommended_trial_is_the_winner_of_the_race(space: Space, tmp_path: Path) -> None:
    planner = Planner(space, RACED)
    assert planner.conclusions().recommended is None
    search = Search(planner, tmp_path, noisy)
    search.go_on()
    told = planner.conclusions()
    assert len(told.finalists) == 3
    assert told.recommended == told.finalists[0]
    assert told.confirm_seeds == (1007, 1008)
    confirmed = {(job.trial, job.seed) for job in search.asked if job.stage == "confirm"}
    assert {(trial, seed) for trial in told.finalists for seed in (1007, 1008)} <= confirmed


@pytest.mark.parametrize("num_ends", [3, 13, 18, 24])
def test_a_race_is_rebuilt_from_the_record_at_any_moment(
    space: Space, tmp_path: Path, num_ends: int
) -> None:
    whole = Search(Planner(space, RACED), tmp_path / "whole", noisy)
    whole.go_on()
    search = Search(Planner(space, RACED), tmp_path / "torn", noisy)
    search.go_on(num_ends=num_ends)
    record = read_study(tmp_path / "torn", evaluations=False)
    rebuilt = Planner.rebuild(space, RACED, record)
    again = [rebuilt.ask() for _ in search.running]
    assert {(job.trial, job.seed, job.stage) for job in again if job} == {
        (job.trial, job.seed, job.stage) for job in search.running
    }
    resumed = Search(Planner.rebuild(space, RACED, record), tmp_path / "torn", noisy)
    resumed.go_on()
    assert resumed.planner.conclusions() == whole.planner.conclusions()


def test_a_finished_study_can_be_confirmed_on_more_seeds(space: Space, tmp_path: Path) -> None:
    search = Search(Planner(space, RACED), tmp_path, noisy)
    search.go_on()
    more = RACED.model_copy(update={"confirm": 5})
    planner = Planner.rebuild(space, more, read_study(tmp_path, evaluations=False))
    jobs = asked_all(planner, STABLE)
    assert {job.stage for job in jobs} == {"confirm"}
    assert {job.seed for job in jobs} >= {1009, 1010, 1011}
    assert planner.conclusions().finalists == search.planner.conclusions().finalists


def test_a_crash_in_the_race_is_tried_again_and_leaves_the_trial_to_its_other_seeds(
    space: Space,
) -> None:
    planner = Planner(space, RACED)
    attempts = []
    while job := planner.ask():
        crashed = job.stage == "race" and job.seed == 8
        if crashed:
            attempts.append((job.trial, job.attempt))
        planner.tell(job, Outcome("errored", error="gone") if crashed else STABLE)
    assert Counter(trial for trial, _ in attempts).most_common()[0][1] == 3
    assert planner.finished
    assert len(planner.conclusions().finalists) == 3
    assert all(trial.state == TrialState.COMPLETE for trial in planner.trials())


def test_pruned_trials_do_not_race(space: Space) -> None:
    planner = Planner(space, RACED)
    while job := planner.ask():
        pruned = job.stage == "explore" and job.trial % 2 == 0
        planner.tell(job, Outcome("pruned") if pruned else STABLE)
    told = planner.conclusions().finalists
    assert told
    assert all(trial % 2 for trial in told)
    assert planner.trial(0).state == TrialState.PRUNED


def test_two_objectives_are_searched_with_failure_as_a_constraint(
    space: Space, tmp_path: Path
) -> None:
    settings = PlanSettings(trials=30, num_sobol=10, objective="quality,cost")
    search = Search(Planner(space, settings), tmp_path, noisy)
    search.go_on()
    for trial in search.planner.trials():
        quality, cost = trial.values
        assert (trial.constraints == {}) == (trial.user_attrs["verdict"] == "stable")
        assert cost == (40.0 if trial.constraints == {} else 10.0)
        assert quality == 0.0 or trial.constraints == {}
    qualities = {trial.number: trial.values[0] for trial in search.planner.trials()}
    best = max(qualities, key=lambda number: qualities[number])
    assert search.planner.conclusions().pareto == (best,)  # all stable ones cost the same


def test_a_search_for_quality_ranks_by_quality_among_equally_stable_trials(space: Space) -> None:
    planner = Planner(space, RACED.model_copy(update={"objective": "quality"}))
    while job := planner.ask():
        quality = 0.9 if job.trial == 5 else 0.5
        planner.tell(job, Outcome("finished", "stable", 1.0 - quality, quality=quality))
    assert planner.conclusions().recommended == 5


DISCRETE = '''"""Six settings."""
BASE = {}
KNOWN_POINTS = {"first": {"loss": "hinge", "training.batch_size": 16}}
def suggest(trial):
    return {
        "loss": trial.suggest_categorical("loss", ["hinge", "wasserstein"]),
        "training.batch_size": trial.suggest_categorical("training.batch_size", [16, 32, 64]),
    }
'''


def test_a_space_of_few_settings_has_each_once(tmp_path: Path) -> None:
    """A repeated setting would be the same run again, and count twice in a race."""
    space = load_space(write_space(tmp_path, DISCRETE))
    assert (space.num_settings(100), space.num_settings(4)) == (6, 4)
    for pilot in (False, True):  # Sobol points alone, and with TPE
        planner = Planner(space, PlanSettings(trials=16, pilot=pilot, race=8, confirm=1))
        assert planner.num_trials == 6
        tried = set()
        for _ in range(6):
            job = planner.ask()
            assert job is not None
            tried.add(tuple(sorted(job.parameters.items())))
            planner.tell(job, good_rates_win(job))
        assert len(tried) == 6
