"""Rows of appointments become bookings, clients, services, people and places; what cannot is told by line."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.vendors.files.given import SHOP, load, only, problems, skipping, workbook

from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.money import Money
from bookingbridge.canonical.records import Booking, BookingStatus, Customer, Location, Service, StaffMember, Touchpoint
from bookingbridge.vendors import files
from bookingbridge.vendors.files import Wishes

HEADINGS = (
    "ID,Start,End,Status,Client,Email,Phone,Service,Staff,Location,Price,Created,How did you hear about us?,Notes\n"
)
ANN = (
    "7,2026-03-14 14:30,2026-03-14 15:15,Completed,Ann Lee,Ann@Example.com,(206) 555-0101,Skin fade,Leo,Ballard,$45.00,"
    "2026-03-10 09:05,Google,first visit\n"
)


def booking(text: str) -> Booking:
    """The one booking in the text."""
    loaded = load(text, kind="bookings")
    assert loaded.problems == []
    [found] = only(loaded, Booking)
    return found


def utc(day: int, hour: int, minute: int = 0) -> datetime:
    """A time of March 2026."""
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def test_a_row_becomes_a_booking_and_all_it_mentions() -> None:
    loaded = load(HEADINGS + ANN)
    assert loaded.counts == {"location": 1, "staff": 1, "service": 1, "client": 1, "booking": 1}
    [place], [person], [service] = only(loaded, Location), only(loaded, StaffMember), only(loaded, Service)
    assert (place.name, person.name, service.name) == ("Ballard", "Leo", "Skin fade")
    assert only(loaded, Booking) == [
        Booking(
            remote_id=RemoteId("7"),
            version=None,
            changed_at=None,
            status=BookingStatus.COMPLETED,
            starts_at=utc(14, 21, 30),
            ends_at=utc(14, 22, 15),
            booked_at=utc(10, 16, 5),
            customer=only(loaded, Customer)[0].remote_id,
            location=place.remote_id,
            staff=person.remote_id,
            service=service.remote_id,
            price=Money(4500, "USD"),
            note="first visit",
            heard_from="Google",
        )
    ]


def test_records_stand_before_what_mentions_them() -> None:
    there: set[tuple[str, str]] = set()
    for record in load(HEADINGS + ANN).records:
        assert set(record.mentions()) <= there
        there.add((record.kind, record.remote_id))


CLIENTS = "Start,Client,Client ID,Email,Phone\n"


@pytest.mark.parametrize(
    ("row", "remote_id"),
    [
        ("Ann,C7,ann@example.com,2065550101", "C7"),
        ("Ann,, Ann@Example.COM ,2065550101", "email:ann@example.com"),
        ("Ann,,,(206) 555-0101", "phone:+12065550101"),
        ("Ann,,noemail@example.com,+1 206 555 0101", "phone:+12065550101"),
    ],
)
def test_a_client_is_known_by_id_then_email_then_phone(row: str, remote_id: str) -> None:
    loaded = load(f"{CLIENTS}2026-03-14 14:30,{row}\n", kind="bookings")
    assert [c.remote_id for c in only(loaded, Customer)] == [remote_id]
    assert [b.customer for b in only(loaded, Booking)] == [remote_id]


@pytest.mark.parametrize("contact", [",", "none@none.com,", ",555-0101", ",(206) 777-7777", "n/a,-"])
def test_a_name_alone_is_a_client_per_booking(contact: str) -> None:
    loaded = load(f"{CLIENTS}2026-03-14 14:30,Ann,,{contact}\n2026-03-15 14:30,Ann,,{contact}\n", kind="bookings")
    first, second = only(loaded, Customer)
    assert first.name == second.name == "Ann"
    assert first.remote_id != second.remote_id
    assert [b.customer for b in only(loaded, Booking)] == [first.remote_id, second.remote_id]


def test_nobody_at_all_is_no_client() -> None:
    assert booking("Start,Client\n2026-03-14 14:30,\n").customer is None


def test_rows_of_one_client_fill_each_other_up_and_the_later_wins() -> None:
    loaded = load(
        "Start,Client,Email,Phone\n2026-03-14 14:30,Ann Lee,ann@example.com,\n"
        "2026-03-15 14:30,,ann@example.com,206 555 0101\n2026-03-16 14:30,Ann Moss,ann@example.com,\n"
    )
    [client] = only(loaded, Customer)
    assert (client.name, client.phone) == ("Ann Moss", "206 555 0101")


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("Completed", BookingStatus.COMPLETED), ("checked-out", BookingStatus.COMPLETED), ("", BookingStatus.CONFIRMED),
        ("ACCEPTED", BookingStatus.CONFIRMED), ("Canceled by client", BookingStatus.CANCELLED),
        ("No-Show", BookingStatus.NO_SHOW), ("Ausstehend", BookingStatus.PENDING),
        ("rechazada", BookingStatus.DECLINED), ("скасовано", BookingStatus.CANCELLED),
        ("не з’явився", BookingStatus.NO_SHOW), ("Odwołana", BookingStatus.CANCELLED),
    ],
)  # fmt: skip
def test_status_words_of_several_languages(word: str, status: BookingStatus) -> None:
    assert booking(f"Start,Client,Status\n2026-03-14 14:30,Ann,{word}\n").status is status


def test_flags_for_cancelled_and_no_show_overrule_the_status() -> None:
    heads = "Start,Client,Status,Canceled,No-show\n2026-03-14 14:30,Ann,Confirmed"
    assert booking(f"{heads},no,no\n").status is BookingStatus.CONFIRMED
    assert booking(f"{heads},true,\n").status is BookingStatus.CANCELLED
    assert booking(f"{heads},yes,Yes\n").status is BookingStatus.NO_SHOW


def test_the_end_is_said_or_follows_from_duration_or_the_usual_length() -> None:
    def minutes(heads: str, row: str) -> float:
        found = booking(f"Start,Client,{heads}\n2026-03-14 14:30,Ann,{row}\n")
        return (found.ends_at - found.starts_at) / timedelta(minutes=1)

    assert minutes("End", "2026-03-14 15:05") == 35
    assert minutes("End time", "3:05 PM") == 35
    assert minutes("Duration", "45 min") == 45
    assert minutes("Duration", "1:15") == 75
    assert minutes("Duration", "1 h 15 min") == 75
    assert minutes("Duration (hours)", "1.5") == 90
    assert minutes("Duration (seconds)", "2700") == 45
    assert minutes("Duration", "") == 60
    assert minutes("End", "") == 60


def test_an_end_past_midnight_is_on_the_next_day() -> None:
    found = booking("Date,Start time,End time\n2026-03-14,11:30 PM,12:30 AM\n")
    assert found.ends_at - found.starts_at == timedelta(hours=1)


def test_what_is_assumed_is_noted() -> None:
    loaded = load("Start,Client\n2026-03-14 14:30,Ann\n2026-03-15 14:30,Ann\n", kind="bookings")
    assert loaded.notes[1:] == (
        "neither end nor duration is given; 60 minutes are taken (2 rows)",
        "nothing says when it was booked; the visit's start is taken, so all touches before it count (2 rows)",
    )


def test_a_day_of_booking_means_its_end_but_never_after_the_visit_began() -> None:
    assert booking("Start,Created\n2026-03-14 14:30,2026-03-10\n").booked_at == utc(11, 6, 59) + timedelta(seconds=59)
    assert booking("Start,Created\n2026-03-14 14:30,2026-03-14\n").booked_at == utc(14, 21, 30)


def test_times_take_the_rows_zone_or_the_headings() -> None:
    assert booking("Start,Time zone\n2026-03-14 14:30,Europe/Kyiv\n").starts_at == utc(14, 12, 30)
    assert booking("Start (UTC),Client\n2026-03-14 14:30,Ann\n").starts_at == utc(14, 14, 30)
    assert booking("Start,Client\n2026-03-14T14:30:00+01:00,Ann\n").starts_at == utc(14, 13, 30)
    assert booking("Start,Client\n1773498600,Ann\n").starts_at == utc(14, 14, 30)
    assert booking("Start,Client\n1773498600000,Ann\n").starts_at == utc(14, 14, 30)


def test_prices_take_the_rows_currency_or_the_headings() -> None:
    assert booking("Start,Price,Currency\n2026-03-14 14:30,45,eur\n").price == Money(4500, "EUR")
    assert booking("Start,Price (GBP)\n2026-03-14 14:30,45\n").price == Money(4500, "GBP")
    assert booking("Start,Price (NET)\n2026-03-14 14:30,45\n").price == Money(4500, "USD")
    assert booking("Start,Price\n2026-03-14 14:30,\n").price is None


def test_campaign_tags_of_the_booking_link_become_a_touch_at_the_time_of_booking() -> None:
    loaded = load(
        "ID,Start,Created,Email,UTM Source,UTM Medium,UTM Campaign\n"
        "7,2026-03-14 14:30,2026-03-10 09:05,ann@example.com,facebook,paid_social,fall\n"
        "8,2026-03-14 15:30,2026-03-10 09:06,bob@example.com,,,\n9,2026-03-14 15:30,2026-03-10 09:06,,x,y,z\n",
        kind="bookings",
    )
    [touch] = only(loaded, Touchpoint)
    assert (touch.remote_id, touch.at, touch.client) == ("booking:7", utc(10, 16, 5), "email:ann@example.com")
    assert (touch.source, touch.medium, touch.campaign) == ("facebook", "paid_social", "fall")


def test_the_same_file_again_gives_the_same_records() -> None:
    text = HEADINGS + ANN + ANN.replace("7,2026", ",2026").replace("03-14", "03-15")
    assert load(text).records == load(text).records
    again = load(text.replace("Completed", "No-show").replace("$45.00", "$50.00"))
    assert [r.remote_id for r in again.records] == [r.remote_id for r in load(text).records]


def test_without_an_id_start_client_service_staff_and_place_identify_a_booking() -> None:
    text = "Start,Client,Service,Staff,Location\n2026-03-14 14:30,Ann,Cut,Leo,Ballard\n"
    base = booking(text).remote_id
    assert base.startswith("row:")
    assert booking(text.replace("Ann", "ANN")).remote_id == base
    assert booking(text.replace("Ballard", " Ballard ")).remote_id == base
    for other in ("14:30", "Ann", "Cut", "Leo", "Ballard"):
        assert booking(text.replace(other, "15:30" if other == "14:30" else "Other")).remote_id != base


def test_a_repeated_row_is_counted_and_kept_once() -> None:
    loaded = load(HEADINGS + ANN + ANN)
    assert (len(only(loaded, Booking)), loaded.repeated) == (1, 1)
    assert loaded.notes[-1] == "1 row(s) repeat others"
    without_id = "Start,Client,Email\n2026-03-14 14:30,Ann,ann@example.com\n"
    loaded = load(without_id + without_id.split("\n")[1] + "\n", kind="bookings")
    assert (len(only(loaded, Booking)), loaded.repeated) == (1, 1)


def test_two_walk_ins_that_nothing_tells_apart_are_two() -> None:
    text = "Start,Service\n2026-03-14 14:30,Cut\n2026-03-14 14:30,Cut\n"
    first, second = only(load(text, kind="bookings"), Booking)
    assert second.remote_id == f"{first.remote_id}-2"


def test_two_rows_that_say_otherwise_of_one_booking_are_a_problem_unless_one_is_newer() -> None:
    loaded = load(HEADINGS + ANN + ANN.replace("Completed", "No-show"))
    assert problems(loaded) == [(3, "ID")]
    assert loaded.problems[0].why == "line 2 says otherwise of the same booking"
    dated = "ID,Start,Status,Updated\n7,2026-03-14 14:30,No-show,2026-03-15\n7,2026-03-14 14:30,Completed,2026-03-14\n"
    assert booking(dated).status is BookingStatus.NO_SHOW


BAD = (
    "ID,Start,End,Status,Client,Price\n"
    "1,2026-03-14 14:30,2026-03-14 15:00,Completed,Ann,45\n"
    "2,2026-02-30 10:00,2026-03-14 15:00,Pondering,Bob,forty\n"
    "3,,,Completed,Cid,45\n"
    "4,2026-03-14 10:00,2026-03-14 09:00,Completed,Dee,45\n"
    "5,2026-03-14 10:00\n"
    "6,2026-03-14 10:00,2026-03-14 11:00,Completed,Eve,45,extra\n"
    "7,2026-03-08 02:30,2026-03-08 03:30,Completed,Fay,45\n"
    "8,2026-03-14,2026-03-14,Completed,Gus,45\n"
)


def test_all_problems_of_all_rows_are_told_and_nothing_is_given_out() -> None:
    loaded = load(BAD)
    assert problems(loaded) == [
        (3, "Start"), (3, "Status"), (3, "Price"), (4, "Start"), (5, "End"), (6, ""), (7, ""), (8, "Start"),
        (9, "Start"),
    ]  # fmt: skip
    assert [p.why for p in loaded.problems] == [
        "there is no such day",
        "unknown status; known are confirmed, completed, cancelled, no-show, pending, declined",
        "not an amount",
        "nothing says when the visit begins",
        "it does not end in the month it begins",
        "the row has 2 cells and the headings 6: is a line broken in two?",
        "the row has 7 cells and the headings 6: is a separator or quote amiss?",
        "clocks in America/Los_Angeles were put forward past 2026-03-08 02:30; is the zone right?",
        "there is no time of day",
    ]
    assert (loaded.rows, loaded.bad_rows, loaded.problem_count) == (8, 7, 9)
    assert loaded.problems[0].value == "2026-02-30 10:00"


def test_bad_rows_are_skipped_where_that_is_asked_for() -> None:
    loaded = load(BAD, options=skipping())
    assert [b.remote_id for b in only(loaded, Booking)] == ["1"]
    assert (loaded.problem_count, loaded.bad_rows) == (9, 7)


def test_only_the_first_thousand_problems_are_listed() -> None:
    loaded = load("ID,Start,Client\n" + "".join(f"{n},never,Ann\n" for n in range(1_500)), kind="bookings")
    assert (len(loaded.problems), loaded.problem_count) == (1_000, 1_500)


def test_dates_that_could_be_read_two_ways_block_the_file_and_ask() -> None:
    text = "Start,Client\n03/04/2026 10:00,Ann\n05/06/2026 10:00,Bob\n"
    loaded = load(text, kind="bookings")
    assert problems(loaded) == [(2, "Start")]
    assert loaded.problems[0].why == "day or month first? no date of the file shows it; say --dates dmy, mdy or ymd"
    assert load(text, kind="bookings", options=skipping()).records == []
    order = replace(SHOP, dates=files.DateOrder.DMY)
    starts = [b.starts_at for b in only(load(text, kind="bookings", options=order), Booking)]
    assert starts == [datetime(2026, 4, 3, 17, tzinfo=UTC), datetime(2026, 6, 5, 17, tzinfo=UTC)]


def test_one_date_that_shows_the_order_shows_it_for_all_columns() -> None:
    found = only(
        load("Start,Client,Created\n03/04/2026 10:00,Ann,28/03/2026\n05/04/2026 10:00,Bob,01/04/2026\n"), Booking
    )
    assert [b.starts_at for b in found] == [datetime(2026, 4, 3, 17, tzinfo=UTC), datetime(2026, 4, 5, 17, tzinfo=UTC)]


def test_a_column_with_both_orders_asks() -> None:
    loaded = load("Start,Client\n25/04/2026 10:00,Ann\n04/25/2026 10:00,Bob\n03/04/2026 10:00,Cid\n", kind="bookings")
    assert problems(loaded) == [(4, "Start")]
    assert loaded.problems[0].why.startswith("some dates of this column have the day first and some the month")


def test_amounts_that_could_be_read_two_ways_block_the_file_and_ask() -> None:
    text = 'Start,Client,Price\n2026-03-14 10:00,Ann,45\n2026-03-14 11:00,Bob,"1,200"\n'
    loaded = load(text, kind="bookings")
    assert problems(loaded) == [(3, "Price")]
    [_, bob] = only(load(text, kind="bookings", options=replace(SHOP, decimal=",")), Booking)
    assert bob.price == Money(120, "USD")
    [_, bob, _] = only(load(text + "2026-03-14 12:00,Cid,45.50\n", kind="bookings"), Booking)
    assert bob.price == Money(120000, "USD")


def test_a_currency_without_cents_has_thousands_only() -> None:
    text = 'Start,Client,Price\n2026-03-14 11:00,Bob,"1,200"\n'
    [bob] = only(load(text, kind="bookings", options=replace(SHOP, currency="JPY")), Booking)
    assert bob.price == Money(1200, "JPY")


def test_a_time_that_came_twice_is_the_first() -> None:
    assert booking("Start,Client\n2026-11-01 01:30,Ann\n").starts_at == datetime(2026, 11, 1, 8, 30, tzinfo=UTC)


def test_a_workbooks_typed_cells_are_read() -> None:
    rows: list[list[object]] = [
        ["ID", "Date", "Start time", "Duration", "Client", "Phone", "Price", "Created", "Cancelled"],
        [1001.0, datetime(2026, 3, 14), datetime(1899, 12, 30, 14, 30).time(), 45, "Ann", 12065550101, 45.5,  # noqa: DTZ001
         datetime(2026, 3, 10, 9, 5), False],  # noqa: DTZ001
    ]  # fmt: skip
    loaded = files.load(workbook(("Bookings", rows)), None, SHOP, name="shop.xlsx")
    assert loaded.problems == []
    [found], [client] = only(loaded, Booking), only(loaded, Customer)
    assert (found.remote_id, found.starts_at, found.booked_at) == ("1001", utc(14, 21, 30), utc(10, 16, 5))
    assert (found.ends_at - found.starts_at, found.price) == (timedelta(minutes=45), Money(4550, "USD"))
    assert client.phone == "12065550101"
    assert found.status is BookingStatus.CONFIRMED


def test_a_confirmed_mapping_reads_the_same_as_the_guess_it_was() -> None:
    table = files.read_table((HEADINGS + ANN).encode(), "a.csv")
    mapping = files.guess(table, Wishes(kind="bookings"))
    assert files.load_table(table, mapping, SHOP).records == load(HEADINGS + ANN).records
