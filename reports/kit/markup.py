"""HTML built from elements. Text is escaped by construction: only `Html` is passed unchanged."""

from __future__ import annotations

import base64
import gzip
import html
import json
from typing import Any

from reports.kit.words import trial_name

VOID = {"br", "hr", "img", "input", "meta", "link"}


class Html(str):
    """Markup that this package made; every other string is text and gets escaped."""


Child = str | int | float | None


def text(value: object) -> Html:
    """`value` as text: markup in it is shown, not interpreted."""
    return value if isinstance(value, Html) else Html(html.escape(str(value)))


def element(tag: str, *children: Child, **attributes: Child | bool) -> Html:
    """`<tag attribute="...">children</tag>`; None leaves a child or an attribute out.

    A trailing underscore is dropped from attribute names and other underscores become hyphens:
    `class_`, `for_`, `aria_label`. True writes a bare attribute.
    """
    written = "".join(
        _attribute(name.rstrip("_").replace("_", "-"), value)
        for name, value in attributes.items()
        if value is not None and value is not False
    )
    if tag in VOID:
        return Html(f"<{tag}{written}>")
    inside = "".join(text(child) for child in children if child is not None)
    return Html(f"<{tag}{written}>{inside}</{tag}>")


def joined(children: list[Html], between: str = "") -> Html:
    """Pieces of markup joined, with `between` between them."""
    return Html(between.join(children))


def trial_link(trial: int) -> Html:
    """A trial's name, which leads to its close-up."""
    return element("a", trial_name(trial), href=f"#trial={trial}")


def scrollable(content: Html, label: str) -> Html:
    """Content that may exceed its box, scrolled within it, also by the keyboard."""
    return element("div", content, class_="scroll", tabindex=0, role="region", aria_label=label)


def data_block(identity: str, data: Any) -> Html:
    """Data for the page's script, as JSON that no `</script>` in a name can end.

    Non-finite numbers must have been replaced before: JSON has none.
    """
    written = json.dumps(data, allow_nan=False, separators=(",", ":"))
    safe = written.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return Html(f'<script type="application/json" id="{html.escape(identity)}">{safe}</script>')


def packed_block(identity: str, data: bytes) -> Html:
    """Bytes for the page's script, compressed; `unpack(identity)` returns them."""
    # No name and no time in the gzip header, so that the same study yields the same page.
    packed = base64.b64encode(gzip.compress(data, 6, mtime=0)).decode()
    return Html(
        f'<script type="application/octet-stream" id="{html.escape(identity)}">{packed}</script>'
    )


def json_bytes(data: Any) -> bytes:
    """Data as compact JSON. Non-finite numbers must have been replaced before."""
    return json.dumps(data, allow_nan=False, separators=(",", ":"), ensure_ascii=False).encode()


def _attribute(name: str, value: Child | bool) -> str:
    return f" {name}" if value is True else f' {name}="{html.escape(str(value))}"'
