"""Membership inference by the critic's logit: does it know its training images?"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from lab.config import RunConfig
from lab.data import Pack
from lab.gan.game import Game
from lab.gan.games import game_class
from lab.gan.rounds import ImageShape
from lab.randomness import counted_generator
from lab.record import IMAGES_SEEN
from lab.run.checkpoint import GAME, checkpoint_files, whole_checkpoints
from lab.statistics import Separation, separation

MOST_MEMBERS = 10_000


class LogitAttack(NamedTuple):
    """The attack, or why there is none."""

    separation: Separation | None
    note: str
    num_members: int = 0


def logit_attack(folder: Path, config: RunConfig, pack: Pack, device: torch.device) -> LogitAttack:
    """AUC of the logits of members against held-out images, as the critic sees them in training.

    The critic is that of the newest checkpoint in `folder`; members are the images that trained,
    at most MOST_MEMBERS. Both kinds are mixed in every batch, for critics that compare the images
    of one; a pass has as many as in training. Images of one pack of PacGAN have one logit, which
    counts once.
    """
    shape = ImageShape(pack.resolution, pack.channels, pack.num_classes)
    make = game_class(config)
    if "critic" not in make.players:
        return LogitAttack(None, f"training.game {config.training.game} has no critic")
    if not checkpoint_files(folder):
        return LogitAttack(
            None, "the run's folder has no checkpoint, and the critic's weights are only there"
        )
    try:
        _, content = next(whole_checkpoints(folder))
        game = make(config, shape, device=device, precision="float32")
        game.load_state(content[GAME])
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        return LogitAttack(None, f"the critic cannot be read from its checkpoint: {reason}")
    num_trained = config.data.limit or len(pack.train)
    members, fresh = _logits(game, pack, num_trained, device)
    note = f"critic after {content[IMAGES_SEEN]:,} images"
    return LogitAttack(separation(members, fresh), note, len(members))


@torch.no_grad()
def _logits(
    game: Game, pack: Pack, num_trained: int, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Logits of members and of held-out images, one for each pack of PacGAN, on the CPU."""
    size = game.critic.pack
    rng = counted_generator(0, "membership", 0)
    rows = torch.randperm(num_trained, generator=rng)[:MOST_MEMBERS]
    units = [torch.split(one, size) for one in (rows, torch.arange(len(pack.heldout)))]
    whole = [[unit for unit in kind if len(unit) == size] for kind in units]
    kinds = torch.tensor([0] * len(whole[0]) + [1] * len(whole[1]))
    images = torch.stack([*whole[0], *whole[1]])
    per_pass = max(1, game.config.training.batch_size // size)
    order = torch.randperm(len(kinds), generator=rng)
    order = order[: max(per_pass, len(order) // per_pass * per_pass)]
    passes = [
        _of_units(game, pack, images[taken], kinds[taken], device)
        for taken in torch.split(order, per_pass)
    ]
    logits = torch.cat(passes)
    kinds = kinds[order]
    return logits[kinds == 0], logits[kinds == 1]


def _of_units(game: Game, pack: Pack, rows: Tensor, kinds: Tensor, device: torch.device) -> Tensor:
    """Logit of each of n packs: `rows` [n, size] of the train split (kind 0) or held-out one."""
    member = (kinds == 0).repeat_interleave(rows.shape[1])
    flat = rows.flatten()
    train = pack.train.batch(flat[member], device)
    heldout = pack.heldout.batch(flat[~member], device)
    images = train.images.new_empty(len(flat), *train.images.shape[1:])
    labels = torch.empty(len(flat), dtype=torch.int64, device=device)
    for where, batch in ((member, train), (~member, heldout)):
        images[where.to(device)] = batch.images
        labels[where.to(device)] = batch.labels
    given = labels if game.config.network.conditional else None
    with game.autocast():
        logits = game.critic(images, given)
    return logits[:: rows.shape[1]].double().cpu()
