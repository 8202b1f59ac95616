"""A study ready to be driven: made from options, or reopened from its record."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import torch
from rich.console import Console

from lab.data import find
from lab.engine.cluster import Resources, hardware, this_machine, versions
from lab.engine.options import SearchOptions, plan_settings, resumed_settings
from lab.engine.place import require_free
from lab.engine.runs import open_on_slot
from lab.engine.slots import Slot, num_slots, parse_workers, require_resources
from lab.errors import InputError
from lab.metrics.extractors import load_extractor
from lab.plan import (
    Planner,
    PlanSettings,
    Preset,
    Space,
    choose_preset,
    find_preset,
    load_space,
    restored_space,
    space_rows,
)
from lab.record import (
    RUN_FILE,
    STUDY_FILE,
    StudyRecord,
    read_json,
    read_study,
    write_json,
)
from lab.record.durable import remove_parts
from lab.record.storage import Storage
from lab.run.checkpoint import whole_checkpoints
from lab.run.folder import now
from lab.stability.validated import detector


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
    entries: dict[str, Any]
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
    """What a search will be on the machines at hand, before anything is opened or written."""

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
    preset, space = _over_preset(space, options, machines)
    settings = plan_settings(space, options, preset)
    return Sizes(preset, space, settings, slot, _concurrent(options, machines, slot))


def asked_space(options: SearchOptions) -> Space:
    """The space that the options name, with the settings that they fix."""
    if options.preset is not None:
        find_preset(options.preset)
    space = load_space(options.space)
    fixed = options.fixed_values()
    return space.with_fixed(fixed) if fixed else space


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
    find(config.data)  # the first use packs the data: here it can show a progress bar
    if config.evaluation.extractor != "fashion":  # that one is part of the lab
        load_extractor(config.evaluation, torch.device("cpu"))


def create(
    storage: Storage, space: Space, options: SearchOptions, cluster: Resources, console: Console
) -> Study:
    """Choose every setting of a new study and write study.json."""
    preset, space, settings, slot, concurrent = sizes(space, options, cluster)
    if not options.preset:
        line = f"preset {preset.name}: {preset.description}"
        console.print(line, style="dim", highlight=False, soft_wrap=True)
    space, described = _opened(space, slot)
    planner = Planner(space, settings)
    entries = {
        "study": storage.folder.name,
        **space_rows(space),
        "preset": preset.name,
        "settings": {
            **settings.model_dump(),
            "num_sobol": planner.num_sobol,
            "concurrent": concurrent,
            "cpus_per_worker": slot.cpus,
            "gpus_per_worker": slot.gpus,
            "workers": str(slot.workers),
        },
        "command": [Path(sys.orig_argv[0]).name, *sys.orig_argv[1:]],
        "created": now(),
        "versions": versions(),
        "hardware": hardware(cluster),
        **described,
        "detector": detector(space.base_config().stability),
        "stages": list(planner.stages),
        "status": "running",
    }
    require_free(storage)
    write_json(storage.folder / STUDY_FILE, entries)
    storage.push(STUDY_FILE)
    return Study(storage, space, settings, slot, concurrent, planner, entries)


def reopen(storage: Storage, options: SearchOptions) -> Study:
    """A stored study, its planner rebuilt from the record alone; nothing is written yet.

    Raises InputError for a record that cannot be continued, with the file that prevents it.
    """
    entries = read_json(storage.folder / STUDY_FILE)
    stored = entries["settings"]
    settings = resumed_settings(stored, options)
    space = restored_space(entries)
    slot = Slot(
        options.cpus_per_worker or stored["cpus_per_worker"],
        stored["gpus_per_worker"] if options.gpus_per_worker is None else options.gpus_per_worker,
        parse_workers(options.workers or stored.get("workers", "1")),
    )
    record = read_study(storage.folder, evaluations=False)
    _require_whole_runs(record)
    planner = Planner.rebuild(space, settings, record)
    concurrent = options.concurrent or int(stored["concurrent"])
    entries["stages"] = list(planner.stages)
    entries["settings"] = {
        **stored,
        **settings.model_dump(),
        "concurrent": concurrent,
        "cpus_per_worker": slot.cpus,
        "gpus_per_worker": slot.gpus,
        "workers": str(slot.workers),
    }
    return Study(storage, space, settings, slot, concurrent, planner, entries)


def at_a_time(asked: int, cluster: Resources, slot: Slot, *, may_grow: bool) -> int:
    """How many of the runs asked for train at a time: those that fit, or all.

    All where the cluster may grow: an autoscaler adds nodes only when something waits for them.
    """
    return asked if may_grow else min(asked, num_slots(cluster, slot))


def fitted(study: Study, cluster: Resources, *, may_grow: bool) -> Study:
    """A reopened study on the cluster at hand, noted in its study.json."""
    slot, entries = study.slot, study.entries
    require_resources(cluster, slot)
    entries["status"] = "running"
    entries["resumed"] = [*entries.get("resumed", []), now()]
    for folder in (study.folder, *(study.folder / "trials").glob("*")):
        remove_parts(folder)
    write_json(study.folder / STUDY_FILE, entries)
    study.storage.push(STUDY_FILE)
    concurrent = at_a_time(study.num_slots, cluster, slot, may_grow=may_grow)
    return replace(study, num_slots=concurrent)


def _require_whole_runs(record: StudyRecord) -> None:
    """Raise InputError when an unfinished run cannot go on: its worker would crash three times."""
    for name in record.missing:
        file = record.folder / name
        if file.name == RUN_FILE and file.exists():
            read_json(file)
    for run in record.runs:
        if run.status in ("running", "errored"):
            next(whole_checkpoints(run.folder), None)


def _over_preset(
    space: Space, options: SearchOptions, machines: Resources
) -> tuple[Preset, Space]:
    num_nodes = sum(node.gpus > 0 for node in machines.nodes)
    preset = find_preset(options.preset or choose_preset(int(machines.gpus), num_nodes))
    return preset, space.with_preset(preset)


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


def _opened(space: Space, slot: Slot) -> tuple[Space, dict[str, Any]]:
    """Open data and metrics on a slot: packs once, fails early, and measures the precision."""
    import ray

    base = space.base_config().model_dump(mode="json")
    task = ray.remote(open_on_slot).options(num_cpus=slot.cpus, num_gpus=slot.gpus)
    opened = ray.get(task.remote(base, slot.device, slot.threads))
    if "mistake" in opened:
        raise InputError(opened["mistake"])
    measured = {"training.precision": opened["precision"]}
    space = replace(space, base={**space.base, **measured})
    if "training.precision" in space.fixed:
        space = space.with_fixed(measured)
    return space, {"data": opened["data"], "metrics": opened["metrics"]}
