"""The space of the made-up studies: its parameters, its known points, its study.json."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lab.config import make_config
from lab.record.columns import metric_names
from lab.record.scale import STEEPNESS, Scale
from tests.made_up.detector import detector_entry

BUDGET = 64_000
NUM_EVALUATIONS = 10
"""After the one of the untrained generator."""
NAMES = metric_names("fashion")
UNTRAINED_KID, REAL_KID = 0.42, 0.0004
SCALE = Scale(UNTRAINED_KID, REAL_KID)
"""Made-up generators begin at the anchor: images of independent pixels."""
CLASSES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag",
    "Ankle boot",
)  # fmt: skip
KNOWN = {
    "miyato-c": {"optimizer.generator.lr": 2e-4, "optimizer.critic.lr": 2e-4},
    "miyato-e": {"optimizer.generator.lr": 1e-3, "optimizer.critic.lr": 1e-3},
}
PARAMETERS: dict[str, dict[str, Any]] = {
    "optimizer.generator.lr": {"kind": "float", "low": 1e-5, "high": 1e-2, "log": True},
    "optimizer.critic.lr": {"kind": "float", "low": 1e-5, "high": 1e-2, "log": True},
    "optimizer.generator.beta1": {"kind": "float", "low": 0.0, "high": 0.9, "log": False},
    "training.batch_size": {"kind": "categorical", "choices": [16, 32, 64, 128]},
    "training.critic_steps": {"kind": "int", "low": 1, "high": 5, "log": False},
    "network.critic_norm": {"kind": "categorical", "choices": ["spectral", "none", "layer"]},
    "penalty.kind": {"kind": "categorical", "choices": ["none", "r1", "wgan-gp"]},
    "penalty.weight": {"kind": "float", "low": 0.1, "high": 100.0, "log": True},
    "loss": {"kind": "categorical", "choices": ["hinge", "non-saturating", "relativistic"]},
}


def frechet(kernel: Any) -> Any:
    """The Frechet distance that goes with a kernel distance, or with an array of them."""
    return 900 * kernel + 8


def kernel_of(quality: ArrayLike) -> NDArray[np.float64]:
    """The kernel distance of each quality: `SCALE.distance` for arrays."""
    u = np.asarray(quality, dtype=np.float64)
    r = np.expm1((1 - u) * np.log1p(STEEPNESS)) / STEEPNESS
    return np.asarray(REAL_KID + r * (UNTRAINED_KID - REAL_KID))


def study_card(name: str, num_trials: int, num_sobol: int, status: str) -> dict[str, Any]:
    """study.json."""
    return {
        "study": name,
        "space": {
            "name": "sngan",
            "description": "Spectral norm and its rivals on a small CNN",
            "file": "search_spaces/sngan.py",
            "known": KNOWN,
            "fixed": {},
        },
        "parameters": PARAMETERS,
        "base": base_config(),
        "preset": "laptop",
        "settings": {
            "trials": num_trials,
            "seed": 0,
            "num_sobol": num_sobol,
            "budget_images": BUDGET,
            "seeds": [1],
            "race": None,
            "confirm": 0,
            "objective": "score",
            "prune": "none",
            "max_attempts": 3,
            "concurrent": 2,
            "cpus_per_worker": 1.0,
            "gpus_per_worker": 0.0,
            "workers": "1",
        },
        "command": ["python", "-m", "lab.search", "--space", "sngan", "--trials", str(num_trials)],
        "created": "2026-03-01T10:00:00+00:00",
        "versions": {"python": "3.12.3", "torch": "2.13.0", "ray": "2.60.0", "lab": "0.1.0"},
        "hardware": {
            "host": "laptop",
            "system": "Linux x86_64",
            "cpus": 2.0,
            "gpus": 0.0,
            "nodes": 1,
            "processor": "Generic CPU",
        },
        "data": {
            "name": "fashion-mini",
            "fingerprint": "b2:5a0c1f77e3d94b12",
            "num_images": 10_000,
            "resolution": 32,
            "channels": 1,
            "num_classes": len(CLASSES),
            "class_names": list(CLASSES),
            "licence": "MIT",
            "attribution": "Fashion-MNIST, Zalando Research",
            "splits": {"train": [0, 8_000], "heldout": [8_000, 10_000]},
        },
        "metrics": {
            "extractor": "fashion-v1",
            "family": "fashion",
            "num_samples": 2_000,
            "nearest_k": 5,
            "reference": "train split, 8000 images",
            "names": NAMES.model_dump(),
            "baseline": {
                NAMES.frechet: 2.1,
                NAMES.kernel: REAL_KID,
                NAMES.precision: 0.81,
                NAMES.recall: 0.79,
                NAMES.density: 1.0,
                NAMES.coverage: 0.93,
                NAMES.ct: 0.9,
                NAMES.authenticity: 0.61,
                NAMES.duplicates: 0.011,
                NAMES.rke: 28.8,
            },
            "anchor": {
                NAMES.frechet: frechet(UNTRAINED_KID),
                NAMES.kernel: UNTRAINED_KID,
                NAMES.precision: 0.0,
                NAMES.recall: 0.0,
            },
            "class_share_by": "the extractor's own classifier, which names 90.5% of the held-out "
            "images right",
            "class_share_real": [1 / len(CLASSES)] * len(CLASSES),
        },
        "detector": detector_entry(make_config({}).stability),
        "stages": ["explore"],
        "status": status,
        "finished": "2026-03-01T10:09:30+00:00" if status == "finished" else None,
        "seconds": 570.0,
    }


def base_config() -> dict[str, Any]:
    """The configuration that every trial overrides."""
    return make_config({"training": {"budget_images": BUDGET}}).model_dump()


def point_of(number: int, num_sobol: int, draw: np.random.Generator) -> tuple[str, dict[str, Any]]:
    """Origin and parameters: known points, then a uniform design, then a narrowing optimiser."""
    names = list(KNOWN)
    origin = f"known:{names[number]}" if number < len(names) else "sobol"
    if number >= len(names) + num_sobol:
        origin = "tpe"
    parameters: dict[str, Any] = {}
    for path, spec in PARAMETERS.items():
        if spec["kind"] == "categorical":
            parameters[path] = spec["choices"][int(draw.integers(len(spec["choices"])))]
            continue
        low, high = spec["low"], spec["high"]
        share = draw.beta(4, 4) if origin == "tpe" else draw.random()
        value = low * (high / low) ** share if spec["log"] else low + (high - low) * share
        parameters[path] = round(value) if spec["kind"] == "int" else float(value)
    if parameters["penalty.kind"] == "none":
        del parameters["penalty.weight"]
    if origin.startswith("known:"):
        parameters |= KNOWN[names[number]]
    return origin, parameters
