"""The cores that are the process's own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import lab.cores
from lab.cores import SLURM, own_cores


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight cores, no quota and no SLURM."""
    monkeypatch.delenv(SLURM, raising=False)
    monkeypatch.setattr(lab.cores, "_affinity", lambda: 8)
    monkeypatch.setattr(lab.cores, "_quota", lambda: None)


def test_the_least_limit_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    assert own_cores() == 8
    monkeypatch.setenv(SLURM, "4")
    assert own_cores() == 4
    monkeypatch.setattr(lab.cores, "_quota", lambda: 2.5)
    assert own_cores() == 2
    monkeypatch.setattr(lab.cores, "_quota", lambda: 0.5)
    assert own_cores() == 1


@pytest.mark.parametrize("text", ["", "0", "many"])
def test_a_task_without_a_number_is_no_limit(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SLURM, text)
    assert own_cores() == 8


def cgroup(tmp_path: Path, line: str, files: dict[str, str]) -> float | None:
    of = tmp_path / "self"
    of.write_text(line)
    for name, text in files.items():
        file = tmp_path / "fs" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return lab.cores._quota_of(tmp_path / "fs", of)


def test_a_quota_of_version_2_is_the_least_on_the_way_up(tmp_path: Path) -> None:
    files = {"a/b/cpu.max": "max 100000\n", "a/cpu.max": "150000 100000\n", "cpu.max": "400 100"}
    assert cgroup(tmp_path, "0::/a/b\n", files) == 1.5


def test_in_a_container_the_group_is_at_the_root(tmp_path: Path) -> None:
    assert cgroup(tmp_path, "0::/docker/x\n", {"cpu.max": "100000 100000\n"}) == 1.0


def test_a_quota_of_version_1(tmp_path: Path) -> None:
    files = {"cpu/x/cpu.cfs_quota_us": "300000\n", "cpu/x/cpu.cfs_period_us": "100000\n"}
    files |= {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}
    assert cgroup(tmp_path, "4:cpu,cpuacct:/x\n5:memory:/y\n", files) == 3.0


def test_no_group_is_no_quota(tmp_path: Path) -> None:
    assert lab.cores._quota_of(tmp_path, tmp_path / "missing") is None
    assert cgroup(tmp_path, "0::/\n", {"cpu.max": "max 100000"}) is None


def test_a_process_that_is_bound_to_one_core_has_one() -> None:
    program = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
    program += "from lab.cores import own_cores; print(own_cores())"
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert said.stdout == "1\n"
