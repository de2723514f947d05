"""Causes from the strongest down, as horizontal bars with their figures written out."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from bookingbridge.canonical.money import Money
from bookingbridge.web import format as fmt
from bookingbridge.web.charts.base import Hue, Table, attribute, csv_text, drawing, n, shorten, text

_ROW = 34.0


@dataclass(frozen=True, slots=True)
class Bar:
    """`value` in minor units of the chart's currency, or a plain number where it has none; `note` stands beside it."""

    label: str
    hue: Hue
    value: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars in the order given, on one scale from zero; what is below zero (net refunds) has no bar, only its figure."""

    name: str
    title: str
    bars: tuple[Bar, ...]
    currency: str = ""
    unit: str = "Revenue"

    def figure(self, value: int) -> str:
        return fmt.money(Money(value, self.currency)) if self.currency else fmt.count(value)

    def description(self) -> str:
        return "; ".join(f"{b.label} {self.figure(b.value)}" for b in self.bars)

    def svg(self, *, is_narrow: bool = False) -> Markup:
        """Label, bar and figure in one line; the label above its bar on a phone."""
        width, left = (360.0, 0.0) if is_narrow else (1080.0, 220.0)
        row = _ROW + 12 if is_narrow else _ROW
        room = width - left - 110
        most = max((b.value for b in self.bars), default=0) or 1
        body = []
        for i, bar in enumerate(self.bars):
            y = i * row + (20 if is_narrow else 8)
            long = max(bar.value, 0) / most * room
            tip = attribute("\n".join(filter(None, (bar.label, self.figure(bar.value), bar.note))))
            at, anchor, line = (0.0, "start", y - 7) if is_narrow else (left - 12, "end", y + 13)
            body.append(text(at, line, shorten(bar.label, 40 if is_narrow else 30), "label", anchor))
            body.append(f'<rect class="rail" x="{n(left)}" y="{n(y)}" width="{n(room)}" height="18" rx="4"/>')
            body.append(f'<rect class="{bar.hue}" x="{n(left)}" y="{n(y)}" width="{n(long)}" height="18" rx="4"/>')
            body.append(text(left + room + 8, y + 13, self.figure(bar.value), "label"))
            body.append(
                f'<rect class="hit" x="0" y="{n(i * row)}" width="{n(width)}" height="{n(row)}" data-tip="{tip}"/>'
            )
        name = f"{self.name}-s" if is_narrow else self.name
        return drawing(name, width, max(row * len(self.bars), 1.0), self.title, self.description(), body)

    def table(self) -> Table:
        return Table(
            self.title, ("Name", self.unit, "Note"), tuple((b.label, self.figure(b.value), b.note) for b in self.bars)
        )

    def csv(self) -> str:
        def plain(value: int) -> object:
            return Money(value, self.currency).decimal() if self.currency else value

        unit = f"{self.unit.lower()} {self.currency}".strip()
        return csv_text(("name", unit, "note"), [(b.label, plain(b.value), b.note) for b in self.bars])
