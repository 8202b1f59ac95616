"""Facts about runs of a command: the same record as a run of the lab, and every way to end."""

from __future__ import annotations

import math
import os
from pathlib import Path

import pytest

from lab.config import ClockConfig, change_config
from lab.errors import InputError
from lab.record import read_rows
from lab.trainer import sources
from lab.trainer.loop import run_trainer
from lab.trainer.process import TrainingFailed
from tests.trainer.settings import HEALTHY, card_of, of_command, trained, write
from tests.trainer.test_process import is_gone, number_in


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(sources, "FINISH_SECONDS", 0.1)


def test_a_healthy_command_leaves_the_record_of_a_run(tmp_path: Path) -> None:
    config = of_command(tmp_path, f"({HEALTHY}) > $1/log.csv")
    evaluations = trained(config, tmp_path / "run", trial=3, stage="race")
    assert [evaluation.row["fid"] for evaluation in evaluations] == [300, 150, 75, 37, 18, 9]
    last = evaluations[-1]
    assert last.verdict is not None
    assert last.verdict.name == "stable"
    assert "fid 9" in last.verdict.evidence
    assert any("explosion could not be judged" in words for words in last.verdict.not_judged)
    card = card_of(tmp_path / "run")
    assert (card.trial, card.stage, card.status, card.images_seen) == (3, "race", "finished", 5000)
    assert card.score == last.score
    rows = read_rows(tmp_path / "run" / "evaluations.jsonl").rows
    assert [row["images_seen"] for row in rows] == [0, 1000, 2000, 3000, 4000, 5000]
    again = trained(config, tmp_path / "run")
    assert [evaluation.row for evaluation in again] == [last.row]


def test_quality_has_the_ends_that_the_metric_gives(tmp_path: Path) -> None:
    script = "(echo images,fid; echo 0,400; echo 5000,0) > $1/log.csv"
    evaluations = trained(of_command(tmp_path, script), tmp_path / "run")
    assert [evaluation.row["quality"] for evaluation in evaluations] == [0.0, 1.0]


def test_a_run_that_misses_the_target_is_not_stable(tmp_path: Path) -> None:
    config = change_config(
        of_command(tmp_path, f"({HEALTHY}) > $1/log.csv"), {"stability.target_distance": "fid=5"}
    )
    last = trained(config, tmp_path / "run")[-1]
    assert last.verdict is not None
    assert last.verdict.name in ("short", "stalled")
    assert "fid=5" in last.verdict.evidence or "target 5" in last.verdict.evidence


def test_a_command_is_ended_at_its_failure(tmp_path: Path) -> None:
    script = (
        "echo $$ > $1/pid; exec > $1/log.csv; echo images,fid,d_loss; echo 0,300,1.0; "
        "echo 1000,150,nan; echo 2000,150,nan; while :; do sleep 0.1; done"
    )
    last = trained(of_command(tmp_path, script), tmp_path / "run")[-1]
    assert last.verdict is not None
    assert last.verdict.name == "diverged"
    assert last.row["images_seen"] < 5000
    assert math.isnan(last.row["signal_critic_loss"])
    assert is_gone(number_in(tmp_path / "run" / "trainer" / "pid"))


def test_a_command_that_never_ends_is_ended_at_the_budget(tmp_path: Path) -> None:
    script = f"echo $$ > $1/pid; ({HEALTHY}; sleep 99) > $1/log.csv"
    last = trained(of_command(tmp_path, script), tmp_path / "run")[-1]
    assert last.verdict is not None
    assert last.verdict.name == "stable"
    assert is_gone(number_in(tmp_path / "run" / "trainer" / "pid"))


def test_closing_the_run_ends_the_command(tmp_path: Path) -> None:
    script = "echo $$ > $1/pid; (echo images,fid; echo 0,300; sleep 99) > $1/log.csv"
    evaluations = run_trainer(of_command(tmp_path, script), tmp_path / "run")
    assert next(evaluations).row["images_seen"] == 0
    evaluations.close()
    assert is_gone(number_in(tmp_path / "run" / "trainer" / "pid"))
    assert card_of(tmp_path / "run").status == "running"


def test_a_run_continues_from_what_the_command_saved(tmp_path: Path) -> None:
    script = """
(echo images,fid; echo 0,300; echo 1000,$2) > $1/log-$$.csv
touch $1/state-1.pkl
[ -n "$3" ] || exit 9
(echo images,fid; echo 1000,140; echo 2000,70; echo 5000,9) > $1/log-$$.csv
echo "$3" > $1/came
"""
    config = of_command(
        tmp_path,
        script,
        {"first": 150},
        command=f"sh {write(tmp_path, script)} {{folder}} {{first}}",
        log="log-*.csv",
        resume="{latest:state-*.pkl}",
    )
    with pytest.raises(TrainingFailed, match="exit code 9"):
        trained(config, tmp_path / "run")
    first = read_rows(tmp_path / "run" / "evaluations.jsonl").rows
    assert [row["fid"] for row in first] == [300, 150]
    last = trained(config, tmp_path / "run", attempt=2)[-1]
    rows = read_rows(tmp_path / "run" / "evaluations.jsonl").rows
    assert [(row["images_seen"], row["fid"]) for row in rows] == [
        *((0, 300), (1000, 140), (2000, 70), (5000, 9)),
    ]
    assert last.verdict is not None
    assert last.verdict.name == "stable"
    came = (tmp_path / "run" / "trainer" / "came").read_text().strip()
    assert came == str(tmp_path / "run" / "trainer" / "state-1.pkl")


def test_values_reach_the_command_as_single_words(tmp_path: Path) -> None:
    script = f'printf "%s\\n" "$@" > $1/words; ({HEALTHY}) > $1/log.csv'
    config = of_command(
        tmp_path,
        script,
        {"a name": "two words; $HOME", "rate": 0.00025},
        command="sh train.sh {folder} {seed} {gpus} {kimg} {rate:g} '{a name}'",
    )
    trained(change_config(config, {"seed": 7}), tmp_path / "run", gpus=2, device="cuda")
    folder = tmp_path / "run" / "trainer"
    words = (folder / "words").read_text().splitlines()
    assert words == [str(folder), "7", "2", "5", "0.00025", "two words; $HOME"]


def test_a_log_that_counts_steps_has_its_batch_size_from_a_parameter(tmp_path: Path) -> None:
    script = "(echo epochs_of_mine,fid; echo 0,300; echo 50,60; echo 100,9) > $1/log.csv"
    clock = ClockConfig(column="epochs_of_mine", images="batch")
    config = of_command(tmp_path, script, {"batch": 50}, clock=clock)
    rows = [evaluation.row for evaluation in trained(config, tmp_path / "run")]
    assert [row["images_seen"] for row in rows] == [0, 2500, 5000]


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo hello; echo a > $1/other.txt", "wrote no file that LOG 'log.csv' matches"),
        ("echo a > $1/other.txt", "there is other.txt"),
        ("printf '\\000\\001\\377\\000' > $1/log.csv", "is binary"),
        ("(echo time,fid; echo 1,300; echo 2,100) > $1/log.csv", "no column of images seen"),
    ],
)
def test_a_log_that_nobody_can_read_is_a_mistake(tmp_path: Path, script: str, words: str) -> None:
    with pytest.raises(InputError) as refused:
        trained(of_command(tmp_path, script), tmp_path / "run")
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("script", "again", "words"),
    [
        (
            "echo one; echo 'no GPU' >&2; exit 3",
            True,
            "its last output:\none\nno GPU",
        ),
        ("kill -11 $$", True, "signal 11 from outside; it printed nothing"),
        ("(echo images,fid; echo 0,300; echo 900,90) > $1/log.csv", False, "ended by itself at"),
        (
            "(echo images,loss; echo 0,3; echo 5000,9) > $1/log.csv",
            False,
            "it logged images, loss",
        ),
        ("(echo images,fid; echo 0,3; echo 5000,-90) > $1/log.csv", False, "not negative"),
    ],
)
def test_a_training_without_a_verdict_states_why(
    tmp_path: Path, script: str, again: bool, words: str
) -> None:
    with pytest.raises((TrainingFailed, InputError)) as failed:
        trained(of_command(tmp_path, script), tmp_path / "run")
    assert words in str(failed.value)
    if isinstance(failed.value, TrainingFailed):
        assert failed.value.again is again


def test_a_silent_command_is_ended(tmp_path: Path) -> None:
    script = "echo $$ > $1/pid; exec sleep 99"
    config = of_command(tmp_path, script, patience_minutes=0.02)
    with pytest.raises(TrainingFailed, match=r"no new evaluation for 0\.02 minutes"):
        trained(config, tmp_path / "run")
    assert is_gone(number_in(tmp_path / "run" / "trainer" / "pid"))


def test_a_command_that_fills_the_disk_with_its_output_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "MOST_OUTPUT_BYTES", 1000)
    config = of_command(tmp_path, "while :; do echo aaaaaaaaaaaaaaaaaaaaaaaa; sleep 0.01; done")
    with pytest.raises(TrainingFailed, match="printed more than"):
        trained(config, tmp_path / "run")


def test_a_last_line_without_its_end_is_waited_for(tmp_path: Path) -> None:
    script = (
        "exec > $1/log.csv; echo images,fid; echo 0,300; printf '5000,9'; "
        "while [ ! -e $1/go ]; do sleep 0.05; done; printf '0\\n'"
    )
    evaluations = run_trainer(of_command(tmp_path, script), tmp_path / "run")
    assert next(evaluations).row["fid"] == 300
    (tmp_path / "run" / "trainer" / "go").touch()
    assert next(evaluations).row["fid"] == 90
    evaluations.close()


def test_threads_and_gpus_of_the_slot_are_those_of_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "CUDA_VISIBLE_DEVICES", "2,3")
    script = f'echo "$OMP_NUM_THREADS $CUDA_VISIBLE_DEVICES"; ({HEALTHY}) > $1/log.csv'
    trained(of_command(tmp_path, script), tmp_path / "run", threads=3, gpus=2)
    assert (tmp_path / "run" / "output.txt").read_text() == "3 2,3\n"
    trained(of_command(tmp_path, script), tmp_path / "run-2", threads=1, gpus=0)
    assert (tmp_path / "run-2" / "output.txt").read_text() == "1 \n"
