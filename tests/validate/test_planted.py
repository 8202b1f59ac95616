"""Planted failures through the real loop; a run of each kind is slow."""

from pathlib import Path

import pytest
import torch

from lab.config import StabilityConfig
from lab.gan.average import copy_of
from lab.gan.rounds import ImageShape
from lab.validate.planted import validate
from lab.validate.planted.cases import CASES, config_of
from lab.validate.planted.runs import PlantedJob, judge_run, play


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_a_case_is_called_what_it_is(name: str) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        judged = judge_run(play(PlantedJob(name, 5)), StabilityConfig())
    finally:
        torch.set_num_threads(threads)
    # An ordinary run is nothing planted: where it did not end well, no name is wrong.
    # Of what the judge is not claimed to name, the power is measured.
    assert judged.right or not (judged.decided and judged.case.claimed), judged.verdict


def test_a_filtered_generator_is_trained_on_every_class_and_evaluated_on_some(
    tmp_path: Path,
) -> None:
    case = CASES["a trained generator's classes filtered"]
    config = config_of(case, 2, tmp_path)
    game = case.game(
        config, ImageShape(32, 1, 10), device=torch.device("cpu"), precision="float32"
    )
    classes: list[set[int]] = []
    z = torch.zeros(10, config.network.latent_size)
    for network in (game.generator, game.average, copy_of(game.generator)):
        hook = network.register_forward_pre_hook(
            lambda _, given: classes.append(set(given[1].tolist()))
        )
        network(z, torch.arange(10))
        hook.remove()
    assert classes == [set(range(10)), {0, 1, 2}, {0, 1, 2}]


def test_even_numbers_of_classes_are_played_at_full_size_alone() -> None:
    left_out = [name for name, case in CASES.items() if not case.quick]
    assert left_out == [f"{count} of 10 classes from the start" for count in (2, 4, 6, 8)]


def test_the_part_counts_what_was_played(monkeypatch: pytest.MonkeyPatch) -> None:
    from lab.validate import planted
    from tests.stability.rows import NAMES, run_rows
    from tests.validate.test_planted_tables import FALLEN, played

    poisoned = run_rows()
    for row in poisoned[7:]:
        row |= {"signal_non_finite": 3, "signal_first_non_finite_images": 96_008}
    rows = {
        "critic freezes": FALLEN,
        "NaN": poisoned,
        "real against real": run_rows(),
        "training images served": run_rows(**{NAMES.ct: [-30.0] * 13}),
    }
    monkeypatch.setattr(planted, "CASES", {name: CASES[name] for name in rows})
    monkeypatch.setattr(planted, "play", lambda job: played(job.case, rows[job.case], job.seed))
    said: list[str] = []
    part = validate(True, 1, said.append)
    assert part.passed
    assert len(said) == 4
    assert part.checks[0].evidence == "3 of 3 runs of 3 kinds"
    assert part.checks[1].evidence == "at most 8 images late, runs: 1; a step has 24"
    assert part.checks[2].evidence.startswith("0 in 12 evaluations, runs: 1; 0 per 1,000")

    rows["critic freezes"] = run_rows()
    part = validate(True, 1, said.append)
    assert not part.passed
    assert part.checks[0].evidence == "2 of 3 runs of 3 kinds; below: critic freezes in 0%"
