"""The meaning of the columns of another program's log, by their names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from lab.errors import InputError
from lab.record import SIGNAL_PREFIX
from lab.record.columns import MetricNames, metric_names, names_in

IMAGES = ("imagesseen", "images", "nimg", "samplesseen")
THOUSANDS = ("kimg", "progresskimg")
STEPS = ("step", "steps", "iteration", "iterations", "iter", "it", "globalstep")
QUALITIES = ("quality", "u")
KERNEL = re.compile(r"kid(\d+k?)?(full)?")
FRECHET = re.compile(r"(fid|fd)(\d+k?)?(full)?")
SHARES = ("precision", "recall", "density", "coverage")
LOSSES = {
    "critic_loss": ("dloss", "lossd", "lossdloss", "discriminatorloss", "criticloss"),
    "generator_loss": ("gloss", "lossg", "lossgloss", "generatorloss"),
}
ACCEPTED_CLOCKS = "images_seen, images, nimg, kimg, or step with a batch size"
ACCEPTED_QUALITIES = "quality, kid, kid50k_full, fid, fid50k_full or fd_<extractor>"


@dataclass(frozen=True)
class LogOptions:
    """The columns of a log whose names are not recognised."""

    clock: str | None = None
    """The column of images seen, or of kimg or steps if it has such a name."""
    quality: str | None = None
    """The column of the distance that quality is computed from, or of quality itself."""
    batch_size: int | None = None
    """Images of a step."""
    initial: float | None = None
    """Distance of the untrained generator; the log's first one when left out."""
    floor: float = 0.0
    """Distance of real images."""


def _key(name: str) -> str:
    return re.sub(r"[\s_\-./]+", "", name.lower())


def names_among(columns: Iterable[str]) -> MetricNames:
    """The lab's own names where a column has one, else those of Inception's metrics."""
    return names_in(columns) or metric_names("inception")


def clock_column(columns: Sequence[str], options: LogOptions) -> tuple[str, float]:
    """The column of the clock and the images of one of its units."""
    if options.clock is not None:
        _require(options.clock, columns, "the clock")
    candidates = [options.clock] if options.clock is not None else columns
    keys = {_key(column): column for column in reversed(candidates)}
    for names, unit in ((IMAGES, 1.0), (THOUSANDS, 1000.0)):
        for key in names:
            if key in keys:
                return keys[key], unit
    for key in STEPS:
        if key in keys and options.batch_size is not None:
            return keys[key], float(options.batch_size)
        if key in keys:
            raise InputError(
                f"the log counts in '{keys[key]}'; give the batch size, so that images are known"
            )
    if options.clock is not None:
        return options.clock, 1.0
    raise InputError(
        f"the log has no column of images seen among {', '.join(columns)}; "
        f"call it {ACCEPTED_CLOCKS}, or name it"
    )


def _require(name: str, columns: Sequence[str], what: str) -> None:
    if name not in columns:
        raise InputError(
            f"{what} is to be '{name}', which is no column of the log; it has {', '.join(columns)}"
        )


def quality_column(
    columns: Sequence[str], options: LogOptions, names: MetricNames
) -> tuple[str, str | None]:
    """The column that quality is computed from, and the metric it is; None for quality itself."""
    if options.quality is not None:
        _require(options.quality, columns, "quality")
    candidates = [options.quality] if options.quality is not None else columns
    kinds: tuple[tuple[Callable[[str], bool], str | None], ...] = (
        (lambda name: _key(name) in QUALITIES, None),
        (lambda name: name == names.kernel or bool(KERNEL.fullmatch(_key(name))), names.kernel),
        (lambda name: name == names.frechet or bool(FRECHET.fullmatch(_key(name))), names.frechet),
    )
    for is_kind, metric in kinds:
        for column in candidates:
            if is_kind(column):
                return column, metric
    if options.quality is not None:
        return options.quality, names.frechet
    raise InputError(
        f"the log has no column of quality among {', '.join(columns)}; "
        f"call it {ACCEPTED_QUALITIES}, or name a distance to the real images"
    )


def renaming(columns: Sequence[str], names: MetricNames) -> dict[str, str]:
    """Columns that rules read under another name, and that name."""
    names_of_lab: dict[str, str] = {}
    for column in columns:
        key = _key(column)
        for share in SHARES:
            if key == share or re.fullmatch(rf"pr\d+k\d(full)?{share}", key):
                names_of_lab[column] = getattr(names, share)
        for loss, spellings in LOSSES.items():
            if key in spellings:
                names_of_lab[column] = SIGNAL_PREFIX + loss
    return names_of_lab
