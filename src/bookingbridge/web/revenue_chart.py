"""Revenue by what brought the client, piece by piece of a period, with what was spent over it."""

from __future__ import annotations

from bookingbridge.domains.journeys import api as journeys
from bookingbridge.web.asking import bucket_words, is_open, unit_of
from bookingbridge.web.charts.base import hue
from bookingbridge.web.charts.stacked import Series, StackedBars
from bookingbridge.web.figures import Shown

MOST_SERIES = 6
"""More colours than these nobody tells apart; the rest is shown together."""


def of(s: Shown) -> StackedBars:
    """The strongest channels by name, the others together, and what is unknown on top."""
    pieces = s.overview.pieces
    sums: dict[str, int] = {}
    for p in pieces:
        for channel, minor in p.revenue_minor.items():
            sums[channel] = sums.get(channel, 0) + minor
    known = sorted((c for c in sums if c != "unknown"), key=lambda c: (-sums[c], c))
    named, rest = (known, []) if len(known) <= MOST_SERIES else (known[: MOST_SERIES - 1], known[MOST_SERIES - 1 :])

    def values(*channels: str) -> tuple[int, ...]:
        return tuple(sum(p.revenue_minor.get(c, 0) for c in channels) for p in pieces)

    series = [Series(journeys.title(c), hue(c), values(c)) for c in named]
    if rest:
        series.append(Series("Other known", "c11", values(*rest)))
    if "unknown" in sums:
        series.append(Series(journeys.title("unknown"), "c0", values("unknown")))
    has_spend = s.overview.spend_as_of is not None and s.asked.location_id is None
    return StackedBars(
        "revenue",
        "Revenue by what brought the client",
        tuple(bucket_words(p.period, today=s.asked.today) for p in pieces),
        tuple(series),
        s.overview.currency,
        tuple(p.spend_minor for p in pieces) if has_spend else (),
        open_bucket=is_open(pieces[-1].period, s.asked.today) if pieces else False,
        unit=unit_of([p.period for p in pieces]),
    )
