"""Options of the search, and the sentences for wrong ones."""

from pathlib import Path

import pytest

from lab.config import InputError
from lab.engine.options import SearchOptions
from lab.search import main


def test_dedicated_options_are_settings_in_short() -> None:
    options = SearchOptions(budget_kimg=2.5, dataset="mnist", set=["optimizer.critic_lr=1e-3"])
    assert options.fixed_values() == {
        "training.budget_images": 2500,
        "data.source": "mnist",
        "optimizer.critic_lr": 1e-3,
    }


def test_a_path_is_made_absolute_for_workers_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "images").mkdir()
    monkeypatch.chdir(tmp_path)
    values = SearchOptions(dataset="images").fixed_values()
    assert values == {"data.source": str(tmp_path / "images")}


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--space", "sngam"], "did you mean 'sngan'?"),
        (["--preset", "laptp"], "did you mean 'laptop'?"),
        (["--set", "optimizer.critc_lr=1"], "did you mean 'optimizer.critic_lr'"),
        (["--set", "optimizer.critic_lr"], "write path=value"),
        (
            ["--set", "optimizer.critic_lr=-1"],
            "optimizer.critic_lr is -1; it must be greater than 0",
        ),
        (["--budget-kimg", "0"], "--budget-kimg is 0.0; it must be above 0"),
        (["--name", "../up"], "it must be a plain folder name"),
        (["--storage", "s3://bucket/x"], "give a path that every node sees"),
        (["--storage", "/proc/none"], "cannot be written"),
        (["--resume", "nothing-here"], "is not a study"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(
    args: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(args) == 2
    errors = capsys.readouterr().err
    assert said in errors
    assert len(errors.strip().splitlines()) == 1
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == []


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


def test_spaces_are_listed_with_their_points(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list-spaces"]) == 0
    listed = capsys.readouterr().out
    for word in ("sngan", "wgan_gp", "dcgan", "optimizer.generator_lr", "miyato-c"):
        assert word in listed


def test_a_mistake_in_a_script_raises(tmp_path: Path) -> None:
    from lab.search import search

    with pytest.raises(InputError, match="did you mean 'sngan'"):
        search("sngam", storage=tmp_path)
