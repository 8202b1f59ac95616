"""README.md of an exported generator: its origin, how stable its settings were, and its use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.export.which import Chosen
from lab.statistics import wilson_interval

CONDITION_WORDS = {
    "none": "",
    "class": ", and `class` [n] int64, the numbers of classes",
    "text": ", and `text` [n, E], vectors of texts by the lab's encoder; those of "
    "`conditions.safetensors` belong to the texts in `generator.json`",
}


def model_card(chosen: Chosen, about: Mapping[str, Any], *, has_onnx: bool) -> str:
    """Markdown. `about` is what generator.json holds."""
    network, side = about["config"]["network"], about["resolution"]
    rows = {
        "run": f"`{about['run']}`, seed {about['seed']}",
        "network": f"{network['architecture']}, codes of {about['latent_size']} numbers",
        "images": f"{side} x {side} pixels, {'grey' if about['channels'] == 1 else 'colour'}",
        "data": about["data"],
        "trained for": f"{about['images_seen'] or 0:,} real images",
        "verdict": f"{about['verdict']}{_score(about['score'])}",
    }
    if chosen.num_runs:
        rows["its settings"] = _in_words(chosen)
    if about["truncation"] < 1:
        rows["truncation"] = f"psi {about['truncation']:g}"
    table = "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    condition = CONDITION_WORDS[about["condition"]]
    onnx = "- `generator.onnx`: the same for onnxruntime\n" if has_onnx else ""
    return f"""# Generator

|   |   |
| --- | --- |
{table}

## Files

- `generator.safetensors`: the averaged weights
- `generator.json`: sizes, origin and the whole configuration
- `generator.pt2`: weights and graph for `torch.export.load`, of torch {about["torch"]} or newer
{onnx}- `draw.py`: draws 64 images into `samples.png`; needs torch, safetensors, numpy and Pillow

## Inputs and output

Codes `z` [n, {about["latent_size"]}] of standard normal numbers{condition}.
Images [n, {about["channels"]}, {side}, {side}], -1 black and 1 white.
"""


def _score(score: float | None) -> str:
    return "" if score is None else f", score {score:.3f}"


def _in_words(chosen: Chosen) -> str:
    low, high = wilson_interval(chosen.num_stable, chosen.num_runs)
    seeds = "fresh seeds" if chosen.stage == "confirm" else f"seeds of the {chosen.stage} stage"
    return (
        f"stable on {chosen.num_stable} of {chosen.num_runs} {seeds} "
        f"(95% Wilson interval {low:.0%} to {high:.0%}); this run has the median score"
    )
