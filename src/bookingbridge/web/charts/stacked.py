"""Money per week or day, stacked by what brought it, with what was spent as a line over it."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from bookingbridge.canonical.money import Money
from bookingbridge.web import format as fmt
from bookingbridge.web.charts.base import Hue, Table, attribute, csv_text, drawing, n, nice_ticks, text

_LEFT, _RIGHT, _TOP, _BOTTOM = 50.0, 8.0, 12.0, 24.0


@dataclass(frozen=True, slots=True)
class Series:
    """One cause: minor units per bucket, as many as the chart has labels. Net refunds may make a value negative."""

    name: str
    hue: Hue
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StackedBars:
    """`labels` name the buckets, oldest first; all money is in minor units of `currency`.

    `spend` has one value per bucket, or is empty when no ad account is connected. `open_bucket` says that the last
    bucket is not over yet. `name` is unique on the page (it makes ids).
    """

    name: str
    title: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    currency: str
    spend: tuple[int, ...] = ()
    open_bucket: bool = False
    unit: str = "Week"

    def __post_init__(self) -> None:
        for values in (*(s.values for s in self.series), *([self.spend] if self.spend else [])):
            if len(values) != len(self.labels):
                raise ValueError(f"{self.name}: {len(values)} values for {len(self.labels)} labels")

    def totals(self) -> list[int]:
        """What each bucket brought in, all causes together."""
        return [sum(s.values[i] for s in self.series) for i in range(len(self.labels))]

    def legend(self) -> list[tuple[str, str]]:
        """(name, colour) for the key, in the order of the stack from below; the spend line last."""
        line = [("Ad spend", "line")] if self.spend else []
        return [(s.name, s.hue) for s in self.series] + line

    def description(self) -> str:
        """The picture in two sentences, for those who cannot see it."""
        total = fmt.money(Money(sum(self.totals()), self.currency), whole=True)
        parts = ", ".join(f"{s.name} {fmt.money(Money(sum(s.values), self.currency), whole=True)}" for s in self.series)
        spent = fmt.money(Money(sum(self.spend), self.currency), whole=True) if self.spend else ""
        end = f" Ad spend {spent}." if spent else ""
        return f"{len(self.labels)} bars, {total} in all: {parts}.{end}"

    def svg(self, *, is_narrow: bool = False) -> Markup:
        """760 x 260, or 360 x 260 for phones."""
        canvas = _Canvas(self, width=360.0 if is_narrow else 760.0, height=260.0)
        body = [*canvas.axis(), *canvas.bars(), *canvas.line(), *canvas.hits()]
        name = f"{self.name}-s" if is_narrow else self.name
        return drawing(name, canvas.width, canvas.height, self.title, self.description(), body)

    def table(self) -> Table:
        head = (self.unit, *(s.name for s in self.series), "Total", *(("Ad spend",) if self.spend else ()))
        rows = []
        for i, (label, total) in enumerate(zip(self.labels, self.totals(), strict=True)):
            cells = [*(s.values[i] for s in self.series), total, *((self.spend[i],) if self.spend else ())]
            open_mark = " (so far)" if self.open_bucket and i == len(self.labels) - 1 else ""
            rows.append((label + open_mark, *(fmt.money(Money(c, self.currency)) for c in cells)))
        return Table(self.title, head, tuple(rows))

    def csv(self) -> str:
        head = [self.unit.lower(), *(s.name for s in self.series), "total", *(["ad spend"] if self.spend else [])]
        rows = []
        for i, (label, total) in enumerate(zip(self.labels, self.totals(), strict=True)):
            cells = [*(s.values[i] for s in self.series), total, *((self.spend[i],) if self.spend else ())]
            rows.append([label, *(Money(c, self.currency).decimal() for c in cells)])
        return csv_text([f"{h} {self.currency}" if i else h for i, h in enumerate(head)], rows)


class _Canvas:
    """The geometry of one drawing."""

    def __init__(self, chart: StackedBars, width: float, height: float) -> None:
        self.chart, self.width, self.height = chart, width, height
        count = max(1, len(chart.labels))
        ups = [sum(max(0, s.values[i]) for s in chart.series) for i in range(len(chart.labels))]
        downs = [sum(min(0, s.values[i]) for s in chart.series) for i in range(len(chart.labels))]
        self.ticks = nice_ticks(min([0, *downs, *chart.spend]), max([0, *ups, *chart.spend]))
        self.slot = (width - _LEFT - _RIGHT) / count
        self.gap = self.slot * 0.22

    def y(self, minor: float) -> float:
        low, high = self.ticks[0], self.ticks[-1]
        return _TOP + (high - minor) / (high - low) * (self.height - _TOP - _BOTTOM)

    def x(self, index: int) -> float:
        return _LEFT + index * self.slot

    def axis(self) -> list[str]:
        out = []
        for tick in self.ticks:
            kind = "zero-line" if tick == 0 and self.ticks[0] < 0 else "grid-line"
            y = self.y(tick)
            out.append(f'<line x1="{n(_LEFT)}" x2="{n(self.width - _RIGHT)}" y1="{n(y)}" y2="{n(y)}" class="{kind}"/>')
            out.append(text(_LEFT - 8, y + 4, fmt.money_short(tick, self.chart.currency), "tick", "end"))
        every = max(1, round(len(self.chart.labels) * 62 / (self.width - _LEFT)))
        for i, label in enumerate(self.chart.labels):
            if i % every == 0:
                out.append(text(self.x(i) + self.slot / 2, self.height - 6, label, "tick", "middle"))
        return out

    def bars(self) -> list[str]:
        out = []
        for i in range(len(self.chart.labels)):
            up = down = 0
            tops = [s for s in self.chart.series if s.values[i] > 0]
            for series in self.chart.series:
                value = series.values[i]
                if value > 0:
                    out.append(self._block(i, up, up + value, series.hue, is_end=series is tops[-1]))
                    up += value
                elif value < 0:
                    out.append(self._block(i, down + value, down, series.hue, is_end=False))
                    down += value
        return out

    def _block(self, index: int, low: int, high: int, hue: Hue, *, is_end: bool) -> str:
        x, width = self.x(index) + self.gap, self.slot - 2 * self.gap
        top, bottom = self.y(high), self.y(low)
        r = min(3.0, width / 2, bottom - top) if is_end else 0.0
        return (
            f'<path class="block {hue}" d="M{n(x)},{n(bottom)}V{n(top + r)}q0,{n(-r)} {n(r)},{n(-r)}'
            f'h{n(width - 2 * r)}q{n(r)},0 {n(r)},{n(r)}V{n(bottom)}Z"/>'
        )

    def line(self) -> list[str]:
        points = [(self.x(i) + self.slot / 2, self.y(v)) for i, v in enumerate(self.chart.spend)]
        if not points:
            return []
        path = "M" + "L".join(f"{n(x)},{n(y)}" for x, y in points)
        dots = (f'<circle cx="{n(x)}" cy="{n(y)}" r="3" class="spend-dot"/>' for x, y in points)
        return [f'<path class="spend" d="{path}"/>', *dots]

    def hits(self) -> list[str]:
        """One invisible column per bucket that carries its figures for the pointer."""
        table = self.chart.table()
        out = []
        for i, row in enumerate(table.rows):
            tip = "\n".join([row[0], *(f"{h}: {c}" for h, c in zip(table.head[1:], row[1:], strict=True))])
            out.append(
                f'<rect class="hit" x="{n(self.x(i))}" y="{n(_TOP)}" width="{n(self.slot)}"'
                f' height="{n(self.height - _TOP - _BOTTOM)}" data-tip="{attribute(tip)}"/>'
            )
        return out
