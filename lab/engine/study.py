"""A study ready to be driven: made from options, or reopened from its record."""

from __future__ import annotations

import difflib
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import torch
from rich.console import Console

from lab.cli import command_line
from lab.data import find
from lab.engine.cluster import PACKAGES, Resources, hardware, this_machine, working_machines
from lab.engine.options import SearchOptions, plan_settings, resumed_settings
from lab.engine.place import claim
from lab.engine.runs import open_on_slot
from lab.engine.slots import Slot, num_slots, parse_workers, require_resources
from lab.errors import InputError
from lab.metrics.extractors import load_extractor, require_fitting, settled
from lab.plan import (
    Planner,
    PlanSettings,
    Preset,
    Space,
    choose_preset,
    edited_base,
    file_of_space,
    find_preset,
    find_space_file,
    imported_points,
    is_named,
    load_space,
    restored_space,
    space_of,
    study_card,
)
from lab.record import (
    RUN_FILE,
    STUDY_FILE,
    TRIAL_FILE,
    DataCard,
    MetricsCard,
    SettingsCard,
    SpaceCard,
    SpaceChangeCard,
    StudyCard,
    StudyRecord,
    now,
    read_json,
    read_study,
    write_card,
)
from lab.record.conditions import versions
from lab.record.durable import remove_parts
from lab.record.storage import Storage
from lab.run.checkpoint import whole_checkpoints
from lab.stability.validated import detector
from lab.trainer.check import require_startable
from lab.trust import code_texts, note_own, require_own
from lab.user_file import read_source

DEFAULT_SPACE = SearchOptions().space
MOST_DIFFERENCES = 4
"""Changed lines of a space that an error quotes."""
DECISIVE = {
    STUDY_FILE: ("space", "base", "settings"),
    TRIAL_FILE: ("parameters", "config", "origin"),
}
"""Fields that a search cannot continue without."""


@dataclass(frozen=True)
class Study:
    """A study ready to be driven."""

    storage: Storage
    space: Space
    settings: PlanSettings
    slot: Slot
    num_slots: int
    """Runs at a time."""
    planner: Planner
    card: StudyCard
    """study.json as it stands."""

    @property
    def folder(self) -> Path:
        """Where the driver reads and writes it: the study, or a local copy of a remote one."""
        return self.storage.folder

    @property
    def num_done(self) -> int:
        """Trials that have ended."""
        return sum(trial.state.is_finished() for trial in self.planner.trials())


class Sizes(NamedTuple):
    """What a search will be on the available machines, before anything is opened or written."""

    preset: Preset
    space: Space
    """The space over the preset."""
    settings: PlanSettings
    slot: Slot
    num_slots: int
    """Runs at a time."""


def sizes(space: Space, options: SearchOptions, machines: Resources) -> Sizes:
    """Choose preset, trials and slots; raises InputError when no node can hold one run."""
    slot = _slot(options, machines)
    require_resources(machines, slot)
    if space.trainer is not None:
        _require_one_worker(slot)
    preset, space = _over_preset(space, options, machines)
    settings = plan_settings(space, options, preset)
    return Sizes(preset, space, settings, slot, _concurrent(options, machines, slot))


def asked_space(options: SearchOptions, given: Space | None = None) -> Space:
    """The space that the options name, or the given one, with the settings that they fix."""
    if options.preset is not None:
        find_preset(options.preset)
    space = given or load_space(options.space)
    fixed = options.fixed_values()
    space = space.with_fixed(fixed) if fixed else space
    if options.import_points is None:
        return space
    return space.with_points(imported_points(options.import_points, space.point_in).points)


def check_here(space: Space | None, options: SearchOptions) -> None:
    """Raise the InputErrors of a local search before its Ray is started, which takes seconds."""
    here = this_machine()
    slot = _slot(options, here)
    require_resources(here, slot)
    if space is None:
        return
    planned = sizes(space, options, here)
    Planner(planned.space, planned.settings)
    config = planned.space.base_config()
    if config.trainer is not None:
        require_startable(config)
        return
    pack = find(config.data)  # the first use packs the data: here it can show a progress bar
    evaluation = settled(config.evaluation, pack.channels)
    require_fitting(evaluation, pack.channels)
    if evaluation.extractor != "fashion":  # that one is part of the lab
        load_extractor(evaluation, torch.device("cpu"), config.files)


def create(
    storage: Storage, space: Space, options: SearchOptions, cluster: Resources, console: Console
) -> Study:
    """Choose every setting of a new study and write study.json."""
    preset, space, settings, slot, concurrent = sizes(space, options, cluster)
    if not options.preset and space.trainer is None:
        line = f"preset {preset.name}: {preset.description}"
        console.print(line, style="dim", highlight=False, soft_wrap=True)
    space, described = _opened(space.with_kept_files(), slot)
    commands = code_texts(space.base_config().model_dump())
    note_own(
        [(str(space.file), space.text), *((it.name, it.text) for it in space.files), *commands]
    )
    planner = Planner(space, settings)
    plan = settings.model_copy(update={"num_sobol": planner.num_sobol})
    card = study_card(space).changed(
        study=storage.folder.name,
        preset=preset.name,
        settings=_settings_card(SettingsCard(), plan, slot, concurrent, options),
        command=tuple(command_line()),
        created=now(),
        versions=versions(PACKAGES),
        hardware=hardware(cluster),
        data=described.data,
        metrics=described.metrics,
        detector=detector(space.base_config().stability),
        stages=planner.stages,
        status="running",
    )
    claim(storage)
    write_card(storage.folder / STUDY_FILE, card)
    storage.push(STUDY_FILE)
    return Study(storage, space, settings, slot, concurrent, planner, card)


def _settings_card(
    stored: SettingsCard,
    settings: PlanSettings,
    slot: Slot,
    concurrent: int,
    options: SearchOptions,
) -> SettingsCard:
    """What was asked for, over what an earlier start stored."""
    return stored.changed(
        **settings.model_dump(),
        concurrent=concurrent,
        cpus_per_worker=slot.cpus,
        gpus_per_worker=slot.gpus,
        workers=str(slot.workers),
        price=stored.price if options.price is None else options.price,
        budget_hours=stored.budget_hours if options.budget_hours is None else options.budget_hours,
    )


def reopen(storage: Storage, options: SearchOptions, given: Space | None = None) -> Study:
    """A stored study, its planner rebuilt from the record alone; nothing is written yet.

    `given`: the space of a Python function, for a study of one.
    Raises InputError for a record that cannot be continued, with the file that prevents it.
    """
    record = read_study(storage.folder, evaluations=False)
    if record.card.imported is not None:
        raise InputError(
            f"{storage.name} is a study of imported runs, and there is nothing to search on with; "
            "write a space with the COMMAND of the program that trained them (docs/trainer.md)"
        )
    _require_whole(record)
    stored = record.card.settings
    settings = resumed_settings(stored, options)
    now_searched = given or _space_now(record, storage.name, options)
    changed = changed_space(record, now_searched, options)
    space = restored_space(record.card, now_searched)
    slot = Slot(
        options.cpus_per_worker or stored.cpus_per_worker or 1.0,
        (stored.gpus_per_worker or 0.0)
        if options.gpus_per_worker is None
        else options.gpus_per_worker,
        parse_workers(options.workers or stored.workers),
    )
    if space.trainer is not None:
        _require_one_worker(slot)
    planner = Planner.rebuild(space, settings, record, retry_errored=options.retry_errored)
    concurrent = options.concurrent or stored.concurrent or 1
    card = record.card.changed(
        space=changed,
        parameters=record.card.parameters
        if changed.text == record.card.space.text
        else study_card(space).parameters,
        stages=planner.stages,
        settings=_settings_card(stored, settings, slot, concurrent, options),
    )
    return Study(storage, space, settings, slot, concurrent, planner, card)


def _space_now(record: StudyRecord, name: str, options: SearchOptions) -> Space:
    """The space that a resume continues with: of the file asked for, else of the study's own.

    Raises InputError before code that only the record vouches for is run.
    """
    is_asked = options.space != DEFAULT_SPACE
    file = find_space_file(options.space) if is_asked else file_of_space(record.card)
    whose = f"the study {name}"
    files = [record.card.files, *(trial.files for trial in record.trials)]
    kept = {(path, entry.text) for of_one in files for path, entry in of_one.items()}
    for config in (record.card.base, *(trial.config for trial in record.trials)):
        kept.update(code_texts(config))
    require_own(sorted(kept), whose, trust=options.trust)
    if not is_asked and not is_named(file):
        text = (str(file), read_source(file))
        remedy = ", or your own copy of it with --space FILE"
        require_own([text], whose, trust=options.trust, remedy=remedy)
    return space_of(file)


def changed_space(record: StudyRecord, space: Space, options: SearchOptions) -> SpaceCard:
    """The card of the space that the search continues with.

    Raises InputError for a file that is not the one of the start, unless that is accepted.
    """
    stored, text = record.card.space, space.text
    file = "" if space.is_function else str(space.file)
    if not stored.text or stored.text == text:
        return stored.changed(file=file)
    if not options.accept_space:
        raise InputError(
            f"the space {space.file} is not the one that the study was searched with "
            f"({what_differs(stored.text, text)}); restore it, or continue with --accept-space, "
            "which the report will say"
        )
    if edited := edited_base(record.card, space):
        print(
            f"the study keeps the BASE of its start, without the changes of {', '.join(edited)}; "
            "a new study has them",
            file=sys.stderr,
        )
    first = max((trial.number for trial in record.trials), default=-1) + 1
    change = SpaceChangeCard(when=now(), first_trial=first, text=stored.text)
    return stored.changed(file=file, text=text, changes=(*stored.changes, change))


def what_differs(before: str, after: str) -> str:
    """The first changed lines of a text, in one line: `- old` and `+ new`."""
    lines = [
        line
        for line in difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
        if line[:1] in "+-" and not line.startswith(("---", "+++")) and line[1:].strip()
    ]
    quoted = "; ".join(f"{line[0]} {line[1:].strip()}" for line in lines[:MOST_DIFFERENCES])
    more = len(lines) - MOST_DIFFERENCES
    return (quoted or "only blank lines") + (f"; and {more} more lines" if more > 0 else "")


def at_a_time(asked: int, cluster: Resources, slot: Slot, *, may_grow: bool) -> int:
    """How many of the runs asked for train at a time: those that fit, or all.

    All where the cluster may grow: an autoscaler adds nodes only when something waits for them.
    """
    return asked if may_grow else min(asked, num_slots(cluster, slot))


def fitted(study: Study, cluster: Resources, *, may_grow: bool) -> Study:
    """A reopened study on the available cluster, noted in its study.json."""
    slot, card = study.slot, study.card
    require_resources(cluster, slot)
    card = card.changed(status="running", resumed=(*card.resumed, now()))
    for folder in (study.folder, *(study.folder / "trials").glob("*")):
        remove_parts(folder)
    write_card(study.folder / STUDY_FILE, card)
    study.storage.push(STUDY_FILE)
    concurrent = at_a_time(study.num_slots, cluster, slot, may_grow=may_grow)
    return replace(study, num_slots=concurrent, card=card)


def _require_whole(record: StudyRecord) -> None:
    """Raise InputError when the search, or a run that has to continue, cannot be what it was.

    A run's worker would crash three times; a default for a damaged setting would be worse.
    """
    for problem in record.problems:
        file = record.folder / problem.file
        if file.name == RUN_FILE and file.exists():
            read_json(file)
        if problem.field.partition(".")[0] in DECISIVE.get(file.name, ()):
            raise InputError(
                f"{file} is damaged: its {problem.field} is of the wrong kind; restore it"
            )
    for run in record.runs:
        if run.status in ("running", "errored"):
            next(whole_checkpoints(run.folder), None)


def _over_preset(
    space: Space, options: SearchOptions, machines: Resources
) -> tuple[Preset, Space]:
    num_nodes = sum(node.gpus > 0 for node in machines.nodes)
    preset = find_preset(options.preset or choose_preset(int(machines.gpus), num_nodes))
    return space.sized(preset), space.with_preset(preset)


def _require_one_worker(slot: Slot) -> None:
    if not slot.alone:
        raise InputError(
            f"--workers is {slot.workers}, and the trainer of this space starts its own workers; "
            "leave that out, and give a run several GPUs with --gpus-per-worker ({gpus} "
            "in COMMAND)"
        )


def _slot(options: SearchOptions, machines: Resources) -> Slot:
    cpus, gpus = options.cpus_per_worker, options.gpus_per_worker
    return Slot(
        1.0 if cpus is None else cpus,
        gpus if gpus is not None else 1.0 if machines.gpus else 0.0,
        parse_workers(options.workers or "1"),
    )


def _concurrent(options: SearchOptions, cluster: Resources, slot: Slot) -> int:
    if options.concurrent is None:
        return num_slots(cluster, slot)
    return at_a_time(options.concurrent, cluster, slot, may_grow=options.address is not None)


def _opened(space: Space, slot: Slot) -> tuple[Space, StudyCard]:
    """Open data and metrics on a slot: packs once, fails early, and settles what is `auto`."""
    import ray

    base = space.base_config().model_dump(mode="json")
    task = ray.remote(open_on_slot).options(num_cpus=slot.cpus, num_gpus=slot.gpus)
    opened = ray.get(task.remote(base, slot.device, slot.threads, anew=True))  # type: ignore[call-arg]
    if "mistake" in opened:
        where = f" (on the node {opened['node']})" if len(working_machines()) > 1 else ""
        raise InputError(f"{opened['mistake']}{where}")
    described = StudyCard(
        data=DataCard.model_validate(opened["data"]),
        metrics=MetricsCard.model_validate(opened["metrics"]),
    )
    if space.trainer is not None:
        return space, described
    settled_values = {
        "training.precision": opened["precision"],
        "evaluation.extractor": opened["extractor"],
    }
    space = replace(space, base={**space.base, **settled_values})
    if fixed := {path: to for path, to in settled_values.items() if path in space.fixed}:
        space = space.with_fixed(fixed)
    return space, described
