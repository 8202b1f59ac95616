"""Facts about `python -m lab.judge`."""

import json
from pathlib import Path

import pytest

from lab.config import StabilityConfig
from lab.judge import main
from lab.record import EVALUATIONS_FILE, RUN_FILE, append_row, write_json
from tests.stability.rows import BASELINE, BUDGET, run_rows

CSV = """Kimg,FID50k_full
0,300
200,120
400,60
600,250
800,280
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.csv"
    path.write_text(CSV)
    return path


def test_a_csv_is_judged_in_words(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(log)]) == 3
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["verdict     degraded", "onset       600 kimg"]
    assert lines[3].startswith("confidence  ")
    assert any(line.startswith("not judged") for line in lines)
    assert lines[-1] == (
        "note        no budget was given: the last row, at 800 kimg, is taken for the end"
    )


def test_json_holds_the_whole_verdict(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(log), "--json", "--target", "0.7", "--budget", "800000"]) == 3
    data = json.loads(capsys.readouterr().out)
    assert (data["verdict"], data["onset_images"], data["flags"]) == ("degraded", 600_000, [])
    assert data["ignored"] == []


def test_stylegan_metric_files_are_understood(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "metric-fid50k_full.jsonl"
    lines = [
        json.dumps(
            {
                "results": {"fid50k_full": value},
                "metric": "fid50k_full",
                "snapshot_pkl": f"network-snapshot-{200 * i:06d}.pkl",
            }
        )
        for i, value in enumerate([300.0, 80.0, 10.0])
    ]
    path.write_text("\n".join([*lines, '{"torn']))
    assert main([str(path)]) == 0
    out = capsys.readouterr().out
    assert "verdict     stable" in out
    assert "at 400 kimg" in out
    assert "note        1 line of metric-fid50k_full.jsonl could not be read" in out


def test_a_runs_folder_is_judged_by_its_own_limits_and_budget(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "trials" / "0000" / "seed-0"
    for row in run_rows():
        append_row(folder / EVALUATIONS_FILE, row)
    run = {"trial": 0, "seed": 0, "status": "finished", "budget_images": BUDGET}
    write_json(folder / RUN_FILE, run)
    write_json(tmp_path / "study.json", {"metrics": {"baseline": BASELINE}})
    strict = {"config": {"stability": StabilityConfig(target_quality=0.9).model_dump()}}
    write_json(folder.parent / "trial.json", strict)

    assert main([str(folder), "--json"]) in (0, 3)
    assert json.loads(capsys.readouterr().out)["verdict"] != "stable"
    assert main([str(folder), "--json", "--target", "0.5"]) == 0
    assert json.loads(capsys.readouterr().out)["verdict"] == "stable"
    assert main([str(folder), "--budget", "999999"]) == 0
    assert capsys.readouterr().out.startswith("no verdict yet")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--target", "1"], "--target is 1.0; quality lies between"),
        (["--target", "0"], "--target is 0.0"),
        (["--target", "nan"], "--target is nan"),
        (["--budget", "0"], "--budget is 0; it must be at least 1"),
        (["--batch-size", "-1"], "--batch-size is -1"),
        (["--floor", "inf"], "--floor is inf; it must be a finite number"),
        (["--clock", "when"], "'when', which is no column of the log"),
    ],
)
def test_a_mistaken_option_is_one_sentence_and_exit_code_2(
    log: Path, args: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(log), *args]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("no.csv", None, "cannot be read"),
        ("empty.csv", "", "is empty"),
        ("head.csv", "kimg,fid\n", "is empty"),
        ("prose.txt", "it went well\nuntil it did not\n", "no format that is known"),
        ("folder", "", "is not a run"),
        ("noise.jsonl", "[1]\nx\n", "no format that is known"),
        ("numbers.csv", "0,300\n1,200\n", "has no header"),
        ("text.csv", "kimg,fid\na,b\n", "no row of the log has a number in 'kimg'"),
    ],
)
def test_a_bad_log_is_one_sentence_and_exit_code_2(
    tmp_path: Path, name: str, content: str | None, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    if name == "folder":
        path.mkdir()
    elif content is not None:
        path.write_text(content)
    assert main([str(path)]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
