"""The sections of a configuration: every setting with its default, range and help text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, get_args

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from lab.catalogue import (
    AUGMENTATIONS,
    CONDITIONINGS,
    EXTRACTORS,
    GAMES,
    LOSSES,
    NETWORKS,
    OPTIMIZERS,
    OWN_TERMS,
    PENALTIES,
    SCHEDULES,
    Catalogue,
    problem_with,
)
from lab.config.base import ConfigSection
from lab.config.scalars import Ramp, scheduled

CriticNorm = Literal["spectral", "batch", "layer", "weight", "orthonormal", "none"]
AverageStatistics = Literal["copied", "estimated"]
Precision = Literal["auto", "float32", "bfloat16", "float64"]
RESOLUTIONS = (16, 28, 32, 64, 128, 256, 512, 1024)
RESOLUTIONS_IN_WORDS = "28 or a power of two from 16 to 1,024"


class _NameIn:
    """Refuses a name that a catalogue lacks; the allowed ones are read when a value is checked."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue

    def __call__(self, name: str) -> str:
        if problem := problem_with(self.catalogue, name):
            raise PydanticCustomError("unknown_name", "{problem}", {"problem": problem})
        return name


def _is_resolution(side: int) -> int:
    if side not in RESOLUTIONS:
        problem = f"it must be {RESOLUTIONS_IN_WORDS}"
        raise PydanticCustomError("out_of_bounds", "{problem}", {"problem": problem})
    return side


Resolution = Annotated[int, AfterValidator(_is_resolution)]
Architecture = Annotated[str, AfterValidator(_NameIn(NETWORKS))]
ConditioningName = Annotated[str, AfterValidator(_NameIn(CONDITIONINGS))]
LossName = Annotated[str, AfterValidator(_NameIn(LOSSES))]
PenaltyKind = Annotated[str, AfterValidator(_NameIn(PENALTIES))]
OptimizerKind = Annotated[str, AfterValidator(_NameIn(OPTIMIZERS))]
ScheduleName = Annotated[str, AfterValidator(_NameIn(SCHEDULES))]
GameName = Annotated[str, AfterValidator(_NameIn(GAMES))]
AugmentationKind = Annotated[str, AfterValidator(_NameIn(AUGMENTATIONS))]
OwnTermKind = Annotated[str, AfterValidator(_NameIn(OWN_TERMS))]

CATALOGUES: Mapping[str, Catalogue] = {
    "loss": LOSSES,
    "network.architecture": NETWORKS,
    "network.text_conditioning": CONDITIONINGS,
    "penalty.kind": PENALTIES,
    "optimizer.generator.kind": OPTIMIZERS,
    "optimizer.critic.kind": OPTIMIZERS,
    "optimizer.schedule": SCHEDULES,
    "augmentation.kind": AUGMENTATIONS,
    "training.game": GAMES,
    "terms.own.kind": OWN_TERMS,
    "evaluation.extractor": EXTRACTORS,
}
"""The settings that name a method, and what each may name besides a person's own file."""

if TYPE_CHECKING:
    Beta: TypeAlias = float | Ramp
    Rate: TypeAlias = float | Ramp
    Weight: TypeAlias = float | Ramp
    Positive: TypeAlias = float | Ramp
    Share: TypeAlias = float | Ramp
    HalfLife: TypeAlias = float | Ramp
else:
    Beta = scheduled(ge=0.0, lt=1.0)
    Rate = scheduled(gt=0.0, le=1.0)
    Weight = scheduled(ge=0.0, le=1e6)
    Positive = scheduled(gt=0.0, le=1e6)
    Share = scheduled(ge=0.0, le=1.0)
    HalfLife = scheduled(ge=0.0)


class DataConfig(ConfigSection):
    """The real images of a run."""

    source: str = "fashion-mini"
    """A named set (`python -m lab.data list`), or the path of a pack, a folder or a zip."""
    resolution: Resolution = 32
    """Side of the square images in pixels: a power of two from 16 to 1,024, or 28 (padded)."""
    root: str | None = None
    """Folder with the named set's original files; null searches the usual places."""
    limit: int | None = Field(default=None, ge=1)
    """Train on so many of the set's images; null: on all. Distances stay those to all of them."""
    mirror: bool = False
    """Flip each real image left to right with probability 1/2."""


class NetworkConfig(ConfigSection):
    """The generator and the critic."""

    architecture: Architecture = "sngan-cnn"
    """Architecture of the generator and the critic."""
    width: float = Field(default=1.0, gt=0.0, le=8.0)
    """Multiplier of every channel count; 1 is the published size."""
    latent_size: int = Field(default=128, ge=1, le=4096)
    """Length of the latent code z."""
    conditional: bool = False
    """Class-conditional networks: conditional batch norm in G, a projection in D."""
    text_conditioning: ConditioningName = "none"
    """What G gets of an image's text, whose vector D projects; needs a set with captions."""
    projection: bool = True
    """Projection of the class in a conditional D; false: its logits do not depend on it."""
    pack: int = Field(default=1, ge=1, le=8)
    """Images that D sees joined over channels and judges together (PacGAN)."""
    critic_norm: CriticNorm = "spectral"
    """Normalisation of the critic's layers; orthonormal: see penalty.orthonormal_weight."""
    minibatch_std: int = Field(default=4, ge=1, le=1024)
    """Images of a group that progan's and stylegan2's critics take a deviation over; 1: none."""
    mapping_layers: int = Field(default=0, ge=0, le=32)
    """Layers of stylegan2's mapping network; 0: as many as its set-up has."""
    style_mixing: float = Field(default=0.0, ge=0.0, le=1.0)
    """Probability that an image of stylegan2 mixes two codes in training (published: 0.9)."""
    grow_images: int = Field(default=0, ge=0)
    """Images seen in each phase of a growing network (progan); 0: all stages from the start."""
    encoder_side: int = Field(default=224, ge=64, le=512, multiple_of=32)
    """Side in pixels of the images that the frozen encoder of `projected` gets."""

    @property
    def has_texts(self) -> bool:
        """Whether conditions are texts."""
        return self.text_conditioning != "none"

    @property
    def conditioned(self) -> bool:
        """Whether images have conditions: classes or texts."""
        return self.conditional or self.has_texts


class TextConfig(ConfigSection):
    """Texts of images, with network.text_conditioning."""

    encoder: str = "auto"
    """Encoder of texts and images, a .safetensors file made by `python -m lab.text train`; auto:
    the one of the data, which emoji-mini comes with."""
    interpolated: float = Field(default=0.0, ge=0.0, le=1.0)
    """Share of a generator step's texts that are the mean of two (Reed et al. 2016, GAN-INT)."""
    uncaptioned: Literal["left-out", "refused"] = "left-out"
    """Images without a text: left out of the training, which counts them, or refused."""


class PenaltyConfig(ConfigSection):
    """Regularisation of the critic's gradient or weights."""

    kind: PenaltyKind = "none"
    """Gradient penalty; lab/gan/penalties.py has the formulas and what the weight multiplies."""
    weight: Weight = 10.0
    """Weight of the penalty in the critic's loss; no effect when penalty.kind is none."""
    every_steps: int = Field(default=1, ge=1, le=1024)
    """Interval in critic steps between penalties, whose weight it multiplies (lazy penalty)."""
    clip: float | None = Field(default=None, gt=0.0, le=100.0)
    """Limit that the critic's weights are clipped to, +/-, after each step; null: no clipping."""
    consensus_weight: Weight = 10.0
    """Weight of half the squared norm of both players' gradients; with training.game consensus."""
    orthonormal_weight: float = Field(default=1e-4, ge=0.0, le=1e6)
    """Weight of |W^T W - I|_F^2 (Brock et al. 2019); with critic_norm orthonormal."""


class PlayerOptimizer(ConfigSection):
    """How one player's weights are updated."""

    kind: OptimizerKind = "adam"
    """Update rule."""
    lr: Rate = 2e-4
    """Learning rate."""
    beta1: Beta = 0.5
    """Decay of Adam's mean of gradients."""
    beta2: Beta = 0.999
    """Decay of Adam's mean of squared gradients."""
    epsilon: float = Field(default=1e-8, gt=0.0, le=1.0)
    """Added to the root of the mean of squared gradients."""
    momentum: float = Field(default=0.0, ge=0.0, lt=1.0)
    """Momentum of sgd and rmsprop."""
    weight_decay: Weight = 0.0
    """Decay of the weights as a multiple of the rate (adamw, sgd)."""
    max_grad_norm: float | None = Field(default=None, gt=0.0)
    """Limit that the norm of all gradients is scaled to; null: none."""


class LookaheadConfig(ConfigSection):
    """Slow weights of both players, which the fast ones return to."""

    steps: int = Field(default=0, ge=0, le=1_000_000)
    """Rounds between two moves of the slow weights; 0: none."""
    alpha: float = Field(default=0.5, gt=0.0, le=1.0)
    """Share of the way to the fast weights that the slow ones move."""


class OptimizerConfig(ConfigSection):
    """The optimizers of both players and their common schedule."""

    generator: PlayerOptimizer = PlayerOptimizer()
    """The generator's optimizer."""
    critic: PlayerOptimizer = PlayerOptimizer()
    """The critic's optimizer."""
    lookahead: LookaheadConfig = LookaheadConfig()
    """Lookahead over both players."""
    schedule: ScheduleName = "constant"
    """Factor of both learning rates over the budget."""


class AugmentationConfig(ConfigSection):
    """What stands between images and critic, in both players' steps."""

    kind: AugmentationKind = "none"
    """Augmentation of real and generated images alike."""
    policy: str = Field(default="", pattern=r"^$|^[a-z0-9-]+(,[a-z0-9-]+)*$")
    """Its transformations, separated by commas; empty: all that it has by default."""
    probability: Share = 1.0
    """Probability of each transformation of each image; kind ada finds it itself."""
    target_sign: float = Field(default=0.6, gt=-1.0, lt=1.0)
    """Mean sign of real logits that kind ada steers to (Karras et al. 2020)."""
    adjust_images: float = Field(default=500_000, gt=0.0)
    """Images in which kind ada can move its probability from 0 to 1."""
    instance_noise: Weight = 0.0
    """Standard deviation of Gaussian noise on real and generated images; 0: none."""


class TrainingConfig(ConfigSection):
    """Batch size, order of updates, budget and arithmetic."""

    game: GameName = "alternating"
    """How a round is played: what the players' updates are and their order."""
    unrolled_steps: int = Field(default=5, ge=1, le=100)
    """Critic steps that the generator looks ahead; with training.game unrolled."""
    batch_size: int = Field(default=64, ge=1, le=65536)
    """Images of one critic step, summed over all workers."""
    generator_batch_multiplier: int = Field(default=1, ge=1, le=16)
    """Latent codes of a generator step, as a multiple of batch_size (Miyato's ResNet: 2)."""
    accumulate: int = Field(default=1, ge=1, le=1024)
    """Forward and backward passes that share a batch, to save memory; batch norm acts on each."""
    critic_steps: int = Field(default=1, ge=1, le=100)
    """Critic steps per generator step."""
    lazy: Literal["shared", "own"] = "shared"
    """Update of what acts every few steps (every_steps): that of its step, or own as StyleGAN2."""
    budget_images: int = Field(default=200_000, ge=1)
    """Length of the run: real images shown to the critic, over all workers."""
    precision: Precision = "auto"
    """Arithmetic of the networks; auto measures which is faster on this device and records it."""
    deterministic: bool = False
    """Use deterministic GPU algorithms: a resumed run is bit-identical, and slower."""
    capture: bool = True
    """Record an update on a GPU once and launch it as a whole (CUDA graphs): the same numbers."""
    ema_half_life_images: HalfLife = 10_000
    """Half-life of the averaged generator in images seen; 0: no averaging."""
    ema_rampup: float = Field(default=0.05, ge=0.0, le=1.0)
    """Upper limit of the half-life as a share of the images seen (Karras et al. 2020); 0: none."""
    ema_statistics: AverageStatistics = "copied"
    """Batch-norm statistics of the average: copied from G, or estimated before each evaluation."""
    keep_generators: int = Field(default=0, ge=0, le=1000)
    """Averaged generators kept along the run, evenly over its images seen, for `lab.explore`."""


class VaeConfig(ConfigSection):
    """Encoder and evidence bound of the games vae and vae-gan."""

    likelihood: Literal["bernoulli", "gaussian"] = "bernoulli"
    """Likelihood of the pixels given the code, in game vae."""
    sigma: float = Field(default=1.0, gt=0.0, le=100.0)
    """Standard deviation of a pixel in [-1, 1] with likelihood gaussian."""
    beta: Weight = 1.0
    """Weight of the KL divergence; a schedule that begins at 0 warms it up."""
    gamma: Positive = 1e-3
    """Weight of the feature error in the generator's loss, in game vae-gan."""
    encoder_norm: Literal["batch", "layer", "spectral", "weight", "none"] = "batch"
    """Normalisation of the encoder's layers."""


class EvaluationConfig(ConfigSection):
    """Interval, sample count and features of the metrics."""

    every_images: int = Field(default=20_000, ge=1)
    """Interval between evaluations in images seen."""
    num_samples: int = Field(default=2_000, ge=50, le=1_000_000)
    """Generated images per evaluation."""
    extractor: str = "auto"
    """Features of all metrics; also a .safetensors file made by `lab.metrics train`. auto: fashion
    for grey images, for colour efficientnet where it is installed, else emoji."""
    extractor_weights: str | None = None
    """Weights file of `inception`, for machines that cannot download it, or of `dinov2`."""
    live_every: int = Field(default=0, ge=0)
    """Every k-th evaluation measures the live generator beside its average; 0: the last alone."""
    nearest_k: int = Field(default=5, ge=1, le=100)
    """k of the nearest neighbours in precision, recall, density and coverage."""


class StabilityConfig(ConfigSection):
    """Limits of the rules in lab.stability, and when a run ends."""

    target_quality: float = Field(default=0.5, gt=0.0, lt=1.0)
    """Final quality u_T from which a run without failure is stable."""
    target_distance: str = Field(default="", pattern=r"^$|^[a-z][\w-]*=[0-9.e+-]+$")
    """Distance to reach in place of target_quality, by its name, say fid=20; empty: none."""
    explosion_factor: float = Field(default=100.0, gt=1.0)
    """Ratio of a gradient norm to its own median so far that counts as an explosion."""
    explosion_norm: float = Field(default=1e4, gt=0.0)
    """Gradient norm that counts as an explosion on its own while quality does not improve."""
    collapse_coverage: float = Field(default=0.1, gt=0.0, lt=1.0)
    """Collapsed: ratio of coverage to that of real images below this twice in a row."""
    collapse_diversity: float = Field(default=0.1, gt=0.0, lt=1.0)
    """Collapsed: ratio of pairwise diversity of a batch to that of real images below this."""
    collapse_modes: float = Field(default=0.5, gt=0.0, lt=1.0)
    """Collapsed: mode count and coverage both below this share of their best values so far."""
    collapse_duplicates: float = Field(default=0.9, gt=0.0, lt=1.0)
    """Collapsed: share of near-duplicates above this, after a share below half of it."""
    deaf_alignment: float = Field(default=0.1, gt=0.0, lt=1.0)
    """Deaf: R-precision above chance, over that of real images, below this twice in a row."""
    swing_factor: float = Field(default=2.0, gt=1.0)
    """Oscillating: repeated swings of the distance by more than this factor, without progress."""
    rise_factor: float = Field(default=1.5, gt=1.0)
    """Degraded: distance above its best level by this factor, and by noise, twice in a row."""
    overfit_gap: float = Field(default=0.5, gt=0.0)
    """Flag overfit: r_v, gap of real to held-out logits over that of real to fake, above this."""
    overfit_sign: float = Field(default=0.9, gt=0.0, lt=1.0)
    """Flag overfit without held-out logits: r_t, the mean sign of real logits, above this."""
    memorised_ct: float = Field(default=-5.0, lt=0.0)
    """Flag memorised: C_T in standard deviations below this, and authenticity below its limit."""
    memorised_authenticity: float = Field(default=0.5, gt=0.0, lt=1.0)
    """Flag memorised: ratio of authenticity to that of real images below this, and C_T as well."""
    averaging_gap: float = Field(default=3.0, gt=1.0)
    """Flag averaged: distance of the live generator over that of its average above this."""
    signal_every_steps: int = Field(default=24, ge=1)
    """Interval in steps of the expensive signals; 24 costs under 3 % of the time."""
    jacobian: bool = False
    """Record eigenvalues of the game's Jacobian and G's condition number; small networks only."""
    stop_on_failure: bool = True
    """End a run at its failure; false: train to the budget and keep the first verdict."""


NO_LIMITS = (
    "target_quality",
    "target_distance",
    "signal_every_steps",
    "jacobian",
    "stop_on_failure",
)
"""Settings of `StabilityConfig` that are no limits of rules."""


def choices(alias: Any) -> tuple[str, ...]:
    """The words of a Literal type, or the names of a setting's catalogue (say `LossName`)."""
    for mark in getattr(alias, "__metadata__", ()):
        if isinstance(mark, AfterValidator) and isinstance(mark.func, _NameIn):
            return tuple(mark.func.catalogue)
    return get_args(alias)
