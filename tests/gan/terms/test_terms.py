"""What holds for every term: it trains, continues from its state, and is off by default."""

from __future__ import annotations

import copy
import io
from pathlib import Path
from typing import Any

import pytest
import torch

from lab.errors import InputError
from lab.gan.game import Game
from tests.gan.games import real_images, small_config, small_game, train
from tests.gan.worlds import MAPPED, OWN

GAMES: dict[str, dict[str, Any]] = {
    "lecam": {"terms.lecam.weight": 0.3, "terms.lecam.from_step": 2},
    "drift": {"terms.drift.weight": 0.1},
    "label smoothing": {"terms.label_smoothing.weight": 0.1, "loss": "non-saturating"},
    "mode seeking": {"terms.mode_seeking.weight": 1},
    "content": {"terms.content.weight": 1},
    "content of an encoder": {"terms.content.weight": 1, "terms.content.kind": 1},
    "path length": {"terms.path_length.weight": 2, "network.architecture": MAPPED},
    "top-k": {"terms.top_k.weight": 1},
    "ac-gan": {"terms.ac_gan.weight": 1, "network.conditional": True},
    "own": {"terms.own.weight": 1, "terms.own.kind": OWN},
    "packs": {"network.pack": 2, "penalty.kind": "r1"},
}
STATEFUL = ("lecam", "path length", "ac-gan", "own", "packs")


def observed(game: Game, num_steps: int) -> torch.Tensor:
    source = real_images(game)
    return torch.stack([torch.stack(game.step(source).observed) for _ in range(num_steps)])


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("name", GAMES)
def test_a_game_with_it_trains(name: str, precision: str) -> None:
    game = small_game(GAMES[name], precision=precision)
    assert observed(game, 3).isfinite().all()
    assert all(value.isfinite().all() for value in game.tensors().values())


@pytest.mark.parametrize("name", STATEFUL)
def test_a_run_continues_bit_for_bit(name: str) -> None:
    straight, first, second = (small_game(GAMES[name]) for _ in range(3))
    whole = observed(straight, 6)
    parts = [observed(first, 3)]
    file = io.BytesIO()
    torch.save(first.state(), file)
    file.seek(0)
    second.load_state(torch.load(file))
    parts.append(observed(second, 3))
    assert torch.equal(torch.cat(parts), whole)
    for key, value in straight.tensors().items():
        assert torch.equal(value, second.tensors()[key]), key


def test_without_terms_there_is_no_state_of_them() -> None:
    game = small_game()
    assert len(game.terms) == 0
    assert "terms" not in game.state()
    assert not any(name.startswith("heads") for name in game.critic.state_dict())


def own(folder: Path, code: str) -> dict[str, Any]:
    (folder / "mine.py").write_text(f"from lab.gan.terms import Term\n{code}")
    return {"terms.own.weight": 1, "terms.own.kind": f"{folder / 'mine.py'}:X"}


def test_a_term_of_a_file_is_tried_before_the_run(tmp_path: Path) -> None:
    code = "class X(Term):\n    def generator(self, seen, now):\n        return seen.missing\n"
    with pytest.raises(InputError, match=r"mine\.py:X, line 4, raises AttributeError"):
        small_game(own(tmp_path, code))


def test_trying_a_term_leaves_the_game_as_it_is() -> None:
    tried, usual = small_game(GAMES["own"]), small_game()
    for name, value in usual.tensors().items():
        assert torch.equal(value, tried.tensors()[name]), name
    assert tried.terms.state_dict()["own.term.gap"] == 0


def test_a_term_that_keeps_the_samples_is_one_sentence(tmp_path: Path) -> None:
    code = "class X(Term):\n    def critic(self, seen, now):\n        return seen.real_logits\n"
    with pytest.raises(InputError, match=r"the critic's part of the term .*X returns \[2\]; it"):
        small_game(own(tmp_path, code))


def test_another_class_is_no_term(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"mine\.py:X is a X; it must be a subclass of lab\.gan"):
        small_game(own(tmp_path, "class X: pass\n"))


def test_a_weight_without_a_term_is_refused() -> None:
    with pytest.raises(InputError, match=r"terms\.own\.weight is not 0 and terms\.own\.kind is"):
        small_game({"terms.own.weight": 1})


def test_the_text_of_a_term_is_kept_with_the_configuration(tmp_path: Path) -> None:
    values = own(tmp_path, "class X(Term): pass\n")
    (file,) = small_config(values).files
    assert "class X(Term)" in file.text
    train(copy.deepcopy(small_game(values)), 1)
