"""The page that draws from trained generators; its script fills in what depends on the runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.kit.document import document
from reports.kit.markup import Html, data_block, element, joined, packed_block

TITLE = "Explore generators"
SERVED, EXPORTED = "explorer/explorer.bundle.js", "explorer/exported.bundle.js"
"""The scripts: one asks a server for pictures, one runs a generator in the browser."""
MODES = {"codes": "Codes in a row", "path": "From A to B"}
RUNTIME = "blob: 'wasm-unsafe-eval'"
"""What the exported page may run beside its script: onnxruntime-web, which it holds."""


def build_explorer(data: Mapping[str, Any]) -> str:
    """The HTML document that a server answers for.

    `data`: `runs`, described for the script, and the recipe to `start` with; `data` must hold no
    non-finite number.
    """
    return document(
        TITLE, _content(data), ["reports.explorer"], scripts=[SERVED], connect="'self'"
    )


def build_exported(data: Mapping[str, Any], parts: Mapping[str, bytes]) -> str:
    """The HTML document that needs only a browser.

    `data` as of `build_explorer`, with the `space` of its one run. `parts`: the `model` as ONNX,
    its `codes`, and onnxruntime-web's `runtime` (its script) and `wasm`.
    """
    blocks = [packed_block(name, content) for name, content in parts.items()]
    return document(
        TITLE,
        [*_content(data), *blocks],
        ["reports.explorer"],
        scripts=[EXPORTED],
        may_also=RUNTIME,
    )


def _content(data: Mapping[str, Any]) -> list[Html]:
    return [
        element("a", "Skip to the images", href="#runs", class_="skip"),
        element(
            "header",
            element("h1", "Explore"),
            element("button", "Dark", type="button", id="theme", aria_pressed="false"),
            class_="explorer-head",
        ),
        element("main", _stage(), _selected(), _controls(), class_="explorer"),
        data_block("explorer-data", data),
    ]


def _controls() -> Html:
    return element(
        "form",
        _group("Codes", _modes(), _codes(), _condition()),
        _group("Generator", _truncation(), _time(), identity="generator-controls"),
        element(
            "fieldset",
            element("legend", "Principal directions"),
            element("p", "", id="directions-note", class_="note"),
            element("div", "", id="directions"),
            element("button", "All to 0", type="button", id="directions-reset"),
        ),
        id="controls", aria_label="What is drawn", autocomplete="off",
    )  # fmt: skip


def _stage() -> Html:
    return element(
        "div",
        element("p", "", id="status", role="status", aria_live="polite", class_="made"),
        element("div", "", id="runs"),
        class_="stage",
    )


def _selected() -> Html:
    return element(
        "section",
        element("h2", "The selected image", id="selected-title"),
        element("div", element("p", "Select an image of a grid.", class_="empty"), id="selected"),
        aria_labelledby="selected-title",
        class_="selected-image",
    )


def _group(title: str, *children: Html, identity: str | None = None) -> Html:
    return element("fieldset", element("legend", title), *children, id=identity)


def _modes() -> Html:
    choices = [
        element(
            "label",
            element("input", type="radio", name="mode", value=value, checked=value == "codes"),
            f" {title}",
        )
        for value, title in MODES.items()
    ]
    return element("div", joined(choices), class_="modes")


def _codes() -> Html:
    return element(
        "div",
        element("div", _number("first", "First code"),
                element("button", "‹ 16", type="button", id="codes-before",
                        aria_label="The 16 codes before"),
                element("button", "16 ›", type="button", id="codes-after",
                        aria_label="The next 16 codes"),
                class_="of-codes line"),
        element("div", _number("start", "A: code"), _number("end", "B: code"),
                class_="of-path line", hidden=True),
    )  # fmt: skip


def _number(identity: str, title: str) -> Html:
    box = element(
        "input",
        type="number",
        id=identity,
        min=0,
        max=1_000_000_000,
        step=1,
        value=0,
        required=True,
    )
    return element("label", element("span", title), box, class_="number-of")


def _condition() -> Html:
    return joined(
        [
            element("label", element("span", "Class"), element("select", id="label"),
                    id="label-of", hidden=True),
            element("label", element("span", "Text"),
                    element("input", type="text", id="text", maxlength=2000, spellcheck="false",
                            placeholder="a red heart"),
                    id="text-of", hidden=True),
        ]
    )  # fmt: skip


def _truncation() -> Html:
    return _slider("psi", "Truncation psi", minimum=0, maximum=1, step=0.05, value=1)


def _time() -> Html:
    return _slider("time", "Images seen", minimum=0, maximum=0, step=1, value=0)


def _slider(
    identity: str, title: str, *, minimum: float, maximum: float, step: float, value: float
) -> Html:
    return element(
        "label",
        element("span", title),
        element("output", "", id=f"{identity}-value"),
        element("input", type="range", id=identity, min=minimum, max=maximum, step=step,
                value=value),
        id=f"{identity}-of", class_="slider", hidden=True,
    )  # fmt: skip
