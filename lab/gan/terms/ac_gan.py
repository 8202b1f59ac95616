"""AC-GAN: the critic classifies as well, and the generator is to be classified (Odena 2017)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from lab.config import RunConfig
from lab.errors import InputError
from lab.gan.networks import Critic
from lab.gan.terms import CriticSeen, GeneratorSeen, Term

HEAD = "classes"


class ACGAN(Term):
    """weight L_C for both players (Odena et al. 2017, section 4), as cross-entropies:

        critic      E[-log P(C = c | x)] + E[-log P(C = c | G(z, c))]
        generator   E[-log P(C = c | G(z, c))]

    P is a softmax of a linear layer on the critic's features, which the critic's update trains.
    The paper's critic has no projection of the class: `network.projection=false` leaves it out.
    """

    needs_features = True

    def __init__(self, config: RunConfig) -> None:
        super().__init__(config)
        if not config.network.conditional:
            raise InputError(
                "terms.ac_gan.weight is not 0 and network.conditional is false; the classifier "
                "needs images of given classes: set network.conditional to true or the weight to 0"
            )

    def heads(self, num_classes: int) -> Mapping[str, int]:
        """Raises InputError for data without classes."""
        if num_classes < 2:
            raise InputError(
                f"terms.ac_gan.weight is not 0 and the data has {num_classes} classes; take "
                "labelled images with data.source, or set the weight to 0"
            )
        return {HEAD: num_classes}

    def critic(self, seen: CriticSeen, now: Any) -> Tensor | None:
        """[]"""
        real = _entropy(seen.critic, seen.real_features, seen.real_labels)
        fake = _entropy(seen.critic, seen.fake_features, seen.fake_labels)
        return torch.as_tensor(now.weight * (real + fake))

    def generator(self, seen: GeneratorSeen, now: Any) -> Tensor | None:
        """[]"""
        return torch.as_tensor(now.weight * _entropy(seen.critic, seen.features, seen.labels))


def _entropy(critic: Critic, features: Tensor | None, labels: Tensor | None) -> Tensor:
    """Mean cross-entropy of the classes, []."""
    assert features is not None
    assert labels is not None
    return cross_entropy(critic.of_head(HEAD, features), labels)
