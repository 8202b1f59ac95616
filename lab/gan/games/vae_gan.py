"""VAE-GAN (Larsen et al. 2016): a VAE whose reconstructions are compared in the critic's features.

With f(x) the critic's features, x' = G(z') the reconstruction of x from z' ~ q(z | x), and z from
the prior, the encoder minimises beta KL + |f(x) - f(x')|^2 / 2 (eqs. 7 and 8), the generator the
loss of its game plus gamma |f(x) - f(x')|^2 / 2, and the critic the loss of its game alone
(algorithm 1). Reconstructions and prior samples are both generated images to the game: by their
position in the global batch every second one is a reconstruction, so that both weigh the same, as
in the authors' code. The game's gradient does not reach the encoder, nor that of the features the
critic.
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import torch
from torch import Tensor

from lab.config import value_of
from lab.gan.augment import View
from lab.gan.draws import PassDraws
from lab.gan.games.encoding import POSTERIOR, EncodingGame
from lab.gan.losses import Loss
from lab.gan.networks import Critic, Generator
from lab.gan.networks.encoder import Encoder
from lab.gan.networks.network import generated
from lab.gan.objectives import (
    CriticResult,
    GeneratorObjective,
    critic_objective,
)
from lab.gan.passes import CriticPass, generator_passes
from lab.gan.rounds import RealBatch, Round
from lab.gan.terms import Active, Now


class Observed(NamedTuple):
    """Signals of one step: `lab.gan.rounds.Observed`, and those of the encoder."""

    critic_loss: Tensor
    generator_loss: Tensor
    """Of the game alone."""
    logit_real: Tensor
    logit_fake: Tensor
    critic_accuracy: Tensor
    critic_grad_norm: Tensor
    generator_grad_norm: Tensor
    reconstruction: Tensor
    """|f(x) - f(x')|^2 / 2 of an image."""
    kl_divergence: Tensor
    """KL(q(z | x) || N(0, I)) in nats an image, without beta."""
    encoder_grad_norm: Tensor


class Weights(NamedTuple):
    """Of one step."""

    beta: float
    gamma: float


class Joint(NamedTuple):
    """The losses of encoder and generator over one pass; everything stays on the device."""

    loss: Tensor
    """[], whose gradients are those of both networks."""
    game: Tensor
    """[], detached, as the next."""
    reconstruction: Tensor
    divergence: Tensor
    images: Tensor
    """Those that the critic was shown, [n, C, H, W], detached."""


class JointObjective(GeneratorObjective):
    """The losses of encoder and generator against a frozen critic."""

    def __init__(
        self,
        encoder: Encoder,
        generator: Generator,
        critic: Critic,
        loss: Loss,
        view: View | None = None,
        terms: Active | None = None,
    ) -> None:
        super().__init__(generator, critic, loss, view, terms)
        self.encoder = encoder

    def forward(  # type: ignore[override]
        self,
        z: Tensor,
        labels: Tensor | None,
        real: Tensor,
        real_labels: Tensor | None,
        draw: PassDraws,
        when: Now,
        weights: Weights,
    ) -> Joint:
        """z [n, latent_size] from the prior, and the real image of each."""
        posterior = self.encoder(real, real_labels)
        inferred = posterior.sample(draw.normal(POSTERIOR, z.shape[1]))
        played, played_labels = mixed(draw, (inferred.detach(), z), (real_labels, labels))
        game, images = super().forward(played, played_labels, real, real_labels, draw, when)
        rebuilt = generated(self.generator, _scaled(inferred, weights.gamma), real_labels, draw)
        reconstruction = self._feature_error(real, rebuilt)
        divergence = posterior.divergence().mean()
        loss = game + weights.gamma * reconstruction + weights.beta * divergence
        return Joint(loss, game.detach(), reconstruction.detach(), divergence.detach(), images)

    def _feature_error(self, real: Tensor, rebuilt: Tensor) -> Tensor:
        """-log N(f(x); f(x'), I) without its constant, the mean over samples; [] (eq. 8)."""
        critic = self._beside[0]
        with torch.no_grad():
            wanted = critic.features(real)
        difference = critic.features(rebuilt) - wanted
        return 0.5 * difference.square().sum(dim=1).mean()


class VaeGan(EncodingGame):
    """Encoder, generator and critic; `step(real_batch)` plays one round."""

    players: ClassVar[tuple[str, ...]] = ("generator", "critic", "encoder")

    def _build_networks(self) -> None:
        super()._build_networks()
        self._build_encoder()

    def _build_objectives(self) -> None:
        beside = self.view, self._active
        self.critic_objective = self._wrapped(
            critic_objective(self.critic, self.config, *beside, self.generator)
        )
        self.objective = self._wrapped(
            JointObjective(self.encoder, self.generator, self.critic, self.loss, *beside)
        )

    def _observed(self, seen: Tensor, played: Round) -> Observed:
        loss, logit_real, logit_fake, accuracy, *of_others = seen.unbind()
        generator_loss, reconstruction, divergence = of_others
        encoder_norm, generator_norm = played.generator_norm.unbind()
        return Observed(
            critic_loss=loss,
            generator_loss=generator_loss,
            logit_real=logit_real,
            logit_fake=logit_fake,
            critic_accuracy=accuracy,
            critic_grad_norm=played.critic_norm,
            generator_grad_norm=generator_norm,
            reconstruction=reconstruction,
            kl_divergence=divergence,
            encoder_grad_norm=encoder_norm,
        )

    def _criticise(self, given: CriticPass, penalty_weight: float, when: Now) -> CriticResult:
        with torch.no_grad(), self.autocast():
            posterior = self.encoder(given.real, given.real_labels)
            inferred = posterior.sample(given.draw.normal(POSTERIOR, given.z.shape[1]))
        z, labels = mixed(given.draw, (inferred, given.z), (given.real_labels, given.labels))
        return super()._criticise(given._replace(z=z, labels=labels), penalty_weight, when)

    def _generator_step(self, step: int, real: RealBatch) -> tuple[Tensor, Tensor, Tensor]:
        """Update encoder and generator: this rank's part of (the game's loss, reconstruction,
        divergence), [3]; the norms of the encoder's and the generator's gradient, [2]; the images
        that the critic was shown."""
        self.encoder.update_spectral_vectors()
        self._clear("encoder", "generator")
        seen = torch.zeros(3, device=self.device, dtype=self._dtype)
        images = []
        when = self._when_generated(step)
        settings = self.config.vae
        numbers = [value_of(to, self.images_seen) for to in (settings.beta, settings.gamma)]
        passes = generator_passes(self.draws, self.share, step, real, needs_real=True)
        for index, given in enumerate(passes, start=1):
            with self._sending(self.objective, last=index == len(passes)):
                with self.autocast():
                    joint: Joint = self.objective(*given[1:], when, Weights(*numbers))
                self._backward(joint.loss, given.weight)
            means = joint.game, joint.reconstruction, joint.divergence
            seen += torch.stack(means) * given.weight
            images.append(joint.images)
        norms = torch.stack([self._update(player) for player in ("encoder", "generator")])
        return seen, norms, images[0] if len(images) == 1 else torch.cat(images)


def mixed(
    draw: PassDraws,
    codes: tuple[Tensor, Tensor],
    labels: tuple[Tensor | None, Tensor | None],
) -> tuple[Tensor, Tensor | None]:
    """Of two batches of codes [n, latent_size], and of their labels [n], every second sample of
    the global batch from the first and the others from the second."""
    first, second = codes
    rows = torch.arange(draw.rows.start, draw.rows.stop, device=first.device)
    from_first = (rows % 2 == 1).repeat_interleave(draw.multiplier)
    z = torch.where(from_first[:, None], first, second)
    if labels[0] is None or labels[1] is None:
        return z, None
    return z, torch.where(from_first, labels[0], labels[1])


def _scaled(z: Tensor, gamma: float) -> Tensor:
    """The same codes, whose gradient counts 1 / gamma: the encoder's loss has no gamma."""
    scaled = z.view_as(z)
    scaled.register_hook(lambda gradient: gradient / gamma)  # type: ignore[no-untyped-call]
    return scaled
