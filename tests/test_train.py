"""python -m lab.train: one run from a file, a stored trial or a space's point."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.config import make_config
from lab.gan.game import Game
from lab.record import CONFIG_FILE, EVALUATIONS_FILE, RUN_FILE, TRIAL_FILE, read_json, write_json
from lab.run import run
from lab.train import main
from tests.metrics.colours import write_hued_pack
from tests.runs import (
    SMALL,
    plain_metrics,
    small_run,
    stop_after,
    stored_rows,
    timeless,
    write_small_pack,
)


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_pack(tmp_path_factory.mktemp("squares") / "pack")


@pytest.fixture(scope="module", autouse=True)
def measured_plainly() -> Iterator[None]:
    with plain_metrics():
        yield


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def file(pack: Path, here: Path) -> Path:
    """A configuration of two evaluations."""
    path = here / "mine.json"
    config = small_run(pack, {"training.budget_images": 32})
    path.write_text(json.dumps(config.model_dump()))
    return path


def train(*args: object) -> int:
    return main([*map(str, args), "--threads", "1", "--device", "cpu"])


def test_a_config_file_is_trained_and_its_end_told(
    file: Path, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train("--config", file) == 0

    folder = here / "runs" / "mine-seed-0"
    note, said = read_json(folder / RUN_FILE), capsys.readouterr().out
    assert note["status"] == "finished"
    assert [row["images_seen"] for row in stored_rows(folder)] == [0, 32]
    settled = {"evaluation.extractor": "fashion"}  # for `auto`
    assert make_config(read_json(folder / CONFIG_FILE)["config"]) == make_config(
        json.loads(file.read_text()), settled
    )
    for expected in ("0 images", "32 images", "quality", note["verdict"]["name"], "score"):
        assert expected in said
    line = next(line for line in said.splitlines() if "32 images" in line)
    assert len(line.split("images")[1].split()) <= 10, "five metrics and their names"


def test_settings_and_seed_win_over_the_file(file: Path, here: Path) -> None:
    out = here / "here"
    assert train("--config", file, "--set", "loss=wasserstein", "--seed", 5, "--out", out) == 0

    stored = read_json(out / CONFIG_FILE)["config"]
    assert (stored["loss"], stored["seed"]) == ("wasserstein", 5)
    assert read_json(out / RUN_FILE)["seed"] == 5


def test_the_jacobian_is_asked_for_with_one_word(file: Path, here: Path) -> None:
    train("--config", file, "--jacobian", "--out", "turning")
    assert all("signal_jacobian_imag_max" in row for row in stored_rows(here / "turning"))


def test_the_same_command_continues_an_interrupted_run(file: Path, here: Path, pack: Path) -> None:
    values = ["--set", "training.budget_images=128"]
    assert train("--config", file, *values, "--out", here / "whole") == 0

    write_json(here / "part" / CONFIG_FILE, read_json(here / "whole" / CONFIG_FILE))
    stop_after(small_run(pack, {"training.budget_images": 128}), here / "part", 2)
    assert train("--config", file, *values, "--out", here / "part") == 0

    assert timeless(stored_rows(here / "part")) == timeless(stored_rows(here / "whole"))


def test_a_finished_run_is_shown_again(
    file: Path, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train("--config", file) == 0
    before = (here / "runs" / "mine-seed-0" / EVALUATIONS_FILE).read_bytes()
    capsys.readouterr()

    assert train("--config", file) == 0
    assert "score" in capsys.readouterr().out
    assert (here / "runs" / "mine-seed-0" / EVALUATIONS_FILE).read_bytes() == before


def test_a_stored_trial_is_trained_with_its_own_configuration(pack: Path, here: Path) -> None:
    config = small_run(pack, {"training.budget_images": 32, "seed": 4})
    trial = here / "study" / "trials" / "0007"
    write_json(trial / TRIAL_FILE, {"number": 7, "config": config.model_dump(mode="json")})

    assert train("--trial", trial) == 0
    assert read_json(here / "runs" / "trial-0007-seed-4" / RUN_FILE)["status"] == "finished"


def test_a_known_point_of_a_space_is_trained(
    pack: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = {"training.budget_images": 32, "data.source": str(pack)}
    settings = [f"{path}={value}" for path, value in {**SMALL, **small}.items()]
    sets = [word for setting in settings if ".lr" not in setting for word in ("--set", setting)]

    assert train("--space", "sngan", "--point", "miyato-c", "--preset", "laptop", *sets) == 0

    stored = read_json(here / "runs" / "miyato-c-seed-0" / CONFIG_FILE)["config"]
    assert stored["optimizer"]["generator"]["lr"] == 2e-4
    assert stored["optimizer"]["generator"]["beta1"] == 0.5
    assert stored["training"]["budget_images"] == 32


def test_an_interrupted_command_ends_quietly_and_can_be_repeated(
    file: Path,
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with monkeypatch.context() as patch:

        def interrupted(game: Game, real_batch: object) -> None:
            raise KeyboardInterrupt

        patch.setattr(Game, "step", interrupted)
        assert train("--config", file) == 130
    assert "the same command continues" in capsys.readouterr().out

    assert train("--config", file) == 0
    rows = stored_rows(here / "runs" / "mine-seed-0")
    assert [row["images_seen"] for row in rows] == [0, 32]


MISTAKES: dict[str, tuple[list[str], str]] = {
    "nothing": ([], "exactly one of --space"),
    "two ways": (["--config", "FILE", "--trial", "x"], "exactly one of --space"),
    "a point without a space": (["--config", "FILE", "--point", "a"], "belong to --space"),
    "a preset without a space": (["--config", "FILE", "--preset", "gpu"], "belong to --space"),
    "a space without a point": (["--space", "sngan"], "needs --point"),
    "an unknown space": (["--space", "sngann", "--point", "a"], "did you mean 'sngan'"),
    "an unknown point": (["--space", "sngan", "--point", "miyato-x"], "miyato-"),
    "an unknown preset": (
        ["--space", "sngan", "--point", "miyato-c", "--preset", "lapdog"],
        "did you mean 'laptop'",
    ),
    "no such file": (["--config", "none.json"], "cannot be read"),
    "no such trial": (["--trial", "study/trials/0009"], "cannot be read"),
    "not JSON": (["--config", "broken.json"], "is not JSON"),
    "an unknown path": (["--config", "FILE", "--set", "optimizer.lr=1"], "optimizer.lr"),
    "a value out of range": (["--config", "FILE", "--set", "penalty.weight=-1"], "penalty.weight"),
    "no value": (["--config", "FILE", "--set", "loss"], "write path=value"),
    "a negative seed": (["--config", "FILE", "--seed", "-1"], "seed is -1"),
    "no threads": (["--config", "FILE", "--threads", "0"], "--threads is 0"),
    "an unknown device": (["--config", "FILE", "--device", "tpu"], "the device 'tpu'"),
    "an unknown data set": (
        ["--config", "FILE", "--set", "data.source=fashion-mimi"],
        "did you mean 'fashion-mini'",
    ),
    "another resolution": (["--config", "FILE", "--set", "data.resolution=64"], "32x32"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_sentence_and_leaves_nothing(
    mistake: str, file: Path, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "broken.json").write_text("{")
    args, said = MISTAKES[mistake]

    code = main([str(file) if word == "FILE" else word for word in args])

    told = capsys.readouterr().err
    assert code == 2
    assert said in told
    assert told.startswith("python -m lab.train: ")
    assert told.count("\n") == 1
    assert {path.name for path in here.iterdir()} == {"mine.json", "broken.json"}


@pytest.fixture
def colour_file(here: Path) -> Path:
    """A configuration of one short run on images in colour."""
    path = here / "hues.json"
    config = small_run(write_hued_pack(here / "hues"), {"training.budget_images": 32})
    path.write_text(json.dumps(config.model_dump()))
    return path


def test_a_run_keeps_the_extractor_that_auto_stood_for(
    colour_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert train("--config", colour_file, "--out", "run") == 0
    stored = read_json(Path("run") / CONFIG_FILE)
    assert stored["config"]["evaluation"]["extractor"] == "efficientnet"
    monkeypatch.setattr("lab.efficientnet.find_spec", lambda name: None)
    assert train("--config", colour_file, "--out", "run") == 0


def test_the_fashion_extractor_is_refused_for_colour_and_leaves_nothing(
    colour_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fashion = ("--set", "evaluation.extractor=fashion")
    assert train("--config", colour_file, "--out", "run", *fashion) == 2
    assert "evaluation.extractor is fashion, which reads images in colour as grey" in (
        capsys.readouterr().err
    )
    assert not Path("run").exists()


def test_grey_images_of_other_subjects_are_measured_with_a_caution(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train("--config", file, "--out", "run") == 0
    assert "trained on clothing, which squares may not be" in capsys.readouterr().out


def test_the_folder_of_another_configuration_is_refused(
    file: Path, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train("--config", file, "--out", here / "run") == 0
    before = {path: path.read_bytes() for path in (here / "run").iterdir() if path.is_file()}

    assert train("--config", file, "--out", here / "run", "--seed", 3) == 2

    assert "holds a run of another configuration" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in before} == before


def test_the_folder_of_a_studys_run_is_refused(
    file: Path, here: Path, pack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluations = run(small_run(pack), here / "study-run")
    next(evaluations)
    evaluations.close()

    assert train("--config", file, "--out", here / "study-run") == 2
    assert "holds a run of a study" in capsys.readouterr().err


@pytest.mark.parametrize("place", ["mine.json", "mine.json/below"])
def test_a_place_that_cannot_be_written_is_one_sentence(
    place: str, file: Path, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = file.read_bytes()
    assert train("--config", file, "--out", here / place) == 2

    assert "cannot be written" in capsys.readouterr().err
    assert file.read_bytes() == before


def test_a_damaged_checkpoint_is_one_sentence(
    file: Path, here: Path, pack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out: Any = here / "run"
    config = small_run(pack, {"training.budget_images": 32})
    write_json(out / CONFIG_FILE, {"config": config.model_dump()})
    stop_after(config, out, 1)
    (out / "checkpoint-00000000.pt").write_bytes(b"torn")

    assert train("--config", file, "--out", out) == 2
    assert "is damaged" in capsys.readouterr().err


def test_two_workers_train_the_run_of_one(
    file: Path, here: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    exact = ["--set", "training.precision=float64", "--set", "evaluation.num_samples=100"]
    for workers in ("1", "2"):
        command = [sys.executable, "-m", "lab.train", "--config", file, *exact]
        command += ["--workers", workers, "--out", workers, "--device", "cpu", "--threads", "1"]
        subprocess.run(command, check=True, timeout=560)
    one, two = (stored_rows(here / workers) for workers in ("1", "2"))
    assert len(one) == len(two) == 2
    for row, same in zip(one, two, strict=True):
        for key in row:
            if "seconds" not in key:
                assert row[key] == pytest.approx(same[key], rel=1e-9), key
    told = capfd.readouterr().out.split("score ")
    assert len(told) == 3, "each command tells its run once"


def test_the_mistake_of_a_gang_is_told_once(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert train("--config", file, "--workers", "16") == 2
    said = capfd.readouterr().err
    assert said.count("training.batch_size is 8; 16 workers") == 1
    assert "Traceback" not in said
