"""Latency of the explorer: from the request to the picture of a grid of 16, on one core.

    python -m benchmarks.explorer [--requests 200] [--quick]

Untrained generators at the sizes of a laptop search: a DCGAN of width 1/4 and 1/2 and a StyleGAN2
of width 1/8, 32 pixels in colour. The server runs in this process, which is held to one core; a
request moves a slider, as a drag does, and ends when the PNG is decoded. Milliseconds of the
clock, which a busy machine makes longer; the processor's are beside them.
"""

from __future__ import annotations

import argparse
import http.client
import io
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import torch
from PIL import Image

from benchmarks.quick import parsed
from lab.config import make_config, stored_config
from lab.data.source import array_source
from lab.data.write import write_pack
from lab.explore.recipe import Recipe
from lab.explore.server import Explorer
from lab.explore.shelf import Shelf, sources_of
from lab.gan.networks import build_generator
from lab.loopback import answered, listen
from lab.record import CONFIG_FILE, RUN_FILE, RunCard, write_card, write_json
from lab.run.folder import RunFolder, RunLabel

CASES: dict[str, dict[str, Any]] = {
    "dcgan, width 1/4": {"network.architecture": "dcgan", "network.width": 0.25},
    "dcgan, width 1/2": {"network.architecture": "dcgan", "network.width": 0.5},
    "stylegan2, width 1/8": {"network.architecture": "stylegan2", "network.width": 0.125},
}
TARGET = 100.0
"""Milliseconds."""
WARMING = 5
"""Requests that are not counted."""
SIDE = 32


def untrained_run(folder: Path, pack: Path, values: dict[str, Any]) -> Path:
    """A folder that looks like a finished run's."""
    config = make_config({}, {"data.source": str(pack), "network.conditional": True, **values})
    rng = torch.Generator().manual_seed(0)
    generator = build_generator(
        config.network, resolution=SIDE, channels=3, num_classes=3, rng=rng
    )
    folder.mkdir(parents=True)
    write_json(folder / CONFIG_FILE, stored_config(config))
    write_card(folder / RUN_FILE, RunCard(trial=0, seed=0, stage="explore", status="finished"))
    RunFolder(folder, RunLabel(0, 0, "explore", 1)).save_generator(generator)
    return folder


def write_noise(folder: Path) -> Path:
    """A pack that the runs may name: they were not trained on anything."""
    images = np.random.default_rng(0).integers(0, 256, (300, SIDE, SIDE, 3), dtype=np.uint8)
    labels = np.arange(300) % 3
    source = array_source("noise", images, labels, ("a", "b", "c"), "none", "generated")
    write_pack(lambda: source, folder, resolution=SIDE)
    return folder


@contextmanager
def served(run: Path) -> Iterator[tuple[http.client.HTTPConnection, str]]:
    """A connection to an explorer of one run, and the path before its requests."""
    explorer = Explorer(Shelf(sources_of([str(run)], trust=False), torch.device("cpu")), "cpu")
    listener = listen(0)
    port = listener.getsockname()[1]
    with answered(listener, explorer.answer):
        yield http.client.HTTPConnection("127.0.0.1", port, timeout=60), f"/{explorer.token}/"


def milliseconds(run: Path, num_requests: int) -> np.ndarray[Any, Any]:
    """Of each request, of the clock and of the processor: [N, 2]."""
    took = []
    with served(run) as (connection, root):
        for number in range(WARMING + num_requests):
            recipe = Recipe(run=str(run), sliders=(3 * number / (WARMING + num_requests),))
            begun = time.perf_counter(), time.process_time()
            query = urlencode({"recipe": recipe.model_dump_json()})
            connection.request("GET", f"{root}picture?{query}")
            answer = connection.getresponse()
            body = answer.read()
            assert answer.status == 200, body
            Image.open(io.BytesIO(body)).load()
            took.append((time.perf_counter() - begun[0], time.process_time() - begun[1]))
    return 1e3 * np.array(took[WARMING:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=200)
    arguments = parsed(parser, requests=20)
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    torch.set_num_threads(1)
    print(f"milliseconds of a grid of 16 at {SIDE} pixels, one core; at most {TARGET:g} wanted")
    with tempfile.TemporaryDirectory() as folder:
        pack = write_noise(Path(folder) / "pack")
        for number, (name, values) in enumerate(CASES.items()):
            run = untrained_run(Path(folder) / str(number) / "seed-0", pack, values)
            clock, processor = milliseconds(run, arguments.requests).T
            middle, late = np.percentile(clock, [50, 95])
            used = f"processor, median {np.median(processor):6.1f}"
            print(f"{name:22} median {middle:6.1f}   p95 {late:6.1f}   {used}", flush=True)


if __name__ == "__main__":
    main()
