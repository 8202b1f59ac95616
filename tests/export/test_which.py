"""Which run of a study leaves."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.errors import InputError
from lab.export.model_card import model_card
from lab.export.which import chosen_run
from lab.record import read_study
from tests.made_up.raced import write_raced_study


def test_of_a_study_the_recommended_trials_median_run_on_fresh_seeds(tmp_path: Path) -> None:
    write_raced_study(tmp_path / "study", {3: "sscss", 5: "sss"})
    record = read_study(tmp_path / "study")
    best = record.best()
    assert best is not None
    fresh = [
        run for run in record.runs if run.trial == best.number and run.card.stage == "confirm"
    ]
    stable = [run for run in fresh if run.verdict == "stable"]
    chosen = chosen_run(str(tmp_path / "study"))
    assert (chosen.stage, chosen.num_stable, chosen.num_runs) == (
        "confirm",
        len(stable),
        len(fresh),
    )
    scores = sorted(run.card.score or 0.0 for run in stable)
    assert chosen.card.score == scores[(len(scores) - 1) // 2]
    assert chosen.name == str(chosen.folder)


def test_its_card_states_the_interval(tmp_path: Path) -> None:
    write_raced_study(tmp_path / "study", {3: "sscss", 5: "sss"})
    chosen = chosen_run(str(tmp_path / "study"))
    about = {
        "config": {"network": {"architecture": "dcgan"}},
        "resolution": 28, "channels": 1, "latent_size": 64, "run": chosen.name, "seed": 1,
        "data": "fashion", "images_seen": 1000, "verdict": "stable", "score": 0.5,
        "truncation": 1.0, "torch": "2.9", "condition": "none",
    }  # fmt: skip
    text = model_card(chosen, about, has_onnx=False)
    assert f"stable on {chosen.num_stable} of {chosen.num_runs} fresh seeds (95% Wilson" in text
    assert "generator.onnx" not in text


def test_a_study_without_a_stable_run(tmp_path: Path) -> None:
    write_raced_study(tmp_path / "study", {3: "sscss", 5: "sss"})
    for file in (tmp_path / "study").glob("trials/*/seed-*/run.json"):
        file.unlink()
    with pytest.raises(InputError, match="has a stable run; name a run's folder"):
        chosen_run(str(tmp_path / "study"))
