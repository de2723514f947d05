"""Of which stretch a feed surely shows everything: what vanishes inside is cancelled, outside it aged out. Pure.

A feed that rolls shows what lies between an edge behind us and one ahead, and both only move on. An event that was
seen is therefore lost at the edge behind, or, where a feed is cut at a number of events, at its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bookingbridge.vendors.calendar_feed.choices import System

Span = tuple[datetime, datetime]

# Rolling windows begin at midnight somewhere, or a cache is a few hours old.
_EDGE = timedelta(days=1)
# Clocks differ, and a feed that begins "now" is asked a little later.
_SOON = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a feed shows: the (start, end) of its events that do not repeat, and how many events it holds in all.

    Repeating ones tell nothing of its edges: a series is shown whole as soon as one of its days is.
    """

    spans: Sequence[Span]
    count: int


def covered(system: System, shown: Shown, window: Span, now: datetime, most: int) -> Span | None:
    """[from, until) of starts that the feed surely shows, within `window`; None where there is no such stretch.

    `most` is the greatest number of events the feed ever held: below it, it is not cut at a number.
    """
    begins, ends = window
    if system.shows is not None:
        begins = max(begins, now - system.shows[0] + _EDGE)
        ends = min(ends, now + system.shows[1] - _EDGE)
    elif not system.is_whole:
        # Whatever is shown ends after the edge behind us, so that what begins after the earliest end is inside.
        begins = max(begins, min([now + _SOON, *(end for _, end in shown.spans)]))
        if shown.count >= most and shown.spans:
            # Of those that begin together with the last one shown, some may be behind the cut.
            ends = min(ends, max(start for start, _ in shown.spans))
    return (begins, ends) if begins < ends else None
