"""The whole configuration of a run: made from outside data, or refused in one sentence."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import (
    BaseModel,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)

from lab.config.base import ConfigSection
from lab.config.paths import canonical_data, canonical_values, no_section, value_at
from lab.config.scalars import NUMBER, RAMP, Ramp
from lab.config.sections import (
    CATALOGUES,
    AugmentationConfig,
    DataConfig,
    EvaluationConfig,
    LossName,
    NetworkConfig,
    OptimizerConfig,
    PenaltyConfig,
    StabilityConfig,
    TextConfig,
    TrainingConfig,
    VaeConfig,
)
from lab.config.terms import TermsConfig
from lab.config.trainer import BUDGET, DATA, OF_LAB, TrainerConfig, is_of_lab
from lab.errors import InputError, printable, unknown
from lab.json_text import parsed
from lab.user_file import UserFile, files_for, is_reference, stored_files

NO_SETTINGS = ("trainer", "files")
"""Fields of a configuration that no path sets; left out of its data where they are empty."""


class RunConfig(ConfigSection):
    """All settings that determine the numbers of one run."""

    seed: int = Field(default=0, ge=0, lt=2**31)
    """Seed of all random numbers of the run."""
    loss: LossName = "hinge"
    """Objective of both players."""
    data: DataConfig = DataConfig()
    """The real images."""
    network: NetworkConfig = NetworkConfig()
    """The generator and the critic."""
    text: TextConfig = TextConfig()
    """Texts of images."""
    penalty: PenaltyConfig = PenaltyConfig()
    """Regularisation of the critic."""
    terms: TermsConfig = TermsConfig()
    """What is added to the players' losses."""
    augmentation: AugmentationConfig = AugmentationConfig()
    """What stands between images and critic."""
    optimizer: OptimizerConfig = OptimizerConfig()
    """Both players' optimizers."""
    training: TrainingConfig = TrainingConfig()
    """Batch, order of updates and budget."""
    vae: VaeConfig = VaeConfig()
    """Encoder and evidence bound of variational games."""
    evaluation: EvaluationConfig = EvaluationConfig()
    """The metrics."""
    stability: StabilityConfig = StabilityConfig()
    """Limits of the verdicts."""
    trainer: TrainerConfig | None = None
    """A training of the person's own in place of the lab's; a space's file names it."""
    files: tuple[UserFile, ...] = ()
    """The person's own files that settings refer to, with their text; no setting itself."""

    @model_validator(mode="before")
    @classmethod
    def _keep_files(cls, data: Any) -> Any:
        """Take the text of every file that a setting names: the one given, else from disk."""
        if not isinstance(data, Mapping):
            return data
        values = (value_at(data, path) for path in (*CATALOGUES, "trainer.function"))
        references = [value for value in values if is_reference(value)]
        return {**data, "files": files_for(references, data.get("files") or ())}

    @model_serializer(mode="wrap")
    def _without_empty(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        data: dict[str, Any] = handler(self)
        return {key: to for key, to in data.items() if to or key not in NO_SETTINGS}

    @model_validator(mode="after")
    def _can_be_stored(self) -> Self:
        source = printable(self.data.source)
        if source != self.data.source:
            raise ValueError(
                f"data.source is {source}, whose name is not UTF-8 and cannot be stored in a "
                "record; rename it, or pack it with `python -m lab.data pack` and give the pack"
            )
        return self

    @model_validator(mode="after")
    def _sections_agree(self) -> Self:
        if self.trainer is not None:  # the lab's own networks and batches have no part in it
            return self
        step = self.training.batch_size * self.training.critic_steps
        if step > self.training.budget_images:
            raise ValueError(
                f"training.budget_images is {self.training.budget_images}; one generator step "
                f"shows {step} images (batch_size x critic_steps), so the budget must reach that"
            )
        if self.training.accumulate > self.training.batch_size:
            raise ValueError(
                f"training.accumulate is {self.training.accumulate}; each pass needs an "
                f"image, so it must be at most training.batch_size, {self.training.batch_size}"
            )
        if self.training.batch_size % self.network.pack:
            raise ValueError(
                f"training.batch_size is {self.training.batch_size}; network.pack is "
                f"{self.network.pack}, which must divide it: change one of them"
            )
        if self.loss == "relativistic" and self.network.critic_norm == "batch":
            raise ValueError(
                "loss 'relativistic' compares real and fake images in one pass, which batch "
                "norm in the critic would mix; set network.critic_norm to another"
            )
        self._texts_agree()
        return self

    def _texts_agree(self) -> None:
        """Raise ValueError for settings that do not fit images with texts."""
        if not self.network.has_texts:
            return
        texts = f"network.text_conditioning is '{self.network.text_conditioning}'"
        if self.network.conditional:
            raise ValueError(
                f"{texts} and network.conditional is true; an image has a text or a class as its "
                "condition: set one of them to none or false"
            )
        if self.training.game in ("vae", "vae-gan"):
            raise ValueError(
                f"{texts} and training.game is {self.training.game}, whose encoder takes no "
                "texts; set text_conditioning to none or take another game"
            )
        if self.loss == "relativistic" and self.text.interpolated:
            raise ValueError(
                f"text.interpolated is {self.text.interpolated:g} and loss 'relativistic' "
                "compares images of one text; set text.interpolated to 0"
            )

    @property
    def images_per_step(self) -> int:
        """Real images one generator step, with its critic steps, shows the critic."""
        return self.training.batch_size * self.training.critic_steps

    @property
    def num_steps(self) -> int:
        """Generator steps until the budget is reached."""
        return -(-self.training.budget_images // self.images_per_step)

    def last_critic_step(self, step: int) -> int:
        """The number of the last critic step in a round."""
        return (step + 1) * self.training.critic_steps - 1


def config_paths(section: type[BaseModel] = RunConfig, prefix: str = "") -> list[str]:
    """Every settable path, say `optimizer.generator.lr`, in order of declaration."""
    paths: list[str] = []
    for name, field in section.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, ConfigSection):
            paths += config_paths(kind, f"{prefix}{name}.")
        elif name not in NO_SETTINGS:
            paths.append(prefix + name)
    return paths


_ALL_PATHS = frozenset(config_paths())


def is_settable(path: str) -> bool:
    """Whether there is such a path; also that of a part of a schedule, `penalty.weight.end`."""
    return path in _ALL_PATHS or _is_of_ramp(path)


def _is_of_ramp(path: str) -> bool:
    parent, _, leaf = path.rpartition(".")
    return leaf in Ramp.model_fields and parent in _ALL_PATHS


def scheduled_numbers(config: RunConfig) -> dict[str, Ramp]:
    """The settings that change over the run, by path."""
    values = {path: value_at(config, path) for path in _ALL_PATHS}
    ramps = {path: to for path, to in values.items() if isinstance(to, Ramp)}
    return dict(sorted(ramps.items()))


def with_values(data: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Nested data with the values at dotted paths replaced; older names of paths are accepted.

    Raises InputError for a path that no configuration has.
    """
    result = copy.deepcopy(canonical_data(data))
    for path, value in canonical_values(values).items():
        *parents, leaf = path.split(".")
        of_ramp = _is_of_ramp(path)
        if path not in _ALL_PATHS and not of_ramp:
            raise unknown("the configuration path", path, _ALL_PATHS)
        node = result
        for parent in parents:
            if of_ramp and not isinstance(node.get(parent, {}), dict):
                node[parent] = {}
            node = node.setdefault(parent, {})
            if not isinstance(node, dict):
                raise no_section(parent, node)
        node[leaf] = value
    return result


def make_config(data: Mapping[str, Any], values: Mapping[str, Any] | None = None) -> RunConfig:
    """A validated configuration from nested data and values at dotted paths.

    Raises InputError with one sentence that names the path, what came and what is allowed.
    """
    nested = with_values(data, values or {})
    try:
        return RunConfig.model_validate(nested)
    except ValidationError as error:
        raise InputError(_sentence(error)) from None


def change_config(config: RunConfig, values: Mapping[str, Any]) -> RunConfig:
    """The configuration with values at dotted paths replaced, validated again."""
    if config.trainer is not None:
        return make_trainer_config(config.trainer, values, config)
    return make_config(config.model_dump(), values)


def make_trainer_config(
    trainer: TrainerConfig,
    values: Mapping[str, Any],
    over: RunConfig | None = None,
    *,
    files: tuple[UserFile, ...] = (),
) -> RunConfig:
    """A configuration whose training is the person's own, from values at paths.

    What the lab itself reads (`is_of_lab`) keeps its meaning, and `data.source` is handed on; all
    other names are parameters of the trainer. `over` is the configuration that they change.
    Raises InputError as `make_config` does, and where no budget is given.
    """
    values = canonical_values(values)
    data: dict[str, Any] = {"files": files} if over is None else over.model_dump()
    if over is None and BUDGET not in values:
        raise InputError(
            f"a space with its own trainer needs {BUDGET} in BASE: real images at which a run ends"
        )
    settings = {path: to for path, to in values.items() if is_of_lab(path) and path != DATA}
    if "seed" in values:
        settings["seed"] = values["seed"]
    target = trainer.metric.target
    has_target = any(path.startswith("stability.target_") for path in values)
    if over is None and target is not None and not has_target:
        settings["stability.target_distance"] = f"{trainer.metric.column}={target:g}"
    named = {k: to for k, to in values.items() if not is_of_lab(k) and k != "seed"}
    for name in named if over is not None else ():
        if name not in trainer.parameters:
            raise unknown("the parameter", name, (*trainer.parameters, *OF_LAB))
    changed: dict[str, Any] = {"parameters": {**trainer.parameters, **named}}
    if DATA in values:
        changed["data"] = values[DATA]
    return make_config({**data, "trainer": {**trainer.model_dump(), **changed}}, settings)


def stored_config(config: RunConfig) -> dict[str, Any]:
    """The entries `config` and `files` of a JSON file of the record."""
    data = config.model_dump(mode="json", exclude={"files"})
    return {"config": data, **({"files": stored_files(config.files)} if config.files else {})}


def restored_config(entries: Mapping[str, Any]) -> RunConfig:
    """The configuration that `stored_config` stored, with the text of its files as it was then.

    Raises InputError as `make_config` does.
    """
    return make_config({**entries["config"], "files": entries.get("files", ())})


def read_config(path: Path) -> RunConfig:
    """A configuration from a JSON file, nested or by dotted paths, or a trial.json's `config`."""
    try:
        data = parsed(path.read_text())
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"the config file {path} cannot be read: {reason}") from None
    except ValueError as error:
        raise InputError(f"the config file {path} is not JSON: {error}") from None
    if not isinstance(data, dict):
        raise InputError(f"the config file {path} holds {type(data).__name__}; write an object")
    config = data.get("config", data)
    if not isinstance(config, dict):
        raise InputError(f"the config file {path} has the config {config!r}; write an object")
    values = {path: value for path, value in config.items() if "." in path}
    nested = {key: to for key, to in config.items() if key not in values}
    return make_config({**nested, "files": data.get("files", ())}, values)


def parse_setting(text: str) -> tuple[str, Any]:
    """`path=value` with a JSON value (bare words are strings) -> (path, value)."""
    path, equals, value = text.partition("=")
    if not equals or not path:
        raise InputError(f"--set got '{text}'; write path=value, say optimizer.critic.lr=0.0002")
    try:
        return path.strip(), parsed(value)
    except ValueError:
        return path.strip(), value


def _sentence(error: ValidationError) -> str:
    """The first problem of a validation, in our words, and how many more there are."""
    problems = error.errors()
    first = problems[0]
    path = ".".join(str(part) for part in first["loc"] if part not in (NUMBER, RAMP))
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    kind, came = first["type"], first["input"]
    if kind == "unknown_name":
        return f"{path} is {came!r}{first['ctx']['problem']}{more}"
    if kind == "out_of_bounds":
        return f"{path} is {came!r}; {first['ctx']['problem']}{more}"
    if RAMP in first["loc"] and kind in ("extra_forbidden", "missing"):
        fields = ", ".join(Ramp.model_fields)
        return f"{path} is no part of a schedule, or is missing; a schedule has {fields}{more}"
    if kind == "extra_forbidden":
        return str(unknown("the configuration path", path, config_paths())) + more
    if kind == "model_type":
        return f"{no_section(path, came)}{more}"
    if kind == "value_error":
        return str(first["ctx"]["error"]) + more
    allowed = first["msg"][:1].lower() + first["msg"][1:]
    allowed = allowed.replace("input should be", "it must be")
    return f"{path} is {came!r}; {allowed}{more}"
