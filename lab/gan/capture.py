"""Updates that are recorded once and then played again: CUDA graphs.

An update of a small network is hundreds of short kernels, and the host takes longer to launch them
than the device to run them. A recorded update is launched as a whole. What it reads must stand in
the same memory each time: its images and its draws are copied and drawn into tensors of their own
before it is played. Every plain number that the host reads while an update is made is frozen with
it, so updates with other numbers (a lazy penalty, a schedule) have recordings of their own; one
whose numbers never come back is played as it is. The numbers are those of the same update
unrecorded, bit for bit.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import torch
from torch import Tensor

from lab.config import RunConfig
from lab.gan.draws import Draws, HeldDraws
from lab.gan.ranks import ALONE, Ranks
from lab.gan.rounds import RealBatch

NUM_BEFORE = 2
"""Times that an update is played before it is recorded: libraries choose their algorithms, and
optimizers build their state, in the first."""
MOST_UPDATES = 64
"""Updates that are known at a time, so that a schedule does not pile them up."""

Result = TypeVar("Result", bound=tuple[Tensor, ...])
Update = Callable[[int, RealBatch], Result]
"""(number of the update, this rank's images) -> tensors."""


class Recorder(Protocol):
    """What records operations."""

    def record(self, make: Callable[[], Result]) -> tuple[Result, Callable[[], object]]:
        """The tensors that `make` returns, and what fills them anew by the same operations.

        They hold nothing until the first time. Raises RuntimeError for operations that cannot be
        recorded.
        """


RECORDED_OPTIMIZERS = ("adam", "adamw", "rmsprop", "sgd", "optimistic-sgd")
"""Those that keep no count of their steps on the host."""


def can_record(config: RunConfig, device: torch.device, ranks: Ranks = ALONE) -> bool:
    """Whether the updates of the configured game are to be recorded, and can be.

    Not of several workers, nor with methods of a person's file, which may read any number.
    """
    settings = config.optimizer.generator, config.optimizer.critic
    return (
        config.training.capture
        and device.type == "cuda"
        and all(one.kind in RECORDED_OPTIMIZERS for one in settings)
        and not ranks.several
        and not config.files
    )


class CudaGraphs:
    """Records CUDA graphs, which share their memory: they must be played one after another."""

    def __init__(self) -> None:
        self._pool: Any = torch.cuda.graph_pool_handle()

    def record(self, make: Callable[[], Result]) -> tuple[Result, Callable[[], object]]:
        """As of `Recorder`."""
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self._pool, capture_error_mode="thread_local"):
            result = make()
        return result, graph.replay


@dataclass
class _Entry:
    """An update with certain plain numbers."""

    draws: HeldDraws
    num_played: int = 0
    real: RealBatch | None = None
    result: tuple[Tensor, ...] = ()
    replay: Callable[[], object] | None = None


class DrawsOfUpdate(Protocol):
    """The part of a game that recordings change: where an update gets its random numbers."""

    draws: Draws


class Recordings:
    """The recorded updates of one game."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._entries: dict[Hashable, _Entry] = {}
        self.num_recorded = 0
        self.failure: str | None = None
        """Why nothing is recorded any more."""

    def forget(self) -> None:
        """Begin again: tensors that updates write have been replaced."""
        self._entries.clear()

    def play(
        self,
        game: DrawsOfUpdate,
        update: Update[Result],
        number: int,
        real: RealBatch,
        numbers: Hashable,
    ) -> Result:
        """Play an update of the game; `numbers` are the plain ones that it reads.

        What is returned are tensors of the caller's own.
        """
        if self.failure is not None:
            return update(number, real)
        entry = self._find((update.__name__, numbers), game.draws)
        entry.num_played += 1
        if entry.num_played < NUM_BEFORE:
            return update(number, real)
        entry.draws.move_to(number)
        if entry.num_played == NUM_BEFORE:
            return self._drawing(game, entry.draws, update, number, real)
        if entry.replay is None and not self._record(game, entry, update, number, real):
            return update(number, real)
        assert entry.real is not None
        assert entry.replay is not None
        for held, given in zip(entry.real, real, strict=True):
            held.copy_(given)
        entry.replay()
        copies = [tensor.clone() for tensor in entry.result]
        make: Any = getattr(type(entry.result), "_make", tuple)
        result: Result = make(copies)
        return result

    def _find(self, key: Hashable, draws: Draws) -> _Entry:
        if key not in self._entries:
            if len(self._entries) >= MOST_UPDATES:
                kept = {key: entry for key, entry in self._entries.items() if entry.replay}
                self._entries = kept if len(kept) < MOST_UPDATES else {}
            self._entries[key] = _Entry(HeldDraws(draws))
        return self._entries[key]

    def _record(
        self,
        game: DrawsOfUpdate,
        entry: _Entry,
        update: Update[Result],
        number: int,
        real: RealBatch,
    ) -> bool:
        """Whether the update could be recorded; if not, none of this game is tried again."""
        entry.real = RealBatch(*(tensor.clone() for tensor in real))
        held = entry.real
        try:
            entry.result, entry.replay = self._recorder.record(
                lambda: self._drawing(game, entry.draws, update, number, held)
            )
        except RuntimeError as error:
            self.failure = f"{update.__name__}: {str(error).splitlines()[0]}"
            self._entries.clear()
            warnings.warn(
                f"an update cannot be recorded as a CUDA graph and is played step by step, which "
                f"is slower ({self.failure}); set training.capture to false to do without",
                stacklevel=2,
            )
            return False
        self.num_recorded += 1
        return True

    def _drawing(
        self,
        game: DrawsOfUpdate,
        draws: Draws,
        update: Update[Result],
        number: int,
        real: RealBatch,
    ) -> Result:
        """Play an update on these draws."""
        of_game = game.draws
        game.draws = draws
        try:
            return update(number, real)
        finally:
            game.draws = of_game
