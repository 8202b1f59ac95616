"""What an augmentation finds itself is a column of the evaluations."""

from __future__ import annotations

from pathlib import Path

from lab.record.columns import AUGMENTATION_P
from tests.runs import finish, plain_metrics, small_run, write_small_pack


def test_each_evaluation_has_the_probability_of_ada(tmp_path: Path) -> None:
    pack = write_small_pack(tmp_path / "pack")
    short = {"training.budget_images": 32, "evaluation.every_images": 32}
    ada = {"augmentation.kind": "ada", "augmentation.target_sign": -0.99}
    with plain_metrics():
        first, last = finish(small_run(pack, {**short, **ada}), tmp_path / "ada")
        usual = finish(small_run(pack, short), tmp_path / "usual")[-1].row
    assert first.row[AUGMENTATION_P] == 0
    assert 0 <= last.row[AUGMENTATION_P] <= 1
    assert AUGMENTATION_P not in usual
