"""A small trained run with texts, and a pack with captions."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from lab.config import DataConfig, RunConfig, TextConfig, make_config, stored_config
from lab.data import find
from lab.record import CONFIG_FILE, write_json
from lab.run import run
from lab.text import TextBench, text_bench

VALUES = {
    "data.source": "emoji-mini",
    "network.architecture": "dcgan",
    "network.width": 1 / 16,
    "network.latent_size": 8,
    "network.text_conditioning": "augmented",
    "terms.alignment.weight": 0.3,
    "terms.matching.weight": 0.25,
    "terms.conditioning.weight": 0.1,
    "training.batch_size": 16,
    "training.budget_images": 320,
    "training.precision": "float32",
    "evaluation.every_images": 160,
    "evaluation.num_samples": 200,
    "evaluation.extractor": "emoji",
}


@pytest.fixture(scope="session")
def bench() -> TextBench:
    pack = find(DataConfig(source="emoji-mini"))
    return text_bench(pack, "emoji-mini", TextConfig(), torch.device("cpu"))


@pytest.fixture(scope="session")
def config() -> RunConfig:
    return make_config({}, VALUES)


@pytest.fixture(scope="session")
def finished(config: RunConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of 320 images."""
    folder = tmp_path_factory.mktemp("texts") / "seed-0"
    for _ in run(config, folder, device="cpu"):
        pass
    write_json(folder / CONFIG_FILE, stored_config(config))
    return folder
