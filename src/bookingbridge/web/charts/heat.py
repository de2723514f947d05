"""Shares by weekday and hour as a coloured table: each cell holds its figure, so it reads without colours too."""

from __future__ import annotations

import math
from dataclasses import dataclass

from markupsafe import Markup, escape

from bookingbridge.web.charts.base import Table, csv_text


@dataclass(frozen=True, slots=True)
class HeatMap:
    """`cells[row][column]` is a share from 0 to 1, or None where there is nothing to count (closed)."""

    name: str
    title: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[float | None, ...], ...]
    none_word: str = "closed"
    row_word: str = "Day"

    def __post_init__(self) -> None:
        if len(self.cells) != len(self.rows) or any(len(row) != len(self.columns) for row in self.cells):
            raise ValueError(f"{self.name}: the cells do not fit {len(self.rows)} x {len(self.columns)}")

    def svg(self, *, is_narrow: bool = False) -> Markup:
        """An HTML table, the same on every screen."""
        head = "".join(f'<th scope="col">{escape(c)}</th>' for c in self.columns)
        body = "".join(
            f'<tr><th scope="row">{escape(label)}</th>{"".join(self._cell(v) for v in row)}</tr>'
            for label, row in zip(self.rows, self.cells, strict=True)
        )
        return Markup(  # noqa: S704 - words are escaped above
            f'<table class="heat"><caption class="sr">{escape(self.title)}, percent</caption>'
            f"<colgroup><col></colgroup><thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table>"
        )

    def table(self) -> Table:
        rows = tuple((label, *(self._words(v) for v in row)) for label, row in zip(self.rows, self.cells, strict=True))
        return Table(self.title, (self.row_word, *self.columns), rows)

    def csv(self) -> str:
        return csv_text(
            [self.row_word.lower(), *self.columns], [[r, *cs] for r, cs in zip(self.rows, self.cells, strict=True)]
        )

    def _words(self, share: float | None) -> str:
        return self.none_word if _unknown(share) else str(_whole(share))

    def _cell(self, share: float | None) -> str:
        if _unknown(share):
            return f'<td class="none"><span class="sr">{escape(self.none_word)}</span></td>'
        whole = _whole(share)
        return f'<td class="h{min(9, whole // 10)}">{whole}</td>'


def _unknown(share: float | None) -> bool:
    return share is None or not math.isfinite(share)


def _whole(share: float | None) -> int:
    """Whole percent, half up, from 0 to 100."""
    return int(min(max(share or 0.0, 0.0), 1.0) * 100 + 0.5)
