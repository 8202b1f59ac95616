"""A search space: a base configuration, a `suggest(trial)` function, and known points."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, cast

import optuna
from optuna.distributions import BaseDistribution

from lab.config import (
    RunConfig,
    TrainerConfig,
    canonical_values,
    config_paths,
    is_of_lab,
    make_config,
    make_trainer_config,
    stored_config,
    with_values,
)
from lab.config.trainer import BUDGET, DATA
from lab.errors import InputError, unknown
from lab.plan.imported import IMPORTED
from lab.plan.presets import Preset
from lab.plan.space_file import (
    find_space_file,
    named_space_files,
    read_space_file,
    space_source,
)
from lab.plan.space_trainer import require_used
from lab.plan.suggest import (
    Source,
    SpaceTrial,
    from_given,
    from_random,
    nth_value,
    num_values,
    two_ranges,
)
from lab.record import FileCard, ParameterCard, SpaceCard, StudyCard
from lab.user_file import UserFile, files_for, stored_files

NUM_SURVEY_DRAWS = 256


class Drawn(NamedTuple):
    """One configuration of a space, with the parameters that were sampled for it."""

    parameters: dict[str, Any]
    distributions: dict[str, BaseDistribution]
    config: RunConfig


@dataclass(frozen=True)
class Space:
    """A named search space; weakest first: defaults, preset, BASE, suggest, the person's --set."""

    name: str
    description: str
    file: Path
    text: str
    """The file's text, or the function's; empty where Python does not have it."""
    base: Mapping[str, Any]
    """Dotted path -> value under everything that is sampled."""
    suggest: Callable[[optuna.Trial], Mapping[str, Any]]
    """Sampled and derived values by dotted path."""
    known_points: Mapping[str, Mapping[str, Any]]
    """Points from the literature: name -> parameter path -> value."""
    fixed: Mapping[str, Any] = field(default_factory=dict)
    """Dotted path -> value over everything that is sampled; such a path is not searched."""
    files: tuple[UserFile, ...] = ()
    """Text of the person's own files that configurations refer to; others are read from disk."""
    is_function: bool = False
    """Whether it was made of a Python function, which no other process can load."""
    presets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What the space itself sets for a preset, over its base: preset -> dotted path -> value."""
    sizes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Fields of a preset that the space replaces (`SIZES`): preset -> field -> value."""
    question: str = ""
    """Path of the setting that the space asks about (`QUESTION`); empty for none."""
    trainer: TrainerConfig | None = None
    """The person's own training; None for the lab's."""

    def draw(self, source: Source) -> Drawn:
        """The configuration that `suggest` makes of a source's answers.

        Raises InputError when the space's file raises, returns what no configuration has, or
        makes a configuration that is refused.
        """
        trial, values = self._suggested(source)
        try:
            values = self._checked(values, trial)
            config = self._config({**self.base, **values, **self.fixed})
            if config.trainer is not None:
                config.trainer.require_usable(config.training.budget_images)
        except InputError as error:
            raise InputError(f"{error} ({self._whose()})") from None
        return Drawn(dict(trial.params), trial.distributions, config)

    def _suggested(self, source: Source) -> tuple[SpaceTrial, Any]:
        trial = SpaceTrial(source, self.fixed, any_name=self.trainer is not None)
        return trial, space_source(self.file).call(self.suggest, cast(optuna.Trial, trial))

    def parameters(self) -> dict[str, BaseDistribution]:
        """Every searched parameter, in order of name, from many draws, which check the space."""
        return dict(self._survey)

    def config_of(self, parameters: Mapping[str, Any]) -> RunConfig:
        """The configuration of a point; InputError for missing, unknown or outside values."""
        return self.draw_point(parameters).config

    def draw_point(self, parameters: Mapping[str, Any]) -> Drawn:
        """As `config_of`, with the parameters' distributions."""
        parameters = canonical_values(parameters)
        drawn = self.draw(from_given(parameters))
        for name in parameters:
            if name not in drawn.parameters and name not in self.fixed:
                wrong = unknown("the parameter", name, drawn.parameters)
                raise InputError(f"{wrong}; this point of the space {self.name} has no such one")
        return drawn

    def known_config(self, point: str) -> RunConfig:
        """The configuration of a known point; InputError with the nearest names."""
        if point not in self.known_points:
            raise unknown(f"in the space {self.name} the known point", point, self.known_points)
        return self.config_of(self.known_points[point])

    def with_defaults(self, values: Mapping[str, Any]) -> Space:
        """The space over a preset, whose values apply where neither space nor person sets one."""
        self._check_paths(values)
        return replace(self, base={**canonical_values(values), **self.base})

    def with_preset(self, preset: Preset) -> Space:
        """The space at a preset's size, with the space's own values for that preset.

        The preset's own values are those of the lab's networks and data, so that a space with its
        own trainer takes none.
        """
        over = self.with_defaults({} if self.trainer else preset.base)
        return replace(over, base={**over.base, **self.presets.get(preset.name, {})})

    def sized(self, preset: Preset) -> Preset:
        """The preset with the numbers of runs that the space has for it."""
        return replace(preset, **self.sizes.get(preset.name, {}))

    def with_fixed(self, values: Mapping[str, Any]) -> Space:
        """The space with the person's settings, which win over all; such paths are not searched.

        A known point that sets one of the paths to another value is left out, for it would not
        be the published setting any more.
        """
        values = canonical_values(values)
        self._check_paths(values)
        self._config({**self.base, **values})
        fixed = replace(self, fixed={**self.fixed, **values})
        points = {
            name: {path: value for path, value in point.items() if path not in values}
            for name, point in self.known_points.items()
            if not self._disagrees(point, values)
        }
        return replace(fixed, known_points=points)

    def with_points(self, points: Mapping[str, Mapping[str, Any]]) -> Space:
        """The space with more known points, after its own."""
        return replace(self, known_points={**self.known_points, **points})

    def point_in(self, cells: Mapping[str, Any]) -> dict[str, Any] | None:
        """The point that a trial of another search is here; None where a parameter is missing or
        outside. What is no parameter of this space is left out."""
        try:
            return self.draw(from_given(canonical_values(cells))).parameters
        except InputError:
            return None

    def num_settings(self, most: int) -> int:
        """How many different settings the space has, counted up to `most`."""
        count, choices, sizes = 0, list[int](), list[int]()

        def source(name: str, distribution: BaseDistribution) -> Any:
            sizes.append(num_values(distribution, most))
            if len(choices) < len(sizes):
                choices.append(0)
            return nth_value(distribution, choices[len(sizes) - 1])

        while count < most:
            sizes.clear()
            self._suggested(source)
            if most in sizes:
                return most
            count += 1
            del choices[len(sizes) :]
            while choices and choices[-1] == sizes[len(choices) - 1] - 1:
                choices.pop()
            if not choices:
                break
            choices[-1] += 1
        return count

    def base_config(self) -> RunConfig:
        """The configuration under everything that is sampled, with what is fixed."""
        return self._config({**self.base, **self.fixed})

    def with_kept_files(self) -> Space:
        """The space with the text of every file that its configurations refer to, as it is now.

        Later draws use that text, so that all trials of a study train the same code.
        """
        files = {file.name: file for config in self._configs for file in config.files}
        return replace(self, files=tuple(files[name] for name in sorted(files)))

    def _config(self, values: Mapping[str, Any]) -> RunConfig:
        if self.trainer is not None:
            return make_trainer_config(self.trainer, values, files=self.files)
        return make_config({"files": self.files}, values)

    def _check_paths(self, values: Mapping[str, Any]) -> None:
        """Raise InputError for a path that no configuration of the space has."""
        if self.trainer is None:
            with_values({}, values)
            return
        with_values({}, {path: to for path, to in values.items() if is_of_lab(path)})
        names = [*self.base, *self._named]
        for name in values:
            if not is_of_lab(name) and name not in names:
                raise unknown("the parameter", name, {*names, BUDGET, DATA})

    @cached_property
    def _named(self) -> list[str]:
        """Names that `suggest` returns in any of many draws."""
        names: dict[str, None] = {}
        for i in range(NUM_SURVEY_DRAWS):
            trial = SpaceTrial(from_random(0, "survey", i), {}, any_name=True)
            values = space_source(self.file).call(self.suggest, cast(optuna.Trial, trial))
            names |= dict.fromkeys(values if isinstance(values, Mapping) else ())
        return list(names)

    def _checked(self, values: Any, trial: SpaceTrial) -> dict[str, Any]:
        """What `suggest` returned, under today's names of the paths."""
        if not isinstance(values, Mapping):
            raise InputError(
                f"suggest returned {type(values).__name__}; it must return a dict of path -> value"
            )
        canonical: dict[str, Any] = canonical_values(values)
        if self.trainer is None:
            with_values({}, canonical)
        for name in trial.params:
            if name not in canonical:
                raise InputError(
                    f"suggest asks for '{name}' and does not return it; put it in the returned "
                    "dict"
                )
            if self.trainer is not None:
                require_used(name, self.trainer)
        return canonical

    @cached_property
    def _draws(self) -> list[Drawn]:
        draws = [self._draw_known(name) for name in self.known_points]
        return draws + [self.draw(from_random(0, "survey", i)) for i in range(NUM_SURVEY_DRAWS)]

    @property
    def _configs(self) -> list[RunConfig]:
        return [self.base_config(), *(drawn.config for drawn in self._draws)]

    @cached_property
    def _survey(self) -> dict[str, BaseDistribution]:
        ranges: dict[str, BaseDistribution] = {}
        for drawn in self._draws:
            for name, distribution in drawn.distributions.items():
                if ranges.setdefault(name, distribution) != distribution:
                    wrong = two_ranges(name, ranges[name], distribution)
                    raise InputError(f"{wrong} ({self._whose()})")
        self._require_answerable(ranges)
        return dict(sorted(ranges.items()))

    def _require_answerable(self, ranges: Mapping[str, BaseDistribution]) -> None:
        """Raise InputError for a question about what is not searched, or has no order."""
        if not self.question or self.question in self.fixed:
            return
        if self.question not in ranges:
            raise InputError(f"{unknown('QUESTION', self.question, ranges)} ({self._whose()})")
        if not _parameter_card(ranges[self.question]).is_ordered:
            raise InputError(
                f"QUESTION is {self.question}, whose values have no order; name a setting that is "
                f"a number ({self._whose()})"
            )

    def _draw_known(self, name: str) -> Drawn:
        try:
            return self.draw_point(self.known_points[name])
        except InputError as error:
            raise InputError(f"known point '{name}' of the space {self.name}: {error}") from None

    def _disagrees(self, point: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
        """Whether fixing `values` changes what the space sets at a known point."""
        trial = SpaceTrial(from_given(point), self.fixed, any_name=self.trainer is not None)
        set_here = canonical_values(
            space_source(self.file).call(self.suggest, cast(optuna.Trial, trial))
        )
        return any(path in set_here and set_here[path] != value for path, value in values.items())

    def _whose(self) -> str:
        text = f"from the space file {self.file}"
        return text + (f" with --set {', '.join(self.fixed)}" if self.fixed else "")


def space_from(
    suggest: Callable[[optuna.Trial], Mapping[str, Any]],
    *,
    base: Mapping[str, Any] | None = None,
    known_points: Mapping[str, Mapping[str, Any]] | None = None,
) -> Space:
    """A space of a Python function, say one of a notebook, checked by drawing.

    `base` and `known_points` are what BASE and KNOWN_POINTS are in a space's file.
    Raises InputError as a file's space does.
    """
    points = {name: canonical_values(point) for name, point in (known_points or {}).items()}
    try:
        text = inspect.getsource(suggest)
    except (OSError, TypeError):
        text = ""
    space = Space(
        name=getattr(suggest, "__name__", "function"),
        description=(inspect.getdoc(suggest) or "").strip(),
        file=Path(inspect.getfile(suggest)) if inspect.isfunction(suggest) else Path("function"),
        text=text,
        base=canonical_values(base or {}),
        suggest=suggest,
        known_points=points,
        is_function=True,
    )
    space.parameters()
    return space


def load_space(name_or_path: str | Path) -> Space:
    """A space by its name in search_spaces/ or by the path of a .py file, checked by drawing.

    Raises InputError with one sentence for an unknown name and for a file that cannot be used.
    """
    space = space_of(find_space_file(name_or_path))
    space.parameters()
    return space


def list_spaces() -> list[Space]:
    """The named spaces, in order of name."""
    return [space_of(file) for file in named_space_files()]


def study_card(space: Space) -> StudyCard:
    """The parts of study.json that the space decides."""
    return StudyCard(
        space=SpaceCard(
            name=space.name,
            description=space.description,
            file="" if space.is_function else str(space.file),
            text=space.text,
            question="" if space.question in space.fixed else space.question,
            known={name: dict(point) for name, point in space.known_points.items()},
            fixed=dict(space.fixed),
        ),
        parameters={
            name: _parameter_card(distribution)
            for name, distribution in space.parameters().items()
        },
        base=stored_config(space.base_config())["config"],
        files={
            name: FileCard.model_validate(entry)
            for name, entry in stored_files(space.files).items()
        },
    )


def file_of_space(study: StudyCard) -> Path:
    """The space's file of a stored study; a study that was sent may name any file.

    Raises InputError when it is not there.
    """
    if not study.space.file:
        raise InputError(
            f"the space {study.space.name} of this study is a Python function; continue the study "
            'with search(function, resume="...") from Python'
        )
    file = Path(study.space.file)
    # Named spaces move with the installation; a person's own file must be where it was.
    if file.parent.name == "search_spaces" and (is_named(file) or not file.is_file()):
        return find_space_file(study.space.name)
    if not file.is_file():
        raise InputError(
            f"the space file {file} of this study is not there; give where it is now with --space "
            "FILE, or restore it from space.text of study.json"
        )
    return find_space_file(file)


def is_named(file: Path) -> bool:
    """Whether a space's file is one of the installation."""
    return any(file.resolve() == named.resolve() for named in named_space_files())


def restored_space(study: StudyCard, space: Space | None = None) -> Space:
    """The space of a stored study, with the base and settings of its start.

    `space` is what makes its draws; None for the file that the study names, which is run.
    """
    space = space or space_of(file_of_space(study))
    kept = study.model_dump()["files"]
    files = files_for((f"{name}:_" for name in kept), kept)
    points = {name: to for name, to in study.space.known.items() if name.startswith(IMPORTED)}
    base = _dotted(study.base) if space.trainer is None else _own_base(study.base)
    space = replace(space, base=base, files=files).with_fixed(study.space.fixed)
    return space.with_points(points)


def edited_base(study: StudyCard, space: Space) -> list[str]:
    """Paths that BASE of the space sets otherwise than it did when the study began."""
    over = space.presets.get(study.preset, {})
    values = {
        path: value
        for path, value in {**space.base, **over}.items()
        if path not in study.space.fixed and value != "auto"
    }
    kept, edited = _dotted(study.base), _dotted(with_values(study.base, values))
    return sorted(path for path in values if _plain(edited.get(path)) != _plain(kept.get(path)))


def _plain(value: Any) -> Any:
    """As JSON holds it."""
    return json.loads(json.dumps(value))


def space_of(file: Path) -> Space:
    """The space in a file, which is run. Raises InputError when it cannot be used."""
    content = read_space_file(file)
    return Space(
        name=file.stem,
        description=content.description,
        file=file,
        text=content.text,
        base=content.base,
        suggest=content.suggest,
        known_points=content.known_points,
        presets=content.presets,
        sizes=content.sizes,
        question=content.question,
        trainer=content.trainer,
    )


def _parameter_card(distribution: BaseDistribution) -> ParameterCard:
    return ParameterCard.model_validate(_row(distribution))


def _row(distribution: BaseDistribution) -> dict[str, Any]:
    """A distribution as study.json keeps it."""
    kind = type(distribution).__name__.removesuffix("Distribution").lower()
    row = {"kind": kind, **vars(distribution)}
    return {**row, "choices": list(row["choices"])} if kind == "categorical" else row


def _own_base(nested: Mapping[str, Any]) -> dict[str, Any]:
    """The values under what is sampled, of a study whose trainer is the person's own."""
    of_lab = {path: to for path, to in _dotted(nested).items() if is_of_lab(path) and path != DATA}
    trainer = nested.get("trainer") or {}
    data = {} if trainer.get("data") is None else {DATA: trainer["data"]}
    return {**of_lab, **data, **trainer.get("parameters", {})}


def _dotted(nested: Mapping[str, Any]) -> dict[str, Any]:
    """Nested configuration data as dotted path -> value; settings that an older version did not
    know are left to their defaults."""
    values: dict[str, Any] = {}
    for path in config_paths():
        *parents, leaf = path.split(".")
        node: Any = nested
        for part in parents:
            node = node.get(part, {})
        if leaf in node:
            values[path] = node[leaf]
    return values
