"""Facts about halves of looks, blurs, and the critic's rate at a plateau."""

from pathlib import Path

import pytest
import torch

from lab.gan.rounds import ImageShape
from lab.validate.dirac.theory import DiracMethod, step_eigenvalues
from lab.validate.planted.cases import CASES, config_of
from lab.validate.planted.data import whole_pack
from lab.validate.planted.games import ServedGame
from lab.validate.planted.looks import LAST_BLURS, blurred, one_half
from lab.validate.planted.plateau import BREAKING, GAMMA, HARMLESS, START, STEP, played


def game_of(name: str, seed: int, folder: Path) -> ServedGame:
    case = CASES[name]
    assert issubclass(case.game, ServedGame)
    shape = ImageShape(32, 1, 0)
    config = config_of(case, seed, folder)
    return case.game(config, shape, device=torch.device("cpu"), precision="float32")


def test_half_of_the_looks_is_half_of_the_images_of_each_class(tmp_path: Path) -> None:
    split = whole_pack().heldout
    half = one_half()
    for number in range(10):
        inside = half[split.labels == number]
        assert abs(int(inside.sum()) - len(inside) / 2) <= 0.5
    served = game_of("half of each class's looks", 0, tmp_path).allowed(split)
    assert served.tolist() == torch.nonzero(half).flatten().tolist()


def test_half_of_one_class_keeps_the_shares_of_all(tmp_path: Path) -> None:
    split = whole_pack().heldout
    served = game_of("half of one class's looks", 13, tmp_path).allowed(split)
    real, kept = (torch.bincount(labels) for labels in (split.labels, split.labels[served]))
    assert (real - kept).abs().max() <= 1
    assert bool(one_half()[served][split.labels[served] == 3].all())


def test_a_blur_spreads_by_its_standard_deviation() -> None:
    point = torch.zeros(1, 1, 33, 33, dtype=torch.float64)
    point[..., 16, 16] = 1.0
    spread = blurred(point, 2.0)[0, 0]
    places = torch.arange(33, dtype=torch.float64) - 16
    assert float(spread.sum()) == pytest.approx(1.0)
    assert float(spread.sum(dim=0) @ places.square()) == pytest.approx(4.0, rel=0.03)
    assert blurred(torch.ones(1, 1, 8, 8), 3.0).allclose(torch.ones(1, 1, 8, 8))


def test_the_blur_sinks_to_that_of_the_seed(tmp_path: Path) -> None:
    game = game_of("all classes, blurred", 7, tmp_path)
    image = torch.rand(1, 1, 32, 32)
    game.num_steps_done = game.config.num_steps
    assert torch.equal(game.changed(image), blurred(image, LAST_BLURS[1]))


@pytest.mark.parametrize(("factor", "breaks"), [(1.0, False), (HARMLESS, False), (BREAKING, True)])
def test_theory_states_under_which_factor_the_plateau_breaks(factor: float, breaks: bool) -> None:
    method = DiracMethod("non-saturating + R1", "non-saturating", "r1")
    moduli = map(abs, step_eigenvalues(method, GAMMA, STEP, factor * STEP, "generator first"))
    assert (max(moduli) > 1) is breaks
    theta, psi = START, 0.0
    for _ in range(300):
        theta, psi = played(theta, psi, 1.0)
    theta += 0.01
    for _ in range(100):
        theta, psi = played(theta, psi, factor)
    assert (abs(theta) > 1) is breaks
    assert breaks or abs(theta) < 0.01
