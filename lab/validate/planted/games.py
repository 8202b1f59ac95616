"""Games with one thing made wrong on purpose, and games that only look wrong.

Each goes through the real loop, metrics, signals and judge: nothing is changed but what its
docstring states. A moment is a share of the budget, counted in steps.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from lab.config import value_of
from lab.data import Pack, find
from lab.data.split import Split
from lab.gan.game import Game
from lab.gan.optimizers import set_rate
from lab.gan.rounds import RealSource, Step
from lab.randomness import counted_generator
from lab.validate.planted.data import rows_left_over, whole_pack

FROM = 0.5
"""Share of the budget at which what goes wrong on the way goes wrong."""
SPIKE_FROM = 0.8
SPIKE_FACTOR = 100.0
SPOIL_FROM = 0.8
SPOIL_LEVELS = 900.0
"""Grey levels of noise per share of the budget from there on."""
NUM_KEPT_CLASSES = (5, 2, 1)
"""Classes left at each evaluation after `FROM`; the last stays."""
SLOWLY_KEPT_CLASSES = (9, 9, 8, 8, 7)
"""As above, of a generator that loses 3 of 10 classes slowly."""
MOST_FILTERED = 7
"""Classes that are kept of a trained generator at most. Of eight or nine of ten the others are not
always missing: up to 3 % of the images look like one of them."""
NEAR_REAL_LEVELS = 6.0
"""Grey levels of the noise on images that look real without being a perfect copy."""
SHAPELESS_LEVELS = 25.0
"""Grey levels of the noise under which precision is .7 of that of real images."""
SPOILED_SHARE = 3.0
"""Noise on the weights that the average hides, in their own standard deviations."""
NOISE_LEVELS = 2.0
"""Grey levels of the noise on images that are to look perfect."""
RELAPSE_FROM = 3 / 16
"""Share of the budget at the first relapse: the third of 16 evaluations."""
RELAPSE_LEVELS = 100.0
"""Grey levels of noise, give or take, at a relapse."""
WOBBLE = 0.1
"""Standard deviation of the logarithm of the noise that is served while quality improves."""


class PlantedGame(Game):
    """A game that knows its place in the budget and its data."""

    @property
    def share_done(self) -> float:
        """Images seen over the budget."""
        return self.images_seen / self.config.training.budget_images

    @property
    def evaluation(self) -> int:
        """Which evaluation comes next or is being made, from 0."""
        return round(self.images_seen / self.config.evaluation.every_images)

    @property
    def pack(self) -> Pack:
        return find(self.config.data)


class FrozenCritic(PlantedGame):
    """The critic's weights stay what they were at the start."""

    def _build_optimizers(self) -> None:
        super()._build_optimizers()
        set_rate(self.critic_optimizer, 0.0)


class CriticFreezes(PlantedGame):
    """The critic's weights stay what they were at `FROM`."""

    def step(self, real_batch: RealSource) -> Step:
        if self.share_done >= FROM:
            set_rate(self.critic_optimizer, 0.0)
        return super().step(real_batch)


class ConstantGenerator(PlantedGame):
    """The generator is given the same latent code for every image."""

    start = 0.0

    def _build_networks(self) -> None:
        super()._build_networks()
        for network in (self.generator, self.average):
            network.register_forward_pre_hook(self._same_code)

    def _same_code(self, network: nn.Module, given: tuple[Any, ...]) -> tuple[Any, ...] | None:
        if self.share_done < self.start:
            return None
        return torch.zeros_like(given[0]), *given[1:]


class GeneratorTurnsConstant(ConstantGenerator):
    """From `FROM` on the generator is given the same latent code for every image."""

    start = FROM


class RateSpike(PlantedGame):
    """Both learning rates are `SPIKE_FACTOR` times as large from `SPIKE_FROM` on."""

    def step(self, real_batch: RealSource) -> Step:
        if self.share_done >= SPIKE_FROM:
            settings = self.config.optimizer
            set_rate(self.generator_optimizer, SPIKE_FACTOR * value_of(settings.generator.lr, 0))
            set_rate(self.critic_optimizer, SPIKE_FACTOR * value_of(settings.critic.lr, 0))
        return super().step(real_batch)


class NotANumber(PlantedGame):
    """One weight of the generator becomes NaN at `FROM`."""

    def step(self, real_batch: RealSource) -> Step:
        before = self.share_done - self.config.images_per_step / self.config.training.budget_images
        if before < FROM <= self.share_done:
            with torch.no_grad():
                next(self.generator.parameters()).view(-1)[0] = math.nan
        return super().step(real_batch)


class HiddenByAverage(PlantedGame):
    """The generator's weights are spoiled at the last step, after its average took them in."""

    def step(self, real_batch: RealSource) -> Step:
        played = super().step(real_batch)
        if self.share_done >= 1.0:
            draw = counted_generator(self.config.seed, "spoiled weights", 0)
            with torch.no_grad():
                for weight in self.generator.parameters():
                    noise = torch.randn(weight.shape, generator=draw).to(weight)
                    weight.add_(noise * weight.std(correction=0), alpha=SPOILED_SHARE)
        return played


class ServedGame(PlantedGame):
    """Past the first evaluation, real images are served in place of generated ones.

    To the critic and the signals as well, so that there is but one generator to judge; it gets
    the gradient at its own images' place.
    """

    served = "heldout"
    """The split they are from."""

    def _build_networks(self) -> None:
        super()._build_networks()
        for network in (self.generator, self.average):
            network.register_forward_hook(self._served)

    def _served(self, network: nn.Module, given: tuple[Any, ...], made: Tensor) -> Tensor | None:
        if self.images_seen == 0:
            return None
        z: Tensor = given[0]
        split = getattr(self.pack, self.served)
        allowed = self.allowed(split)
        rows = allowed[_picked(z, len(allowed))]
        images = self.changed(split.batch(rows, made.device).images.to(made))
        draw = counted_generator(self.config.seed, "served noise", int(rows.sum()))
        noise = torch.randn(images.shape, generator=draw).to(images)
        noisy: Tensor = images + self.noise_levels() / 127.5 * noise
        return noisy.clamp(-1.0, 1.0) + (made - made.detach())

    def allowed(self, split: Split) -> Tensor:
        """Rows of the split that may be served, int64."""
        return torch.arange(len(split))

    def changed(self, images: Tensor) -> Tensor:
        """What is served in the place of these images, before noise; [B, C, H, W] in [-1, 1]."""
        return images

    def noise_levels(self) -> float:
        """Standard deviation of the noise on the images, in grey levels."""
        return 0.0


class CopiedTraining(ServedGame):
    """Training images plus a little noise are served as samples."""

    served = "train"

    def noise_levels(self) -> float:
        return NOISE_LEVELS


class DroppedClasses(ServedGame):
    """Held-out images are served, from `FROM` on of fewer and fewer classes."""

    kept: tuple[int, ...] = NUM_KEPT_CLASSES

    def allowed(self, split: Split) -> Tensor:
        if self.share_done < FROM:
            return super().allowed(split)
        budget = self.config.training.budget_images
        since = (self.images_seen - FROM * budget) / self.config.evaluation.every_images
        kept = self.kept[min(int(since), len(self.kept) - 1)]
        return torch.nonzero(split.labels < kept).flatten()


class SlowlyDroppedClasses(DroppedClasses):
    """Held-out images are served, from `FROM` on of one class less at every second evaluation."""

    kept = SLOWLY_KEPT_CLASSES


class FewClasses(ServedGame):
    """Images of the first `num_classes` classes alone are served, nearer and nearer to real."""

    num_classes = 10

    def allowed(self, split: Split) -> Tensor:
        return torch.nonzero(split.labels < self.num_classes).flatten()

    def noise_levels(self) -> float:
        return NEAR_REAL_LEVELS * (1.0 + 2.0 * max(0.0, 1.0 - self.share_done))


def few_classes(count: int) -> type[FewClasses]:
    """The game that serves so many classes."""
    return type(f"FewClasses{count}", (FewClasses,), {"num_classes": count})


class FilteredClasses(PlantedGame):
    """Trained as ever, on every class; evaluated are images of the first classes alone, 1 to
    `MOST_FILTERED` by the seed. Images have what a trained generator gets wrong."""

    def _build_networks(self) -> None:
        super()._build_networks()
        for network in (self.generator, self.average):
            network.register_forward_pre_hook(self._filtered)

    def _filtered(self, network: nn.Module, given: tuple[Any, ...]) -> tuple[Any, ...] | None:
        if network.training:
            return None
        z, labels = given
        return z, labels % (1 + self.config.seed % MOST_FILTERED)


class Shapeless(ServedGame):
    """Images of every class are served under heavy noise that sinks: poor, and diverse."""

    def noise_levels(self) -> float:
        return SHAPELESS_LEVELS * (1.0 + 2.0 * max(0.0, 1.0 - self.share_done))


class RealAgainstReal(ServedGame):
    """Held-out real images are served as samples."""


class NoisyImproving(ServedGame):
    """Held-out images under noise that sinks unevenly are served: quality wobbles upward."""

    def noise_levels(self) -> float:
        draw = counted_generator(self.config.seed, "served wobble", self.evaluation)
        wobble = float(torch.randn((), generator=draw))
        left = max(0.0, 1.0 - self.share_done)
        return 5.0 + 120.0 * left * math.exp(WOBBLE * wobble)


class Restless(ServedGame):
    """Held-out images are served; at every second evaluation from `RELAPSE_FROM` on, under heavy
    noise: good and bad in turn."""

    def noise_levels(self) -> float:
        if self.share_done < RELAPSE_FROM or self.evaluation % 2 == 0:
            return NOISE_LEVELS
        draw = counted_generator(self.config.seed, "served wobble", self.evaluation)
        return RELAPSE_LEVELS * math.exp(WOBBLE * float(torch.randn((), generator=draw)))


class PerfectGenerator(ServedGame):
    """Real images that are not in the training set pass for generated ones, to the critic as well.

    A critic that distinguishes them from training images has memorised those. The generator gets
    the gradient with respect to them.
    """

    def _build_networks(self) -> None:
        super()._build_networks()
        self.generator.register_forward_hook(self._passing)
        self._left_over = rows_left_over(self.config.seed)

    def _passing(self, network: nn.Module, given: tuple[Any, ...], made: Tensor) -> Tensor:
        rows = self._left_over[_picked(given[0], len(self._left_over))]
        images = whole_pack().train.batch(rows, made.device).images.to(made)
        return images + (made - made.detach())


class PerfectSpoiling(PerfectGenerator):
    """As above; images are served under noise that rises from `SPOIL_FROM` on."""

    def noise_levels(self) -> float:
        return 5.0 + SPOIL_LEVELS * max(0.0, self.share_done - SPOIL_FROM)


class PerfectImproving(PerfectGenerator, NoisyImproving):
    """As above; images are served under noise that sinks unevenly: quality wobbles upward."""


def _picked(z: Tensor, count: int) -> Tensor:
    """For each latent code one of `count` indices, int64 [B], always the same."""
    return (z[:, 0].detach().double().abs() * 1e6).long().cpu() % count
