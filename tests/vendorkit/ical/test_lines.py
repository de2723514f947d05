"""A calendar's lines are unfolded, kept with their numbers, and known to be whole or cut off."""

from __future__ import annotations

import pytest

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.vendorkit.ical import lines
from bookingbridge.vendorkit.ical.lines import Flaw

WHOLE = (
    "BEGIN:VCALENDAR\nX-WR-CALNAME;X=1:Chair 1\nBEGIN:VEVENT\nUID:a\nSUMMARY:Long\n  line\nEND:VEVENT\nEND:VCALENDAR\n"
)


def test_lines_are_unfolded_and_keep_the_number_of_their_first() -> None:
    [event] = lines.parse(WHOLE, 10, "a").events
    assert event.text("SUMMARY") == "Long line"
    summary = event.one("SUMMARY")
    assert summary is not None
    assert (event.line, summary.line) == (3, 5)


def test_what_the_calendar_says_of_itself_is_kept() -> None:
    assert lines.parse(WHOLE, 10, "a").says == {"X-WR-CALNAME": "Chair 1"}
    assert lines.parse("BEGIN:VCALENDAR\nMETHOD:CANCEL\nEND:VCALENDAR", 10, "a").is_cancellation


@pytest.mark.parametrize("cut", range(17, len(WHOLE) - 2, 3))
def test_a_calendar_that_is_cut_off_anywhere_is_not_whole(cut: int) -> None:
    assert lines.parse(WHOLE, 10, "a").is_whole
    assert not lines.parse(WHOLE[:cut], 10, "a").is_whole


def test_an_event_within_which_the_text_ends_is_a_flaw_of_that_event() -> None:
    assert lines.parse(WHOLE[:70], 10, "a").flaws == [
        Flaw(3, "", "", "the event does not end: the file is cut off", "a")
    ]


def test_alarms_within_events_say_nothing_of_them() -> None:
    text = WHOLE.replace("END:VEVENT", "BEGIN:VALARM\nSUMMARY:Ring\nDURATION:PT5M\nEND:VALARM\nEND:VEVENT")
    [event] = lines.parse(text, 10, "a").events
    assert [p.value for p in event.properties["SUMMARY"]] == ["Long line"]
    assert event.one("DURATION") is None


def test_more_events_than_wanted_and_zero_characters_are_refused() -> None:
    with pytest.raises(Unreadable, match="more than 0 events"):
        lines.parse(WHOLE, 0, "a")
    with pytest.raises(Unreadable, match="not a calendar's text"):
        lines.parse(WHOLE.replace("Long", "\x00"), 10, "a")
