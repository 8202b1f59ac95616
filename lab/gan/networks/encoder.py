"""The encoder of variational games: a critic's trunk with a head for q(z | x).

q(z | x) is a normal distribution with a diagonal covariance (Kingma & Welling 2014, section 3).
Conditional encoders shift mean and log-variance by an embedding of the class. The trunk's features
are standardised for each image (layer norm, Ba et al. 2016, without gain and bias): trunks differ
in scale, at the start from 1e-7 to 70, and exp(log-variance) would be 0 or infinite.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm

from lab.config import RunConfig
from lab.errors import InputError
from lab.gan.networks import build_critic
from lab.gan.networks.initialisation import glorot_uniform
from lab.gan.networks.layers import Embedding, Linear
from lab.gan.networks.network import Critic, layers_of

FILL = glorot_uniform()
EPSILON = 1e-16
"""Far below the variance of the smallest features."""


class Posterior(NamedTuple):
    """q(z | x) of each image."""

    mean: Tensor
    """[B, latent_size]"""
    log_variance: Tensor
    """[B, latent_size]"""

    def sample(self, noise: Tensor) -> Tensor:
        """mean + exp(log_variance / 2) noise, [B, latent_size] (Kingma & Welling 2014, eq. 10)."""
        return self.mean + (0.5 * self.log_variance).exp() * noise

    def divergence(self) -> Tensor:
        """KL(q(z | x) || N(0, I)) in nats, [B] (Kingma & Welling 2014, appendix B)."""
        variance = self.log_variance.exp()
        each = self.mean.square() + variance - 1 - self.log_variance
        return 0.5 * each.sum(dim=1)


class Encoder(nn.Module):
    """Images to q(z | x). Takes the critic that it is made of."""

    __call__: Callable[..., Posterior]

    def __init__(self, critic: Critic, latent_size: int, num_classes: int) -> None:
        """`num_classes` is 0 when unconditional."""
        super().__init__()
        num_features = critic.head.weight.shape[1]
        critic.head = Linear(num_features, 2 * latent_size, fill=FILL)
        critic.projection = None
        self.body = critic
        self.classes = (
            Embedding(num_classes, 2 * latent_size, fill=FILL, weight_norm="none")
            if num_classes
            else None
        )

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Posterior:
        """[B, channels, resolution, resolution], [B] int64 -> q(z | x), in the type of the weights

        Labels are ignored by an unconditional encoder.
        """
        features = self.body.features(images)
        features = layer_norm(features, features.shape[1:], eps=EPSILON)
        with torch.autocast(features.device.type, enabled=False):
            values = self.body.head(features)
            if self.classes is not None:
                assert labels is not None, "a conditional encoder needs labels"
                values = values + self.classes(labels)
        return Posterior(*values.chunk(2, dim=1))

    def update_spectral_vectors(self) -> None:
        """One power iteration in every layer with spectral norm; call before an update."""
        self.body.update_spectral_vectors()


def build_encoder(
    config: RunConfig,
    *,
    resolution: int,
    channels: int,
    num_classes: int,
    rng: torch.Generator,
    text_size: int = 0,
) -> Encoder:
    """An encoder on the CPU whose every weight is drawn from `rng` (a CPU one).

    Raises InputError for an architecture whose critic has no linear head that could be replaced.
    """
    network = config.network.model_copy(update={"critic_norm": config.vae.encoder_norm})
    sizes = {"resolution": resolution, "channels": channels, "num_classes": num_classes}
    critic = build_critic(network, **sizes, rng=rng, files=config.files)
    if type(critic).logits is not Critic.logits or type(critic).forward is not Critic.forward:
        raise InputError(
            f"training.game is {config.training.game}, whose encoder is made of a critic with a "
            f"linear head, and network.architecture {network.architecture} has none; take another "
            "network.architecture"
        )
    encoder = Encoder(critic, network.latent_size, num_classes if network.conditional else 0)
    fresh = {id(encoder.body.head), id(encoder.classes)}
    for layer in layers_of(encoder):
        if id(layer) in fresh:
            layer.initialise(rng)
    return encoder
