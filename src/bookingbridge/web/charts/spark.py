"""A figure's recent course, small and without axes: decoration beside the figure, so hidden from readers."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from bookingbridge.web.charts.base import Table, csv_text, finite, n

_W, _H, _EDGE = 96.0, 28.0, 3.0


@dataclass(frozen=True, slots=True)
class Sparkline:
    """Values oldest first, evenly spaced; None where nothing was known, which leaves a gap."""

    values: tuple[float | None, ...]

    def svg(self, *, is_narrow: bool = False) -> Markup:
        """Line and area; empty when fewer than two values are known."""
        runs = [run for run in _runs(self._points()) if len(run) > 1]
        if not runs:
            return Markup("")
        parts = []
        for run in runs:
            line = "M" + "L".join(f"{n(x)},{n(y)}" for x, y in run)
            parts.append(f'<path class="area" d="{line}L{n(run[-1][0])},{n(_H)}L{n(run[0][0])},{n(_H)}Z"/>')
            parts.append(f'<path class="line" d="{line}"/>')
        return Markup(  # noqa: S704 - numbers only
            f'<svg class="spark" viewBox="0 0 {n(_W)} {n(_H)}" preserveAspectRatio="none" aria-hidden="true">'
            f"{''.join(parts)}</svg>"
        )

    def table(self) -> Table:
        rows = tuple((str(i + 1), "" if v is None else f"{v:g}") for i, v in enumerate(self.values))
        return Table("Course", ("Point", "Value"), rows)

    def csv(self) -> str:
        return csv_text(("point", "value"), [(i + 1, v) for i, v in enumerate(self.values)])

    def _points(self) -> list[tuple[float, float] | None]:
        known = [finite(v) for v in self.values if v is not None]
        if len(known) < 2:
            return []
        low, high = min(known), max(known)
        step = _W / (len(self.values) - 1)
        height = _H - 2 * _EDGE

        def at(value: float) -> float:
            return _H / 2 if high == low else _H - _EDGE - (value - low) / (high - low) * height

        return [None if v is None else (i * step, at(finite(v))) for i, v in enumerate(self.values)]


def _runs(points: list[tuple[float, float] | None]) -> list[list[tuple[float, float]]]:
    """The points between the gaps."""
    runs: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if point is None:
            runs.append([])
        else:
            runs[-1].append(point)
    return [run for run in runs if run]
