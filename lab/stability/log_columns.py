"""The meaning of the columns of another program's log, by their names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from lab.errors import InputError
from lab.record import SIGNAL_PREFIX
from lab.record.columns import MetricNames, metric_names, names_in

IMAGES = (
    *("imagesseen", "images", "nimg", "curnimg", "samplesseen", "examplesseen", "imagesshown"),
    *("numimages", "imgs"),
)
THOUSANDS = ("kimg", "progresskimg", "curkimg", "kimgs")
STEPS = (
    # W&B and Lightning write a `step` of their own beside the training's, so it comes last.
    *("globalstep", "trainerglobalstep", "iteration", "iterations", "iters", "iter", "itr", "it"),
    *("niter", "trainstep", "trainingstep", "updates", "batches", "steps", "step"),
)
EPOCHS = ("epoch", "epochs", "currentepoch", "trainingiteration")
OTHER_COUNTERS = re.compile(
    r".*(time|timestamp|(?<!up)date|stamp|second|seconds|secs?|minutes|hours|elapsed|runtime|duration)"
    r".*|tick|progresstick|seed|rank|pid|trial|trialid|run|runid|index|row|lr|learningrate"
)
"""Times of day and durations do not grow with training alone, and other counters may restart."""

QUALITIES = ("quality", "u")
WHERE = r"(?:metrics?|scores?|val(?:id|idation)?|test|eval(?:uation)?|train|gan|ema)*"
HOW = r"[\dk]*(?:full)?(?:score|mean|value|ema|train|val|test)?"
KERNEL = re.compile(WHERE + r"(?:kid|kernelinceptiondistance)" + HOW)
FRECHET = re.compile(
    WHERE + r"(?:fid|fd|frechetinceptiondistance|frechetdistance|fréchetinceptiondistance)" + HOW
)
"""Not `best_fid`, `min_fid`: a running best hides every rise."""
NO_DISTANCE = re.compile(r"(kid|fd)_(std|error|err|var|min|max|best|mean|score|value)")
"""Not the lab's own names of an extractor's distances, which have this form."""
SHARES = ("precision", "recall", "density", "coverage")
LOSSES = {
    "critic_loss": r"d|disc?|discriminator|critic",
    "generator_loss": r"g|gen|generator",
}
LOSS = r"(?:train|training|val|loss(?:es)?)?(?:(?:{0})loss|loss(?:{0})|err(?:{0})|loss(?:{0})loss)"
LOSS_SUFFIX = r"(?:step|epoch|mean|total|avg)?"
LEFT_OUT = "rows left out"
"""A column of the rows that are kept of a long file: how many like it came between the row
before and it."""
ACCEPTED_CLOCKS = "images_seen, images, nimg, kimg, or step with a batch size"
ACCEPTED_QUALITIES = "quality, kid, kid50k_full, fid, fid50k_full or fd_<extractor>"


@dataclass(frozen=True)
class LogOptions:
    """The columns of a log whose names are not recognised, and the sizes of their units."""

    clock: str | None = None
    """The column of images seen, or of kimg, steps or epochs if it has such a name."""
    quality: str | None = None
    """The column of the distance that quality is computed from, or of quality itself."""
    batch_size: int | None = None
    """Images of a step."""
    initial: float | None = None
    """Distance of the untrained generator; the log's first one when left out."""
    floor: float = 0.0
    """Distance of real images."""
    epoch_size: int | None = None
    """Images of an epoch."""


class NothingYet(InputError):
    """A log without a row that can be judged; one that grows may have it later."""


class Clock(NamedTuple):
    """The column that counts images, in units of so many."""

    column: str
    unit: float
    is_named: bool
    """Whether its name states what it counts."""


def _key(name: str) -> str:
    return re.sub(r"[\s_\-./:]+", "", name.lower())


def names_among(columns: Iterable[str]) -> MetricNames:
    """The lab's own names where a column has one, else those of Inception's metrics."""
    distances = [column for column in columns if not NO_DISTANCE.fullmatch(column)]
    return names_in(distances) or metric_names("inception")


def clock_column(columns: Sequence[str], options: LogOptions) -> Clock:
    """The column of the clock and the images of one of its units.

    Raises InputError for a clock that is missing, counts something else, or lacks the size of its
    unit, and for a size that is given and not used.
    """
    if options.clock is not None:
        _require(options.clock, columns, "the clock")
        _refuse_other_counters(options.clock)
    candidates = [options.clock] if options.clock is not None else columns
    columns_by_unit = [
        _first(candidates, IMAGES),
        _first(candidates, THOUSANDS),
        _first(candidates, STEPS),
        _first(candidates, EPOCHS),
    ]
    images, thousands, steps, epochs = columns_by_unit
    if images is not None or thousands is not None:
        _refuse_sizes(str(images or thousands), "images", options.batch_size, options.epoch_size)
        return Clock(str(images or thousands), 1.0 if images else 1000.0, True)
    if steps is not None and (options.batch_size is not None or epochs is None):
        _refuse_sizes(steps, "steps", None, options.epoch_size)
        return Clock(steps, _size(steps, options.batch_size, "batch"), True)
    if epochs is not None:
        if steps is not None and options.epoch_size is None:
            raise InputError(
                f"the log counts in '{steps}' and in '{epochs}'; give the batch size or the epoch "
                "size (--batch-size or --epoch-size, in Python batch_size or epoch_size), so that "
                "images are known"
            )
        _refuse_sizes(epochs, "epochs", options.batch_size, None)
        return Clock(epochs, _size(epochs, options.epoch_size, "epoch"), True)
    if options.clock is not None:
        if options.batch_size is not None and options.epoch_size is not None:
            raise InputError(
                f"both a batch size and an epoch size are given for '{options.clock}'; give one"
            )
        return Clock(options.clock, float(options.batch_size or options.epoch_size or 1), False)
    raise InputError(
        f"the log has no column of images seen among {_listed(columns)}; "
        f"call it {ACCEPTED_CLOCKS}, or name it"
    )


def other_image_clock(columns: Sequence[str], clock: Clock) -> Clock | None:
    """A second column of images beside the clock, if the log has one."""
    for names, unit in ((IMAGES, 1.0), (THOUSANDS, 1000.0)):
        column = _first([name for name in columns if name != clock.column], names)
        if column is not None:
            return Clock(column, unit, True)
    return None


def _first(columns: Sequence[str], names: Sequence[str]) -> str | None:
    """The column with the earliest of the names."""
    keys = {_key(column): column for column in reversed(columns)}
    return next((keys[name] for name in names if name in keys), None)


def _size(column: str, size: int | None, what: str) -> float:
    if size is None:
        raise InputError(
            f"the log counts in '{column}'; give the {what} size (--{what}-size, in Python "
            f"{what}_size), so that images are known"
        )
    return float(size)


def _refuse_sizes(
    column: str, counts: str, batch_size: int | None, epoch_size: int | None
) -> None:
    for what, size in (("batch size", batch_size), ("epoch size", epoch_size)):
        if size is not None:
            raise InputError(
                f"the {what} {size} is not used, as the clock '{column}' counts {counts}; leave "
                "it out, or name another clock"
            )


def _refuse_other_counters(column: str) -> None:
    if OTHER_COUNTERS.fullmatch(_key(column)):
        raise InputError(
            f"the clock is to be '{column}', which is no count of training; name a column of "
            "images, steps or epochs"
        )


def _listed(columns: Sequence[str]) -> str:
    first_names = ", ".join(column[:60] for column in columns[:12])
    return first_names + (f" and {len(columns) - 12} more" if len(columns) > 12 else "")


def _require(name: str, columns: Sequence[str], what: str) -> None:
    if name not in columns:
        raise InputError(
            f"{what} is to be '{name}', which is no column of the log; it has {_listed(columns)}"
        )


def quality_column(
    columns: Sequence[str], options: LogOptions, names: MetricNames
) -> tuple[str, str | None]:
    """The column that quality is computed from, and the metric it is; None for quality itself."""
    if options.quality is not None:
        _require(options.quality, columns, "quality")
        if options.quality == options.clock:
            raise InputError(
                f"'{options.clock}' cannot be the clock and the quality; name another"
            )
    candidates = [options.quality] if options.quality is not None else columns
    kinds: tuple[tuple[Callable[[str], bool], str | None], ...] = (
        (is_quality_itself, None),
        (lambda name: name == names.kernel or bool(KERNEL.fullmatch(_key(name))), names.kernel),
        (lambda name: name == names.frechet or bool(FRECHET.fullmatch(_key(name))), names.frechet),
    )
    for is_kind, metric in kinds:
        for column in candidates:
            if is_kind(column):
                return column, metric
    if options.quality is not None:
        return options.quality, names.frechet
    raise NothingYet(
        f"the log has no column of quality among {_listed(columns)}; "
        f"call it {ACCEPTED_QUALITIES}, or name a distance to the real images"
    )


def is_quality_itself(column: str) -> bool:
    """Whether a column holds quality, by its name, and not a distance."""
    return _key(column) in QUALITIES


def is_clock(column: str, options: LogOptions) -> bool:
    """Whether a column may be the clock of a log."""
    if options.clock is not None:
        return column == options.clock
    return _key(column) in (*IMAGES, *THOUSANDS, *STEPS, *EPOCHS)


@cache
def counts_training(column: str) -> bool:
    """Whether a column counts or times the training, by its name, and measures nothing."""
    return is_clock(column, LogOptions()) or bool(OTHER_COUNTERS.fullmatch(_key(column)))


def is_quality(column: str, options: LogOptions) -> bool:
    """Whether a column may be that of a log's quality or distance."""
    if options.quality is not None:
        return column == options.quality
    try:
        quality_column([column], options, names_among([column]))
    except NothingYet:
        return False
    return True


def renaming(columns: Sequence[str], names: MetricNames) -> dict[str, str]:
    """Columns that rules read under another name, and that name; the first of each meaning."""
    names_of_lab: dict[str, str] = {}
    taken: set[str] = set()
    for column in columns:
        meaning = _meaning(_key(column), names)
        if meaning is not None and meaning not in taken:
            names_of_lab[column] = meaning
            taken.add(meaning)
    return names_of_lab


def _meaning(key: str, names: MetricNames) -> str | None:
    for share in SHARES:
        if re.fullmatch(rf"{WHERE}(?:pr\d+k\d(?:full)?)?{share}", key):
            meaning: str = getattr(names, share)
            return meaning
    for loss, player in LOSSES.items():
        if re.fullmatch(LOSS.format(player) + LOSS_SUFFIX, key):
            return SIGNAL_PREFIX + loss
    return None
