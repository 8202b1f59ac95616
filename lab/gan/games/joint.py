"""Both players' losses as functions of all weights, for games that differentiate through them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from lab.errors import InputError
from lab.gan.game import Game
from lab.gan.networks.network import generated
from lab.gan.objectives import CriticBatch, CriticResult, critic_objective, full
from lab.gan.passes import GeneratorPass, generator_passes
from lab.gan.rounds import RealBatch


class Joint(Game):
    """A game with derivatives of one player's gradient by the other player's weights.

    Data parallelism takes part in `backward` only, so these gradients are summed over ranks by
    `Ranks.sum`, which can be differentiated again. Both losses are of the same codes.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        training = self.config.training
        for setting, why in (
            ("accumulate", "this game differentiates the gradient of the whole batch"),
            ("generator_batch_multiplier", "both losses are of one batch in this game"),
        ):
            if (value := getattr(training, setting)) != 1:
                raise InputError(
                    f"training.game is {training.game!r} and training.{setting} is {value}; "
                    f"{why}, so set training.{setting} to 1"
                )
        for name in self._active.settings:
            raise InputError(
                f"training.game is {training.game!r} and terms.{name.replace('-', '_')}.weight is "
                "not 0; terms cut the graph between the players that this game needs, so set the "
                "weight to 0 or take another training.game"
            )

    def _build_objectives(self) -> None:
        super()._build_objectives()
        self._plain_objective = critic_objective(self.critic, self.config, self.view)
        """Without data parallelism."""

    def _coming_pass(self, step: int, real: RealBatch) -> GeneratorPass:
        """The generator's pass number `step`, with real images."""
        (given,) = generator_passes(self.draws, self.share, step, real, needs_real=True)
        return given

    def _fake(self, given: GeneratorPass) -> Tensor:
        """[n, C, H, W] with a graph to the generator."""
        return generated(self.generator, given.z, given.labels, given.draw)

    def _critic_loss(
        self,
        objective: Callable[..., CriticResult],
        given: GeneratorPass,
        fake: Tensor,
        critic_step: int,
    ) -> CriticResult:
        """The critic's loss on these images, with a graph to the generator."""
        assert given.real is not None
        mix, noise = self.draws.penalty(critic_step, given.real.shape[1:])
        # A view of its own: a penalty's gradient at the images must not find the images that an
        # unrolled critic was trained with.
        fake = fake.view_as(fake)
        batch = CriticBatch(
            real=given.real,
            fake=fake,
            real_labels=given.real_labels,
            fake_labels=given.labels,
            mix=None if mix is None else self.share.of(mix),
            noise=None if noise is None else self.share.of(noise),
            z=given.z,
            draw=given.draw,
            when=self._when(critic_step),
        )
        return objective(batch, self.draws.penalty_weight(critic_step))

    def _generator_loss(
        self,
        critic: Callable[[Tensor, Tensor | None], Tensor],
        given: GeneratorPass,
        fake: Tensor,
        critic_step: int,
    ) -> Tensor:
        """The generator's loss, [], with a graph to both players through every logit."""
        assert given.real is not None
        when = self._when(critic_step)
        fake_logits = full(critic(self.view(fake, given.draw, "fake", when), given.labels))
        real_logits = fake_logits
        if self.loss.needs_real:
            real = self.view(given.real, given.draw, "real", when)
            real_logits = full(critic(real, given.real_labels))
        return self.loss.generator(real_logits, fake_logits).mean()

    def _summed(self, gradients: Sequence[Tensor]) -> list[Tensor]:
        """The sums over ranks, with a graph; one collective."""
        if not self.ranks.several:
            return list(gradients)
        sizes = [gradient.numel() for gradient in gradients]
        joined = torch.cat([gradient.reshape(-1) for gradient in gradients])
        parts = torch.split(self.ranks.sum(joined), sizes)
        return [part.view(to.shape) for part, to in zip(parts, gradients, strict=True)]


def trained(network: nn.Module) -> dict[str, nn.Parameter]:
    """The weights that require gradients, by name."""
    return {name: w for name, w in network.named_parameters() if w.requires_grad}


def gradients_of(
    loss: Tensor | Sequence[Tensor],
    weights: Iterable[Tensor],
    *,
    toward: Sequence[Tensor] | None = None,
    differentiable: bool,
) -> tuple[Tensor, ...]:
    """Of a loss, or of the products of tensors with `toward`; zeros where it does not depend."""
    return torch.autograd.grad(
        loss,
        tuple(weights),
        toward,
        create_graph=differentiable,
        allow_unused=True,
        materialize_grads=True,
    )


def set_gradients(weights: Iterable[Tensor], gradients: Iterable[Tensor]) -> None:
    """Let an optimizer find these gradients, in the strides of the weights."""
    for weight, gradient in zip(weights, gradients, strict=True):
        weight.grad = torch.empty_like(weight).copy_(gradient)
