"""Every figure of the page as a PNG file, for a paper or a talk, and its rows as CSV.

Kaleido draws them in a Chromium with the page's own plotly.js; no network is used.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from lab.errors import InputError
from lab.record import write_whole
from lab.record.durable import reason_of
from reports.kit.blocks import Block
from reports.kit.outcomes import look
from reports.kit.panel import Panel, plotly_text

DARK = "#1a1a1a"
GRID = "rgba(0,0,0,0.12)"
WIDTH, HEIGHT = 960, 480
"""Points, `SCALE` pixels each; a figure that sets its height keeps it."""
MARGIN = {"l": 24, "r": 32, "t": 24, "b": 24}
KEY_HEIGHT = 36
SCALE = 2
PATIENCE_SECONDS = 120
FORMULA = re.compile(r"[=+\-@\t\r]")
"""Start of a text that a spreadsheet takes for a formula."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""Searched for on the PATH when BROWSER_PATH is not set."""


def save_pictures(blocks: Sequence[Block], folder: Path) -> list[Path]:
    """Write the figure of each panel to `folder`, named by its identity on the page.

    White background, dark text, the first choice of every picker. Raises InputError when kaleido
    or a browser is missing, and for a folder that cannot be written.
    """
    panels = [block for block in blocks if isinstance(block, Panel)]
    pictures = _drawn([printed(panel) for panel in panels])
    paths = [folder / f"{panel.identity}.png" for panel in panels]
    _write(dict(zip(paths, pictures, strict=True)), f"--png {folder}")
    return paths


def save_tables(
    blocks: Sequence[Block], folder: Path, more: Mapping[str, pd.DataFrame] | None = None
) -> list[Path]:
    """Write the rows behind each panel, and `more` tables by name, to `folder` as CSV.

    Numbers are unrounded. Raises InputError for a folder that cannot be written.
    """
    tables = {
        folder / f"{block.identity}.csv": block.table
        for block in blocks
        if isinstance(block, Panel) and block.table is not None
    }
    tables |= {folder / f"{name}.csv": table for name, table in (more or {}).items()}
    _write(
        {
            path: for_spreadsheets(table).to_csv(index=False).encode()
            for path, table in tables.items()
        },
        f"--csv {folder}",
    )
    return list(tables)


def for_spreadsheets(table: pd.DataFrame) -> pd.DataFrame:
    """The table with an apostrophe before texts that a spreadsheet would take for a formula.

    As the page's own CSV files have it (reports/browser/csv.js; OWASP: CSV injection).
    """
    guarded = table.rename(columns=_guarded)
    texts = guarded.select_dtypes(exclude="number").columns
    return guarded.assign(**{name: guarded[name].map(_guarded) for name in texts})


def _guarded(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and FORMULA.match(value) else value


def _write(files: Mapping[Path, bytes], asked: str) -> None:
    try:
        for path, content in files.items():
            write_whole(path, content)
    except OSError as error:
        raise InputError(
            f"{asked} cannot be written: {reason_of(error)}; give another folder"
        ) from None


def printed(panel: Panel) -> go.Figure:
    """The figure for white paper, with the dark text and the key that the page adds elsewhere."""
    result = go.Figure(panel.figure)
    margin = {side: max(result.layout.margin[side] or 0, least) for side, least in MARGIN.items()}
    result.update_layout(paper_bgcolor="white", plot_bgcolor="white", font={"color": DARK})
    result.update_xaxes(gridcolor=GRID)
    result.update_yaxes(gridcolor=GRID)
    if panel.outcomes:
        margin["t"] += KEY_HEIGHT
        _add_key(result, panel.outcomes)
    result.update_layout(margin=margin)
    return result


def _add_key(figure: go.Figure, outcomes: Mapping[str, int]) -> None:
    """A legend of the outcomes in a row at the top, each with its mark and its count."""
    figure.update_layout(height=(figure.layout.height or HEIGHT) + KEY_HEIGHT, showlegend=True)
    figure.update_layout(
        legend={
            "orientation": "h",
            "traceorder": "normal",
            "yref": "container",
            "y": 0.99,
            "yanchor": "top",
            "x": 0,
        }
    )
    figure.update_traces(showlegend=False, selector=has_legend)
    if any(trace.type == "parcoords" for trace in figure.data):
        figure.update_layout(xaxis_visible=False, yaxis_visible=False)
    for outcome, count in outcomes.items():
        shape = look(outcome)
        marker = {"color": shape.colour, "symbol": shape.symbol, "size": 10}
        name = f"{plotly_text(outcome)} {count:,}"
        figure.add_scatter(x=[None], y=[None], mode="markers", marker=marker, name=name)


def has_legend(trace: Any) -> bool:
    """Whether a trace can be in a legend at all."""
    return "showlegend" in trace


def _drawn(figures: Sequence[go.Figure]) -> list[bytes]:
    try:
        import kaleido
    except ImportError:
        raise InputError(
            "--png needs kaleido, which is not installed; pip install 'gan-stability-lab[png]'"
        ) from None
    from choreographer.browsers._errors import BrowserClosedError, BrowserFailedError
    from choreographer.browsers.chromium import ChromeNotFoundError

    try:
        with as_file(files("reports").joinpath("browser/plotly/plotly-lab.min.js")) as script:
            return asyncio.run(_in_browser(kaleido, figures, script))
    except (ChromeNotFoundError, BrowserFailedError, BrowserClosedError, OSError) as error:
        raise InputError(
            f"--png needs a Chromium or Chrome, and none could be started ({reason_of(error)}); "
            "install one (Debian: chromium), or name it in BROWSER_PATH"
        ) from None


async def _in_browser(kaleido: Any, figures: Sequence[go.Figure], script: Path) -> list[bytes]:
    browser = kaleido.Kaleido(
        n=1, timeout=PATIENCE_SECONDS, plotlyjs=script, mathjax=False, path=_browser()
    )
    async with browser as opened:
        return [await opened.calc_fig(figure, opts=_options(figure)) for figure in figures]


def _options(figure: go.Figure) -> dict[str, Any]:
    height = figure.layout.height or HEIGHT
    return {"format": "png", "width": WIDTH, "height": height, "scale": SCALE}


def _browser() -> str | None:
    """The browser that BROWSER_PATH names, or one on the PATH; None lets kaleido search."""
    named = os.environ.get("BROWSER_PATH")
    return named or next(filter(None, map(shutil.which, BROWSERS)), None)
