"""Each player's objective as one module whose forward returns its loss, penalties included.

Data parallelism wraps these modules, so double backward and buffers need no special case.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from lab.config import RunConfig
from lab.gan.augment import View
from lab.gan.draws import PassDraws
from lab.gan.losses import Loss, loss_of
from lab.gan.networks import Critic, Generator
from lab.gan.networks.network import generated
from lab.gan.networks.spectral import orthonormal_departure
from lab.gan.penalties import Penalty, PenaltyInputs, Side, penalty_of, squared_length
from lab.gan.terms import Active, CriticSeen, GeneratorSeen, Now


class CriticResult(NamedTuple):
    """The critic's loss and its logits; everything stays on the device."""

    loss: Tensor
    """[]"""
    real: Tensor
    """Logits of real images [B], detached."""
    fake: Tensor
    """Logits of generated images [B], detached."""

    def seen(self) -> Tensor:
        """Loss, mean logit of real and of generated images, and accuracy: [4], detached."""
        ranked = (self.real > self.fake).to(self.real.dtype)
        means = self.loss.detach(), self.real.mean(), self.fake.mean(), ranked.mean()
        return torch.stack(means)


class Judgement(NamedTuple):
    """What the critic computes of images."""

    logits: Tensor
    """[B]"""
    features: Tensor | None = None
    """[B, F]; only where terms use them."""


class CriticBatch(NamedTuple):
    """One critic step's inputs."""

    real: Tensor
    """[B, C, H, W] in [-1, 1]"""
    fake: Tensor
    """[B, C, H, W] in [-1, 1]; in the field of the game with a graph to the generator."""
    real_labels: Tensor | None
    fake_labels: Tensor | None
    mix: Tensor | None
    noise: Tensor | None
    z: Tensor | None = None
    """Codes of `fake`, [B, latent_size]."""
    draw: PassDraws | None = None
    when: Now = Now()


class CriticObjective(nn.Module):
    """Loss plus weighted penalty and terms of the critic over one batch."""

    def __init__(
        self,
        critic: Critic,
        loss: Loss,
        penalty: Penalty,
        *,
        joint: bool,
        orthonormal_weight: float = 0.0,
        view: View | None = None,
        terms: Active | None = None,
        generator: Generator | None = None,
    ) -> None:
        """`joint`: one pass over real and fake together; batch norm would mix them."""
        super().__init__()
        self.critic = critic
        self.loss = loss
        self.penalty = penalty
        self.joint = joint
        self.orthonormal_weight = orthonormal_weight
        # A tuple hides what has no parameters of this objective.
        self._beside = (view, terms, generator)

    def forward(self, batch: CriticBatch, penalty_weight: float) -> CriticResult:
        """The critic's loss; the penalty has this weight."""
        _, terms, generator = self._beside
        sides = self.penalty.sides if penalty_weight > 0 else ()
        if "real" in sides:
            batch = batch._replace(real=_leaf(batch.real))
        if "fake" in sides:
            batch = batch._replace(fake=_leaf(batch.fake))
        (every_real, real_features), (every_fake, fake_features) = self._judged(batch, sides)
        loss = self.loss.critic(every_real.flatten(), every_fake.flatten()).mean()
        real, fake = one_a_sample(every_real), one_a_sample(every_fake)
        if batch.when.part == "lazy":
            loss = 0 * loss  # with a gradient of every weight, which data parallelism waits for
        if penalty_weight > 0:
            loss = loss + penalty_weight * self._penalised(batch, sides, real, fake)
        if self.orthonormal_weight > 0 and batch.when.has(1):
            departure = orthonormal_departure(self.critic.layers())
            loss = loss + self.orthonormal_weight * departure
        if terms and batch.draw is not None:
            seen = CriticSeen(
                critic=self.critic,
                generator=generator,
                loss=self.loss,
                real=batch.real.detach(),
                fake=batch.fake.detach() if batch.fake.is_leaf else batch.fake,
                real_labels=batch.real_labels,
                fake_labels=batch.fake_labels,
                real_logits=real,
                fake_logits=fake,
                z=batch.z,
                draw=batch.draw,
                real_features=real_features,
                fake_features=fake_features,
                show=lambda images, side: self._shown(images, batch, side),
            )
            added = terms.of_critic(seen, batch.when)
            loss = loss if added is None else loss + added
        if terms and self.critic.heads:
            # Data parallelism waits for a gradient of every weight, also in steps between terms.
            unused = [weight.sum() for weight in self.critic.heads.parameters()]
            loss = loss + 0 * torch.stack(unused).sum()
        return CriticResult(loss, real.detach(), fake.detach())

    def _penalised(
        self, batch: CriticBatch, sides: Sequence[Side], real: Tensor, fake: Tensor
    ) -> Tensor:
        """The mean penalty, [], without its weight."""
        assert batch.mix is not None
        mix, pack = batch.mix, self.critic.pack
        if pack > 1:  # a point between two packs
            mix = mix[::pack].repeat_interleave(pack, 0)
        inputs = PenaltyInputs(
            lambda images, labels: self.critic(self._shown(images, batch, "real"), labels),
            batch.real,
            batch.fake,
            batch.real_labels,
            batch.fake_labels,
            mix,
            batch.noise,
            _squared(batch, sides, real, fake, pack),
            pack,
        )
        return full(self.penalty(inputs)).mean()

    def _judged(self, batch: CriticBatch, sides: Sequence[Side]) -> tuple[Judgement, Judgement]:
        with_features = _with_features(self._beside[1])
        shown_real = self._shown(batch.real, batch, "real")
        shown_fake = self._shown(batch.fake, batch, "fake")
        # Half of a joint pass would be differentiated twice for nothing.
        if not self.joint or len(sides) == 1:
            real = _judge(self.critic, shown_real, batch.real_labels, with_features)
            fake = _judge(self.critic, shown_fake, batch.fake_labels, with_features)
            return real, fake
        labels = None
        if batch.real_labels is not None and batch.fake_labels is not None:
            labels = torch.cat([batch.real_labels, batch.fake_labels])
        both = torch.cat([shown_real, shown_fake])
        logits, features = _judge(self.critic, both, labels, with_features)
        num_real = len(batch.real)
        if features is None:
            return Judgement(logits[:num_real]), Judgement(logits[num_real:])
        return (
            Judgement(logits[:num_real], features[:num_real]),
            Judgement(logits[num_real:], features[num_real:]),
        )

    def _shown(self, images: Tensor, batch: CriticBatch, side: Side) -> Tensor:
        view = self._beside[0]
        return images if view is None else view(images, batch.draw, side, batch.when)


def critic_objective(
    critic: Critic,
    config: RunConfig,
    view: View | None = None,
    terms: Active | None = None,
    generator: Generator | None = None,
) -> CriticObjective:
    """The critic's objective as configured."""
    orthonormal = config.network.critic_norm == "orthonormal"
    return CriticObjective(
        critic,
        loss_of(config),
        penalty_of(config),
        joint=config.network.critic_norm != "batch",
        orthonormal_weight=config.penalty.orthonormal_weight if orthonormal else 0.0,
        view=view,
        terms=terms,
        generator=generator,
    )


class GeneratorObjective(nn.Module):
    """The generator's loss against a critic that stands still, and its terms."""

    def __init__(
        self,
        generator: Generator,
        critic: Critic,
        loss: Loss,
        view: View | None = None,
        terms: Active | None = None,
        *,
        whole_graph: bool = False,
    ) -> None:
        """`whole_graph`: also of real logits, for derivatives in the critic's weights."""
        super().__init__()
        self.whole_graph = whole_graph
        self.generator = generator
        # A tuple hides it: the critic is no parameter of this objective.
        self._beside = (critic, view, terms)
        self.loss = loss

    def forward(
        self,
        z: Tensor,
        labels: Tensor | None,
        real: Tensor | None,
        real_labels: Tensor | None,
        draw: PassDraws | None = None,
        when: Now = Now(),
    ) -> tuple[Tensor, Tensor]:
        """(loss [], generated images [B, C, H, W], detached); `real` only if it is needed."""
        critic, view, terms = self._beside
        images = generated(self.generator, z, labels, draw)
        seen_fake = images if view is None else view(images, draw, "fake", when)
        with_features = draw is not None and _with_features(terms)
        every_fake, features = _judge(critic, seen_fake, labels, with_features)
        every_real, real_features = every_fake, None
        features_of_real = with_features and terms is not None and terms.needs_real
        if self.loss.needs_real or features_of_real:
            assert real is not None
            with torch.set_grad_enabled(self.whole_graph):
                seen_real = real if view is None else view(real, draw, "real", when)
                every_real, real_features = _judge(critic, seen_real, real_labels, with_features)
        losses = self.loss.generator(every_real.flatten(), every_fake.flatten())
        losses = one_a_sample(losses.view_as(every_fake))
        loss = losses.mean()
        if when.part == "lazy":
            loss = 0 * loss
        if terms and draw is not None:
            seen = GeneratorSeen(
                critic=critic,
                generator=self.generator,
                fake=images,
                labels=labels,
                logits=one_a_sample(every_fake),
                z=z,
                real=real,
                real_labels=real_labels,
                draw=draw,
                losses=losses,
                features=features,
                real_features=real_features,
            )
            added = terms.of_generator(seen, when)
            loss = loss if added is None else loss + added
        return loss, images.detach()


def _with_features(terms: Active | None) -> bool:
    return terms is not None and terms.needs_features


def _judge(
    critic: Critic, images: Tensor, labels: Tensor | None, with_features: bool
) -> Judgement:
    """Logits, and features where they are asked for, of images as they are shown."""
    if not with_features:
        return Judgement(full(critic.every_logit(images, labels)))
    features = critic.features(images)
    return Judgement(full(critic.logits(features, labels)), features)


def one_a_sample(logits: Tensor) -> Tensor:
    """[B] as they are; [B, K] of a critic with K heads -> their means [B]."""
    return logits if logits.dim() == 1 else logits.mean(dim=1)


def _leaf(images: Tensor) -> Tensor:
    """Images that a gradient can be taken at; the field of the game keeps the graph to G."""
    return images if images.requires_grad else images.detach().requires_grad_(True)


def _squared(
    batch: CriticBatch, sides: Sequence[Side], real: Tensor, fake: Tensor, pack: int
) -> dict[str, Tensor]:
    """|grad_x D(x)|^2 [B] of each of these sides, from the logits of the loss's own pass."""
    if not sides:
        return {}
    logits = {"real": real, "fake": fake}
    total = torch.stack([logits[side].sum() for side in sides]).sum()
    images = [getattr(batch, side) for side in sides]
    gradients = torch.autograd.grad(total, images, create_graph=True)
    return {
        side: squared_length(gradient, pack)
        for side, gradient in zip(sides, gradients, strict=True)
    }


def full(values: Tensor) -> Tensor:
    """Logits or penalties out of half precision, so that their means are exact enough."""
    return values if values.dtype == torch.float64 else values.float()
