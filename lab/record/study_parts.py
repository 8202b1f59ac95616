"""The parts of study.json as typed cards: space, settings, data, metrics, conclusions."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field, StrictBool, StrictFloat, StrictInt, model_validator

from lab.record.card import Card, Number
from lab.record.columns import MetricNames, metric_names


class FileCard(Card):
    """A person's own Python file that configurations refer to, as it was at the start."""

    sha256: str = ""
    """SHA-256 of the text, in hex."""
    text: str = ""
    """The whole file."""


class SpaceChangeCard(Card):
    """A space that was changed between a search and its resume."""

    when: str = ""
    """When the search continued with the changed file."""
    first_trial: StrictInt = 0
    """The first trial that may come of the changed file."""
    text: str = ""
    """The whole file as it was before."""


class SpaceCard(Card):
    """The search space."""

    name: str = ""
    """Name of the space: its file's name without `.py`."""
    description: str = ""
    """What the space is for, in a sentence or two."""
    file: str = ""
    """Path of the space's file where the study was made."""
    text: str = ""
    """The whole file as it is searched now; empty in older records."""
    changes: tuple[SpaceChangeCard, ...] = ()
    """When the file was another one in the middle of the search, which a person accepted."""
    question: str = ""
    """Path of the setting that the space asks about: named before any run, and tested alone."""
    known: dict[str, dict[str, Any]] = {}
    """Points from the literature: name -> parameter path -> value."""
    fixed: dict[str, Any] = {}
    """Settings that `--set` fixed in every run: configuration path -> value."""


class ParameterCard(Card):
    """A parameter of the space: a range, or choices."""

    path: str = Field(default="", exclude=True)
    """Configuration path; in study.json it is the key, which the reader repeats here."""
    kind: str = "categorical"
    """`float`, `int` or `categorical`."""
    log: StrictBool = False
    """Whether the range is searched by its logarithm."""
    step: Number | None = None
    """Distance of neighbouring values of a range; null for a continuous one."""
    low: Number | None = None
    """Lowest value of a range."""
    high: Number | None = None
    """Highest value of a range."""
    choices: tuple[Any, ...] = ()
    """Values of a categorical parameter."""

    @property
    def is_numeric(self) -> bool:
        """Whether it has a range."""
        return self.kind in ("float", "int")

    @property
    def is_ordered(self) -> bool:
        """Whether its values are numbers: a range, or choices among numbers."""
        return self.is_numeric or (
            bool(self.choices)
            and all(
                isinstance(choice, int | float) and not isinstance(choice, bool)
                for choice in self.choices
            )
        )

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.is_numeric:
            if self.low is None or self.high is None or not self.low <= self.high:
                raise ValueError("a range needs low <= high")
        elif "choices" not in self.model_fields_set:
            raise ValueError("a categorical parameter needs choices")
        return self


class SettingsCard(Card):
    """How the search was set up; the first twelve decide every proposal."""

    trials: StrictInt | None = None
    """Configurations to try."""
    seed: StrictInt | None = None
    """Seed of the design, of the sampler, and of every explore run."""
    num_sobol: StrictInt | None = None
    """Trials of the Sobol design."""
    known_only: StrictBool = False
    """Whether only the space's known points were run."""
    seeds: tuple[StrictInt, ...] = ()
    """Seeds of a trial at each rung of the race, rising; the first number is every trial's."""
    race: StrictInt | None = None
    """Trials left at the race's last rung; 0 without a race."""
    confirm: StrictInt = 0
    """Fresh seeds of each finalist."""
    objective: str = ""
    """What explore searched for and the race ranked by."""
    prune: str = "none"
    """`asha` where explore runs that look poor were given up, else `none`."""
    grace_images: StrictInt | None = None
    """Images before which no run was given up; null for a quarter of the budget."""
    pilot: StrictBool = False
    """Whether explore used no optimizer, to measure what early quality predicts."""
    max_attempts: StrictInt | None = None
    """Starts of a crashing run before it is marked errored."""
    concurrent: StrictInt | None = None
    """Runs at a time."""
    cpus_per_worker: Number | None = None
    """CPU cores (and threads) of one worker."""
    gpus_per_worker: Number | None = None
    """GPUs of one worker; fractions are allowed."""
    workers: str = "1"
    """Workers that train one run together: `2`, or `1:2` for from 1 to 2."""
    price: Number | None = None
    """Price of a GPU-hour, or of a core-hour where no worker has a GPU; null where none was
    given."""
    budget_hours: Number | None = None
    """GPU-hours (core-hours where no worker has a GPU) that trials, seeds and finalists were
    fitted to; null where they were not."""

    @property
    def train_options(self) -> str:
        """Options with which `lab.train` repeats a run bit for bit: threads, and workers."""
        workers = f" --workers {self.workers}" if self.workers.isdecimal() else ""
        threads = max(1, int(self.cpus_per_worker or 1))
        return f"--threads {threads}{workers if self.workers != '1' else ''}"

    @property
    def fewest_workers(self) -> int:
        """Workers that every run has at least."""
        fewest = self.workers.partition(":")[0]
        return int(fewest) if fewest.isdecimal() else 1


class HardwareCard(Card):
    """What the study was started on."""

    host: str = ""
    """Name of the machine that drives the search."""
    system: str = ""
    """Operating system and architecture."""
    cpus: Number | None = None
    """CPU cores of all nodes."""
    gpus: Number | None = None
    """GPUs of all nodes."""
    nodes: StrictInt | None = None
    """Machines of the cluster."""
    processor: str = ""
    """Model of the driving machine's processor."""


class DataCard(Card):
    """The pack of images that all runs train on."""

    format: StrictInt | None = None
    """Version of the pack's own format."""
    name: str = ""
    """Name of the data set."""
    fingerprint: str = ""
    """Hash of pixels, labels, splits, captions and attributes: equal ones mean equal data."""
    num_images: StrictInt | None = None
    """Images of all splits."""
    resolution: StrictInt | None = None
    """Height and width in pixels."""
    channels: StrictInt | None = None
    """Colour channels."""
    num_classes: StrictInt | None = None
    """Classes; 0 for images without labels."""
    class_names: tuple[str, ...] = ()
    """Names of the classes in order of their numbers."""
    licence: str = ""
    """Licence of the data."""
    attribution: str = ""
    """Whom the data is from."""
    splits: dict[str, Any] = {}
    """First row of `train`, `heldout` and any `combinations`, and the row after the last."""
    num_captions: StrictInt | None = None
    """Captions of all images; absent where they have no texts."""
    attributes: dict[str, Any] = {}
    """Names of the values of each attribute, by its name."""
    labels_from: str = ""
    """Where the labels of a person's own images come from, or why there are none."""
    notes: tuple[str, ...] = ()
    """What packing reported: files left out, copies, scales; a sentence each."""


class MetricsCard(Card):
    """How every evaluation measures: the protocol behind the columns."""

    extractor: str = ""
    """Features of the metrics, with their version."""
    extractor_digest: str = ""
    """Hash of the extractor's weights."""
    family: str = "fashion"
    """Family of the extractor, which names the columns."""
    num_samples: StrictInt | None = None
    """Generated images of an evaluation."""
    num_paired: StrictInt | None = None
    """The first of them, which metrics of equal counts take where there are fewer real images."""
    nearest_k: StrictInt | None = None
    """k of the nearest-neighbour metrics."""
    reference: str = ""
    """Real images that the generated ones are compared with."""
    frechet: str = ""
    """Protocol of the Frechet distance."""
    kernel: str = ""
    """Protocol of the kernel distance."""
    manifold: str = ""
    """Protocol of precision, recall, density and coverage."""
    memorisation: str = ""
    """Protocol of C_T and authenticity."""
    modes: str = ""
    """Protocol of near-duplicates and RKE."""
    names: dict[str, str] = {}
    """Column of each metric in evaluations.jsonl: role -> column."""
    baseline: dict[str, StrictFloat] = {}
    """What held-out real images measure: column -> value."""
    anchor: dict[str, StrictFloat] = {}
    """What images of independent pixels measure: column -> value."""
    class_share_by: str = ""
    """Classifier of the class shares, with its accuracy."""
    class_share_real: tuple[StrictFloat, ...] = ()
    """Share of each class among real images."""

    @property
    def columns(self) -> MetricNames:
        """Columns by role; those of the family where the record has none.

        A newer record's further roles are left out: this version knows no figure for them.
        """
        usual = metric_names(self.family).model_dump()
        return MetricNames(**{role: self.names.get(role, usual[role]) for role in usual})


class ConclusionsCard(Card):
    """What the search decided, by numbers of trials."""

    finalists: tuple[StrictInt, ...] = ()
    """The race's survivors, the winner first; empty until the race is over."""
    recommended: StrictInt | None = None
    """The race's winner, chosen before any confirm run."""
    confirm_seeds: tuple[StrictInt, ...] = ()
    """Fresh seeds that each finalist is trained with."""
    pareto: tuple[StrictInt, ...] = ()
    """The non-dominated stable trials, with several objectives."""


class LeftOutCard(Card):
    """A log that became no run of the study."""

    name: str = ""
    """The log's name, or its path."""
    reason: str = ""
    """Why, in a sentence."""


class ImportCard(Card):
    """Where the runs of a study come from that were trained elsewhere."""

    sources: tuple[str, ...] = ()
    """Logs and folders that were given."""
    initial_from: str = ""
    """Where `metrics.anchor` comes from: `given`, or `logs`."""
    notes: tuple[str, ...] = ()
    """What was taken from the logs because no option stated it; a sentence each."""
    left_out: tuple[LeftOutCard, ...] = ()
    """Logs that became no run."""


class PilotCard(Card):
    """How well early quality ranks runs as their final quality does; the lists run in parallel."""

    grace_images: StrictInt | None = None
    """Images before which no run should be pruned; null without enough evidence."""
    sentence: str = ""
    """The recommendation in words."""
    images: tuple[StrictInt, ...] = ()
    """The evaluations before the budget, in images."""
    num_alive: tuple[StrictInt, ...] = ()
    """Runs that had not failed by then."""
    correlation: tuple[StrictFloat, ...] = ()
    """Spearman's rank correlation of the quality then with the final one."""
    low: tuple[StrictFloat, ...] = ()
    """Lower bound of its 95% interval."""
    high: tuple[StrictFloat, ...] = ()
    """Upper bound of its 95% interval."""
