"""A study ready to be driven: made from options, or reopened from its record."""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from lab.config import InputError, make_config
from lab.engine.cluster import (
    Resources,
    hardware,
    num_slots,
    require_resources,
    versions,
)
from lab.engine.options import SearchOptions
from lab.engine.searcher import Slot
from lab.plan import (
    Planner,
    PlanSettings,
    Space,
    choose_preset,
    find_preset,
    load_space,
    restored_space,
    space_rows,
)
from lab.record import (
    CHECKPOINT_FILE,
    STUDY_FILE,
    is_study,
    read_json,
    read_study,
    require_study,
    run_folder,
    write_json,
)
from lab.run_folder import now, read_checkpoint


@dataclass(frozen=True)
class Study:
    """A study ready to be driven."""

    folder: Path
    space: Space
    settings: PlanSettings
    slot: Slot
    num_slots: int
    planner: Planner
    entries: dict[str, Any]
    """study.json as it stands."""

    @property
    def num_done(self) -> int:
        """Trials that have ended."""
        return sum(trial.state.is_finished() for trial in self.planner.trials())


def asked_space(options: SearchOptions) -> Space:
    if options.preset is not None:
        find_preset(options.preset)
    space = load_space(options.space)
    fixed = options.fixed_values()
    return space.with_fixed(fixed) if fixed else space


def resumed_folder(options: SearchOptions) -> Path | None:
    if options.resume is None:
        return None
    under = Path(options.storage) / options.resume
    folder = under if not is_study(options.resume) and is_study(under) else options.resume
    require_study(folder)
    return folder.resolve()


def new_folder(options: SearchOptions) -> Path:
    """Where the new study goes; proves that it can be written and is free."""
    storage = str(options.storage)
    if "://" in storage and not storage.startswith("file://"):
        raise InputError(
            f"--storage is {storage}; give a path that every node sees (object stores come later)"
        )
    root = Path(storage.removeprefix("file://")).resolve()
    name = options.name or f"{Path(options.space).stem}-{time.strftime('%Y%m%d-%H%M%S')}"
    if Path(name).name != name or name.startswith("."):
        raise InputError(f"--name is '{name}'; it must be a plain folder name")
    folder = root / name
    if is_study(folder):
        raise InputError(
            f"{folder} already holds a study; continue it with --resume {folder}, "
            "or choose another --name"
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} exists and is no study; choose another --name or --storage")
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=root):
            pass
    except OSError as error:
        raise InputError(
            f"the storage {root} cannot be written ({error.strerror}); choose another --storage"
        ) from None
    return folder


def create(
    folder: Path, space: Space, options: SearchOptions, cluster: Resources, console: Console
) -> Study:
    """Settle every setting of a new study and write study.json."""
    preset_name = options.preset or choose_preset(int(cluster.gpus), cluster.num_nodes)
    preset = find_preset(preset_name)
    space = space.with_defaults(preset.base)
    trials = options.trials if options.trials is not None else preset.trials
    settings = _plan_settings(options, len(space.known) if options.known_only else trials)
    slot = _slot(options, cluster)
    require_resources(cluster, slot.cpus, slot.gpus)
    if not options.preset:
        said = f"preset {preset_name}: {preset.description}"
        console.print(said, style="dim", highlight=False, soft_wrap=True)
    _pack(space)
    space, described = _opened(space, slot)
    planner = Planner(space, settings)
    entries = {
        "study": folder.name,
        **space_rows(space),
        "preset": preset_name,
        "settings": {
            **settings.model_dump(),
            "num_sobol": planner.num_sobol,
            "concurrent": _concurrent(options, cluster, slot),
            "cpus_per_worker": slot.cpus,
            "gpus_per_worker": slot.gpus,
        },
        "command": [Path(sys.orig_argv[0]).name, *sys.orig_argv[1:]],
        "created": now(),
        "versions": versions(),
        "hardware": hardware(cluster),
        **described,
        "stages": ["explore"],
        "status": "running",
    }
    write_json(folder / STUDY_FILE, entries)
    return Study(folder, space, settings, slot, _slots(entries, cluster, slot), planner, entries)


def reopen(folder: Path, options: SearchOptions, cluster: Resources) -> Study:
    """A stored study, its planner rebuilt from the record alone."""
    entries = read_json(folder / STUDY_FILE)
    stored = entries["settings"]
    plan = {key: stored[key] for key in PlanSettings.model_fields}
    if options.trials is not None:
        plan["trials"] = _plan_settings(options, options.trials).trials
    settings = PlanSettings(**plan)
    space = restored_space(entries)
    slot = Slot(
        options.cpus_per_worker or stored["cpus_per_worker"],
        stored["gpus_per_worker"] if options.gpus_per_worker is None else options.gpus_per_worker,
    )
    require_resources(cluster, slot.cpus, slot.gpus)
    record = read_study(folder, evaluations=False)
    for run in record.runs:
        if run.status == "running":
            checkpoint = run_folder(folder, run.trial, run.seed) / CHECKPOINT_FILE
            if checkpoint.exists():
                read_checkpoint(checkpoint)
    planner = Planner.rebuild(space, settings, record)
    entries["settings"] = {**stored, **settings.model_dump()}
    entries["status"] = "running"
    entries["resumed"] = [*entries.get("resumed", []), now()]
    write_json(folder / STUDY_FILE, entries)
    return Study(folder, space, settings, slot, _slots(entries, cluster, slot), planner, entries)


def _plan_settings(options: SearchOptions, trials: int) -> PlanSettings:
    if trials < 1:
        raise InputError(f"--trials is {trials}; it must be at least 1")
    if not 0 <= options.seed < 2**31:
        raise InputError(f"--seed is {options.seed}; it must be from 0 to {2**31 - 1}")
    return PlanSettings(trials=trials, seed=options.seed, known_only=options.known_only)


def _slot(options: SearchOptions, cluster: Resources) -> Slot:
    cpus = 1.0 if options.cpus_per_worker is None else options.cpus_per_worker
    gpus = options.gpus_per_worker
    if gpus is None:
        gpus = 1.0 if cluster.gpus else 0.0
    if not cpus > 0:
        raise InputError(f"--cpus-per-worker is {cpus:g}; it must be above 0")
    if gpus < 0:
        raise InputError(f"--gpus-per-worker is {gpus:g}; it must be 0 or more")
    return Slot(cpus, gpus)


def _concurrent(options: SearchOptions, cluster: Resources, slot: Slot) -> int:
    fit = num_slots(cluster, slot.cpus, slot.gpus)
    if options.concurrent is None:
        return fit
    if options.concurrent < 1:
        raise InputError(f"--concurrent is {options.concurrent}; it must be at least 1")
    return min(options.concurrent, fit)


def _slots(entries: dict[str, Any], cluster: Resources, slot: Slot) -> int:
    return min(int(entries["settings"]["concurrent"]), num_slots(cluster, slot.cpus, slot.gpus))


def _pack(space: Space) -> None:
    """Pack the data here, with a progress bar, should this be its first use."""
    from lab.data import find

    find(make_config(space_rows(space)["base"]).data)


def _opened(space: Space, slot: Slot) -> tuple[Space, dict[str, Any]]:
    """Open data and metrics on a slot: packs once, fails early, and settles the precision."""
    import ray

    from lab.engine.opening import open_on_slot

    base = space_rows(space)["base"]
    opened = ray.remote(open_on_slot).options(num_cpus=slot.cpus, num_gpus=slot.gpus)
    answer = ray.get(opened.remote(base, slot.device, slot.threads))
    if "mistake" in answer:
        raise InputError(answer["mistake"])
    settled = {"training.precision": answer["precision"]}
    space = replace(space, base={**space.base, **settled})
    if "training.precision" in space.fixed:
        space = space.with_fixed(settled)
    return space, {"data": answer["data"], "metrics": answer["metrics"]}
