"""What a pilot hands to the search that follows it."""

from __future__ import annotations

from pathlib import Path

from lab.engine.conclusion import advice, curve_of, pilot_of
from lab.record import (
    EVALUATIONS_FILE,
    RUN_FILE,
    STUDY_FILE,
    RunCard,
    RunRecord,
    VerdictCard,
    append_row,
    write_json,
)

ROWS = [{"images_seen": 100 * i, "quality": 0.1 * i} for i in range(5)]


def run(verdict: str, onset: int | None) -> RunRecord:
    card = VerdictCard(name=verdict, onset_images=onset)
    return RunRecord(Path(), RunCard(trial=0, seed=0, status="finished", verdict=card), ROWS)


def test_a_failed_runs_curve_ends_at_its_onset() -> None:
    assert curve_of(run("collapsed", 200)).images == [0, 100]
    assert curve_of(run("stalled", 400)).images == [0, 100, 200, 300, 400]
    assert curve_of(run("stable", None)).images == [0, 100, 200, 300, 400]


def study(folder: Path, num_runs: int) -> Path:
    """Runs whose order at every evaluation is that at the end."""
    write_json(folder / STUDY_FILE, {"study": "x"})
    for trial in range(num_runs):
        place = folder / "trials" / f"{trial:04d}" / "seed-0"
        write_json(place.parent / "trial.json", {"number": trial})
        verdict = {"name": "stable", "onset_images": None}
        row = {"trial": trial, "seed": 0, "stage": "explore", "status": "finished"}
        write_json(place / RUN_FILE, row | {"verdict": verdict, "score": 0.5})
        for seen in (0, 100, 200, 300, 400):
            quality = 0.0 if seen == 0 else trial / num_runs
            append_row(place / EVALUATIONS_FILE, {"images_seen": seen, "quality": quality})
    return folder


def test_runs_that_keep_their_order_may_be_pruned_early(tmp_path: Path) -> None:
    pilot = pilot_of(study(tmp_path, 20), budget_images=400, seed=0)
    assert pilot.grace_images == 100
    assert advice(pilot).endswith("--prune asha --grace-kimg 0.1")


def test_a_handful_of_runs_recommends_nothing(tmp_path: Path) -> None:
    pilot = pilot_of(study(tmp_path, 4), budget_images=400, seed=0)
    assert pilot.grace_images is None
    assert "Not enough evidence" in advice(pilot)
    assert "--prune" not in advice(pilot)
