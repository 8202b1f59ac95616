"""The game: both players, their optimizers, the two updates, and the state that continues it.

Every draw is counted (lab.randomness) and made for the global batch; a worker takes its `Share`.
A step never waits for the device: observations are returned as tensors on it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Hashable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, NamedTuple, TypeVar

import torch
from torch import Tensor, nn

from lab.config import PlayerOptimizer, RunConfig, scheduled_numbers, value_of
from lab.gan.augment import View, view_of
from lab.gan.average import copy_of, decay, update_average
from lab.gan.capture import CudaGraphs, Recorder, Recordings, Result, Update, can_record
from lab.gan.draws import Draws
from lab.gan.lazy import LazyUpdates
from lab.gan.lookahead import Lookahead
from lab.gan.losses import loss_of
from lab.gan.networks import Critic, Generator, build_critic, build_generator
from lab.gan.networks.growth import Growth
from lab.gan.networks.network import generated, layers_of
from lab.gan.networks.normalisation import estimate_statistics, standardise_over
from lab.gan.networks.spectral import TopSingularValues, hold_biases
from lab.gan.objectives import (
    CriticBatch,
    CriticResult,
    GeneratorObjective,
    critic_objective,
)
from lab.gan.optimizers import (
    clip_weights,
    fit_for_recording,
    grad_norm,
    has_schedule,
    limit_gradients,
    plain_numbers,
    player_optimizer,
    set_numbers,
)
from lab.gan.passes import CriticPass, critic_passes, generator_passes
from lab.gan.ranks import ALONE, Ranks, without_sending
from lab.gan.rounds import ImageShape, Observed, RealBatch, RealSource, Round, Signals, Step
from lab.gan.schedules import constant, schedule_of
from lab.gan.share import Share
from lab.gan.terms import Active, Means, Now, Part, active_terms
from lab.randomness import counted_generator

Network = TypeVar("Network", bound=nn.Module)

REMEDIES = ("terms", "view", "lookahead")
"""Modules that most runs have no state of: a checkpoint may lack them."""
STATISTICS_BATCHES = 16
"""Batches that estimate batch-norm statistics, as many as BigGAN's code takes."""


class Copies(NamedTuple):
    """Copies of what the objectives are made of; using them changes nothing of the game."""

    generator: Generator
    critic: Critic
    view: View
    terms: Active


class Game:
    """Generator against critic; `step(real_batch)` plays one round."""

    players: ClassVar[tuple[str, ...]] = ("generator", "critic")
    """The networks that are trained, each an attribute beside its `<player>_optimizer` and
    `<player>_sigmas`."""

    def __init__(
        self,
        config: RunConfig,
        shape: ImageShape,
        *,
        device: torch.device,
        precision: str,
        ranks: Ranks = ALONE,
    ) -> None:
        """Raises InputError when the batch is too small for so many ranks and passes, and for
        methods of a person's file that are not usable."""
        self.config = config
        self.shape = shape
        self.device = device
        self.precision = precision
        self.ranks = ranks
        of_all = (config.training.accumulate, config.network.pack)
        self.share = Share(ranks.rank, ranks.num_ranks, *of_all)
        self.share.require_samples(config.training.batch_size)
        self.draws = Draws(
            config, shape.num_classes, device, self._dtype, text_size=shape.text_size
        )
        self.num_steps_done = 0
        self.loss = loss_of(config)
        self.schedule = schedule_of(config)
        self._active = active_terms(config)
        self.terms = self._active.terms.to(device, self._dtype)
        self.view = view_of(config).to(device, self._dtype)
        self.view.require(shape)
        self._observes = self._active.observes or self.view.observes
        self._lazy = LazyUpdates(config, self._active, self.players)
        self._build_networks()
        self._build_objectives()
        self._build_optimizers()
        self.lookahead = Lookahead(config.optimizer.lookahead, self.networks)
        self.recordings: Recordings | None = None
        """The recorded updates, if they are."""
        self._ramps = [
            ramp
            for path, ramp in scheduled_numbers(config).items()
            if not path.startswith("optimizer.")
        ]
        self._growing = [
            module
            for network in self.networks.values()
            for module in network.modules()
            if isinstance(module, Growth)
        ]
        if self._active:
            self._active.join(self.generator, self.critic, ranks)

    @property
    def networks(self) -> dict[str, nn.Module]:
        """The players by name."""
        return {player: getattr(self, player) for player in self.players}

    def _build_optimizers(self) -> None:
        self.generator_optimizer = self._optimizer_of("generator")
        self.critic_optimizer = self._optimizer_of("critic")

    def _optimizer_of(self, player: str) -> torch.optim.Optimizer:
        parameters = getattr(self, player).parameters()
        share = self._lazy.share_of_steps(player)
        settings = self.settings_of(player)
        optimizer = player_optimizer(parameters, settings, self.config.files, share)
        fit_for_recording(optimizer, self.device, changing=self._rate_changes(player))
        return optimizer

    def settings_of(self, player: str) -> PlayerOptimizer:
        """The settings of a player's optimizer."""
        settings = self.config.optimizer
        return settings.critic if player == "critic" else settings.generator

    def _build_networks(self) -> None:
        self._build_generator()
        self._build_critic()

    def _build_generator(self) -> None:
        rng = counted_generator(self.config.seed, "initial generator", 0)
        generator = build_generator(self.config.network, rng=rng, **self._sizes)
        self.generator: Generator = self._placed(generator)
        self.average: Generator = copy_of(self.generator)
        self.generator_sigmas = self._sigmas(self.generator, "generator")
        standardise_over(self.generator, self.ranks)

    def _build_critic(self) -> None:
        rng = counted_generator(self.config.seed, "initial critic", 0)
        critic = build_critic(self.config.network, rng=rng, **self._sizes)
        for name, size in self._active.heads(self.shape.num_classes).items():
            rng = counted_generator(self.config.seed, f"initial head {name} of the critic", 0)
            critic.add_head(name, size, rng)
        self.critic: Critic = self._placed(critic)
        self.share.require_groups(self.config.training.batch_size, self.critic.group)
        if self.loss.relative:
            hold_biases(self.critic.logit_layers)
        self._critic_weights = [w for w in self.critic.parameters() if w.requires_grad]
        self.critic_sigmas = self._sigmas(self.critic, "critic")
        standardise_over(self.critic, self.ranks)

    @property
    def _sizes(self) -> dict[str, Any]:
        """What a network is built with beside its settings."""
        return {**self.shape._asdict(), "files": self.config.files}

    def _placed(self, network: Network) -> Network:
        placed = network.to(self.device, self._dtype).train()
        for parameter in placed.parameters():
            if parameter.dim() == 4:
                parameter.data = _channels_last(parameter.data)
        return placed

    def _sigmas(self, network: nn.Module, player: str) -> TopSingularValues:
        rng = counted_generator(self.config.seed, f"singular vectors of the {player}", 0)
        return TopSingularValues(layers_of(network), rng)

    def _build_objectives(self) -> None:
        view, terms = self.view, self._active
        self.critic_objective = self._wrapped(
            critic_objective(self.critic, self.config, view, terms, self.generator)
        )
        self.generator_objective = self._wrapped(
            GeneratorObjective(self.generator, self.critic, self.loss, view, terms)
        )

    def _wrapped(self, objective: nn.Module) -> nn.Module:
        """The objective over all ranks; stages that have not grown yet have no part in it."""
        return self.ranks.wrapped(objective, some_unused=self.config.network.grow_images > 0)

    @property
    def images_seen(self) -> int:
        """Real images shown to the critic so far, over all workers."""
        return self.num_steps_done * self.config.images_per_step

    def step(self, real_batch: RealSource) -> Step:
        """Play one round, then move what follows the players: slow weights and the average."""
        step = self.num_steps_done
        self._set_numbers(step)
        self.generator.update_spectral_vectors()
        played = self._round(step, real_batch)
        self._end_round()
        seen = torch.cat([played.critic_seen, played.generator_seen.reshape(-1)])
        observed = self._observed(self.ranks.sum(seen), played)
        return Step(observed, played.real, played.fake)

    def _observed(self, seen: Tensor, played: Round) -> Signals:
        """The signals of a round; `seen`: what it saw over all ranks, the critic's part first."""
        loss, logit_real, logit_fake, accuracy, generator_loss = seen.unbind()
        norms = played.critic_norm, played.generator_norm
        return Observed(loss, generator_loss, logit_real, logit_fake, accuracy, *norms)

    def record_where_possible(self) -> None:
        """Record updates from now on, if the run is to and its updates can be recorded."""
        if can_record(self.config, self.device, self.ranks):
            self.record_updates(CudaGraphs())

    def record_updates(self, recorder: Recorder) -> None:
        """Record updates from now on, and play the recordings: the same numbers, launched at once.

        For one worker without methods of a person's file, which may read any number.
        """
        assert not self.ranks.several
        assert not self.config.files
        self.recordings = Recordings(recorder)

    def _play(self, update: Update[Result], number: int, real: RealBatch, *when: Now) -> Result:
        """Play an update, or its recording; `when` are the times that it reads."""
        if self.recordings is None:
            return update(number, real)
        numbers = tuple(self._plain_numbers(now) for now in when)
        return self.recordings.play(self, update, number, real, numbers)

    def _plain_numbers(self, now: Now) -> tuple[Hashable, ...]:
        """Every plain number and choice that an update at this time reads, beside its draws."""
        penalty = self.config.penalty
        return (
            *(
                ramp.at(images)
                for ramp in self._ramps
                for images in (now.images_seen, self.images_seen)
            ),
            penalty.kind != "none" and now.step % penalty.every_steps == 0,
            *self._active.choices(now),
            *(growth.level for growth in self._growing),
            *(plain_numbers(getattr(self, f"{player}_optimizer")) for player in self.players),
        )

    def _end_round(self) -> None:
        """Count a round, and move what follows the players."""
        self.num_steps_done += 1
        self.lookahead.after_round(self.num_steps_done)
        self._update_average()
        self._show_images_seen()

    def _round(self, step: int, real_batch: RealSource) -> Round:
        """`critic_steps` critic updates, then one of the generator."""
        self._free_critic(True)
        num = self.config.training.critic_steps
        played = []
        for critic_step in range(step * num, (step + 1) * num):
            real = self._real(real_batch(critic_step))
            when = self._when(critic_step)
            played.append(self._play(self._critic_step, critic_step, real, when))
        self._free_critic(False)
        critic_seen, critic_norm = _over_critic_steps(played)
        generator_seen, generator_norm, fake = self._play(
            self._generator_step, step, real, *self._times_of_generator(step)
        )
        return Round(critic_seen, critic_norm, generator_seen, generator_norm, real.images, fake)

    def _when(self, critic_step: int) -> Now:
        return Now(critic_step, critic_step * self.config.training.batch_size)

    def _when_generated(self, step: int) -> Now:
        """The time of the generator's update of round `step`."""
        return Now(step, (step + 1) * self.config.images_per_step)

    def _times_of_generator(self, step: int) -> tuple[Now, ...]:
        """The times that the generator's update of round `step` reads."""
        return (self._when_generated(step),)

    def _critic_step(self, critic_step: int, real: RealBatch) -> tuple[Tensor, Tensor]:
        """This rank's part of (loss, logit real, logit fake, accuracy), [4]; the gradient norm."""
        self.critic.update_spectral_vectors()
        seen, signs, norm = self._critic_gradients(critic_step, real)
        self._move_critic()
        if self._lazy.due("critic", critic_step):
            self._critic_gradients(critic_step, real, "lazy")
            self._move_critic()
        if self._observes:
            self._observe(seen, signs)
        return seen, norm

    def _critic_gradients(
        self, critic_step: int, real: RealBatch, part: Part | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """As `_critic_step`, with the mean sign of real logits, [], second; moves no weight."""
        self.critic_optimizer.zero_grad(set_to_none=True)
        seen = torch.zeros(4, device=self.device, dtype=self._dtype)
        signs = torch.zeros((), device=self.device, dtype=self._dtype)
        when = self._when(critic_step)._replace(part=part or self._lazy.usual)
        weight = 0.0
        if when.has(self.config.penalty.every_steps):
            weight = self.draws.penalty_weight(critic_step)
        passes = critic_passes(self.draws, self.share, critic_step, real)
        for index, given in enumerate(passes, start=1):
            with self._sending(self.critic_objective, last=index == len(passes)):
                result = self._criticise(given, weight, when)
                self._backward(result.loss, given.weight)
            seen += result.seen() * given.weight
            if self._observes:
                signs += result.real.sign().mean() * given.weight
        norm = grad_norm(self.critic)
        limit_gradients(self.critic, norm, self.config.optimizer.critic)
        return seen, signs, norm

    def _move_critic(self) -> None:
        """Update the critic from its gradients."""
        self.critic_optimizer.step()
        if (clip := self.config.penalty.clip) is not None:
            clip_weights(self.critic, clip)

    def _observe(self, seen: Tensor, signs: Tensor) -> None:
        """Show what a critic step saw over the global batch to what keeps state of it."""
        _, real, fake, _, sign = self.ranks.sum(torch.cat([seen, signs[None]])).unbind()
        means = Means(real, fake, sign)
        self._active.observe(means)
        self.view.observe(means)

    def copies(self) -> Copies:
        """Both networks and what acts on them without the other ranks; trained weights require
        gradients."""
        self._free_critic(True)
        parts = self.generator, self.critic, self.view, self.terms
        generator, critic, view, terms = copy.deepcopy(parts)
        self._free_critic(False)
        for network in (generator, critic):
            standardise_over(network, ALONE)
        active = replace(self._active, terms=terms)
        active.join(generator, critic, ALONE)
        return Copies(generator, critic, view, active)

    def _free_critic(self, free: bool) -> None:
        for weight in self._critic_weights:
            weight.requires_grad_(free)

    def _criticise(self, given: CriticPass, penalty_weight: float, when: Now) -> CriticResult:
        with self.autocast():
            with torch.no_grad():
                fake = generated(self.generator, given.z, given.labels, given.draw)
            batch = CriticBatch(
                real=given.real,
                fake=fake,
                real_labels=given.real_labels,
                fake_labels=given.labels,
                mix=given.mix,
                noise=given.noise,
                z=given.z,
                draw=given.draw,
                when=when,
            )
            result: CriticResult = self.critic_objective(batch, penalty_weight)
        return result

    def _generator_step(self, step: int, real: RealBatch) -> tuple[Tensor, Tensor, Tensor]:
        """This rank's part of the loss [], the gradient's norm [], this rank's images."""
        played = self._generator_gradients(step, real)
        self.generator_optimizer.step()
        if self._lazy.due("generator", step):
            self._generator_gradients(step, real, "lazy")
            self.generator_optimizer.step()
        return played

    def _generator_gradients(
        self, step: int, real: RealBatch, part: Part | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """As `_generator_step`; moves no weight."""
        self.generator_optimizer.zero_grad(set_to_none=True)
        seen = torch.zeros((), device=self.device, dtype=self._dtype)
        images = []
        when = self._when_generated(step)._replace(part=part or self._lazy.usual)
        needs_real = self.loss.needs_real or self._active.needs_real
        passes = generator_passes(self.draws, self.share, step, real, needs_real=needs_real)
        for index, given in enumerate(passes, start=1):
            with self._sending(self.generator_objective, last=index == len(passes)):
                with self.autocast():
                    loss, fake = self.generator_objective(*given[1:], when)
                self._backward(loss, given.weight)
            seen += loss.detach() * given.weight
            images.append(fake)
        norm = grad_norm(self.generator)
        limit_gradients(self.generator, norm, self.config.optimizer.generator)
        return seen, norm, images[0] if len(images) == 1 else torch.cat(images)

    def _backward(self, loss: Tensor, weight: float) -> None:
        """Gradients are averaged over ranks and summed over passes, so a pass's mean loss counts
        `weight`, its share of the batch, times the ranks."""
        scaled: Tensor = loss * (weight * self.ranks.num_ranks)
        scaled.backward()  # type: ignore[no-untyped-call]

    def _sending(self, objective: nn.Module, *, last: bool) -> AbstractContextManager[Any]:
        """Gradients are sent to the other ranks once per update, with its last pass."""
        return nullcontext() if last else without_sending(objective)

    def _real(self, batch: RealBatch) -> RealBatch:
        """The batch in the type of the networks."""
        labels = batch.labels.to(self._dtype) if self.config.network.has_texts else batch.labels
        return RealBatch(batch.images.to(self._dtype), labels)

    def _set_numbers(self, step: int) -> None:
        """Rates and what else of the optimizers has a schedule."""
        of_all = self.schedule is not constant
        factor = self.schedule(step / self.config.num_steps) if of_all else 1.0
        for player in self.players:
            if self._rate_changes(player):
                optimizer = getattr(self, f"{player}_optimizer")
                share = self._lazy.share_of_steps(player)
                set_numbers(optimizer, self.settings_of(player), self.images_seen, factor, share)

    def _rate_changes(self, player: str) -> bool:
        """Whether a number of a player's optimizer has a schedule."""
        return self.schedule is not constant or has_schedule(self.settings_of(player))

    def _show_images_seen(self) -> None:
        """For networks that change with them."""
        for network in (*self.networks.values(), self.average):
            if isinstance(network, (Generator, Critic)):
                network.set_images_seen(self.images_seen)

    def _update_average(self) -> None:
        training = self.config.training
        old_weight = decay(
            self.config.images_per_step,
            self.images_seen,
            value_of(training.ema_half_life_images, self.images_seen),
            training.ema_rampup,
        )
        update_average(self.average, self.generator, old_weight)

    @torch.no_grad()
    def estimate_average(self) -> None:
        """Estimate the averaged generator's batch-norm statistics; the next step copies again.

        Over the same counted codes every time, in passes as large as those of training.
        """
        estimate_statistics(self.average, self.ranks, self._statistics_passes())

    def _statistics_passes(self) -> Iterator[Callable[[], object]]:
        for index in range(STATISTICS_BATCHES):
            z, labels = self.draws.latents("statistics", index)
            codes = self.share.cut(z.flatten(0, 1))
            classes = self.share.cut(None if labels is None else labels.flatten(0, 1))
            for given in zip(codes, classes, strict=True):
                yield partial(self._average_of, *given)

    def _average_of(self, z: Tensor, labels: Tensor | None) -> Tensor:
        with self.autocast():
            return self.average(z, labels)

    @property
    def _dtype(self) -> torch.dtype:
        return torch.float64 if self.precision == "float64" else torch.float32

    def autocast(self) -> AbstractContextManager[Any]:
        """The arithmetic of the networks' passes."""
        if self.precision != "bfloat16":
            return nullcontext()
        return torch.autocast(self.device.type, torch.bfloat16)

    def whole(self, mine: Tensor) -> Tensor:
        """The global batch of which each rank holds its share, `Step.real` or `Step.fake`."""
        if not self.ranks.several:
            return mine
        size = self.config.training.batch_size
        grouped = mine.view(self.share.count(size), -1, *mine.shape[1:])
        return self.ranks.sum(self.share.spread(grouped, size)).flatten(0, 1)

    def mean(self, mine: Tensor) -> Tensor:
        """The mean over the global batch of values [n, ...] of this rank's share; [...]."""
        weight = self.share.count(size := self.config.training.batch_size) / size
        return self.ranks.sum(mine.mean(dim=0) * weight)

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor that must be equal on all ranks, by name."""
        tensors: dict[str, Tensor] = {}
        for part in (*self._modules, *REMEDIES):
            state = getattr(self, part).state_dict()
            tensors |= {f"{part}.{name}": value for name, value in state.items()}
        for player in self.players:
            moments = getattr(self, f"{player}_optimizer").state
            for name, parameter in getattr(self, player).named_parameters():
                tensors |= {
                    f"{key} of {player}.{name}": value
                    for key, value in moments.get(parameter, {}).items()
                    if isinstance(value, Tensor)
                }
        return tensors

    def present_numbers(self) -> dict[str, float]:
        """The present value of every setting with a schedule, by its path."""
        ramps = scheduled_numbers(self.config)
        return {path: ramp.at(self.images_seen) for path, ramp in ramps.items()}

    @property
    def _modules(self) -> tuple[str, ...]:
        """The attributes with tensors that every run has."""
        return (*self.players, "average", *(f"{player}_sigmas" for player in self.players))

    @property
    def _stored(self) -> tuple[str, ...]:
        """The attributes that a checkpoint always holds."""
        return (*self._modules, *(f"{player}_optimizer" for player in self.players))

    def present_signals(self) -> dict[str, float]:
        """Numbers that the run finds itself, by signal; waits for the device."""
        return {name: float(number) for name, number in self.view.numbers().items()}

    def state(self) -> dict[str, Any]:
        """The state to continue from: tensors and plain numbers only."""
        parts = {part: getattr(self, part).state_dict() for part in self._stored}
        for part in REMEDIES:
            if state := getattr(self, part).state_dict():
                parts[part] = state
        return {"num_steps_done": self.num_steps_done, **parts}

    def load_state(self, state: dict[str, Any]) -> None:
        """Continue from `state()`.

        Raises KeyError, TypeError, ValueError or RuntimeError for the state of another game.
        """
        for part in self._stored:
            getattr(self, part).load_state_dict(state[part])
        for part in REMEDIES:
            getattr(self, part).load_state_dict(state.get(part, {}))
        for player in self.players:
            optimizer = getattr(self, f"{player}_optimizer")
            fit_for_recording(optimizer, self.device, changing=self._rate_changes(player))
        if self.recordings is not None:
            self.recordings.forget()
        self.num_steps_done = int(state["num_steps_done"])
        self._show_images_seen()


def _over_critic_steps(played: list[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    """The mean of what a round's critic steps saw, [4], and the largest of their gradient norms.

    One step that was not finite makes both so.
    """
    if len(played) == 1:
        return played[0]
    seen, norms = zip(*played, strict=True)
    return torch.stack(seen).mean(dim=0), torch.stack(norms).amax(dim=0)


def _channels_last(weight: Tensor) -> Tensor:
    """[out, in, h, w] with the strides that its gradient will have.

    Of a 1x1 kernel every order is contiguous; DDP would copy each gradient into another.
    """
    if weight.shape[2:] != (1, 1):
        return weight.contiguous(memory_format=torch.channels_last)
    size = weight.shape[1]
    return weight.as_strided(weight.shape, (size, 1, size, size))
