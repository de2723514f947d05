"""A feed over time: asked only for news, never believed when it breaks, and its gone events told from its old ones."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from tests.vendors.calendar_feed.talking import NOON, PACIFIC, Peer, event, peer

from bookingbridge.canonical.errors import AuthExpired, Refused, Rejected, Unreadable
from bookingbridge.vendors.calendar_feed.simulated_feeds import STARTER_WHOLE

DAY = timedelta(days=1)
SOON = [event(f"e{n}", NOON + n * DAY) for n in range(1, 6)]


def asked_with(there: Peer) -> list[int]:
    """The statuses of all requests for the feed, in order."""
    return [r["status"] for r in there.requests() if r["path"].startswith(("/share", "/moved"))]


def test_an_unchanged_feed_is_not_sent_again_and_takes_nothing_away() -> None:
    with peer() as there:
        there.poll()
        first, known = there.cursor, dict(there.known)
        there.clock.on(minutes=15)
        [page] = there.poll()
        assert asked_with(there) == [200, 304]
        assert (page.records, page.swept, page.is_last) == ((), None, True)
        assert (there.cursor, there.known) == (first, known)


def test_a_changed_feed_is_read_again_at_once() -> None:
    with peer() as there:
        there.poll()
        there.put("new@calendar.example.com", NOON + 2 * DAY, title="Walk-in")
        there.clock.on(minutes=15)
        there.poll()
        assert asked_with(there) == [200, 200]
        assert there.statuses()["new@calendar.example.com"] == "confirmed"


@pytest.mark.parametrize("change", ["full", "settings", "zone", "day"])
def test_marks_are_not_sent_when_the_same_feed_would_be_read_otherwise(change: str) -> None:
    with peer() as there:
        there.poll()
        there.clock.on(minutes=15)
        if change == "settings":
            there.settings = {"days_ahead": "30"}
        elif change == "zone":
            there.time_zone = "America/Denver"
        elif change == "day":
            there.clock.on(days=1)
        there.poll(is_full=change == "full")
        assert asked_with(there) == [200, 200]


def test_a_vanished_event_is_cancelled_and_one_that_aged_out_is_not() -> None:
    with peer(settings={"system": "schedulicity"}) as there:
        old = event("old", NOON - 5 * DAY)
        there.feed(old, *SOON, back_days=7, ahead_days=60)
        there.poll()
        there.cancel("e3")
        there.clock.on(days=4)
        there.poll()
        # Nine days old: the feed does not show it any more.
        assert there.statuses() == {
            "old": "confirmed", "e1": "confirmed", "e2": "confirmed", "e3": "cancelled", "e4": "confirmed",
            "e5": "confirmed",
        }  # fmt: skip


def test_the_last_event_of_an_unknown_feed_is_cancelled_when_it_vanishes() -> None:
    with peer() as there:
        there.feed(*SOON)
        there.poll()
        there.cancel("e5")
        there.clock.on(minutes=15)
        there.poll()
        assert there.statuses()["e5"] == "cancelled"


def test_a_feed_cut_at_a_number_of_events_cancels_nothing_at_its_end() -> None:
    with peer() as there:
        there.feed(*SOON, most=5)
        there.poll()
        there.put("between", NOON + 1.5 * DAY)
        there.clock.on(minutes=15)
        there.poll()
        assert there.statuses() == {**{f"e{n}": "confirmed" for n in range(1, 6)}, "between": "confirmed"}


def test_an_event_called_off_in_the_feed_is_cancelled() -> None:
    with peer() as there:
        there.feed(*SOON)
        there.poll()
        there.cancel("e2", how="status")
        there.clock.on(minutes=15)
        there.poll()
        assert there.statuses()["e2"] == "cancelled"


def test_a_moved_event_stays_the_same_booking() -> None:
    with peer() as there:
        there.feed(*SOON)
        there.poll()
        made = there.bookings()["e2"].booked_at
        there.clock.on(minutes=15)
        there.put("e2", NOON + 9 * DAY)
        there.poll()
        moved = there.bookings()["e2"]
        assert (moved.starts_at, moved.version, moved.booked_at) == (NOON + 9 * DAY, 1, made)
        assert set(there.statuses()) == {"e1", "e2", "e3", "e4", "e5"}


@pytest.mark.parametrize(("mood", "code"), [("login", "no_calendar"), ("cut", "cut_off"), ("empty", "suddenly_empty")])
def test_a_broken_feed_is_said_and_cancels_nothing(mood: str, code: str) -> None:
    with peer() as there:
        there.poll()
        known = dict(there.known)
        there.mood(mood)
        there.clock.on(minutes=15)
        with pytest.raises(Unreadable) as told:
            there.poll()
        assert told.value.code == code
        assert there.known == known
        there.mood("well")
        there.cancel("appt-020@calendar.example.com")
        there.clock.on(minutes=15)
        there.poll()
        assert there.statuses()["appt-020@calendar.example.com"] == "cancelled"
        assert list(there.statuses().values()).count("cancelled") == 1


def test_an_empty_calendar_is_believed_after_a_day() -> None:
    with peer() as there:
        there.feed(*SOON)
        there.poll()
        there.mood("empty")
        for _ in range(23):
            there.clock.on(hours=1)
            with pytest.raises(Unreadable):
                there.poll()
        assert "cancelled" not in there.statuses().values()
        there.clock.on(hours=2)
        there.poll()
        # The first has begun meanwhile: whether it took place an empty calendar does not tell.
        assert there.statuses() == {"e1": "confirmed", **{f"e{n}": "cancelled" for n in range(2, 6)}}


def test_the_only_event_may_vanish_at_once() -> None:
    with peer() as there:
        there.feed(SOON[0])
        there.poll()
        there.cancel("e1")
        there.clock.on(minutes=15)
        there.poll()
        assert there.statuses() == {"e1": "cancelled"}


def test_an_empty_calendar_at_the_beginning_is_nothing_to_fear_and_takes_nothing_away() -> None:
    with peer() as there:
        there.feed()
        [page] = there.poll()
        assert (page.records, page.swept, page.is_last) == ((), None, True)
        assert "empty at present" in there.check().notes[0]


def test_an_event_that_cannot_be_read_any_more_is_not_taken_for_gone() -> None:
    with peer() as there:
        there.feed(*SOON)
        there.poll()
        there.post("events", feed=there.secret, uid="e2", lines=["RRULE:FREQ=HOURLY"])
        there.cancel("e4")
        there.clock.on(minutes=15)
        pages = there.poll()
        assert [page.swept for page in pages] == [None]
        assert there.statuses()["e2"] == "confirmed"
        there.post("events", feed=there.secret, uid="e2", lines=[])
        there.clock.on(minutes=15)
        there.poll()
        assert (there.statuses()["e2"], there.statuses()["e4"]) == ("confirmed", "cancelled")


def test_an_event_that_never_could_be_read_hides_no_cancellation() -> None:
    with peer() as there:
        there.feed(*SOON, event("odd", NOON + DAY, lines=["RRULE:FREQ=HOURLY"]))
        there.poll()
        there.cancel("e4")
        there.clock.on(minutes=15)
        there.poll()
        assert there.statuses()["e4"] == "cancelled"
        assert "odd" not in there.statuses()
        assert any("1 event(s) cannot be read: line" in note for note in there.check().notes)


def test_redirects_are_followed_on_hosts_we_may_ask_and_refused_elsewhere_without_the_secret() -> None:
    with peer() as there:
        there.mood("redirect")
        there.poll()
        assert asked_with(there) == [302, 200]
        assert there.statuses()
        there.mood("elsewhere")
        with pytest.raises(Refused) as told:
            there.poll(is_full=True)
        assert "leads on to elsewhere.example.com, where we do not go" in told.value.why
        assert "secret-path" not in told.value.why


@pytest.mark.parametrize("pasted", ["webcal://", "http://", " http://", "WEBCAL://"])
def test_addresses_are_taken_as_people_paste_them(pasted: str) -> None:
    with peer() as there:
        there.base_url = there.base_url.replace("http://", pasted)
        assert there.check().name == "Chair 1"


@pytest.mark.parametrize(
    "secret", ["../../etc", "gone"],
)  # fmt: skip
def test_an_address_that_is_not_good_any_more_asks_for_a_new_one(secret: str) -> None:
    with peer(secret=secret) as there, pytest.raises(AuthExpired, match="share the calendar again"):
        there.check()


def test_a_withdrawn_feed_asks_for_a_new_address_and_cancels_nothing() -> None:
    with peer() as there:
        there.poll()
        known = dict(there.known)
        there.mood("withdrawn")
        with pytest.raises(AuthExpired):
            there.poll()
        assert there.known == known


def test_the_account_is_the_calendar_and_holds_no_secret() -> None:
    with peer() as there:
        account = there.check()
        assert there.secret not in account.remote_id
        assert (account.name, account.time_zone) == ("Chair 1", PACIFIC)
        named = Peer(there.base_url, there.clock, name="Ana's chair")
        assert named.check().remote_id == "127.0.0.1/ana's chair"
        assert named.check().name == "Ana's chair"
        other = Peer(there.base_url, there.clock, secret=STARTER_WHOLE)
        assert other.check().remote_id != account.remote_id


def test_the_owners_settings_decide_what_events_are_also_afterwards() -> None:
    with peer() as there:
        there.feed(*SOON, event("closed", datetime.fromisoformat("2026-11-26T00:00:00-08:00"), 0))
        there.poll()
        assert there.statuses() == {**{f"e{n}": "confirmed" for n in range(1, 6)}, "closed": "busy"}
        there.settings = {"events_are": "busy"}
        there.clock.on(minutes=15)
        there.poll()
        assert {r.remote_id: k for (k, _), r in there.known.items() if k == "block"} == {
            **{f"e{n}": "block" for n in range(1, 6)}, "closed": "block",
        }  # fmt: skip
        assert {str(b.status) for b in there.bookings().values()} == {"cancelled"}


@pytest.mark.parametrize(
    "settings",
    [{"days_back": "0"}, {"days_ahead": "a year"}, {"days_ahead": "731"}, {"system": "palm"}, {"time_zone": "Mars"},
     {"events_are": "secret"}],
)  # fmt: skip
def test_settings_that_make_no_sense_are_said(settings: dict[str, str]) -> None:
    with peer(settings=settings) as there:
        with pytest.raises(Rejected) as told:
            there.poll()
        assert told.value.code == "setting"
        assert asked_with(there) == []


def test_an_interrupted_reading_begins_again_and_ends_the_same() -> None:
    many = [event(f"n{n}", NOON + timedelta(hours=n)) for n in range(1, 1201)]
    with peer() as there:
        there.feed(*many)
        pages = there.poll()
        assert [len(page.records) for page in pages] == [500, 500, 200, 0]
        assert [page.swept.kind for page in pages if page.swept] == ["block", "booking"]
        known = dict(there.known)
        there.cursor = pages[0].cursor
        there.clock.on(minutes=1)
        there.poll()
        assert there.known == known


def test_an_event_without_a_time_of_making_keeps_the_one_at_which_it_was_first_seen() -> None:
    for stamps in ("none", "generated"):
        with peer() as there:
            there.feed(*SOON, stamps=stamps)
            there.poll()
            first = there.clock()
            there.clock.on(hours=1)
            there.put("e9", NOON + 5 * DAY)
            there.put("e2", NOON + 6 * DAY)
            there.poll()
            made = {uid: b.booked_at for uid, b in there.bookings().items()}
            assert made == {**{f"e{n}": first for n in range(1, 6)}, "e9": there.clock()}


def test_only_what_changed_comes_as_changed_although_stamps_are_new_each_time() -> None:
    with peer() as there:
        there.feed(*SOON, stamps="generated")
        first = {raw.remote_id: raw.payload for page in there.poll() for raw in page.records}
        there.clock.on(days=1)
        second = {raw.remote_id: raw.payload for page in there.poll() for raw in page.records}
        assert first == second


def test_what_is_fetched_by_its_id_is_what_the_feed_shows() -> None:
    with peer() as there:
        [page, *_] = there.poll()
        assert there.fetch("booking", page.records[0].remote_id) == [page.records[0]]
        assert there.fetch("block", page.records[0].remote_id) == []


def test_the_secret_of_the_address_is_in_no_record_cursor_or_error() -> None:
    with peer() as there:
        for page in there.poll():
            assert there.secret not in repr(page)
        there.mood("withdrawn")
        with pytest.raises(AuthExpired) as told:
            there.check()
        assert there.secret not in repr(told.value)
