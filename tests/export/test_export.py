"""An exported generator draws, without the lab, what the lab draws."""

from __future__ import annotations

import builtins
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx.reference
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from lab.catalogue import NETWORKS
from lab.config import read_config
from lab.data import find
from lab.export.__main__ import main
from lab.export.program import program_of
from lab.gan.sampling import to_uint8
from lab.record import TRIAL_FILE, write_json
from lab.run.finished import FinishedRun, open_finished
from tests.gan.networks.builds import codes, labels, small_generator
from tests.runs import finish, plain_metrics, small_run, write_small_pack

FILES = ["README.md", "conditions.safetensors", "draw.py", "generator.json", "generator.onnx",
         "generator.pt2", "generator.safetensors"]  # fmt: skip
LEVELS = 1
"""Grey levels that two programs may round apart."""
FAST = ("dcgan",)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A class-conditional DCGAN, trained for a moment."""
    pack = write_small_pack(tmp_path_factory.mktemp("squares") / "pack")
    config = small_run(pack, {"network.conditional": True, "training.budget_images": 64})
    trial = tmp_path_factory.mktemp("trial")
    write_json(trial / TRIAL_FILE, {"config": config.model_dump(mode="json")})
    with plain_metrics():
        finish(config, trial / f"seed-{config.seed}")
    return trial / f"seed-{config.seed}"


@pytest.fixture(scope="module")
def exported(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("exported") / "out"
    assert main([str(run), "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="module")
def opened(run: Path) -> FinishedRun:
    config = read_config(run.parent / TRIAL_FILE)
    return open_finished(run, config, find(config.data), torch.device("cpu"), "it")


def inputs_of(opened: FinishedRun, count: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    size, rng = opened.config.network.latent_size, torch.Generator().manual_seed(seed)
    return torch.randn(count, size, generator=rng), torch.arange(count) // 8 % opened.num_classes


def test_its_files(exported: Path, opened: FinishedRun) -> None:
    assert sorted(path.name for path in exported.iterdir()) == FILES
    about = json.loads((exported / "generator.json").read_text())
    assert about["condition"] == "class"
    assert about["config"]["network"]["architecture"] == "dcgan"
    assert "`class` [n] int64" in (exported / "README.md").read_text()
    stored = load_file(exported / "generator.safetensors")
    assert stored.keys() == opened.generator.state_dict().keys()


def test_the_script_draws_without_the_lab(
    exported: Path, opened: FinishedRun, tmp_path: Path
) -> None:
    assert len((exported / "draw.py").read_text().splitlines()) <= 30
    blocked = tmp_path / "blocked"
    (blocked / "lab").mkdir(parents=True)
    (blocked / "lab" / "__init__.py").write_text("raise ImportError('the lab was imported')")
    environment = {**os.environ, "PYTHONPATH": str(blocked)}
    command = [sys.executable, str(exported / "draw.py"), "3"]
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, timeout=400)
    drawn = np.asarray(Image.open(tmp_path / "samples.png")).astype(int)
    with torch.no_grad():
        images = to_uint8(opened.generator(*inputs_of(opened, 64, seed=3)))[:, 0].numpy()
    side = images.shape[-1]
    grid = images.reshape(8, 8, side, side).transpose(0, 2, 1, 3).reshape(8 * side, 8 * side)
    assert np.abs(drawn - grid).max() <= LEVELS


def test_onnx_draws_the_same_for_any_number_of_images(exported: Path, opened: FinishedRun) -> None:
    model = onnx.reference.ReferenceEvaluator(str(exported / "generator.onnx"))
    assert model.input_names == ["z", "class"]
    for count in (1, 3):
        z, classes = inputs_of(opened, count)
        (made,) = model.run(None, {"z": z.numpy(), "class": classes.numpy()})
        with torch.no_grad():
            torch.testing.assert_close(
                torch.from_numpy(made), opened.generator(z, classes), rtol=0, atol=1e-4
            )


@pytest.mark.parametrize(
    "architecture",
    [name if name in FAST else pytest.param(name, marks=pytest.mark.slow) for name in NETWORKS],
)
@pytest.mark.timeout(900)
def test_every_network_leaves(architecture: str) -> None:
    generator = small_generator(architecture=architecture, conditional=True).eval()
    program = program_of(generator, (codes(4), labels(4)), "it").module()
    for count in (1, 7):
        with torch.no_grad():
            expected = generator(codes(count), labels(count))
            assert torch.equal(program(codes(count), labels(count)), expected)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--out", "{taken}"], "is there already; give a folder that is not"),
        (["--out", "{new}", "--truncation", "2"], "--truncation is 2; it must be from 0 to 1"),
        (["--out", "{new}", "--truncation", "0.5"], "has no w to truncate"),
        (["--out", "{new}", "--text", "a heart"], "was not trained with texts; leave it out"),
    ],
)
def test_bad_options_are_one_sentence(
    options: list[str],
    sentence: str,
    run: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    taken, new = tmp_path / "taken", tmp_path / "new"
    taken.mkdir()
    (taken / "file").touch()
    given = [option.format(taken=taken, new=new) for option in options]
    assert main([str(run), *given]) == 2
    assert sentence in " ".join(capsys.readouterr().err.split())
    assert not new.exists()


def test_a_folder_that_is_neither(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "is neither a study nor a run" in " ".join(capsys.readouterr().err.split())


def test_without_the_packages_of_onnx(
    run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    original = builtins.__import__

    def without_onnx(name: str, *args: Any, **options: Any) -> Any:
        if name == "onnx":
            raise ImportError(name="onnx")
        return original(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", without_onnx)
    assert main([str(run), "--out", str(tmp_path / "out")]) == 2
    assert "--no-onnx" in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "out").exists()
