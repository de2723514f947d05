"""How the revenue of a paid visit is shared among the touches that led to its booking. Pure.

The visit converted when it was booked (that is the moment marketing can bring about) and counts once it is paid.
Touches after the booking, or longer before it than the window, get nothing. A visit without a touch has no
credits: its revenue stays "unknown" and is never spread over channels that were not seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from bookingbridge.canonical import money

DEFAULT_WINDOW = timedelta(days=30)
HALF_LIFE = timedelta(days=7)
SESSION = timedelta(minutes=30)


class Model(StrEnum):
    """A way to share. The values are stored."""

    FIRST = "first"
    LAST = "last"
    LAST_NON_DIRECT = "last_non_direct"
    LINEAR = "linear"
    POSITION = "position"
    TIME_DECAY = "time_decay"


MODELS: tuple[Model, ...] = tuple(Model)

TITLES: dict[Model, str] = {
    Model.FIRST: "First touch",
    Model.LAST: "Last touch",
    Model.LAST_NON_DIRECT: "Last touch that is not direct",
    Model.LINEAR: "Equal shares",
    Model.POSITION: "First and last most",
    Model.TIME_DECAY: "The later, the more",
}

EXPLAIN: dict[Model, str] = {
    Model.FIRST: "All of it goes to the touch that came first: what made people aware of you.",
    Model.LAST: "All of it goes to the touch just before the booking: what closed the deal.",
    Model.LAST_NON_DIRECT: (
        "All of it goes to the last touch that was not a direct visit; only when there was nothing else does direct"
        " get it."
    ),
    Model.LINEAR: "Every touch on the way gets the same share.",
    Model.POSITION: (
        "The first and the last touch get 40 % each and those between share 20 %; two touches get half each."
    ),
    Model.TIME_DECAY: (
        "Every touch gets a share, and one that lies 7 days further back counts half as much as one 7 days later."
    ),
}


@dataclass(frozen=True, slots=True)
class Touch:
    """One marketing touch of the person who booked. `at` is aware; `campaign` is "" where there is none."""

    id: UUID
    at: datetime
    channel: str
    campaign: str = ""
    is_direct: bool = False


@dataclass(frozen=True, slots=True)
class Conversion:
    """A booked visit and what it brought in, net of refunds, in minor units. `at` is when it was booked."""

    id: UUID
    at: datetime
    revenue_minor: int


def in_order(touches: Iterable[Touch]) -> list[Touch]:
    """The touches by time; two at the same instant by id, so that no model depends on how they were stored."""
    return sorted(touches, key=lambda t: (t.at, t.id))


def within_window(touches: Iterable[Touch], at: datetime, window: timedelta) -> list[Touch]:
    """The touches from `at - window` to `at`, both included, in order."""
    return in_order(t for t in touches if at - window <= t.at <= at)


def once_per_session(touches: Sequence[Touch]) -> list[Touch]:
    """The touches that say something new. `touches` are in order.

    A touch is a repetition, and left out, when one of the same channel and campaign was seen (kept or not) at most
    30 minutes before; a direct one also when any touch was: whoever clicks an ad and then walks through the site
    did not come twice.
    """
    kept: list[Touch] = []
    seen: dict[tuple[str, str], datetime] = {}
    latest: datetime | None = None
    for touch in touches:
        key = (touch.channel, touch.campaign)
        before = latest if touch.is_direct else seen.get(key)
        if before is None or touch.at - before > SESSION:
            kept.append(touch)
        seen[key] = latest = touch.at
    return kept


def path(touches: Iterable[Touch], at: datetime, window: timedelta = DEFAULT_WINDOW) -> list[Touch]:
    """The touches that share a visit booked at `at`: inside the window, each session once, in order."""
    return once_per_session(within_window(touches, at, window))


def weights(model: Model, touches: Sequence[Touch]) -> list[float]:
    """What each touch weighs, in order; whole numbers wherever the model's shares are fractions of small numbers."""
    n = len(touches)
    if n == 0:
        return []
    match model:
        case Model.FIRST:
            return _only(0, n)
        case Model.LAST:
            return _only(n - 1, n)
        case Model.LAST_NON_DIRECT:
            return _only(next((i for i in range(n - 1, -1, -1) if not touches[i].is_direct), n - 1), n)
        case Model.LINEAR:
            return [1.0] * n
        case Model.POSITION:
            return position_weights(n)
        case Model.TIME_DECAY:
            # Relative to the last touch, so that the greatest weight is 1 and nothing vanishes however old.
            last = touches[-1].at
            return [0.5 ** ((last - t.at) / HALF_LIFE) for t in touches]


def position_weights(n: int) -> list[float]:
    """40/20/40 in whole numbers: the ends weigh 2(n-2), each of those between 1; one or two touches weigh the same."""
    if n <= 2:
        return [1.0] * n
    return [2.0 * (n - 2), *[1.0] * (n - 2), 2.0 * (n - 2)]


def _only(index: int, n: int) -> list[float]:
    return [1.0 if i == index else 0.0 for i in range(n)]


def shares(model: Model, touches: Sequence[Touch]) -> list[float]:
    """Each touch's part of one visit, summing to 1 (to float precision); [] for no touches. `touches` are in order."""
    found = weights(model, touches)
    mass = sum(found)
    return [w / mass for w in found]


def credits(touches: Sequence[Touch], revenue_minor: int) -> dict[Model, list[int]]:
    """Each model's minor units per touch, summing to `revenue_minor` exactly; empty lists for no touches.

    Odd cents go to the largest remainders, ties to the earlier touch. A negative revenue (more refunded than paid)
    is shared like its opposite. `touches` are a `path`.
    """
    if not touches:
        return {model: [] for model in MODELS}
    return {model: money.split(revenue_minor, weights(model, touches)) for model in MODELS}


VIAS = ("booking_token", "coupon", "named", "email", "phone", "call", "asked")
"""How a touch is known to be a client's, the surest first. `coupon`, `call` and `asked` are touches that name the
client themselves; `named` is any other touch whose source names the client; the others are identity links."""

_OWN = frozenset({"coupon", "call", "asked"})


def via(link_rules: Iterable[str], touch_kind: str, *, names_client: bool) -> str:
    """The surest way in which the touch is known to be the client's."""
    known = set(link_rules)
    if names_client:
        known.add(touch_kind if touch_kind in _OWN else "named")
    return min(known & set(VIAS), key=VIAS.index, default="named")
