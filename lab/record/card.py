"""What all cards of the record share: lenient reading, and a list of what was wrong."""

from __future__ import annotations

from collections.abc import Container, Mapping, MutableMapping, Sequence
from copy import deepcopy
from typing import Any, NamedTuple, Self, TypeVar

from pydantic import BaseModel, ConfigDict, StrictBool, StrictFloat, StrictInt, ValidationError

Number = StrictInt | StrictFloat
"""A number that is written as it was read: whole numbers stay whole."""
Scalar = StrictFloat | str | StrictInt | StrictBool | None


class Card(BaseModel):
    """A part of the record. Keys of later versions are kept; what is absent has its default."""

    model_config = ConfigDict(frozen=True, extra="allow", use_attribute_docstrings=True)

    def stored(self) -> dict[str, Any]:
        """As the file keeps it: what was read or set, and nothing else."""
        return self.model_dump(exclude_unset=True)

    def changed(self, **fields: Any) -> Self:
        """The card with some of its fields replaced."""
        return self.model_copy(update=fields)

    def without(self, *fields: str) -> Self:
        """The card as if these fields had never been set."""
        kept = {name: value for name, value in self.stored().items() if name not in fields}
        return self.model_validate(kept)


AnyCard = TypeVar("AnyCard", bound=Card)


class Problem(NamedTuple):
    """Something of the record that could not be used."""

    file: str
    """Path relative to the study's folder."""
    field: str = ""
    """Dotted path of the field that was replaced by its default; empty for the whole file."""

    def __str__(self) -> str:
        return f"{self.file}: {self.field}" if self.field else self.file


def validated(kind: type[AnyCard], data: Mapping[str, Any]) -> tuple[AnyCard | None, list[str]]:
    """The card of JSON data, and the dotted paths of what was of the wrong kind and left out.

    The card is None where a field without a default is missing or wrong. null stands for what is
    absent, so it is never wrong.
    """
    wrong: list[str] = []
    try:
        return kind.model_validate(data), wrong
    except ValidationError as error:
        problems = error
    data = deepcopy(dict(data))
    while True:
        locations = {_deepest(data, problem["loc"]) for problem in problems.errors()}
        if () in locations:
            return None, wrong
        # Later entries of a list first, so that the positions of earlier ones stay the same.
        for location in sorted(locations, key=lambda it: [str(part).zfill(9) for part in it])[
            ::-1
        ]:
            if _removed(data, location) is not None or isinstance(location[-1], int):
                wrong.append(".".join(map(str, location)))
        try:
            return kind.model_validate(data), wrong
        except ValidationError as error:
            problems = error


def _deepest(data: Any, location: Sequence[str | int]) -> tuple[str | int, ...]:
    """The part of an error's location that exists: it may continue with the branch of a union."""
    prefix: list[str | int] = []
    for part in location:
        keys: Container[Any] = ()
        if isinstance(data, dict):
            keys = data
        elif isinstance(data, list):
            keys = range(len(data))
        if part not in keys:
            break
        data = data[part]
        prefix.append(part)
    return tuple(prefix)


def _removed(data: Any, location: Sequence[str | int]) -> Any:
    """Remove and return the value at a location."""
    *parents, last = location
    for part in parents:
        data = data[part]
    assert isinstance(data, (MutableMapping, list))
    return data.pop(last)  # type: ignore[arg-type]
