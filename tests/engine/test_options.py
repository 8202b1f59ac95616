"""Options of the search, and the sentences for wrong ones."""

from pathlib import Path
from typing import Any

import pytest

import lab.engine.cluster
import lab.engine.place
from lab.engine.cluster import require_no_blanks
from lab.engine.options import SearchOptions, plan_settings, resumed_settings
from lab.engine.place import claim, new_place
from lab.errors import InputError
from lab.plan import PlanSettings, find_preset, load_space
from lab.record import SettingsCard
from lab.search import main


def test_dedicated_options_are_settings_in_short() -> None:
    options = SearchOptions(
        budget_kimg=2.5, dataset="mnist", accumulate=2, set=["optimizer.critic.lr=1e-3"]
    )
    assert options.fixed_values() == {
        "training.budget_images": 2500,
        "training.accumulate": 2,
        "data.source": "mnist",
        "optimizer.critic.lr": 1e-3,
    }


def test_help_separates_objectives_by_more_than_the_comma_within_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    assert "--objective {score | quality | stability,quality | quality,cost}" in shown


def test_a_path_is_made_absolute_for_workers_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "images").mkdir()
    monkeypatch.chdir(tmp_path)
    values = SearchOptions(dataset="images").fixed_values()
    assert values == {"data.source": str(tmp_path / "images")}


@pytest.mark.parametrize("plan", [[], ["--dry-run"]])
@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--space", "sngam"], "did you mean 'sngan'?"),
        (["--preset", "laptp"], "did you mean 'laptop'?"),
        (["--set", "optimizer.critc_lr=1"], "did you mean 'optimizer.critic.lr'"),
        (["--set", "optimizer.critic.lr"], "write path=value"),
        (
            ["--set", "optimizer.critic.lr=-1"],
            "optimizer.critic.lr is -1; it must be greater than 0",
        ),
        (["--budget-kimg", "0"], "--budget-kimg is 0; it must be above 0"),
        (["--trials", "0"], "--trials is 0; it must be at least 1"),
        (["--seed", "-1"], "--seed is -1; it must be from 0 to"),
        (["--concurrent", "0"], "--concurrent is 0; it must be at least 1"),
        (["--cpus-per-worker", "0"], "--cpus-per-worker is 0; it must be above 0"),
        (["--cpus-per-worker", "4096"], "a run asks for 4096 CPUs and"),
        (["--workers", "8:2"], "--workers is '8:2'; give a number from 1 (--workers 2), or a"),
        (["--workers", "999"], "a run asks for 999 workers, each of 1 CPUs and"),
        (["--accumulate", "0"], "--accumulate is 0; it must be at least 1"),
        (["--price", "0"], "--price is 0; it must be above 0"),
        (["--hung-after", "0"], "--hung-after is 0; it must be above 0"),
        (["--seeds", "0"], "--seeds is '0'; give the seeds of every trial (--seeds 3), or rising"),
        (["--seeds", "4,2"], "--seeds is '4,2'; give the seeds of every trial"),
        (["--seeds", "one"], "--seeds is 'one'; give the seeds of every trial"),
        (["--seeds", "1,1000"], "rising numbers for the rungs of a race (--seeds 1,2,4), from 1"),
        (["--trials", "8", "--race", "9"], "9 finalists and 8 trials; it can have at most"),
        (["--race", "-1"], "--race is -1; it must be at least 0"),
        (["--race", "0", "--confirm", "3"], "--race 0 has no finalists"),
        (["--race", "0", "--seeds", "1,2"], "--race 0 has no finalists"),
        (["--confirm", "1000"], "--confirm is 1000; it must be below 1000"),
        (["--target", "1.5"], "the target is '1.5'; give a quality between 0 and 1"),
        (["--target", "fid=0"], "the target is 'fid=0'; give a quality between 0 and 1"),
        (["--grace-kimg", "3"], "--grace-kimg is for --prune asha; give that as well"),
        (["--pilot", "--prune", "asha"], "--pilot measures whole runs and chooses none"),
        (["--gpus-per-worker", "99"], "99 GPUs on one node, and there are"),
        (["--dataset", "fashon-mini"], "did you mean 'fashion-mini'"),
        (["--dataset", "./nowhere"], "the data set nowhere is not there"),
        (["--extractor", "fashoin"], "did you mean 'fashion'?"),
        (["--extractor", "none.safetensors"], "none.safetensors"),
        (["--address", "127.0.0.1:1"], "no Ray cluster answers at --address 127.0.0.1:1"),
        (
            ["--resolution", "33"],
            "data.resolution is 33; it must be 28 or a power of two from 16 to 1,024",
        ),
        (["--name", "../up"], "it must be a plain folder name"),
        (["--storage", "nosuch://bucket/x"], "which fsspec does not support; give a path"),
        (["--storage", "/proc/none"], "cannot be written"),
        (["--resume", "nothing-here"], "is not a study"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(
    args: list[str],
    said: str,
    plan: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def connect(*_: object, **__: object) -> None:
        raise AssertionError("a mistake that is found here must not wait for Ray")

    for name in ("_start_here", "_join"):
        monkeypatch.setattr(lab.engine.cluster, name, connect)
    monkeypatch.chdir(tmp_path)
    assert main([*args, *plan]) == 2
    errors = capsys.readouterr().err
    assert said in errors
    assert len(errors.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_option_is_answered_with_the_nearest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--trails", "3"])
    assert stopped.value.code == 2
    assert "--trials" in capsys.readouterr().err


def test_a_place_that_holds_another_study_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "taken"
    folder.mkdir()
    (folder / "study.json").write_text('{"format": 1}')
    assert main(["--storage", str(tmp_path), "--name", "taken"]) == 2
    assert f"--resume {folder}" in capsys.readouterr().err


def test_searches_of_one_second_have_names_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lab.engine.place.time, "strftime", lambda _: "20260101-000000")
    places = [new_place(SearchOptions(storage=str(tmp_path))) for _ in range(3)]
    assert len({place.folder for place in places}) == 3


def test_of_two_searches_with_one_name_one_gets_it(tmp_path: Path) -> None:
    """Both had found it free."""
    options = SearchOptions(storage=str(tmp_path), name="mine")
    first, second = new_place(options), new_place(options)
    claim(first)
    with pytest.raises(InputError, match="already holds a study"):
        claim(second)


def test_an_interpreter_below_a_path_with_a_blank_is_refused() -> None:
    """Ray's workers would never start, and the search would wait for them for ever."""
    require_no_blanks("/usr/bin/python3")
    with pytest.raises(InputError, match="has a blank in its path, where Ray starts no worker"):
        require_no_blanks("/usr/bin/python3", "/home/me/my tools/bin/python")


def test_spaces_are_listed_with_their_points(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list-spaces"]) == 0
    listed = capsys.readouterr().out
    for word in ("sngan", "wgan_gp", "dcgan", "optimizer.generator.lr", "miyato-c"):
        assert word in listed


def test_a_mistake_in_a_script_raises(tmp_path: Path) -> None:
    from lab.search import search

    with pytest.raises(InputError, match="did you mean 'sngan'"):
        search("sngam", storage=tmp_path)


def test_an_unknown_option_of_a_script_is_answered_with_the_nearest(tmp_path: Path) -> None:
    from lab.search import search

    with pytest.raises(InputError, match="the option 'trails' is unknown; did you mean 'trials'"):
        search("sngan", trails=3, storage=tmp_path)


@pytest.mark.parametrize(
    "args",
    [
        ["--seed", "4"],
        ["--preset", "laptop"],
        ["--set", "training.batch_size=8"],
        ["--dataset", "mnist"],
        ["--budget-kimg", "3"],
        ["--name", "other"],
        ["--known-only"],
    ],
)
def test_what_a_resumed_study_cannot_take_is_refused(
    args: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--resume", str(tmp_path), *args]) == 2
    said = capsys.readouterr().err
    assert f"cannot change {args[0]}; leave that out" in said


def stages_of(**asked: Any) -> PlanSettings:
    space = load_space("sngan")
    return plan_settings(space, SearchOptions(**asked), find_preset("laptop"))


def plan_of(settings: PlanSettings) -> tuple[tuple[int, ...], int | None, int]:
    return settings.seeds, settings.race, settings.confirm


def test_the_preset_races_and_confirms_unless_trials_are_few_or_to_be_compared_whole() -> None:
    preset = find_preset("laptop")
    assert plan_of(stages_of()) == (preset.seeds, preset.race, preset.confirm)
    for asked in ({"trials": 7}, {"known_only": True}, {"pilot": True}, {"race": 0}):
        assert plan_of(stages_of(**asked)) == ((1,), 0, 0)
    assert plan_of(stages_of(trials=7, race=2)) == (preset.seeds, 2, preset.confirm)


def test_one_number_of_seeds_is_every_trials_and_several_are_a_race() -> None:
    assert plan_of(stages_of(seeds="3")) == ((3,), 0, 0)
    assert plan_of(stages_of(seeds="3", known_only=True)) == ((3,), 0, 0)
    assert plan_of(stages_of(seeds="1,3", trials=4)) == (
        (1, 3),
        None,
        find_preset("laptop").confirm,
    )
    assert plan_of(stages_of(seeds="2", confirm=4)) == ((2,), None, 4)


def test_a_resumed_study_may_get_more_seeds_and_confirmation() -> None:
    stored = SettingsCard.model_validate(PlanSettings(trials=9, race=0).model_dump(mode="json"))
    assert resumed_settings(stored, SearchOptions()) == PlanSettings(trials=9, race=0)
    assert plan_of(resumed_settings(stored, SearchOptions(confirm=5))) == ((1,), None, 5)
    assert plan_of(resumed_settings(stored, SearchOptions(seeds="1,2"))) == ((1, 2), None, 0)


def test_a_study_of_an_older_version_explores_only() -> None:
    stored = SettingsCard(trials=4, seed=0, num_sobol=None, known_only=False, max_attempts=3)
    assert plan_of(resumed_settings(stored, SearchOptions())) == ((1,), None, 0)


def test_an_objective_from_python_that_there_is_not_is_one_sentence() -> None:
    with pytest.raises(InputError, match=r"^--objective .fid. is unknown; "):
        SearchOptions(objective="fid").check()  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"^--prune .median. is unknown; "):
        SearchOptions(prune="median").check()  # type: ignore[arg-type]
