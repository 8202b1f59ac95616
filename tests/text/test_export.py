"""A generator of texts for programs without the lab."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from lab.export.__main__ import main
from lab.text import TextBench

TEXTS = ("a red heart", "a blue circle")


def test_the_vectors_of_its_texts_go_along(
    finished: Path, bench: TextBench, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    given = [word for text in TEXTS for word in ("--text", text)]
    assert main([str(finished), "--out", str(out), "--no-onnx", *given]) == 0
    vectors = load_file(out / "conditions.safetensors")["conditions"]
    assert torch.equal(vectors, bench.conditions_of(TEXTS))
    about = json.loads((out / "generator.json").read_text())
    assert about["texts"] == list(TEXTS)
    program = torch.export.load(out / "generator.pt2").module()
    images = program(torch.randn(2, about["latent_size"]), vectors)
    assert images.shape == (2, about["channels"], about["resolution"], about["resolution"])


def test_without_a_text(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(finished), "--out", str(tmp_path / "out"), "--no-onnx"]) == 2
    assert "was trained with texts; give --text" in " ".join(capsys.readouterr().err.split())
