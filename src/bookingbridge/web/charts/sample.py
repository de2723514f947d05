"""Invented figures, shown faded and labelled as a sample where a business has none of its own yet."""

from __future__ import annotations

from bookingbridge.web.charts.base import Hue
from bookingbridge.web.charts.stacked import Series, StackedBars

_LABELS = tuple(f"Week {i}" for i in range(1, 11))
_CAUSES: tuple[tuple[str, Hue, tuple[int, ...]], ...] = (
    ("Google Ads", "c1", (120, 140, 155, 150, 170, 185, 180, 200, 215, 220)),
    ("Meta Ads", "c2", (90, 100, 95, 120, 125, 118, 140, 150, 145, 160)),
    ("Google organic", "c3", (80, 84, 90, 88, 95, 99, 104, 100, 108, 112)),
    ("Unknown", "c0", (110, 104, 98, 95, 90, 86, 84, 80, 74, 70)),
)


def revenue(currency: str = "USD") -> StackedBars:
    """A growing shop's ten weeks."""
    series = tuple(Series(name, hue, tuple(v * 1000 for v in values)) for name, hue, values in _CAUSES)
    spend = tuple(v * 1000 for v in (70, 74, 72, 78, 80, 79, 84, 86, 85, 88))
    return StackedBars("sample", "A sample: revenue by what brought the client", _LABELS, series, currency, spend)
