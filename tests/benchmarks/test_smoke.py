"""Every benchmark still runs, with `--quick`: in a process of its own where it starts others."""

from __future__ import annotations

import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[2]
BENCHMARKS = ROOT / "benchmarks"
PRINTS = {
    "checkpoint": "resuming",
    "default_search": "first evaluation after",
    "engine_overhead": "next run on a slot ready after",
    "evaluation": "whole evaluation",
    "explorer": "stylegan2, width 1/8",
    "gang_memory": "MB a worker",
    "gang_speed": "share of a step that is talk",
    "gang_start": "a Ray Train run for each",
    "own_trainer": "sleeping commands cost",
    "planner": "10 trials: `ask`",
    "race.designs": "preset laptop",
    "race.study": "coverage in % of the bootstrap",
    "record_import": "5 logs of 20 rows",
    "report_page": "CPU s/1,000 rows",
    "scale": "Tune",
    "signals": "measured",
    "small_data": "diffaugment  overfit 0/1",
    "step_speed": "lab bfloat16",
}
"""Of each benchmark, words that it prints only once it has measured."""
ON_A_GPU = {"small_data"}
"""Benchmarks that take hours without a GPU: `make bench` leaves them out."""
OTHERS = {"gpu", "paper_table", "trails"}
"""Benchmarks with tests of their own."""


HERE = (
    "checkpoint", "evaluation", "own_trainer", "planner", "race.designs", "race.study",
    "record_import", "signals",
)  # fmt: skip
"""Benchmarks that start no process of the lab: else importing it again would be most of a run."""
SLOW = (
    "default_search", "engine_overhead", "explorer", "gang_memory", "gang_speed", "report_page",
    "small_data", "step_speed",
)  # fmt: skip
"""Benchmarks that take most of a minute: `make test-slow` runs them."""
SLEEPERS = ("gang_start", "scale")
"""Benchmarks that wait most of their time: they run beside the others."""


def begun(name: str) -> subprocess.Popen[str]:
    """A smoke run under way."""
    command = [sys.executable, "-m", f"benchmarks.{name}", "--quick"]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True)


@pytest.fixture(scope="module")
def sleepers() -> Iterator[dict[str, subprocess.Popen[str]]]:
    processes = {name: begun(name) for name in SLEEPERS}
    yield processes
    for process in processes.values():
        process.kill()
        process.communicate()


@pytest.fixture
def threads() -> Iterator[None]:
    """PyTorch's threads are set back: benchmarks set their own."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("name", HERE)
def test_the_benchmark_runs_in_this_process(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", [name, "--quick"])
    code: object = 0
    try:
        runpy.run_module(f"benchmarks.{name}", run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        code = ended.code
    assert not code
    assert PRINTS[name] in capsys.readouterr().out


APART = sorted(PRINTS.keys() - set(HERE), key=SLEEPERS.__contains__)


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in APART],
)
def test_the_benchmark_runs(name: str, sleepers: dict[str, subprocess.Popen[str]]) -> None:
    process = sleepers[name] if name in sleepers else begun(name)
    stdout, stderr = process.communicate(timeout=560)
    assert process.returncode == 0, stderr[-3000:]
    assert PRINTS[name] in stdout


def test_every_benchmark_is_run_here_or_has_its_tests() -> None:
    commands = {
        ".".join(path.relative_to(BENCHMARKS).with_suffix("").parts)
        for path in BENCHMARKS.rglob("*.py")
        if '__name__ == "__main__"' in path.read_text() and "gpu_parts" not in path.parts
    }
    assert commands == PRINTS.keys() | OTHERS


def test_make_bench_runs_every_benchmark_of_this_machine() -> None:
    recipe = (ROOT / "Makefile").read_text().partition("bench:")[2].partition("; do")[0]
    assert set(recipe.partition(" in ")[2].split()) == PRINTS.keys() - ON_A_GPU
