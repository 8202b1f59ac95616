"""The image's Dockerfile: what a linter says, and what it copies, pins and runs as."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import fsspec
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

from tests.storages import s3_server

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
SCRIPT = ROOT / "deploy" / "search-or-resume"
HADOLINT = Path(sys.executable).with_name("hadolint")
PINS = {"torch": "TORCH_VERSION", "ray": "RAY_VERSION"}


def lint(dockerfile: Path) -> subprocess.CompletedProcess[str]:
    command = [str(HADOLINT), "--no-color", str(dockerfile)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.skipif(not HADOLINT.exists(), reason="hadolint's wheel is for Linux on x86-64")
def test_the_linter_has_nothing_to_say() -> None:
    said = lint(DOCKERFILE)
    assert said.returncode == 0, said.stdout


@pytest.mark.skipif(not HADOLINT.exists(), reason="hadolint's wheel is for Linux on x86-64")
@pytest.mark.parametrize(
    ("line", "spoilt"), [("RUN pip install", "RUNN pip install"), ("USER 1000:1000", "USER root")]
)
def test_the_linter_sees_a_spoilt_line(line: str, spoilt: str, tmp_path: Path) -> None:
    text = DOCKERFILE.read_text()
    assert line in text
    (tmp_path / "Dockerfile").write_text(text.replace(line, spoilt, 1))
    assert lint(tmp_path / "Dockerfile").returncode != 0


def test_everything_that_is_copied_exists_and_reaches_the_builder() -> None:
    copied = [
        source
        for line in re.findall(r"^COPY (.+)$", DOCKERFILE.read_text(), re.MULTILINE)
        for source in [word for word in line.split() if not word.startswith("--")][:-1]
    ]
    reach = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    assert len(copied) >= 6
    for source in copied:
        assert (ROOT / source).exists(), source
        assert source.split("/")[0] in reach, source


def test_every_package_that_is_installed_is_copied() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = project["tool"]["setuptools"]["packages"]["find"]["include"]
    text = DOCKERFILE.read_text()
    for package in packages:
        assert f"COPY {package.rstrip('*')} " in text


def pinned(name: str) -> Version:
    (found,) = re.findall(rf"^ARG {PINS[name]}=(\S+)$", DOCKERFILE.read_text(), re.MULTILINE)
    return Version(found)


@pytest.mark.parametrize("name", PINS)
def test_the_pins_are_versions_that_the_project_takes(name: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (wanted,) = [
        found for found in map(Requirement, project["dependencies"]) if found.name == name
    ]
    assert pinned(name) in wanted.specifier


def test_the_image_python_is_one_that_the_project_takes() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (python,) = re.findall(r"^FROM python:(\S+?)-slim", DOCKERFILE.read_text(), re.MULTILINE)
    assert Version(python) in Requirement(f"python{project['requires-python']}").specifier


def test_all_deploy_files_speak_of_one_ray() -> None:
    version = str(pinned("ray"))
    for cloud in ("aws", "gcp"):
        docker = yaml.safe_load((ROOT / "deploy" / f"{cloud}.yaml").read_text())["docker"]
        assert docker["head_image"].startswith(f"rayproject/ray:{version}-py311")
        assert docker["worker_image"].startswith(f"rayproject/ray:{version}-py311")
    for name in ("rayjob", "raycluster"):
        text = (ROOT / "deploy" / "kuberay" / f"{name}.yaml").read_text()
        assert f'rayVersion: "{version}"' in text


def started(storage: Path | str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """Run search-or-resume with a python that prints a search's arguments instead."""
    fake = tmp_path / "bin" / "python"
    fake.parent.mkdir()
    fake.write_text(
        f'#!/bin/sh\nif [ "$1" = -c ]; then exec {sys.executable} "$@"; fi\necho "$@"\n'
    )
    fake.chmod(0o755)
    return subprocess.run(
        [str(SCRIPT), str(storage), "sngan", "--workers", "2"],
        env={**os.environ, "PATH": f"{fake.parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_job_begins_a_study_that_is_not_there(tmp_path: Path) -> None:
    said = started(tmp_path / "studies", tmp_path).stdout
    assert (
        said.split()
        == (
            f"-m lab.search --address auto --storage {tmp_path}/studies --name sngan --workers 2"
        ).split()
    )


def test_a_job_goes_on_with_a_study_that_is_there(tmp_path: Path) -> None:
    study = tmp_path / "studies" / "sngan"
    study.mkdir(parents=True)
    (study / "study.json").write_text("{}")
    said = started(study.parent, tmp_path).stdout
    assert (
        said.split()
        == (
            f"-m lab.search --address auto --storage {tmp_path}/studies --resume sngan --wait 5"
        ).split()
    )


def test_a_job_goes_on_with_a_study_behind_a_url(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with s3_server(monkeypatch):
        fsspec.filesystem("s3").pipe("lab/studies/sngan/study.json", b"{}")
        said = started("s3://lab/studies", tmp_path).stdout
    asked = "--storage s3://lab/studies --resume sngan --wait 5"
    assert said.split()[-6:] == asked.split()


def test_a_job_begins_nothing_on_a_storage_out_of_reach(tmp_path: Path) -> None:
    ended = started("nowhere://bucket", tmp_path)
    assert ended.returncode == 1
    assert ended.stdout == ""
