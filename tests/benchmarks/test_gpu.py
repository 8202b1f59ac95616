"""The GPU script, as far as a machine without a GPU can hold it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks import gpu
from benchmarks.gpu_parts.__main__ import why
from benchmarks.gpu_parts.agreement import differences
from benchmarks.gpu_parts.setting import SHAPE, batch_of, game_of, play
from benchmarks.plain_cnns import plain_networks
from lab.config import make_config

ROOT = Path(gpu.__file__).parents[1]
CPU = torch.device("cpu")
HEAVY = {"ray", "plotly", "optuna", "pandas", "tyro", "rich", "fsspec"}
"""What the script must not need: the machine may lack it, or importing it takes seconds."""


def on_a_cpu(out: Path, *options: str) -> dict[str, Any]:
    """The JSON of the script's run, which had to succeed."""
    command = [sys.executable, "-m", "benchmarks.gpu", "--device", "cpu", "--minutes", "20"]
    ran = subprocess.run(
        [*command, "--out", str(out), *options],
        cwd=ROOT, capture_output=True, text=True, timeout=890,
    )  # fmt: skip
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [line for line in lines if not line["ok"]] == []
    assert ran.returncode == 0, ran.stderr
    result: dict[str, Any] = json.loads(out.read_text())
    assert [line["part"] for line in lines] == [part["part"] for part in result["parts"]]
    assert result["ok"] is True
    return result


def test_some_parts_run_on_a_cpu_and_the_json_describes_the_machine(tmp_path: Path) -> None:
    only = ("machine", "metrics")
    result = on_a_cpu(tmp_path / "results" / "cpu.json", "--only", *only)
    assert result["machine"]["torch"] == torch.__version__
    cases = {part["part"]: part["cases"] for part in result["parts"]}
    assert tuple(cases) == only


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_part_runs_on_a_cpu(tmp_path: Path) -> None:
    cases = {part["part"]: part["cases"] for part in on_a_cpu(tmp_path / "cpu.json")["parts"]}
    assert list(cases) == [part.name for part in gpu.PARTS]
    assert cases["resume"][0]["rows_at_kill"] < cases["resume"][0]["num_rows"]
    assert {case["weights"] for case in cases["inception"] if "weights" in case} == {"random"}
    speeds = [case["lab"]["images_per_second"] for case in cases["speed"] if "lab" in case]
    assert speeds
    assert all(speed > 0 for speed in speeds)


def test_neither_the_script_nor_its_parts_import_ray_plotly_or_optuna() -> None:
    modules = ["benchmarks.gpu", "benchmarks.gpu_parts.__main__"]
    modules += [f"benchmarks.gpu_parts.{part.name}" for part in gpu.PARTS]
    program = (
        "import importlib, sys\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        "import lab.metrics.fidelity\n"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    command = [sys.executable, "-c", program]
    loaded = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert HEAVY & set(loaded.stdout.split()) == set()


def test_without_pydantic_it_names_what_is_missing_and_where_to_read_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(gpu, "INDISPENSABLE", ("torch", "no_such_package"))
    assert gpu.main(["--device", "cpu"]) == 2
    assert capsys.readouterr().err == f"missing here: no_such_package; {gpu.GUIDE}\n"


def test_the_guide_names_every_part_and_no_other() -> None:
    rows = (ROOT / "benchmarks" / "gpu.md").read_text().splitlines()
    named = [row.split("`")[1] for row in rows if row.startswith("| `")]
    assert named == [part.name for part in gpu.PARTS]


def test_a_part_over_its_limit_is_killed_with_its_children_and_keeps_its_cases(
    tmp_path: Path,
) -> None:
    program = (
        "import json, pathlib, subprocess, sys, time\n"
        "print(json.dumps({'case': 'first', 'ok': True}), flush=True)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"pathlib.Path({str(tmp_path / 'child')!r}).write_text(str(child.pid))\n"
        "time.sleep(600)"
    )
    result = gpu.run_part([sys.executable, "-c", program], seconds=gpu.LEAST_SECONDS)
    assert result["ok"] is False
    assert result["error"] == "killed at its limit of 5 s"
    assert result["cases"] == [{"case": "first", "ok": True}]
    child = Path("/proc", (tmp_path / "child").read_text(), "stat")
    deadline = time.monotonic() + 20  # a loaded machine takes a moment to end what was killed
    while child.exists() and child.read_text().split()[2] != "Z":
        assert time.monotonic() < deadline, child.read_text()
        time.sleep(0.05)


def test_a_part_that_dies_reports_its_exit_code_and_stderr() -> None:
    result = gpu.run_part([sys.executable, "-c", "raise SystemExit('no device')"], seconds=60)
    assert result["ok"] is False
    assert result["error"] == "exit code 1: no device"


def test_a_failed_case_is_printed_even_of_a_terse_part() -> None:
    cases = [{"case": "a", "ok": True}, {"case": "b", "ok": False, "error": "RuntimeError: no"}]
    printed = gpu.line(gpu.Part("steps", 1, terse=True), {"ok": False, "cases": cases})
    assert printed == {"ok": False, "num_cases": 2, "num_failed": 1, "failed": cases[1:]}


def test_the_workspace_of_cublas_is_set_before_a_part_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    program = "import json, os; print(json.dumps({'ok': True, **os.environ}))"
    result = gpu.run_part([sys.executable, "-c", program], seconds=60)
    assert result["cases"][0]["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    assert "CUBLAS_WORKSPACE_CONFIG" not in os.environ


def test_an_error_names_the_places_it_passed() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        _ = 1 / 0
    assert why(caught.value).startswith("ZeroDivisionError: division by zero [test_gpu.py:")


def test_another_bit_in_one_tensor_is_a_difference() -> None:
    config = make_config({}, {"network.width": 1 / 16, "training.batch_size": 4})
    games = [game_of(config, CPU, "float64") for _ in range(2)]
    for game in games:
        play(game, batch_of(config, CPU))
    assert set(differences(*games).values()) == {0.0}
    name, weight = next(iter(games[1].generator.named_parameters()))
    with torch.no_grad():
        weight.mul_(1 + 1e-5)
    apart = {tensor: value for tensor, value in differences(*games).items() if value}
    assert apart == {f"generator.{name}": pytest.approx(1e-5)}


@pytest.mark.parametrize("architecture", ["sngan-cnn", "sngan-resnet", "dcgan"])
def test_the_plain_networks_have_the_labs_parameters(architecture: str) -> None:
    values = {"network.architecture": architecture, "network.width": 0.25}
    game = game_of(make_config({}, values), CPU, "float32")
    plain = plain_networks(architecture, 0.25)
    images = plain[0](torch.randn(2, 128))
    assert images.shape == (2, SHAPE.channels, SHAPE.resolution, SHAPE.resolution)
    assert plain[1](images).shape == (2,)
    for network, theirs in zip((game.generator, game.critic), plain, strict=True):
        counts = [sum(p.numel() for p in of.parameters()) for of in (network, theirs)]
        assert counts[0] == counts[1]
