"""Facts about `python -m lab.judge`."""

import json
import subprocess
import sys
import time
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

    assert main([str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["verdict"] == "short"
    assert main([str(folder), "--json", "--target", "0.5"]) == 0
    assert json.loads(capsys.readouterr().out)["verdict"] == "stable"
    assert main([str(folder), "--budget", "999999"]) == 0
    assert capsys.readouterr().out.startswith("no verdict yet")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--target", "1"], "the target is '1'; give a quality between 0 and 1"),
        (["--target", "0"], "the target is '0'; give a quality"),
        (["--target", "fid"], "the target is 'fid'; give a quality"),
        (["--budget", "0"], "--budget is 0; it must be at least 1"),
        (["--batch-size", "-1"], "--batch-size is -1"),
        (["--floor", "inf"], "--floor is inf; it must be a finite number"),
        (["--clock", "when"], "'when', which is no column of the log"),
        (["--batch-size", "64"], "the batch size 64 is not used"),
        (["--epoch-size", "50000"], "the epoch size 50000 is not used"),
        (["--epoch-size", "0"], "--epoch-size is 0; it must be at least 1"),
        (["--interval", "5"], "--interval is not used without --follow"),
        (["--patience", "5"], "--patience is not used without --follow"),
        (["--follow", "--interval", "0"], "--interval is 0.0; it must be above 0 seconds"),
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


HEALTHY = [300.0, 100.0, 40.0, 20.0, 12.0, 8.0]
FALLEN = [300.0, 100.0, 40.0, 20.0, 110.0, 120.0]


def rows_of(values: list[float]) -> str:
    return "".join(f"{200 * i},{value}\n" for i, value in enumerate(values))


def test_exit_codes_are_for_shell_scripts(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    for values, code in (
        (HEALTHY, 0),
        (FALLEN, 3),
        ([300.0, -1e9, 1e9, 20.0], 4),
    ):
        path.write_text("kimg,fid\n" + rows_of(values))
        assert main([str(path)]) == code


def test_a_broken_metric_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "log.csv"
    path.write_text("kimg,fid\n" + rows_of([1e57, 8e51, 4e53, -3e68]))
    assert main([str(path)]) == 4
    captured = capsys.readouterr()
    assert (captured.out, captured.err.count("\n")) == ("", 1)
    assert "broken metric" in captured.err


def test_a_log_that_ends_before_the_budget_is_healthy_so_far(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "log.csv"
    path.write_text("kimg,fid\n" + rows_of([*HEALTHY[:3], 45.0]))
    assert main([str(path), "--budget", "9000000"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("no verdict yet: no failure so far, and the budget of 9000000 images")
    assert main([str(path), "--budget", "9000000", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["verdict"] is None


def test_several_runs_are_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "log.csv"
    text = "run,kimg,fid\n"
    for name, values in (
        ("calm", HEALTHY),
        ("wild", FALLEN),
        ("odd", [300.0, -1e9, 1e9, 20.0]),
        ("empty", [float("nan"), float("nan")]),
    ):
        text += "".join(f"{name},{line}\n" for line in rows_of(values).splitlines())
    path.write_text(text)
    assert main([str(path)]) == 3
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["run", "verdict", "onset", "end", "quality"]
    assert [line.split("  ")[0].strip() for line in lines[1:5]] == ["calm", "wild", "odd", "empty"]
    assert lines[1].split()[1:] == ["stable", "none", "1000", "kimg", ".72"]
    assert "broken metric" in lines[3]
    assert "no row of the log has a finite number in 'fid'" in lines[4]

    assert main([str(path), "--json"]) == 3
    runs = json.loads(capsys.readouterr().out)["runs"]
    assert [run["verdict"] for run in runs] == ["stable", "degraded", None, None]
    assert "broken metric" in runs[2]["error"]

    path.write_text("\n".join(line for line in text.splitlines() if "wild" not in line))
    assert main([str(path)]) == 4


def test_runs_that_follow_each_other_without_a_name_are_numbered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "log.csv"
    header = "kimg,fid\n"
    again = [value * 1.03 for value in HEALTHY]
    path.write_text(header.join(["", rows_of(HEALTHY), rows_of(again), rows_of(FALLEN)]))
    assert main([str(path)]) == 3
    lines = capsys.readouterr().out.splitlines()
    assert [line[:6].strip() for line in lines[1:4]] == ["log", "log #2", "log #3"]
    assert [line.split()[-1] for line in lines[-2:]] == ["out", "end"]


def test_several_runs_none_of_which_can_be_judged_are_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "log.csv"
    path.write_text("run,step,fid\na,1,5\na,2,4\nb,1,5\nb,2,4\n")
    assert main([str(path)]) == 2
    assert "none of 2 runs can be judged: the log counts in 'step'" in capsys.readouterr().err


FAST = ["--follow", "--interval", "0.02"]


def follow(path: Path, *args: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "lab.judge", str(path), *FAST, *args]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=Path.cwd()
    )


def test_a_log_that_grows_is_followed_to_its_failure(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    first, *others = rows_of([*HEALTHY[:4], 110.0, 120.0]).splitlines(keepends=True)
    watching = follow(path, "--patience", "60")
    assert watching.stdout is not None
    try:
        path.write_text("kimg,fid\n")
        with path.open("a") as file:
            file.write(first)
            file.flush()
            assert watching.stdout.readline().startswith("log: no failure so far at 0 kimg")
            for line in others:
                file.write(line[:-3])  # half a number first
                file.flush()
                time.sleep(0.2)
                file.write(line[-3:])
                file.flush()
                time.sleep(0.1)
        out, error = watching.communicate(timeout=60)
    finally:
        watching.kill()
    assert (watching.returncode, error) == (3, "")
    assert "log: no failure so far at 600 kimg" in out
    assert "verdict     degraded" in out


@pytest.mark.parametrize(
    ("values", "args", "code", "said"),
    [
        (HEALTHY, ["--budget", "1000000", "--patience", "60"], 0, "verdict     stable"),
        (HEALTHY, ["--patience", "0.1"], 0, "no verdict yet: no failure so far, and its end"),
        (FALLEN, ["--patience", "60"], 3, "verdict     degraded"),
        ([1.0, -1e9, 3.0], ["--patience", "60"], 4, "broken metric"),
        ([], ["--patience", "0.1"], 2, "is empty"),
    ],
)
def test_following_ends_with_the_code_of_the_run(
    tmp_path: Path,
    values: list[float],
    args: list[str],
    code: int,
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "log.csv"
    path.write_text("kimg,fid\n" + rows_of(values))
    assert main([str(path), *FAST, *args]) == code
    captured = capsys.readouterr()
    assert said in captured.out + captured.err


def test_following_a_mistake_does_not_wait(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(log), *FAST, "--clock", "when"]) == 2
    assert "no column of the log" in capsys.readouterr().err
    log.write_bytes(bytes(range(256)) * 9)
    assert main([str(log), *FAST]) == 2


def test_a_target_may_be_a_distance(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "log.csv"
    path.write_text("kimg,fid\n640,60\n1280,31\n1920,30\n2560,30\n3200,31\n3840,30\n")
    assert main([str(path), "--json", "--target", "fid=40"]) == 0
    assert json.loads(capsys.readouterr().out)["verdict"] == "stable"
    assert main([str(path), "--json", "--target", "fid=20"]) == 3
    data = json.loads(capsys.readouterr().out)
    assert data["verdict"] == "stalled"
    assert data["evidence"].startswith("fid was 30 at 3840 kimg, above the target 20")
