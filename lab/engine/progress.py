"""A search's output while it runs: one live panel in a terminal or notebook, else plain lines."""

from __future__ import annotations

import importlib.util
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Self

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from lab.engine.run_callback import RunCallback, attempt_of
from lab.plan import Job, Outcome
from lab.record import FAILURES, IMAGES_SEEN, QUALITY, STAGES, Row
from lab.record.columns import MetricNames

MAX_LISTED = 12
"""Most running runs that the panel lists: drawing a thousand would cost a core."""
VERDICT_STYLE = {"stable": "green", "errored": "red", **dict.fromkeys(FAILURES, "yellow")}


@dataclass
class LiveRun:
    """A run under way."""

    trial: int
    seed: int
    stage: str
    origin: str
    started: float
    row: Row = field(default_factory=dict)


@dataclass
class Board:
    """The state of a search that a person watches; it draws nothing.

    The panel's thread reads while the search's thread writes, so a reader copies a dict before it
    iterates.
    """

    study: str
    num_planned: int
    """Runs planned; a race may start a few more."""
    budget_images: int
    names: MetricNames
    num_slots: int
    workers: str = ""
    """Of one run, in words; empty for one worker."""
    live: dict[str, LiveRun] = field(default_factory=dict)
    """By Tune's id of the trial that trains the run."""
    verdicts: Counter[str] = field(default_factory=Counter)
    best: tuple[float, Job, Row] | None = None
    images_done: int = 0
    started: float = field(default_factory=time.monotonic)
    run_seconds: list[float] = field(default_factory=list)

    @property
    def num_done(self) -> int:
        return sum(self.verdicts.values())

    @property
    def num_runs(self) -> int:
        return max(self.num_planned, self.num_done + len(self.live))

    @property
    def stages(self) -> str:
        """Of the runs under way: `explore`, or `race, confirm`."""
        under_way = {run.stage for run in self.running()}
        return ", ".join(stage for stage in STAGES if stage in under_way)

    def running(self) -> list[LiveRun]:
        """The runs under way, the longest running first."""
        return list(self.live.values())

    def images_per_second(self) -> float:
        """Over all slots, since the search began."""
        seen = self.images_done + sum(run.row.get(IMAGES_SEEN, 0) for run in self.running())
        return float(seen / max(time.monotonic() - self.started, 1e-9))

    def seconds_left(self) -> float | None:
        """Mean seconds of an ended run times the runs left, over the slots; None without one."""
        if not self.run_seconds:
            return None
        mean = sum(self.run_seconds) / len(self.run_seconds)
        spent = sum(min(time.monotonic() - run.started, mean) for run in self.running())
        return max(0.0, (self.num_runs - self.num_done) * mean - spent) / self.num_slots


class Display(RunCallback):
    """Draws a board, which the events of runs update."""

    def __init__(self, board: Board, console: Console) -> None:
        self.board = board
        self.console = console
        # rich draws in a notebook with ipywidgets (the extra `notebook`).
        widgets = console.is_jupyter and importlib.util.find_spec("ipywidgets") is not None
        self._is_drawn = console.is_terminal or widgets
        """Whether there is a panel and no plain lines."""
        self._live = Live(
            get_renderable=self._draw, console=console, refresh_per_second=2, transient=True
        )

    def __enter__(self) -> Self:
        if self._is_drawn:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Draw no more; what the terminal shows next is somebody else's."""
        if self._is_drawn:
            self._live.stop()

    def on_trial_start(self, iteration: int, trials: list[Any], trial: Any, **_: Any) -> None:
        config = trial.config
        run = LiveRun(
            config["trial"], config["seed"], config["stage"], config["origin"], time.monotonic()
        )
        self.board.live[trial.trial_id] = run
        attempt = attempt_of(config)
        again = f", attempt {attempt}" if attempt > 1 else ""
        self._print(f"{_name(run)} started ({run.stage}, {run.origin}{again})")

    def on_evaluation(self, trial: Any, row: Row) -> None:
        run = self.board.live[trial.trial_id]
        run.row = row
        self._print(f"{_name(run)} {_progress(row, self.board)}")

    def on_run_end(
        self, trial_id: str, job: Job, outcome: Outcome, row: Row, *, again: bool
    ) -> None:
        board = self.board
        run = board.live.pop(trial_id, None)
        if run is not None:  # its process may have failed before it began
            board.run_seconds.append(time.monotonic() - run.started)
        if again:
            self._print(
                f"{_name(job)} crashed and will be tried again: {_last_line(outcome.error)}"
            )
            return
        word = outcome.verdict or outcome.status
        board.verdicts[word] += 1
        board.images_done += row.get(IMAGES_SEEN, 0)
        if outcome.score is not None and (board.best is None or outcome.score > board.best[0]):
            board.best = (outcome.score, job, row)
        line = f"{_name(job)} {word}"
        line += f": {_last_line(outcome.error)}" if outcome.error else ""
        line += f", score {outcome.score:.3f}" if outcome.score is not None else ""
        self._print(f"{line}   [{board.num_done}/{board.num_runs} runs, {_left(board)}]")

    def _print(self, line: str) -> None:
        if not self._is_drawn:
            print(f"{time.strftime('%H:%M:%S')}  {line}", file=self.console.file, flush=True)

    def _draw(self) -> Panel:
        board = self.board
        return Panel(
            Group(_bar(board), _runs(board), _best(board)),
            title=f"[bold]{board.study}[/]  {board.stages}{_workers(board)}",
            title_align="left",
            border_style="dim",
            width=min(self.console.width, 110),
        )


def _workers(board: Board) -> str:
    return f"  {board.workers} a run" if board.workers else ""


def _bar(board: Board) -> Table:
    counts = Text(f"{board.num_done} of {board.num_runs} runs")
    for word, count in sorted(board.verdicts.items()):
        counts.append(f"   {count} {word}", style=VERDICT_STYLE.get(word, ""))
    counts.append(f"   {len(board.live)} running", style="cyan")
    table = Table.grid(padding=(0, 1), expand=True)
    table.add_row(ProgressBar(total=board.num_runs, completed=board.num_done))
    table.add_row(counts)
    table.add_row(Text(f"{board.images_per_second():,.0f} images/s   {_left(board)}", style="dim"))
    return table


def _runs(board: Board) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for title in ("running", "stage", "from", "kimg", "quality", board.names.frechet):
        table.add_column(title)
    running = board.running()
    for run in running[:MAX_LISTED]:
        row = run.row
        seen = row.get(IMAGES_SEEN, 0) / 1000
        table.add_row(
            _name(run),
            run.stage,
            run.origin,
            f"{seen:.1f}/{board.budget_images / 1000:.0f}",
            _number(row.get(QUALITY), ".3f"),
            _number(row.get(board.names.frechet), ".1f"),
        )
    if len(running) > MAX_LISTED:
        table.add_row(f"and {len(running) - MAX_LISTED:,} more")
    return table


def _best(board: Board) -> Text:
    if board.best is None:
        return Text("no run has ended yet", style="dim")
    score, job, row = board.best
    text = Text("best so far ", style="dim")
    text.append(f"trial {job.trial} ({job.origin})", style="bold")
    text.append(f"  score {score:.3f}  {board.names.frechet} ")
    text.append(_number(row.get(board.names.frechet), ".1f"))
    return text


def _name(run: LiveRun | Job) -> str:
    return f"trial {run.trial} seed {run.seed}"


def _last_line(error: str | None) -> str:
    lines = (error or "").splitlines()
    return lines[-1] if lines else "no reason given"


def _progress(row: Row, board: Board) -> str:
    return (
        f"{row[IMAGES_SEEN] / 1000:.1f} kimg, quality {_number(row[QUALITY], '.3f')}, "
        f"{board.names.frechet} {_number(row.get(board.names.frechet), '.1f')}"
    )


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def _left(board: Board) -> str:
    seconds = board.seconds_left()
    if seconds is None:
        return "time left unknown"
    return f"about {int(seconds // 60)} min {int(seconds % 60):02d} s left"
