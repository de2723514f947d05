"""Which stretch a feed surely shows: never a time at which something that is there could be out of its sight."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.vendors.calendar_feed.talking import NOON

from bookingbridge.vendors.calendar_feed.choices import OTHER, SYSTEMS, system_of
from bookingbridge.vendors.calendar_feed.covering import Shown, Span, covered

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
WINDOW = NOON - 365 * DAY, NOON + 365 * DAY
BY_NAME = {system.name: system for system in SYSTEMS}


def at(start: float, hours: float = 1) -> Span:
    """A span that begins so many days from now."""
    return NOON + start * DAY, NOON + start * DAY + hours * HOUR


def test_a_whole_calendar_is_covered_wherever_we_look() -> None:
    for name in ("google", "apple"):
        assert covered(BY_NAME[name], Shown([at(3)], 1), WINDOW, NOON, 1) == WINDOW


def test_schedulicity_covers_its_window_less_a_day_on_each_side() -> None:
    shown = covered(BY_NAME["schedulicity"], Shown([], 0), WINDOW, NOON, 0)
    assert shown == (NOON - 6 * DAY, NOON + 59 * DAY)


def test_our_own_window_bounds_what_is_covered() -> None:
    small = NOON - 2 * DAY, NOON + 10 * DAY
    assert covered(BY_NAME["schedulicity"], Shown([], 0), small, NOON, 0) == small
    assert covered(OTHER, Shown([at(-30)], 1), (NOON, NOON), NOON, 9) is None


def test_an_unknown_feed_covers_from_the_earliest_end_it_shows() -> None:
    # A holiday that began long ago is still shown: its beginning says nothing of the edge.
    shown = Shown([at(-20, hours=24 * 15), at(-3), at(40)], 3)
    assert covered(OTHER, shown, WINDOW, NOON, 10) == (NOON - 5 * DAY, WINDOW[1])


def test_an_unknown_feed_that_shows_only_what_comes_covers_from_soon_on() -> None:
    assert covered(OTHER, Shown([at(3)], 1), WINDOW, NOON, 10) == (NOON + HOUR, WINDOW[1])


def test_a_feed_at_its_greatest_number_of_events_covers_only_what_it_shows() -> None:
    shown = Shown([at(-3), at(40)], 50)
    assert covered(OTHER, shown, WINDOW, NOON, 50) == (NOON - 3 * DAY + HOUR, NOON + 40 * DAY)


def test_systems_are_told_by_their_hosts() -> None:
    names = {
        "https://calendar.google.com/calendar/ical/a/private-b/basic.ics": "google",
        "https://p12-caldav.icloud.com/published/2/x": "apple",
        "https://www.schedulicity.com/x.ics": "schedulicity",
        "https://notschedulicity.com/x.ics": "other",
        "https://outlook.office365.com/owa/calendar/a/b/calendar.ics": "outlook",
        "https://calendar.example.com/x.ics": "other",
    }
    assert {address: system_of("auto", address).name for address in names} == names
    assert system_of("apple", "https://calendar.google.com/").name == "apple"


EVENTS = st.lists(st.tuples(st.integers(-4000, 4000), st.integers(1, 1000)), max_size=30)


@example([(1, 1), (1, 2)], 0, 2, 1)  # two begin together, and the cut lies between them
@given(EVENTS, st.integers(0, 800), st.integers(1, 2000), st.none() | st.integers(1, 30))
@settings(max_examples=200, deadline=None)
def test_what_is_there_and_inside_is_always_shown(
    events: list[tuple[int, int]], back: int, ahead: int, most: int | None
) -> None:
    """Whatever edges a rolling feed has, behind, ahead or at a number: nothing that is there is out of sight inside.

    A thing that was seen is not lost ahead, so beyond the edge ahead only the number matters.
    """
    spans = [(NOON + s * HOUR, NOON + (s + length) * HOUR) for s, length in sorted(events)]
    in_window = [s for s in spans if s[1] > NOON - back * HOUR and s[0] < NOON + ahead * HOUR]
    shown = in_window if most is None else in_window[:most]
    ever = len(in_window) if most is None else min(most, len(in_window))
    stretch = covered(OTHER, Shown(shown, len(shown)), WINDOW, NOON, ever)
    known = [s for s in spans if s[0] < NOON + ahead * HOUR]
    if stretch is not None:
        assert [s for s in known if stretch[0] <= s[0] < stretch[1] and s not in shown] == []
