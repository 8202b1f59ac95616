"""Every method that a configuration can name: one line each, without importing any of them.

A new method is one file with its code and one line here; docs/adding.md shows each kind. The
configuration takes its allowed names and help texts from here, so this module stays free of
torch: what a line stands for is imported when a run needs it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple

from lab.errors import nearest
from lab.user_file import HOW_TO_REFER, UserFile, attribute_of, is_reference


class Entry(NamedTuple):
    """One method."""

    target: str
    """`module:attribute` of what it stands for."""
    summary: str
    """One line of help."""


class Setting(NamedTuple):
    """A number that a term has beside its weight."""

    default: float
    summary: str
    """One line of help."""
    low: float = 0.0
    high: float = 1e6


class TermEntry(NamedTuple):
    """A term, with a section of the configuration under its name."""

    target: str
    """`module:class` of the term."""
    summary: str
    """One line of help."""
    settings: Mapping[str, Setting] = {}
    """Its numbers beside `weight` and `every_steps`, by name."""
    every_steps: int = 1
    """Default interval in steps."""
    has_kind: bool = False
    """Whether its setting `kind` names a class of a person's file."""


Catalogue = Mapping[str, Entry]

NETWORKS: Catalogue = {
    "sngan-cnn": Entry("lab.gan.networks.sngan_cnn:PAIR", "Miyato et al. 2018, Table 3"),
    "sngan-resnet": Entry("lab.gan.networks.sngan_resnet:PAIR", "Miyato et al. 2018, Table 4"),
    "dcgan": Entry("lab.gan.networks.dcgan:PAIR", "Radford et al. 2016"),
    "progan": Entry("lab.gan.networks.progan:PAIR", "Karras et al. 2018, Table 2"),
    "stylegan2": Entry("lab.gan.networks.stylegan2:PAIR", "Karras et al. 2020"),
    "stylegan2-256": Entry("lab.gan.networks.stylegan2:PAPER_256", "its set-up for 256 pixels"),
    "stylegan2-cifar": Entry("lab.gan.networks.stylegan2:CIFAR", "its set-up for CIFAR-10"),
    "projected": Entry("lab.gan.networks.projected:PAIR", "Sauer et al. 2021; needs [features]"),
    "r3gan": Entry("lab.gan.networks.r3gan:PAIR", "Huang et al. 2024; without tanh and norms"),
    "sagan": Entry("lab.gan.networks.sagan:PAIR", "Zhang et al. 2019"),
    "biggan": Entry("lab.gan.networks.biggan:PAIR", "Brock et al. 2019"),
}
"""Pairs of a generator and a critic: `lab.gan.networks.network.Pair`."""

CONDITIONINGS: Catalogue = {
    "none": Entry("lab.gan.networks.conditioning:Conditioning", "no texts"),
    "plain": Entry("lab.gan.networks.conditioning:Plain", "the text's vector itself"),
    "augmented": Entry(
        "lab.gan.networks.conditioning:Augmented",
        "a Gaussian round a map of it, StackGAN (Zhang et al. 2017)",
    ),
}
"""What a generator gets of a text: `lab.gan.networks.conditioning.Conditioning`."""

LOSSES: Catalogue = {
    "minimax": Entry("lab.gan.losses:MINIMAX", "Goodfellow et al. 2014, eq. 1"),
    "non-saturating": Entry("lab.gan.losses:NON_SATURATING", "Goodfellow et al. 2014, section 3"),
    "least-squares": Entry("lab.gan.losses:LEAST_SQUARES", "Mao et al. 2017, eq. 9"),
    "wasserstein": Entry("lab.gan.losses:WASSERSTEIN", "Arjovsky et al. 2017, eq. 3"),
    "hinge": Entry("lab.gan.losses:HINGE", "Miyato et al. 2018, eq. 16"),
    "relativistic": Entry("lab.gan.losses:RELATIVISTIC", "Jolicoeur-Martineau 2019; R3GAN 2024"),
}
"""Objectives of both players: `lab.gan.losses.Loss`."""

PENALTIES: Catalogue = {
    "none": Entry("lab.gan.penalties:none", "no gradient penalty"),
    "wgan-gp": Entry("lab.gan.penalties:wgan_gp", "Gulrajani et al. 2017, eq. 3"),
    "zero-gp": Entry("lab.gan.penalties:zero_gp", "Thanh-Tung et al. 2019, eq. 9"),
    "r1": Entry("lab.gan.penalties:R1", "Mescheder et al. 2018, eq. 9"),
    "r2": Entry("lab.gan.penalties:R2", "Mescheder et al. 2018, eq. 10"),
    "r1-r2": Entry("lab.gan.penalties:R1_R2", "R3GAN 2024, section 2.2"),
    "dragan": Entry("lab.gan.penalties:DRAGAN", "Kodali et al. 2017"),
}
"""Gradient penalties: a function of `PenaltyInputs`, or a `lab.gan.penalties.Penalty`."""

OPTIMIZERS: Catalogue = {
    "adam": Entry("lab.gan.optimizers:adam", "Kingma & Ba 2015"),
    "adamw": Entry("lab.gan.optimizers:adamw", "Loshchilov & Hutter 2019"),
    "rmsprop": Entry("lab.gan.optimizers:rmsprop", "Hinton 2012"),
    "sgd": Entry("lab.gan.optimizers:sgd", "gradient descent with momentum"),
    "optimistic-adam": Entry("lab.gan.optimistic:optimistic_adam", "Daskalakis et al. 2018"),
    "optimistic-sgd": Entry("lab.gan.optimistic:optimistic_sgd", "optimistic gradient descent"),
}
"""Optimizers: (parameters, `PlayerOptimizer`) -> torch.optim.Optimizer."""

GAMES: Catalogue = {
    "alternating": Entry("lab.gan.game:Game", "the critic's steps, then the generator's"),
    "simultaneous": Entry(
        "lab.gan.games.simultaneous:Simultaneous", "both players step from the same point"
    ),
    "extragradient": Entry(
        "lab.gan.games.extragradient:Extragradient", "Gidel et al. 2019, algorithm 4 (ExtraAdam)"
    ),
    "consensus": Entry("lab.gan.games.consensus:Consensus", "Mescheder et al. 2017, algorithm 2"),
    "unrolled": Entry("lab.gan.games.unrolled:Unrolled", "Metz et al. 2017, section 2.2"),
    "vae": Entry("lab.gan.games.vae:Vae", "no critic; Kingma & Welling 2014"),
    "vae-gan": Entry("lab.gan.games.vae_gan:VaeGan", "Larsen et al. 2016, algorithm 1"),
}
"""Ways to play a round: `lab.gan.game.Game` or a subclass, lab/gan/games/NAME.py."""

SCHEDULES: Catalogue = {
    "constant": Entry("lab.gan.schedules:constant", "constant rates"),
    "linear": Entry("lab.gan.schedules:linear", "linear decay to zero over the budget"),
}
"""Factors of the learning rates: share of the budget done, in [0, 1] -> factor."""

AUGMENTATIONS: Catalogue = {
    "none": Entry("lab.gan.augment:Augmentation", "no augmentation"),
    "diffaugment": Entry("lab.gan.augment.diffaugment:DiffAugment", "Zhao et al. 2020"),
    "pipeline": Entry("lab.gan.augment.pipeline:Pipeline", "Karras et al. 2020, appendix B"),
    "ada": Entry("lab.gan.augment.ada:Ada", "the pipeline at a probability it finds itself"),
}
"""What stands between images and critic: `lab.gan.augment.Augmentation`."""

_GENERATOR_WEIGHT = Setting(0.5, "Weight of the generator's change under changes of z.")
_SIGMA = Setting(0.07, "Standard deviation of the change of z.")

TERMS: Mapping[str, TermEntry] = {
    "orthogonal": TermEntry(
        "lab.gan.terms.orthogonal:Orthogonal",
        "G's filters held apart: orthogonal regularisation (Brock et al. 2019, eq. 3)",
    ),
    "lecam": TermEntry(
        "lab.gan.terms.lecam:LeCam",
        "logits held to the other side's mean (Tseng et al. 2021)",
        {
            "decay": Setting(0.99, "Decay of the mean logits.", high=1.0),
            "from_step": Setting(1000, "Critic step from which it acts.", high=1e9),
        },
    ),
    "bcr": TermEntry(
        "lab.gan.terms.consistency:Balanced",
        "logits held under flips and shifts (Zhao et al. 2021; 10)",
    ),
    "zcr": TermEntry(
        "lab.gan.terms.consistency:Latent",
        "logits held under small changes of z (Zhao et al. 2021; 5)",
        {
            "generator_weight": _GENERATOR_WEIGHT,
            "sigma": _SIGMA,
        },
    ),
    "icr": TermEntry(
        "lab.gan.terms.consistency:Improved",
        "bcr and zcr together (Zhao et al. 2021; 10)",
        {
            "latent_weight": Setting(5.0, "Weight of the critic's logits under changes of z."),
            "generator_weight": _GENERATOR_WEIGHT,
            "sigma": _SIGMA,
        },
    ),
    "drift": TermEntry(
        "lab.gan.terms.drift:Drift",
        "squared logits of real images (Karras et al. 2018: 0.001)",
    ),
    "label-smoothing": TermEntry(
        "lab.gan.terms.label_smoothing:LabelSmoothing",
        "one-sided label smoothing, whose target is 1 - weight (Salimans et al. 2016)",
    ),
    "mode-seeking": TermEntry(
        "lab.gan.terms.mode_seeking:ModeSeeking",
        "distance of codes over distance of their images (Mao et al. 2019: 1)",
    ),
    "content": TermEntry(
        "lab.gan.terms.content:Content",
        "squared difference of the features of real and generated images",
        {
            "kind": Setting(0, "0: the critic's features; 1: the shipped encoder's.", high=1.0),
            "paired": Setting(0, "0: difference of means; 1: mean over pairs.", high=1.0),
        },
    ),
    "path-length": TermEntry(
        "lab.gan.terms.path_length:PathLength",
        "path length of the generator (Karras et al. 2020, StyleGAN2: 2)",
        {
            "decay": Setting(0.01, "Share by which the mean length moves in a pass.", high=1.0),
            "shrink": Setting(2, "Samples of the batch for each one that is used.", 1.0, 64.0),
        },
        every_steps=4,
    ),
    "top-k": TermEntry(
        "lab.gan.terms.top_k:TopK",
        "loss of the generated images with the highest logits alone (Sinha et al. 2020: 1)",
        {"share": Setting(0.5, "Share of the batch that counts.", 0.001, 1.0)},
    ),
    "ac-gan": TermEntry(
        "lab.gan.terms.ac_gan:ACGAN",
        "cross-entropy of an auxiliary classifier on the critic (Odena et al. 2017: 1)",
    ),
    "conditioning": TermEntry(
        "lab.gan.terms.conditioning:ConditioningKL",
        "KL divergence of the conditioning from N(0, I) (Zhang et al. 2017, StackGAN: 2)",
    ),
    "matching": TermEntry(
        "lab.gan.terms.matching:Matching",
        "real images with wrong texts as fakes, whose share it is (Reed et al. 2016: 0.5)",
    ),
    "alignment": TermEntry(
        "lab.gan.terms.alignment:Alignment",
        "contrast of images and texts by the text encoder (Xu et al. 2018, AttnGAN)",
        {
            "sharpness": Setting(10, "Inverse temperature of the contrast.", 0.01, 1e4),
            "num_wrong": Setting(63, "Wrong texts that each image is contrasted with.", 1, 4096),
        },
    ),
    "own": TermEntry(
        "lab.gan.terms.own:OwnTerm",
        "a term of your own file, terms.own.kind",
        has_kind=True,
    ),
}
"""Terms added to a player's loss: `lab.gan.terms.Term`. A weight of 0 leaves one out."""

OWN_TERMS: Catalogue = {
    "none": Entry("lab.gan.terms:Term", "no term of your own"),
}
"""What terms.own.kind may name besides a subclass of `lab.gan.terms.Term` in a file."""

ENCODERS: Catalogue = {
    "fashion": Entry(
        "lab.metrics.encoder:shipped_encoder", "the small network that the lab ships"
    ),
}
"""Frozen networks of terms: () -> module [n, C, H, H] in [-1, 1] -> features [n, F]."""

EXTRACTORS: Catalogue = {
    "fashion": Entry("lab.metrics.extractors:fashion", "the small network that the lab ships"),
    "inception": Entry("lab.metrics.extractors:inception", "the reference network of FID"),
    "efficientnet": Entry(
        "lab.metrics.efficientnet:efficientnet", "sees colour; needs [features] (Tan & Le 2019)"
    ),
    "emoji": Entry("lab.metrics.extractors:emoji", "a small network that sees colour"),
    "dinov2": Entry(
        "lab.metrics.dinov2:dinov2", "needs timm and a weights file (Stein et al. 2023)"
    ),
}
"""Feature extractors: (`EvaluationConfig`, device) -> `lab.metrics.extractors.Extractor`."""

METRICS: Catalogue = {
    "frechet": Entry("lab.metrics.distances:FRECHET", "Heusel et al. 2017, eq. 6"),
    "kernel": Entry("lab.metrics.distances:KERNEL", "Binkowski et al. 2018, section 4"),
    "manifold": Entry("lab.metrics.manifold:METRIC", "precision, recall, density, coverage"),
    "memorisation": Entry("lab.metrics.memorisation:METRIC", "C_T and authenticity"),
    "modes": Entry("lab.metrics.modes:METRIC", "share of near-duplicates, RKE mode count"),
}
"""Metrics of an evaluation, in the order of their columns: `lab.metrics.metric.Metric`."""


def problem_with(catalogue: Catalogue, name: str) -> str | None:
    """What is wrong with a name, as the end of a sentence; None for one that is allowed."""
    if name in catalogue or is_reference(name):
        return None
    if name.endswith(".py"):
        return f"; name what the file defines: {name}:NAME"
    near = nearest(name, catalogue)
    allowed = f"one of {names_in_words(catalogue)}"
    return f"{near} It must be {allowed}" if near else f"; it must be {allowed}"


def names_in_words(catalogue: Catalogue) -> str:
    """`a, b, c, or path/to/mine.py:NAME`"""
    return f"{', '.join(catalogue)}, or {HOW_TO_REFER}"


def resolve(catalogue: Catalogue, name: str, files: Sequence[UserFile] = ()) -> Any:
    """What a name of a catalogue stands for, or what a person's file defines.

    Raises InputError when the file raises or does not define the name.
    """
    if name not in catalogue:
        return attribute_of(name, files)
    module, _, attribute = catalogue[name].target.partition(":")
    return getattr(import_module(module), attribute)
