"""Numbers as evidence and recommendations of the record write them."""

from __future__ import annotations


def kimg(images: float) -> str:
    """Images seen for a sentence: 96000 -> `96 kimg`."""
    thousands = images / 1000
    return f"{thousands:.4g} kimg" if thousands < 1000 else f"{thousands:.0f} kimg"


def brief(value: float, digits: int = 2) -> str:
    """A number for a sentence: .71, .004, 8.4, 620, 1.2e+09."""
    if 100 <= abs(value) < 1e6:
        return f"{value:.0f}"
    text = f"{value:.{digits}g}"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def brief_beside(value: float, other: float) -> str:
    """A number with enough digits to differ from another: .8987 next to .9."""
    texts = (brief(value, digits) for digits in range(2, 8))
    return next((text for text in texts if text != brief(other)), brief(value, 8))


def in_number(count: int, noun: str) -> str:
    """`1 run`, `1,200 runs`"""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def in_money(amount: float) -> str:
    """`1,204.50`, in whatever currency the price was given; `less than 0.01` for a trace."""
    return "less than 0.01" if 0 < amount < 0.005 else f"{amount:,.2f}"


def in_price(price: float) -> str:
    """A price with at least two decimals, and all that it was given with: `2.50`, `0.0475`."""
    digits = f"{price:.10g}"
    return in_money(price) if float(f"{price:.2f}") == price else digits
