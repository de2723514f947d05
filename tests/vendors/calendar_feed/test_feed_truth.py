"""A generated calendar lived with over days: after quiet what we know is what the feed shows, and age cancels nothing.

A feed is served over HTTP while events are made, moved, called off and taken away, the clock goes on, and now and then
the feed breaks; it is read as the engine reads it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.vendors.calendar_feed.talking import NOON, Peer, event, peer

from bookingbridge.canonical.errors import BridgeError

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

Life = dict[str, tuple[datetime, bool]]
"""Of each event that ever was: when it begins, and whether somebody called it off."""

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("make"), st.integers(1, 24 * 80)),
        st.tuples(st.just("move"), st.integers(1, 24 * 50), st.integers(0, 30)),
        st.tuples(st.just("vanish"), st.integers(0, 30)),
        st.tuples(st.just("status"), st.integers(0, 30)),
        st.tuples(st.just("wait"), st.integers(1, 24 * 6)),
        st.tuples(st.just("break"), st.sampled_from(["login", "cut", "empty", "redirect", "withdrawn"])),
        st.tuples(st.just("poll"), st.booleans()),
    ),
    min_size=3,
    max_size=14,
)
SHAPES: dict[str, dict[str, Any]] = {
    "schedulicity": {"back_days": 7, "ahead_days": 60},
    "google": {},
    "other": {"back_days": 2, "ahead_days": 45},
}


@pytest.fixture(scope="module")
def running() -> Iterator[Peer]:
    with peer() as there:
        yield there


def live(there: Peer, life: Life, step: tuple[Any, ...]) -> None:
    """One step of the calendar's life."""
    living = sorted(uid for uid, (start, is_off) in life.items() if not is_off and start > there.clock())
    match step:
        case ("make", hours):
            uid = f"m{len(life)}"
            life[uid] = (there.clock() + hours * HOUR, False)
            there.put(uid, life[uid][0])
        case ("move", hours, n) if living:
            uid = living[n % len(living)]
            life[uid] = (there.clock() + hours * HOUR, False)
            there.put(uid, life[uid][0])
        case (("vanish" | "status") as how, n) if living:
            uid = living[n % len(living)]
            life[uid] = (life[uid][0], True)
            there.cancel(uid, how)
        case ("wait", hours):
            there.clock.on(hours=hours)
        case ("break", mood):
            there.mood(mood)
            with suppress(BridgeError):
                poll(there)
            there.mood("well")
        case ("poll", is_full):
            poll(there, is_full=is_full)


def poll(there: Peer, *, is_full: bool = False) -> None:
    there.clock.on(minutes=15)
    there.poll(is_full=is_full)


@pytest.mark.parametrize("system", SHAPES)
@given(steps=STEPS, style=st.sampled_from(["utc", "zoned", "floating"]), stamps=st.sampled_from(["all", "none"]))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_after_quiet_we_know_what_the_feed_shows_and_age_cancels_nothing(
    running: Peer, system: str, steps: list[tuple[Any, ...]], style: str, stamps: str
) -> None:
    there = running
    there.clock.at, there.settings = NOON, {"system": system}
    life: Life = {f"e{n}": (NOON + n * 31 * HOUR, False) for n in range(-3, 9)}
    there.feed(*(event(uid, start) for uid, (start, _) in life.items()), style=style, stamps=stamps, **SHAPES[system])
    poll(there)
    for step in steps:
        live(there, life, step)
    quiet = there.clock()
    poll(there)
    known, said = there.bookings(), there.statuses()
    for uid, (start, is_off) in life.items():
        if not is_off and (uid not in known or known[uid].starts_at == start):
            # Whatever became of it in the feed's window, nobody called it off. Of what was moved out of the window
            # before anybody looked again, a feed cannot tell that it was not cancelled.
            assert said.get(uid, "confirmed") == "confirmed", uid
        if not is_off and quiet + HOUR < start < quiet + 44 * DAY:
            assert known[uid].starts_at == start
        if is_off and uid in known and quiet + 2 * HOUR < known[uid].starts_at < quiet + 44 * DAY:
            assert said[uid] == "cancelled", uid
