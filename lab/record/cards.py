"""study.json, trial.json and run.json as typed cards: the one description of their fields.

Times are ISO 8601 with their zone, durations seconds, and images count real images that the
critic has seen. `python -m lab.record schema` prints the JSON schemas.
"""

from __future__ import annotations

from typing import Any

from pydantic import StrictBool, StrictFloat, StrictInt, field_validator

from lab.config import value_at
from lab.record.card import Card, Number, Scalar
from lab.record.detector import DetectorCard
from lab.record.names import FORMAT
from lab.record.study_parts import (
    ConclusionsCard,
    DataCard,
    FileCard,
    HardwareCard,
    ImportCard,
    MetricsCard,
    ParameterCard,
    PilotCard,
    SettingsCard,
    SpaceCard,
)
from lab.record.target import quality_of_target


class StudyCard(Card):
    """study.json: what was searched, with what, and its results."""

    format: StrictInt = FORMAT
    """Version of the record's format."""
    study: str = ""
    """Name of the study."""
    space: SpaceCard = SpaceCard()
    """The search space."""
    parameters: dict[str, ParameterCard] = {}
    """Searched parameters by configuration path."""
    base: dict[str, Any] = {}
    """Configuration under everything that is sampled, nested by section (see `lab.config`)."""
    files: dict[str, FileCard] = {}
    """Own files that the configurations refer to: path as it is written there -> content."""
    preset: str = ""
    """Preset of sizes: laptop, gpu or cluster."""
    settings: SettingsCard = SettingsCard()
    """How the search was set up."""
    command: tuple[str, ...] = ()
    """Command line that made the study, word by word."""
    created: str = ""
    """When the study was made."""
    versions: dict[str, str] = {}
    """Versions of Python and of the packages, by name."""
    hardware: HardwareCard = HardwareCard()
    """What the study was started on."""
    data: DataCard = DataCard()
    """The images."""
    metrics: MetricsCard = MetricsCard()
    """The measures."""
    detector: DetectorCard | None = None
    """Error rates of the judge on runs whose truth is known; null in older records."""
    stages: tuple[str, ...] = ()
    """Stages that the search goes through, of `explore`, `race` and `confirm`."""
    status: str = "unknown"
    """`running`, `finished` or `interrupted`."""
    resumed: tuple[str, ...] = ()
    """When the study was continued, each time."""
    finished: str = ""
    """When the search last ended, finished or interrupted."""
    seconds: Number | None = None
    """Wall-clock seconds of all starts together."""
    conclusions: ConclusionsCard = ConclusionsCard()
    """What the search decided."""
    pilot: PilotCard | None = None
    """What a pilot measured; null for any other search."""
    imported: ImportCard | None = None
    """Where the runs come from, if they were trained elsewhere; null for a search."""

    @field_validator("parameters", mode="after")
    @classmethod
    def _with_paths(cls, parameters: dict[str, ParameterCard]) -> dict[str, ParameterCard]:
        return {
            path: parameter.model_copy(update={"path": path})
            for path, parameter in parameters.items()
        }

    @property
    def budget_images(self) -> float | None:
        """Real images that every run trains on."""
        return _number(value_at(self.base, "training.budget_images"))

    @property
    def target_quality(self) -> float | None:
        """Quality from 0 to 1 that a run must end with to be stable."""
        if distance := self.target_distance:
            metrics = self.metrics
            return quality_of_target(distance, metrics.columns, metrics.anchor, metrics.baseline)
        return _number(value_at(self.base, "stability.target_quality"))

    @property
    def target_distance(self) -> str:
        """Distance that a run must reach to be stable, say `fid=20`; empty for a quality."""
        value = value_at(self.base, "stability.target_distance")
        return value if isinstance(value, str) else ""


class TrialCard(Card):
    """trial.json: one configuration, written before its first run starts."""

    format: StrictInt = FORMAT
    """Version of the record's format."""
    number: StrictInt
    """Number of the trial, from 0."""
    origin: str = "unknown"
    """Where the parameters come from: `known:<name>`, `sobol`, `tpe`; `imported` or `own` where
    the runs were trained elsewhere."""
    parameters: dict[str, Scalar] = {}
    """Sampled parameters by configuration path; those of branches not taken are absent."""
    config: dict[str, Any] = {}
    """The whole configuration, nested by section (see `lab.config`); `seed` is the first run's."""
    files: dict[str, FileCard] = {}
    """Own files that the configuration refers to: path as it is written there -> content."""
    created: str = ""
    """When the trial was proposed."""


class FlagCard(Card):
    """What to know beside a verdict."""

    name: str = "unnamed"
    """`overfit` or `memorised`."""
    onset_images: Number | None = None
    """Images seen when it was first so."""
    evidence: str = ""
    """A sentence with numbers."""


class VerdictCard(Card):
    """How a run ended, since when, and the evidence for it."""

    name: str = "unknown"
    """`stable`, or the failure: a name of `lab.record.verdicts`."""
    onset_images: Number | None = None
    """Images seen when the failure began; the budget for `stalled`, null for `stable`."""
    evidence: str = ""
    """Clauses with numbers."""
    final: StrictBool = True
    """Whether no later evaluation can change it."""
    confidence: StrictFloat | None = None
    """Share of a grid of limits under which the name is the same; null in older records."""
    flags: tuple[FlagCard, ...] = ()
    """Flags raised beside the name."""
    not_judged: tuple[str, ...] = ()
    """What could not be judged for lack of columns, in words."""
    ignored: tuple[str, ...] = ()
    """Rows and values that were skipped, in words."""


class SecondsCard(Card):
    """Where a run's time went, in seconds of the clock."""

    starting: Number | None = None
    """From the start of the (last) attempt until training began."""
    training: Number | None = None
    """Training steps of all attempts that count."""
    evaluating: Number | None = None
    """Evaluations of all attempts that count."""


class NetworkSizesCard(Card):
    """Trained numbers of the networks."""

    generator: StrictInt | None = None
    """Parameters of the generator."""
    critic: StrictInt | None = None
    """Parameters of the critic; absent where the game has none."""
    encoder: StrictInt | None = None
    """Parameters of the encoder; in variational games alone."""


class RunCard(Card):
    """run.json: one configuration trained with one seed."""

    format: StrictInt = FORMAT
    """Version of the record's format."""
    trial: StrictInt
    """Number of the trial."""
    seed: StrictInt
    """Seed of the run."""
    stage: str = "explore"
    """Why the run was made: `explore`, `race` or `confirm`."""
    attempts: StrictInt = 1
    """Starts since the last stored evaluation when the run last began: more than 1 after crashes
    without progress. Resuming a study and the loss of a machine add none."""
    fence: StrictInt | None = None
    """Number of the lease under which the run was last begun or ended by its study's driver; null
    in a shared folder."""
    status: str
    """`running`: unfinished; `finished`: has a verdict; `errored`: crashed, which is not the GAN's
    fault; `pruned`: given up."""
    verdict: VerdictCard | None = None
    """How the run ended; null until it is finished."""
    score: StrictFloat | None = None
    """Mean quality over the budget, 0 from a failure on; null until finished."""
    budget_images: Number | None = None
    """Real images that the run trains on."""
    precision: str = ""
    """Number format of the training: float32, bfloat16, ..."""
    host: str = ""
    """Machine of rank 0."""
    hosts: tuple[str, ...] = ()
    """Machine of each worker, by rank."""
    device: str = ""
    """`cpu`, or the GPU's name."""
    started: str = ""
    """When the run first began."""
    seconds: SecondsCard = SecondsCard()
    """Where the time went."""
    num_parameters: NetworkSizesCard = NetworkSizesCard()
    """Sizes of the networks."""
    final_quality: StrictFloat | None = None
    """Quality at the last evaluation, 0 after a failure; null until finished."""
    images_seen: Number | None = None
    """Real images seen at the end; null until finished or pruned."""
    ended: str = ""
    """When the run ended."""
    images_per_second: StrictFloat | None = None
    """Training speed: images seen by seconds of training."""
    error: str = ""
    """Why an errored run crashed, or why an imported one has no verdict, in one line."""
    source: str = ""
    """The log that an imported run was read from; empty for runs that the lab trained."""


def _number(value: Any) -> float | None:
    return float(value) if type(value) in (int, float) else None
