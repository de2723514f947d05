"""Arithmetic of the figures: periods, changes, returns and their likely range. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

TOO_FEW = 5
"""Below so many credited visits a return on ad spend says nothing yet."""
_Z90 = 1.6449


@dataclass(frozen=True, slots=True)
class Period:
    """Local days from `first` to `last`, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def before(self) -> Period:
        """The period of the same length that ends where this one begins."""
        return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1))

    def buckets(self) -> list[Period]:
        """The period in pieces for a chart: days up to three weeks, weeks up to half a year, else four weeks each.

        Counted back from the end, so that the last piece is whole; the first may be shorter.
        """
        size = 1 if self.days <= 21 else 7 if self.days <= 190 else 28
        return list(reversed(list(self._pieces(size))))

    def _pieces(self, size: int) -> Iterator[Period]:
        last = self.last
        while last >= self.first:
            first = max(self.first, last - timedelta(days=size - 1))
            yield Period(first, last)
            last = first - timedelta(days=1)


def ending(last: date, days: int) -> Period:
    """The `days` days up to `last`."""
    return Period(last - timedelta(days=days - 1), last)


def change(now: float, before: float) -> float | None:
    """The relative change, 0.1 for ten per cent more; None where there was nothing before."""
    return None if before == 0 else (now - before) / abs(before)


def returned(revenue_minor: int, spend_minor: int) -> float | None:
    """Revenue per unit of ad spend; None where nothing was spent."""
    return None if spend_minor <= 0 else revenue_minor / spend_minor


@dataclass(frozen=True, slots=True)
class Likely:
    """Where nine in ten repetitions would fall if only chance differed."""

    low: float
    high: float


def likely(value: float | None, visits: float, spread: float) -> Likely | None:
    """The range of a return that rests on `visits` credited visits; None where that is too early to tell.

    Visits come by chance and differ in what they bring (a compound Poisson sum): its relative standard error is
    sqrt(spread / visits), with `spread` = E[x²] / E[x]² of what one visit brings. On a logarithmic scale the range
    stays positive. It knows nothing of whether the advertising caused the visits.
    """
    if value is None or value <= 0 or visits < TOO_FEW:
        return None
    error = _Z90 * math.sqrt(max(spread, 1.0) / visits)
    return Likely(value * math.exp(-error), value * math.exp(error))
