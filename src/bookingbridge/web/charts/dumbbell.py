"""The same campaigns under several models, side by side: how far apart the models are is the message."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup, escape

from bookingbridge.canonical.money import Money
from bookingbridge.web import format as fmt
from bookingbridge.web.charts.base import Hue, Table, attribute, csv_text, drawing, n, nice_ticks, shorten, text

_ROW, _TOP, _BOTTOM = 44.0, 8.0, 24.0
_HUES: tuple[Hue, ...] = ("c1", "c4", "c3", "c2", "c5", "c6", "c7", "c0")


def _poly(points: tuple[tuple[float, float], ...]) -> Callable[[float, float], str]:
    def draw(x: float, y: float) -> str:
        path = "L".join(f"{n(x + dx)},{n(y + dy)}" for dx, dy in points)
        return f'd="M{path}Z"'

    return draw


# A shape each, so that no model is told by its colour alone.
_SHAPES: tuple[Callable[[float, float], str], ...] = (
    lambda x, y: f'd="M{n(x - 5)},{n(y)}a5,5 0 1 0 10,0a5,5 0 1 0 -10,0Z"',
    _poly(((-4.6, -4.6), (4.6, -4.6), (4.6, 4.6), (-4.6, 4.6))),
    _poly(((0, -6.2), (6.2, 0), (0, 6.2), (-6.2, 0))),
    _poly(((0, -5.8), (5.8, 4.6), (-5.8, 4.6))),
    _poly(((0, 5.8), (5.8, -4.6), (-5.8, -4.6))),
    _poly(((-2, -6), (2, -6), (2, -2), (6, -2), (6, 2), (2, 2), (2, 6), (-2, 6), (-2, 2), (-6, 2), (-6, -2), (-2, -2))),
    _poly(((-6, -3), (6, -3), (6, 3), (-6, 3))),
    _poly(((-3, -6), (3, -6), (3, 6), (-3, 6))),
)


def _apart(places: list[float]) -> list[tuple[float, float]]:
    """Each mark's place and how far it is lifted, so that marks on one spot stand above each other, not behind."""
    order = sorted(range(len(places)), key=lambda i: (places[i], i))
    clusters: list[list[int]] = []
    for i in order:
        if clusters and places[i] - places[clusters[-1][-1]] < 7:
            clusters[-1].append(i)
        else:
            clusters.append([i])
    lifts = [0.0] * len(places)
    for cluster in clusters:
        step = min(8.0, (_ROW - 14) / max(1, len(cluster) - 1))
        for rank, i in enumerate(cluster):
            lifts[i] = (rank - (len(cluster) - 1) / 2) * step
    return list(zip(places, lifts, strict=True))


@dataclass(frozen=True, slots=True)
class DumbbellRow:
    """One campaign or channel: what each model credits it with, minor units, in the order of the chart's models."""

    label: str
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Dumbbell:
    """Up to eight models, one shape each. All money in minor units of `currency`."""

    name: str
    title: str
    models: tuple[str, ...]
    rows: tuple[DumbbellRow, ...]
    currency: str

    def __post_init__(self) -> None:
        if len(self.models) > len(_SHAPES):
            raise ValueError(f"{self.name}: at most {len(_SHAPES)} models can be told apart")
        for row in self.rows:
            if len(row.values) != len(self.models):
                raise ValueError(f"{self.name}: {row.label!r} has {len(row.values)} values")

    def description(self) -> str:
        said = []
        for row in self.rows:
            low, high = min(row.values, default=0), max(row.values, default=0)
            said.append(f"{row.label}: from {self._money(low)} to {self._money(high)}.")
        return " ".join(said)

    def legend(self) -> Markup:
        """The models with their shapes, as a list."""
        items = "".join(
            f'<li><svg class="chart" viewBox="0 0 16 16" aria-hidden="true">'
            f'<path class="shape {_HUES[i]}" {_SHAPES[i](8, 8)}/></svg>{escape(model)}</li>'
            for i, model in enumerate(self.models)
        )
        return Markup(f'<ul class="shapes">{items}</ul>')  # noqa: S704 - names are escaped above

    def svg(self, *, is_narrow: bool = False) -> Markup:
        """One line per row from the least to the most, a mark per model; labels above the lines on a phone."""
        width, left = (360.0, 14.0) if is_narrow else (1080.0, 220.0)
        height = _TOP + _BOTTOM + _ROW * len(self.rows)
        values = [v for row in self.rows for v in row.values]
        ticks = nice_ticks(min([0, *values]), max([0, *values]), 3 if is_narrow else 5)

        def x(minor: float) -> float:
            return left + (minor - ticks[0]) / (ticks[-1] - ticks[0]) * (width - left - 24)

        body = []
        for tick in ticks:
            at = n(x(tick))
            body.append(f'<line x1="{at}" x2="{at}" y1="{n(_TOP)}" y2="{n(height - _BOTTOM)}" class="grid-line"/>')
            label = fmt.money_short(tick, self.currency)
            body.append(text(x(tick), height - 6, label, "tick", "middle"))
        for i, row in enumerate(self.rows):
            body.extend(self._row(row, _TOP + i * _ROW, x, left=left, width=width, is_narrow=is_narrow))
        name = f"{self.name}-s" if is_narrow else self.name
        return drawing(name, width, height, self.title, self.description(), body)

    def _row(
        self, row: DumbbellRow, top: float, x: Callable[[float], float], *, left: float, width: float, is_narrow: bool
    ) -> list[str]:  # fmt: skip
        y = top + (30 if is_narrow else _ROW / 2)
        where = (left, top + 14, "start") if is_narrow else (left - 16, y + 4, "end")
        out = [text(where[0], where[1], shorten(row.label, 44 if is_narrow else 30), "label", where[2])]
        if row.values:
            low, high = n(x(min(row.values))), n(x(max(row.values)))
            out.append(f'<line x1="{low}" x2="{high}" y1="{n(y)}" y2="{n(y)}" class="span"/>')
        for i, (at, lift) in enumerate(_apart([x(value) for value in row.values])):
            out.append(f'<path class="shape {_HUES[i]}" {_SHAPES[i](at, y + lift)}/>')
        tip = "\n".join([row.label, *(f"{m}: {self._money(v)}" for m, v in zip(self.models, row.values, strict=True))])
        out.append(
            f'<rect class="hit" x="0" y="{n(top)}" width="{n(width)}" height="{n(_ROW)}" data-tip="{attribute(tip)}"/>'
        )
        return out

    def table(self) -> Table:
        rows = tuple((row.label, *(self._money(v) for v in row.values)) for row in self.rows)
        return Table(self.title, ("Name", *self.models), rows)

    def csv(self) -> str:
        head = ["name", *(f"{m} {self.currency}" for m in self.models)]
        rows = [[r.label, *(Money(v, self.currency).decimal() for v in r.values)] for r in self.rows]
        return csv_text(head, rows)

    def _money(self, minor: int) -> str:
        return fmt.money(Money(minor, self.currency))
