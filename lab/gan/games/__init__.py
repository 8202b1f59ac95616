"""Ways to play a round: each one file here and one line of the catalogue.

A game is `lab.gan.game.Game` or a subclass of it, which replaces the round or parts of it.
"""

from __future__ import annotations

from typing import Any

from lab.catalogue import GAMES, resolve
from lab.config import RunConfig
from lab.errors import InputError
from lab.gan.game import Game
from lab.user_file import is_reference


def game_class(config: RunConfig) -> type[Game]:
    """The configured game. Raises InputError when one from an own file is not usable."""
    name = config.training.game
    game: Any = resolve(GAMES, name, config.files)
    if is_reference(name) and not (isinstance(game, type) and issubclass(game, Game)):
        raise InputError(
            f"training.game {name} is a {type(game).__name__}; it must be a subclass of "
            "lab.gan.game.Game"
        )
    chosen: type[Game] = game
    return chosen
