"""The same shares as `rules`, for a hundred thousand visits at once: columns in, columns out. Pure.

`rules` says what is true; this module only says it faster, and a property test holds the two together.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bookingbridge.canonical import money
from bookingbridge.domains.attribution.rules import DEFAULT_WINDOW, HALF_LIFE, MODELS, SESSION, Model, position_weights

MICROSECOND = timedelta(microseconds=1)
_SESSION_US = SESSION // MICROSECOND
_HALF_LIFE_US = HALF_LIFE // MICROSECOND

_Split = tuple[list[int], list[float]]


@dataclass(frozen=True, slots=True)
class Batch:
    """Visits and the touches of their clients, as columns. Times are microseconds since 1970.

    Per visit: `booked_us`, `revenue_minor`, `touch_counts` (zero is allowed).
    Per touch, the visits' one after another, each visit's by (time, id): `touched_us`, `is_direct`, and `origin`,
    anything that is equal for the same channel and campaign. A touch that precedes two visits is listed twice.
    """

    booked_us: Sequence[int]
    revenue_minor: Sequence[int]
    touch_counts: Sequence[int]
    touched_us: Sequence[int]
    is_direct: Sequence[bool]
    origin: Sequence[Hashable]


@dataclass(frozen=True, slots=True)
class Credited:
    """One entry per visit and touch that counts, as columns of equal length, in the batch's order.

    `visit` and `touch` are indices into the batch's columns; `position` counts from 0 along the visit's path.
    `minor[model]` sums per visit to its revenue, `share[model]` to 1. `touch_counts` has one entry per visit:
    zero means that its revenue is unknown's.
    """

    visit: list[int]
    touch: list[int]
    position: list[int]
    minor: dict[Model, list[int]]
    share: dict[Model, list[float]]
    touch_counts: list[int]


def credit(batch: Batch, window: timedelta = DEFAULT_WINDOW) -> Credited:
    """The credits of all visits of the batch, in all models."""
    window_us = window // MICROSECOND
    visits: list[int] = []
    touches: list[int] = []
    positions: list[int] = []
    counts: list[int] = []
    sharing = _Sharing()
    end = 0
    for visit, (booked, revenue, count) in enumerate(
        zip(batch.booked_us, batch.revenue_minor, batch.touch_counts, strict=True)
    ):
        start, end = end, end + count
        kept = _kept(batch, start, end, booked - window_us, booked) if count else []
        n = len(kept)
        counts.append(n)
        if n:
            visits.extend([visit] * n)
            touches.extend(kept)
            positions.extend(range(n))
            sharing.add(batch, kept, revenue)
    if end != len(batch.touched_us):
        raise ValueError(f"the visits count {end} touches, but there are {len(batch.touched_us)}")
    minor, share = sharing.columns()
    return Credited(visits, touches, positions, minor, share, counts)


def _kept(batch: Batch, start: int, end: int, since: int, until: int) -> list[int]:
    """`rules.path` over one visit's slice of the columns."""
    times, direct, origin = batch.touched_us, batch.is_direct, batch.origin
    kept: list[int] = []
    seen: dict[Hashable, int] = {}
    latest: int | None = None
    for i in range(start, end):
        at = times[i]
        if at < since or at > until:
            continue
        before = latest if direct[i] else seen.get(origin[i])
        if before is None or at - before > _SESSION_US:
            kept.append(i)
        seen[origin[i]] = latest = at
    return kept


class _Sharing:
    """The growing columns of minor units and shares. Lists, not dicts by model: an enum's hash is slow in a loop."""

    def __init__(self) -> None:
        self._minor: list[list[int]] = [[] for _ in MODELS]
        self._share: list[list[float]] = [[] for _ in MODELS]
        self._fixed: dict[tuple[int, int], _Split] = {}

    def columns(self) -> tuple[dict[Model, list[int]], dict[Model, list[float]]]:
        return dict(zip(MODELS, self._minor, strict=True)), dict(zip(MODELS, self._share, strict=True))

    def add(self, batch: Batch, kept: list[int], revenue: int) -> None:
        """One visit's shares in all models, in the order of MODELS."""
        n = len(kept)
        direct = batch.is_direct
        non_direct = n - 1
        while non_direct > 0 and direct[kept[non_direct]]:
            non_direct -= 1
        if direct[kept[non_direct]]:
            non_direct = n - 1
        linear = _equal(revenue, n)
        position = linear if n <= 2 else self._by_position(n, revenue)
        decay = linear if n == 1 else _split(revenue, _decay([batch.touched_us[i] for i in kept]))
        splits = (_one(0, n, revenue), _one(n - 1, n, revenue), _one(non_direct, n, revenue), linear, position, decay)
        for (minor, share), all_minor, all_share in zip(splits, self._minor, self._share, strict=True):
            all_minor += minor
            all_share += share

    def _by_position(self, n: int, revenue: int) -> _Split:
        """Prices repeat: what depends only on the number of touches is worked out once per price."""
        found = self._fixed.get((n, revenue))
        if found is None:
            found = self._fixed[n, revenue] = _split(revenue, position_weights(n))
        return found


def _one(index: int, n: int, revenue: int) -> _Split:
    minor, share = [0] * n, [0.0] * n
    minor[index], share[index] = revenue, 1.0
    return minor, share


def _decay(times: list[int]) -> list[float]:
    last = times[-1]
    return [0.5 ** ((last - at) / _HALF_LIFE_US) for at in times]


def _equal(revenue: int, n: int) -> _Split:
    """`money.split` over equal weights."""
    if n == 1:
        return [revenue], [1.0]
    whole, odd = divmod(abs(revenue), n)
    sign = -1 if revenue < 0 else 1
    return [sign * (whole + 1)] * odd + [sign * whole] * (n - odd), [1.0 / n] * n


def _split(revenue: int, weights: list[float]) -> _Split:
    """`money.split` and the shares, in one pass where no cent too many was given, as nearly always."""
    mass = sum(weights)
    share = [w / mass for w in weights]
    exact = [revenue * s for s in share]
    minor = [int(x) for x in exact]
    odd = revenue - sum(minor)
    if revenue < 0 or odd < 0:
        return money.split(revenue, weights), share
    if odd:
        short = [part - x for part, x in zip(minor, exact, strict=True)]
        for i in sorted(range(len(short)), key=short.__getitem__)[:odd]:
            minor[i] += 1
    return minor, share
