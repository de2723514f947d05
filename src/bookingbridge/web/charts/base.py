"""What all charts share: colours by cause, axis ticks, tables and CSV, and SVG written without surprises."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from markupsafe import Markup, escape

Hue = Literal["c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9", "c10", "c11"]
"""A colour of the palette in tokens.css; c0 is grey, for what is unknown."""

Shade = Hue | Literal["mid", "lost", "good", "bad"]

_CHANNELS: dict[str, Hue] = {
    "google_ads": "c1",
    "meta_ads": "c2",
    "google_organic": "c3",
    "referral": "c4",
    "affiliate": "c4",
    "tiktok_ads": "c5",
    "organic_social": "c5",
    "email": "c6",
    "sms": "c6",
    "offline": "c7",
    "direct": "c8",
    "google_business_profile": "c9",
    "organic_search": "c9",
    "meta_organic": "c10",
    "ai_assistant": "c10",
    "microsoft_ads": "c11",
    "paid_other": "c11",
    "unknown": "c0",
}


def hue(channel: str) -> Hue:
    """The same colour for the same channel on every page; one nobody foresaw gets that of other ads."""
    return _CHANNELS.get(channel.strip().lower().replace(" ", "_"), "c11")


@dataclass(frozen=True, slots=True)
class Table:
    """A chart as words: one row per mark, the first column names it."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Chart(Protocol):
    """Anything `ui.figure` can show."""

    def svg(self, *, is_narrow: bool = False) -> Markup: ...
    def table(self) -> Table: ...
    def csv(self) -> str: ...


def finite(value: float) -> float:
    """The value, or 0 for what cannot be drawn (NaN and the infinities come from somebody else's division)."""
    return float(value) if math.isfinite(value) else 0.0


def n(value: float) -> str:
    """A coordinate: at most one decimal, never in exponent form, never `-0`."""
    text = f"{finite(value):.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def nice_ticks(low: float, high: float, wanted: int = 4) -> list[float]:
    """Round values from at or below `low` to at or above `high`, evenly spaced, zero among them when between."""
    low, high = min(finite(low), 0.0), max(finite(high), 0.0)
    # Nearer together than any amount there is; smaller still and the logarithm below would fail.
    if high - low < 1e-9:
        return [-1.0, 0.0, 1.0] if low < 0 else [0.0, 1.0]
    raw = (high - low) / wanted
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(m * size for m in (1, 2, 2.5, 5, 10) if raw <= m * size * (1 + 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [step * i for i in range(first, last + 1)]


def drawing(
    name: str, width: float, height: float, title: str, description: str, body: Iterable[str], *, kind: str = "chart"
) -> Markup:  # fmt: skip
    """An SVG that tells its title and description; `name` keeps its ids apart from its neighbours'."""
    said = escape(description or "Nothing to show.")
    ids = f'aria-labelledby="{name}-t {name}-d"'
    return Markup(  # noqa: S704 - the body is made of numbers and of what `text` escaped
        f'<svg class="{kind}" viewBox="0 0 {n(width)} {n(height)}" role="img" {ids}>'
        f'<title id="{name}-t">{escape(title)}</title><desc id="{name}-d">{said}</desc>'
        f"{''.join(body)}</svg>"
    )


def text(x: float, y: float, words: str, kind: str, anchor: str = "start", extra: str = "") -> str:
    """A text element; `extra` is markup appended inside it."""
    return f'<text x="{n(x)}" y="{n(y)}" class="{kind}" text-anchor="{anchor}">{escape(words)}{extra}</text>'


def attribute(words: str) -> str:
    """Safe inside double quotes; line breaks kept as such for tooltips."""
    return str(escape(words)).replace("\n", "&#10;")


def shorten(words: str, most: int) -> str:
    """At most `most` characters, cut with an ellipsis."""
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"


_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def cell(value: object) -> str:
    """A CSV cell. Names come from strangers, so what a spreadsheet would run as a formula gets a quote before it."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else str(value)


def csv_text(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """RFC 4180, numbers as plain numbers."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(head)
    writer.writerows([cell(value) for value in row] for row in rows)
    return out.getvalue()
