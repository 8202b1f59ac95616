"""The options of `python -m lab.search`, and what they mean for the stages of a search."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import tyro

from lab.config import parse_setting
from lab.engine.slots import parse_workers
from lab.errors import InputError, unknown
from lab.plan import PlanSettings, Preset, Space
from lab.plan.objective import ObjectiveName
from lab.plan.presets import LEAST_TRIALS_TO_RACE
from lab.plan.settings import FIRST_CONFIRM_SEED
from lab.record import SettingsCard
from lab.record.target import parse_target

PATHS = ("data.source", "data.root", "evaluation.extractor", "evaluation.extractor_weights")
"""Settings that may be paths: made absolute, because a worker's working folder differs."""
ONLY_WITH_RESUME = ("retry_errored", "trust", "accept_space", "wait")
WITH_RESUME = (
    "resume",
    "trials",
    "seeds",
    "race",
    "confirm",
    "concurrent",
    "cpus_per_worker",
    "gpus_per_worker",
    "workers",
    "hung_after",
    "storage",
    "address",
    "space",
    *ONLY_WITH_RESUME,
    "price",
    "dry_run",
    "serve",
    "track",
    "verbose",
)
"""Options that a resumed study takes; its record settles the others."""
Pruner = Literal["none", "asha"]
PRUNERS = get_args(Pruner)


@dataclass(frozen=True)
class SearchOptions:
    """Search a GAN space: which settings train stably, and how do the others fail?"""

    space: str = "sngan"
    """A named space (see --list-spaces), or the path of your own .py file. With --resume: where
    the study's own file is now."""
    trials: int | None = None
    """Configurations to try; the preset's number when left out."""
    known_only: bool = False
    """Run the space's known points and nothing else."""
    seeds: str | None = None
    """Seeds of every trial (3), or at each rung of a race (1,2,4: all get 1, the best up to 4)."""
    race: int | None = None
    """Finalists, left at the last rung; 0: no race. With --seeds alone, half stay at each rung."""
    confirm: int | None = None
    """Fresh seeds that each finalist is trained with; headline numbers come from these alone."""
    # tyro separates choices by commas, and two of these have one themselves.
    objective: Annotated[
        ObjectiveName, tyro.conf.arg(metavar=f"{{{' | '.join(get_args(ObjectiveName))}}}")
    ] = "score"
    """What explore searches for; with two the record and the report hold the Pareto set."""
    prune: Pruner = "none"
    """asha: stop explore runs that look poor; recorded as pruned, neither stable nor failed."""
    grace_kimg: float | None = None
    """With --prune: no run is stopped before so many thousand images; a quarter of the budget."""
    pilot: bool = False
    """Known points and a Sobol design only, to measure how early quality predicts the final."""
    target: str | None = None
    """What a stable run must end with: quality=.5, or a distance (fid=20); else the preset's."""
    budget_kimg: float | None = None
    """Thousand real images a run trains on."""
    concurrent: int | None = None
    """Runs at a time; as many as fit when left out. More make an autoscaling cluster grow."""
    workers: str | None = None
    """Workers that train one run together: N (1), or MIN:MAX for as many as there is room for."""
    cpus_per_worker: float | None = None
    """CPU cores (and threads) of one worker; 1 when left out."""
    gpus_per_worker: float | None = None
    """GPUs of one worker, fractions allowed; 1 where there are GPUs, else 0."""
    accumulate: int | None = None
    """Passes that an update's batch is computed in, to save memory; 1 when left out."""
    hung_after: float | None = None
    """A run without an evaluation for so many minutes is killed and tried again; ten times the
    longest interval of the search when left out."""
    dataset: str | None = None
    """A named set (`python -m lab.data list`), a pack, a folder or a zip of images."""
    root: str | None = None
    """Folder that holds the named set's original files."""
    resolution: int | None = None
    """Side of the images in pixels: a power of two from 16 to 1,024, or 28."""
    extractor: str | None = None
    """Features of the metrics: fashion, inception, efficientnet, emoji, dinov2, a file by
    lab.metrics, or mine.py:NAME; by the data's channels when left out."""
    extractor_weights: str | None = None
    """Weights file of the extractor inception or dinov2."""
    storage: str = "studies"
    """Where studies are stored: a folder that all nodes see, or a URL (s3://bucket/prefix, gs://)."""
    name: str | None = None
    """Name of the study; the space and the time when left out."""
    seed: int = 0
    """Seed of the design and of the runs."""
    preset: str | None = None
    """laptop, gpu or cluster: sizes by the hardware when left out."""
    set: Annotated[list[str], tyro.conf.UseAppendAction] = field(default_factory=list)
    """path=value: fix one setting (`python -m lab.config` lists them); may be given again."""
    address: str | None = None
    """A Ray cluster's address; a local Ray is started and closed again when left out."""
    resume: str | None = None
    """Continue this study (its folder or URL, or its name under --storage)."""
    retry_errored: bool = False
    """With --resume: runs that were given up after crashes are tried again."""
    trust: bool = False
    """With --resume: run Python files that the study names or holds, though no study of yours on
    this machine began with them."""
    accept_space: bool = False
    """With --resume: continue though the space's file is not the one that the study began with."""
    wait: float = 0.0
    """With --resume: minutes to wait while another search drives the study; the next one then
    takes over by itself."""
    price: float | None = None
    """Price of a GPU-hour; on processors, of a core-hour. The plan and the report then state costs
    in money too."""
    budget_hours: float | None = None
    """GPU-hours to spend (on processors core-hours): a few rounds are timed first, and trials,
    seeds and finalists fitted to them. No limit on the wall clock."""
    dry_run: bool = False
    """Print the plan and an estimate of its time and cost, and stop: no training, no study."""
    serve: int | None = None
    """Show the page at this port of 127.0.0.1 while the search runs; without a number at a free
    one."""
    import_points: Annotated[str | None, tyro.conf.arg(name="import")] = None
    """Known points from another search: a .csv with a row a trial, or the URL of an Optuna storage
    (sqlite:///optuna.db#STUDY). The ten best that fit the space are run first."""
    track: Annotated[list[str], tyro.conf.UseAppendAction] = field(default_factory=list)
    """Copy runs to tensorboard, mlflow or wandb as they proceed; NAME:PROJECT names the project
    there. May be given again."""
    list_spaces: bool = False
    """Describe the known spaces and stop."""
    verbose: bool = False
    """Print Ray's own messages."""

    def fixed_values(self) -> dict[str, Any]:
        """The settings that options fix, by dotted path; --dataset and others abbreviate --set.

        Raises InputError for a --set that is not path=value.
        """
        named: dict[str, Any] = {
            "data.source": self.dataset,
            "data.root": self.root,
            "data.resolution": self.resolution,
            "evaluation.extractor": self.extractor,
            "evaluation.extractor_weights": self.extractor_weights,
            "training.budget_images": self._budget_images(),
            "training.accumulate": self.accumulate,
        }
        values = {path: value for path, value in named.items() if value is not None}
        if self.target is not None:
            values |= parse_target(self.target).settings
        values |= dict(parse_setting(text) for text in self.set)
        return {
            path: _absolute(value) if path in PATHS else value for path, value in values.items()
        }

    def check(self) -> None:
        """Raise InputError for a number outside its range, and for what --resume cannot change."""
        for option, least in (
            ("trials", 1),
            ("concurrent", 1),
            ("gpus_per_worker", 0),
            ("accumulate", 1),
            ("race", 0),
            ("confirm", 0),
            ("wait", 0),
        ):
            came = getattr(self, option)
            if came is not None and not least <= came < math.inf:
                raise InputError(f"{_flag(option)} is {came:g}; it must be at least {least}")
        for option in (
            "budget_kimg",
            "cpus_per_worker",
            "hung_after",
            "grace_kimg",
            "price",
            "budget_hours",
        ):
            came = getattr(self, option)
            if came is not None and not 0 < came < math.inf:
                raise InputError(f"{_flag(option)} is {came:g}; it must be above 0")
        for option, allowed in (("objective", get_args(ObjectiveName)), ("prune", PRUNERS)):
            if (came := getattr(self, option)) not in allowed:  # from Python; tyro checks its own
                raise unknown(_flag(option), str(came), allowed)
        if self.workers is not None:
            parse_workers(self.workers)
        self._check_stages()
        if not 0 <= self.seed < 2**31:
            raise InputError(f"--seed is {self.seed}; it must be from 0 to {2**31 - 1}")
        if self.resume is not None:
            self._check_resumable()
            return
        for flag in self._given(ONLY_WITH_RESUME):
            raise InputError(f"{flag} is for --resume STUDY; give that as well, or neither")

    def seed_counts(self) -> tuple[int, ...] | None:
        """Seeds at each rung, or None when left out. Raises InputError for any other text."""
        if self.seeds is None:
            return None
        words = [word.strip() for word in self.seeds.split(",")]
        counts = [int(word) for word in words if word.isdecimal()]
        rising = all(0 < low < high for low, high in pairwise([0.5, *counts]))
        if len(counts) < len(words) or not rising or counts[-1] >= FIRST_CONFIRM_SEED:
            raise InputError(
                f"--seeds is '{self.seeds}'; give the seeds of every trial (--seeds 3), or rising "
                f"numbers for the rungs of a race (--seeds 1,2,4), from 1 to "
                f"{FIRST_CONFIRM_SEED - 1}"
            )
        return tuple(counts)

    def _check_stages(self) -> None:
        self.seed_counts()
        if self.confirm is not None and self.confirm >= FIRST_CONFIRM_SEED:
            raise InputError(f"--confirm is {self.confirm}; it must be below {FIRST_CONFIRM_SEED}")
        if self.target is not None:
            parse_target(self.target)
        if self.grace_kimg is not None and self.prune == "none":
            raise InputError("--grace-kimg is for --prune asha; give that as well, or neither")
        if self.pilot and (self.prune != "none" or self.race or self.confirm):
            raise InputError(
                "--pilot measures whole runs and chooses none; leave out --prune, --race and "
                "--confirm, and give them to the search that follows"
            )

    def _check_resumable(self) -> None:
        names = [option.name for option in fields(self) if option.name not in WITH_RESUME]
        changed = self._given(names)
        if changed:
            raise InputError(
                f"--resume continues a study as it was started and cannot change "
                f"{', '.join(changed)}; leave that out, or start a new study without --resume"
            )

    def _given(self, names: Iterable[str]) -> list[str]:
        """The flags of these options that are not at their defaults."""
        plain = SearchOptions()
        return [_flag(name) for name in names if getattr(self, name) != getattr(plain, name)]

    def _budget_images(self) -> int | None:
        return None if self.budget_kimg is None else round(self.budget_kimg * 1000)


def plan_settings(space: Space, options: SearchOptions, preset: Preset) -> PlanSettings:
    """The planner's settings of a new study."""
    usual = max(1, len(space.known_points)) if options.known_only else preset.trials
    trials = usual if options.trials is None else options.trials
    grace = options.grace_kimg
    return PlanSettings(
        trials=trials,
        seed=options.seed,
        known_only=options.known_only,
        objective=options.objective,
        prune=options.prune,
        grace_images=None if grace is None else max(1, round(1000 * grace)),
        pilot=options.pilot,
        **_race_settings(options, preset, trials),
    )


def _race_settings(options: SearchOptions, preset: Preset, trials: int) -> dict[str, Any]:
    """Seeds, finalists and fresh seeds: as asked, else the preset's where the search races.

    With a single number of seeds, a pilot, known points alone or few trials, all trials
    are to be compared on equal terms, so they race only if that is asked for.
    """
    seeds, race, confirm = options.seed_counts(), options.race, options.confirm
    whole = options.known_only or options.pilot or trials < LEAST_TRIALS_TO_RACE
    asked = race or confirm or (seeds is not None and len(seeds) > 1)
    if race == 0 or (not asked and (whole or seeds is not None)):
        return {"seeds": seeds or (1,), "race": 0, "confirm": confirm or 0}
    given = seeds is not None or race is not None
    return {
        "seeds": preset.seeds if seeds is None else seeds,
        "race": race if given else min(preset.race, trials),
        "confirm": preset.confirm if confirm is None else confirm,
    }


def resumed_settings(stored: SettingsCard, options: SearchOptions) -> PlanSettings:
    """The planner's settings of a stored study, with what a resume may change."""
    plan = stored.model_dump(include=set(PlanSettings.model_fields), exclude_unset=True)
    asked = {
        "trials": options.trials,
        "seeds": options.seed_counts(),
        "race": options.race,
        "confirm": options.confirm,
    }
    plan |= {key: value for key, value in asked.items() if value is not None}
    if options.race is None and (options.seeds or options.confirm) and not plan.get("race"):
        plan["race"] = None
    return PlanSettings(**plan)


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _absolute(value: Any) -> Any:
    """The absolute form of a path that exists here; a name stays as it is."""
    there = isinstance(value, str) and Path(value).exists()
    return str(Path(value).resolve()) if there else value
