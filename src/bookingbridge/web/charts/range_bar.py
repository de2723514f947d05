"""A return on ad spend as a likely range around its middle, against the line where money comes back even."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from bookingbridge.web import format as fmt
from bookingbridge.web.charts.base import Table, csv_text, drawing, finite, n

_W, _H = 140.0, 14.0
_EDGE = 5.0


@dataclass(frozen=True, slots=True)
class RangeBar:
    """`low` <= `middle` <= `high`, all ratios; `top` is the scale's end, the same for all rows of a table.

    `is_early` says that there are too few visits to tell: drawn hollow and said in words.
    """

    name: str
    low: float
    middle: float
    high: float
    top: float
    is_early: bool = False

    def words(self) -> str:
        if self.is_early and self.low == self.high:
            return f"{fmt.times(finite(self.middle))} so far, too early to tell"
        likely = f"likely {fmt.times(finite(self.low))} to {fmt.times(finite(self.high))}"
        return f"{likely}, too early to tell" if self.is_early else likely

    def svg(self, *, is_narrow: bool = False) -> Markup:
        low, middle, high = (self._x(v) for v in sorted((self.low, self.middle, self.high), key=finite))
        even = self._x(1.0)
        body = (
            f'<line x1="0" x2="{n(_W)}" y1="7" y2="7" class="track"/>',
            f'<line x1="{n(even)}" x2="{n(even)}" y1="1" y2="13" class="even"/>',
            f'<line x1="{n(low)}" x2="{n(max(high, low + 0.1))}" y1="7" y2="7" class="likely"/>',
            f'<circle cx="{n(middle)}" cy="7" r="3.5" class="middle"/>',
        )
        kind = "range early" if self.is_early else "range"
        note = "The dotted upright line is where a dollar spent brings a dollar back."
        return drawing(self.name, _W, _H, self.words(), note, body, kind=kind)

    def table(self) -> Table:
        row = (fmt.times(self.low), fmt.times(self.middle), fmt.times(self.high))
        return Table("Return on ad spend", ("Low", "Middle", "High"), (row,))

    def csv(self) -> str:
        return csv_text(("low", "middle", "high"), [(self.low, self.middle, self.high)])

    def _x(self, value: float) -> float:
        """Where the value stands; what is beyond the scale stands at its end."""
        top = max(finite(self.top), 1.0)
        return _EDGE + min(max(finite(value), 0.0), top) / top * (_W - 2 * _EDGE)
