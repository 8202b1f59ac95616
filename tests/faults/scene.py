"""One fault, staged: a small search, a blow at a known moment, and a look at what it cost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from lab.record import EVALUATIONS_FILE, RUN_FILE, read_json, read_study
from tests.faults.processes import POLL_SECONDS, await_empty, holders, processes, titled
from tests.faults.table import Line
from tests.runs import assert_same_run, stored_rows

SEED = 3
DISTURBED = 0
"""The trial that faults strike; another follows it, so the slot has to be of use afterwards."""
NUM_ROWS = 7
"""Of a run: one untrained, six while it trains."""
EVERY_IMAGES = 200
SEARCH = (
    "--preset=laptop",
    "--trials=2",
    "--concurrent=1",
    f"--seed={SEED}",
    f"--budget-kimg={(NUM_ROWS - 1) * EVERY_IMAGES / 1000}",
    f"--set=evaluation.every_images={EVERY_IMAGES}",
    "--set=evaluation.num_samples=100",
    "--set=network.width=0.0625",
    "--set=network.latent_size=16",
    "--set=training.batch_size=16",
)
FLOAT32 = "--set=training.precision=float32"
PATIENCE_SECONDS = 280.0
"""No step of a scene takes so long."""


@dataclass
class Search:
    """One `python -m lab.search` in a session of its own, its output in a file."""

    process: subprocess.Popen[str]
    output: Path
    started: float = field(default_factory=time.monotonic)

    @property
    def session(self) -> int:
        """Every process that it starts has this session."""
        return self.process.pid

    def said(self) -> str:
        return self.output.read_text(errors="replace")

    def until(self, happened: Callable[[], object], what: str) -> None:
        """Wait for an event; fails when the search ends first."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not happened():
            assert time.monotonic() < deadline, f"{what} did not happen:\n{self.said()}"
            assert self.process.poll() is None, f"it ended before {what}:\n{self.said()}"
            time.sleep(POLL_SECONDS)

    def until_said(self, words: str) -> None:
        self.until(lambda: words in self.said(), f"it said '{words}'")

    def rank(self, rank: int) -> int:
        """A worker of the run under way in a gang of two."""
        first = self.holder()
        if rank == 0:
            return first
        (other,) = [pid for pid in titled(self.session, "ray::RayTrainWorker") if pid != first]
        return other

    def holder(self) -> int:
        """The process that writes the run under way: rank 0, or the Tune actor itself."""
        (pid,) = holders(self.session)
        return pid

    def actor(self, title: str) -> int:
        (pid,) = titled(self.session, title)
        return pid

    def exit_code(self) -> int:
        """Wait for its end."""
        return self.process.wait(timeout=PATIENCE_SECONDS)

    def close(self) -> None:
        """For a scene that failed: end what is left of the search."""
        from tests.faults.processes import kill_session

        kill_session(self.session)
        self.process.wait()


class Scene:
    """A fault from its injection to the table's line."""

    def __init__(self, folder: Path, reference: Path, line: Line, table: list[Line]) -> None:
        self.folder = folder
        self.reference = reference
        self.line = line
        self.table = table
        self.place = str(folder / "storage")
        """What --storage says."""
        self.environment: dict[str, str] = {}
        self.searches: list[Search] = []
        self._rows_at_fault: list[bytes] = []
        self._struck = 0.0

    @property
    def study(self) -> Path:
        return Path(self.place) / "study"

    @property
    def run(self) -> Path:
        """The folder of the run that is disturbed."""
        return self.study / "trials" / f"{DISTURBED:04d}" / f"seed-{SEED}"

    def start(self, *arguments: str) -> Search:
        asked = (*SEARCH, "--name=study", f"--workers={self.line.workers}")
        precision = () if any("precision" in argument for argument in arguments) else (FLOAT32,)
        return self._search(*asked, *precision, *arguments)

    def resume(self, *arguments: str) -> Search:
        self._struck = time.monotonic()
        return self._search("--resume=study", *arguments)

    def _search(self, *arguments: str) -> Search:
        output = self.folder / f"output-{len(self.searches)}.txt"
        with output.open("w") as file:
            search = Search(launch((f"--storage={self.place}", *arguments), file, self), output)
        self.searches.append(search)
        return search

    def rows(self) -> list[bytes]:
        """The whole lines of the disturbed run."""
        path = self.run / EVALUATIONS_FILE
        return path.read_bytes().splitlines(keepends=True) if path.exists() else []

    def until_rows(self, count: int) -> Search:
        """Wait until the disturbed run has so many evaluations, and is in its middle."""
        search = self.searches[-1]
        search.until(lambda: len(self.rows()) >= count, f"row {count} was stored")
        return search

    @contextmanager
    def fault(self) -> Iterator[None]:
        """What happens inside is the blow; the rows that it leaves are counted."""
        self.table.append(self.line)
        yield
        self._struck = time.monotonic()
        self._rows_at_fault = self.rows()
        assert 0 < len(self._rows_at_fault) < NUM_ROWS, "the fault missed the run's middle"

    def until_it_goes_on(self) -> None:
        """Wait for the first evaluation after the fault."""
        count = len(self._rows_at_fault)
        self.until_rows(count + 1)
        self.line.seconds = time.monotonic() - self._struck

    def ends_well(self, outcome: str = "finished by itself") -> None:
        """The search finishes; nothing is lost, doubled, changed or left behind."""
        search = self.searches[-1]
        assert search.exit_code() == 0, search.said()
        assert "Traceback" not in search.said(), search.said()
        self.leaves_nothing()
        self._is_as_if_nothing_had_happened(self.study)
        self.line.outcome = outcome

    def leaves_nothing(self) -> None:
        for search in self.searches:
            left = await_empty(search.session)
            assert left == {}, f"left behind: {left}"

    def _is_as_if_nothing_had_happened(self, study: Path) -> None:
        whole, alone = read_study(study), read_study(self.reference)
        assert whole.card.status == "finished"
        assert whole.problems == []
        assert whole.num_torn_rows == 0
        for ours, theirs in zip(whole.runs, alone.runs, strict=True):
            assert ours.status == "finished"
            seen = [row["images_seen"] for row in stored_rows(ours.folder)]
            assert seen == sorted(set(seen)), "a row is doubled or out of order"
            assert seen == [row["images_seen"] for row in stored_rows(theirs.folder)]
            self.same(ours.folder, theirs.folder)
        self._count_losses()

    def same(self, folder: Path, other: Path) -> None:
        """To the last bit, files included; a scene with another number of workers says less."""
        assert_same_run(folder, other)

    def _count_losses(self) -> None:
        final = self.rows()
        kept = [row for row in self._rows_at_fault if row in final]
        # Seconds are in the rows, so one that was made again is another line.
        assert kept == self._rows_at_fault[: len(kept)]
        self.line.kept = len(kept)
        self.line.again = len(self._rows_at_fault) - len(kept)
        assert self.line.again <= 1, "more was repeated than the work since the last evaluation"
        self.line.attempts = read_json(self.run / RUN_FILE)["attempts"]

    def close(self) -> None:
        for search in self.searches:
            if search.process.poll() is None or processes(search.session):
                search.close()


def in_the_foreground() -> None:
    """The tests may be a shell's background job or run under nohup: their children ignore Ctrl-C,
    or the end of the terminal."""
    for asked in (signal.SIGINT, signal.SIGHUP):
        signal.signal(asked, signal.SIG_DFL)


def launch(
    arguments: tuple[str, ...], output: IO[str], scene: Scene | None = None
) -> subprocess.Popen[str]:
    """A search whose processes are all of its own session."""
    return subprocess.Popen(
        [sys.executable, "-u", "-m", "lab.search", *arguments],
        stdout=output,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=in_the_foreground,
        env={**os.environ, "OMP_NUM_THREADS": "1", **(scene.environment if scene else {})},
    )
