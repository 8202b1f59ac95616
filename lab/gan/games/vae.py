"""The variational autoencoder (Kingma & Welling 2014): no game, but trained and judged as one.

The decoder is the generator, so that its average, samples and metrics are those of any generator.
Encoder and decoder minimise -ELBO = -E_q log p(x | z) + beta KL(q(z | x) || N(0, I)) together
(eq. 10; beta of Higgins et al. 2017), divided by the number of values of an image, which changes
no optimum and keeps gradients in the range of a GAN's.
"""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from lab.config import RunConfig, value_of
from lab.errors import InputError
from lab.gan.draws import PassDraws
from lab.gan.games.encoding import POSTERIOR, EncodingGame
from lab.gan.likelihoods import NegativeLogLikelihood, likelihood_of
from lab.gan.networks import Generator
from lab.gan.networks.encoder import Encoder
from lab.gan.passes import generator_passes
from lab.gan.rounds import RealBatch, RealSource, Step


class Inferred(NamedTuple):
    """Signals of one step over the global batch, 0-d tensors on the device, detached."""

    generator_loss: Tensor
    """What both networks minimise, for each value of an image."""
    reconstruction: Tensor
    """-log p(x | z) in nats an image."""
    kl_divergence: Tensor
    """KL(q(z | x) || N(0, I)) in nats an image, without beta."""
    encoder_grad_norm: Tensor
    generator_grad_norm: Tensor


class Bound(NamedTuple):
    """-ELBO of one pass and its parts, means over samples; everything stays on the device."""

    loss: Tensor
    """[]"""
    reconstruction: Tensor
    """[], detached, as the next."""
    divergence: Tensor
    images: Tensor
    """Reconstructions [n, C, H, W] in [-1, 1], detached."""


class EvidenceBound(nn.Module):
    """-ELBO of encoder and decoder over one pass, for each value of an image."""

    def __init__(
        self, encoder: Encoder, generator: Generator, likelihood: NegativeLogLikelihood
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.generator = generator
        self.likelihood = likelihood

    def forward(
        self, images: Tensor, labels: Tensor | None, draw: PassDraws, beta: float
    ) -> Bound:
        """Images [n, C, H, W] in [-1, 1]; one code of each is drawn."""
        posterior = self.encoder(images, labels)
        z = posterior.sample(draw.normal(POSTERIOR, posterior.mean.shape[1]))
        more = (draw,) if self.generator.draws else ()
        pixels = self.generator.before_tanh(z, labels, *more)
        reconstruction = self.likelihood(images, pixels).mean()
        divergence = posterior.divergence().mean()
        loss = (reconstruction + beta * divergence) / images[0].numel()
        made = pixels.detach()
        made = made.tanh() if self.generator.bounded else made
        return Bound(loss, reconstruction.detach(), divergence.detach(), made)


class Vae(EncodingGame):
    """Encoder and decoder; `step(real_batch)` is one update of both."""

    players: ClassVar[tuple[str, ...]] = ("generator", "encoder")

    def __init__(self, config: RunConfig, *args: Any, **kwargs: Any) -> None:
        """Raises InputError for settings of a critic, which a VAE has not."""
        _require_no_critic(config)
        super().__init__(config, *args, **kwargs)

    def _build_networks(self) -> None:
        self._build_generator()
        self._build_encoder()

    def _build_objectives(self) -> None:
        settings, bounded = self.config.vae, self.generator.bounded
        if settings.likelihood == "bernoulli" and not bounded:
            raise InputError(
                "vae.likelihood is bernoulli and the generator of network.architecture "
                f"{self.config.network.architecture} makes unbounded pixels; set vae.likelihood "
                "to gaussian"
            )
        likelihood = likelihood_of(settings, bounded=bounded)
        self.objective = self._wrapped(EvidenceBound(self.encoder, self.generator, likelihood))

    def step(self, real_batch: RealSource) -> Step:
        """Play one round: one update of encoder and decoder, one average."""
        step = self.num_steps_done
        self._set_numbers(step)
        real = self._real(real_batch(step))
        seen, norms, images = self._play(self._descend, step, real, self._when_generated(step))
        self._end_round()
        observed = Inferred(*self.ranks.sum(seen).unbind(), *norms.unbind())
        return Step(observed, real.images, images)

    def _descend(self, step: int, real: RealBatch) -> tuple[Tensor, Tensor, Tensor]:
        """This rank's part of (loss, reconstruction, divergence), [3]; the norms of the encoder's
        and the decoder's gradient, [2]; this rank's reconstructions."""
        self.encoder.update_spectral_vectors()
        self.generator.update_spectral_vectors()
        self._clear(*self.players)
        beta = value_of(self.config.vae.beta, self.images_seen)
        seen = torch.zeros(3, device=self.device, dtype=self._dtype)
        images = []
        passes = generator_passes(self.draws, self.share, step, real, needs_real=True)
        for index, given in enumerate(passes, start=1):
            with self._sending(self.objective, last=index == len(passes)):
                with self.autocast():
                    bound: Bound = self.objective(given.real, given.real_labels, given.draw, beta)
                self._backward(bound.loss, given.weight)
            means = bound.loss.detach(), bound.reconstruction, bound.divergence
            seen += torch.stack(means) * given.weight
            images.append(bound.images)
        norms = torch.stack([self._update(player) for player in ("encoder", "generator")])
        return seen, norms, images[0] if len(images) == 1 else torch.cat(images)


def _require_no_critic(config: RunConfig) -> None:
    """Raise InputError for the first setting that needs a critic."""
    terms = [name for name in type(config.terms).model_fields if _is_active(config, name)]
    problems: dict[str, tuple[Any, Any]] = {
        "training.critic_steps": (config.training.critic_steps, 1),
        "penalty.kind": (config.penalty.kind, "none"),
        "augmentation.kind": (config.augmentation.kind, "none"),
        "augmentation.instance_noise": (config.augmentation.instance_noise, 0),
        **{f"terms.{name}.weight": (getattr(config.terms, name).weight, 0) for name in terms},
    }
    for path, (value, without) in problems.items():
        if value != without:
            raise InputError(
                f"{path} is {value} and training.game is vae, which has no critic; set {path} "
                f"to {without}, or training.game to vae-gan"
            )


def _is_active(config: RunConfig, name: str) -> bool:
    return bool(getattr(config.terms, name).weight != 0)
