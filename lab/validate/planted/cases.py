"""What is planted, what it must be called, and healthy runs that must not be called anything.

Names are accepted by what the plant does, before any run: where a plant can truly end in several
ways, all of them are, with the reason beside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.config import RunConfig, make_config
from lab.gan.game import Game
from lab.record import VerdictName
from lab.stability.flags import FlagName
from lab.validate.planted import games, looks, plateau
from lab.validate.planted.data import SOURCE, small_pack

BASE: dict[str, Any] = {
    "data.source": SOURCE,
    "network.architecture": "dcgan",
    "network.width": 1 / 16,
    "network.latent_size": 32,
    "optimizer.generator.lr": 2e-3,
    "optimizer.critic.lr": 2e-3,
    "optimizer.generator.beta2": 0.99,
    "optimizer.critic.beta2": 0.99,
    "training.batch_size": 24,
    "training.budget_images": 9_600,
    "training.precision": "float32",
    "training.ema_half_life_images": 600,
    "evaluation.every_images": 600,
    "evaluation.num_samples": 500,
    "stability.signal_every_steps": 8,
    # What a failure looks like afterwards is wanted as well.
    "stability.stop_on_failure": False,
}
"""A small healthy run: 400 steps, 16 evaluations, some seconds on one core."""

SERVED: dict[str, Any] = {"training.batch_size": 40}
"""Where images are served, training need not be good."""


def _rates(rate: float, beta1: float = 0.5, beta2: float = 0.99) -> dict[str, Any]:
    return {
        f"optimizer.{player}.{name}": value
        for player in ("generator", "critic")
        for name, value in (("lr", rate), ("beta1", beta1), ("beta2", beta2))
    }


NO_NORM = {"network.critic_norm": "none"}
SMALL_DATA = {
    **NO_NORM,
    **_rates(2e-3),
    "loss": "non-saturating",
    "network.width": 0.125,
    "training.budget_images": 14_400,
    "evaluation.every_images": 900,
}
"""Long enough to memorise 500 images."""

CONDITIONAL = {
    "network.conditional": True,
    "network.width": 0.25,
    "optimizer.generator.beta1": 0.0,
    "optimizer.critic.beta1": 0.0,
    "training.batch_size": 16,
    "training.budget_images": 8_000,
    "evaluation.every_images": 1_600,
    "stability.signal_every_steps": 100,
}
"""Long enough for samples that look nearly real and are of their class."""

PENALISED = {
    **NO_NORM,
    **_rates(1e-3, 0.0),
    "loss": "wasserstein",
    "penalty.kind": "wgan-gp",
    "penalty.weight": 10.0,
}


@dataclass(frozen=True)
class Case:
    """One way to run, and how it must be judged."""

    name: str
    accepted: tuple[VerdictName, ...]
    """Verdicts that are right."""
    why: str
    """Why these, in a few words."""
    flag: FlagName | None = None
    """The flag that must be raised; of a healthy run none may be."""
    onset: float | None = None
    """Share of the budget at which the failure truly begins; None for healthy runs."""
    game: type[Game] = games.PlantedGame
    values: Mapping[str, Any] = field(default_factory=dict)
    small: bool = False
    """Trained on few images, each seed on its own."""
    target: float = 0.1
    """Quality that a stable run ends with; 400 steps of a small network bring .2 to .3."""
    by_construction: bool = True
    """Whether a healthy run is healthy by design, or a planted one fails by it; else its end
    decides that, whatever its verdict."""
    claimed: bool = True
    """Whether the judge is claimed to name it; else its power is measured."""
    quick: bool = True
    """Whether it is played at quick size too."""

    @property
    def healthy(self) -> bool:
        """Whether nothing is wrong here."""
        return self.onset is None


PLANTED = (
    Case(
        "rate x100", ("diverged", "collapsed"),
        "the Wasserstein loss without norm has no bound, and tanh then paints one image",
        None, 0.0,
        values={**NO_NORM, "loss": "wasserstein", **_rates(0.2)},
    ),
    Case(
        "critic frozen", ("stalled", "collapsed", "degraded", "short"),
        "what a random critic likes may pass near real images, or still come nearer", None, 0.0,
        games.FrozenCritic, target=0.9,
    ),
    Case(
        "critic freezes", ("degraded", "collapsed"),
        "the generator runs off to what the old critic likes", None, games.FROM,
        games.CriticFreezes,
    ),
    Case(
        "constant generator", ("collapsed",), "one image at any moment", None, 0.0,
        games.ConstantGenerator,
    ),
    Case(
        "generator turns constant", ("collapsed",), "one image from half the budget on", None,
        games.FROM, games.GeneratorTurnsConstant,
    ),
    Case(
        "classes dropped", ("collapsed",), "ten, five, two, one class, each as good as before",
        None, games.FROM, games.DroppedClasses, SERVED,
    ),
    Case(
        "3 classes lost slowly", ("collapsed",), "one class less at every second evaluation",
        None, games.FROM, games.SlowlyDroppedClasses, SERVED,
    ),
    *(
        Case(
            f"{count} of 10 classes from the start", ("collapsed",),
            "near-real images of some classes, of the others none", None, 0.0,
            games.few_classes(count), SERVED, quick=count % 2 == 1,
        )
        for count in range(1, 10)
    ),
    Case(
        "half of each class's looks", ("collapsed",),
        "near-real images of every class, on one side of its median along its first component",
        None, 0.0, looks.HalfOfEachClass, SERVED, claimed=False,
    ),
    Case(
        "half of one class's looks", ("collapsed",),
        "as above of one class, by the seed; the others are whole", None, 0.0,
        looks.HalfOfOneClass, SERVED, claimed=False,
    ),
    Case(
        "a trained generator's classes filtered", ("collapsed",),
        "of a class-conditional generator 1 to 7 classes, by the seed", None, 0.0,
        games.FilteredClasses, CONDITIONAL,
    ),
    Case(
        "rate spike", ("degraded", "collapsed", "diverged"),
        "what was learned is lost; one image or an explosion may be the way", None,
        games.SPIKE_FROM, games.RateSpike,
    ),
    Case(
        "critic's rate multiplied at a plateau", ("degraded", "collapsed", "diverged"),
        "by theory the Dirac-GAN that displaces good images loses its equilibrium", None,
        games.FROM, plateau.CriticRateMultiplied, SERVED,
    ),
    Case(
        # Tried on other critics: some seeds stay healthy under any factor.
        "a trained critic's rate multiplied", ("diverged", "degraded", "collapsed"),
        "the penalty no longer holds the critic; where the distance at least doubles", None,
        games.FROM, plateau.TrainedCriticRateMultiplied, {**CONDITIONAL, **PENALISED},
        by_construction=False,
    ),
    Case("NaN", ("diverged",), "not a number", None, games.FROM, games.NotANumber),
    Case(
        "relapsing", ("oscillating",), "good and bad in turn, and no better", None,
        games.RELAPSE_FROM, games.Restless, SERVED,
    ),
    Case(
        # The flag is what is planted; the run beneath is an ordinary one, which may lack a class.
        "average hides its generator", ("stable", "collapsed"),
        "the averaged generator is as good as ever, the generator itself is not", "averaged",
        1.0, games.HiddenByAverage,
    ),
    Case(
        "training images served", ("stable",), "perfect images that are copies", "memorised",
        0.0, games.CopiedTraining, SERVED,
    ),
    Case(
        "500 training images", ("stable",),
        "the critic memorises them, other real images stay as good", "overfit", 0.0,
        games.PerfectGenerator, SMALL_DATA, small=True,
    ),
    Case(
        "500 training images, spoiling", ("degraded",),
        "the critic memorises them, and quality is lost", "overfit", games.SPOIL_FROM,
        games.PerfectSpoiling, SMALL_DATA, small=True,
    ),
)  # fmt: skip

HEALTHY = (
    Case("hinge, spectral norm", ("stable",), "an ordinary run", by_construction=False),
    Case(
        "non-saturating, slow", ("stable",), "an ordinary run",
        values={"loss": "non-saturating", **_rates(1e-3)}, by_construction=False,
    ),
    Case(
        "relativistic, R1", ("stable",), "an ordinary run",
        values={**NO_NORM, **_rates(1e-3, 0.0), "loss": "relativistic",
                "penalty.kind": "r1", "penalty.weight": 1.0},
        by_construction=False,
    ),
    Case(
        "least squares", ("stable",), "an ordinary run", values={"loss": "least-squares"},
        by_construction=False,
    ),
    Case(
        "class-conditional", ("stable",), "an ordinary run of all classes", values=CONDITIONAL,
        by_construction=False,
    ),
    Case(
        "noisy but improving", ("stable",), "quality wobbles upward",
        game=games.NoisyImproving, values=SERVED,
    ),
    Case(
        "critic memorises, quality improves", ("stable",),
        "500 training images, while better and better images are served",
        game=games.PerfectImproving, values=SMALL_DATA, small=True,
    ),
    Case(
        "all classes, near real", ("stable",), "as the runs of few classes, of all ten",
        game=games.few_classes(10), values=SERVED,
    ),
    Case(
        "critic's rate raised at a plateau", ("stable",),
        "as the run that breaks, by a factor within the bound of theory",
        game=plateau.CriticRateRaised, values=SERVED,
    ),
    Case(
        "all classes, blurred", ("stable",), "from a blur to good, by the seed",
        game=looks.Blurred, values=SERVED, target=0.05,
    ),
    Case(
        "all classes, shapeless", ("stable",), "poor images are no narrow ones",
        game=games.Shapeless, values=SERVED,
    ),
    Case(
        "real against real", ("stable",), "held-out images as samples",
        game=games.RealAgainstReal, values=SERVED,
    ),
)  # fmt: skip

CASES = {case.name: case for case in (*PLANTED, *HEALTHY)}


def config_of(case: Case, seed: int, folder: Path) -> RunConfig:
    """The configuration of a case; a small training set is packed into `folder` first."""
    values = {**BASE, "stability.target_quality": case.target, **case.values, "seed": seed}
    if case.small:
        values["data.source"] = str(small_pack(seed, folder))
    return make_config({}, values)
