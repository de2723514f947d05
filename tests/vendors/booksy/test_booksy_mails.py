"""What Booksy's mails say: found in every form they come in, and left alone where they do not say it."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.money import Money
from bookingbridge.vendors.booksy import mails
from bookingbridge.vendors.booksy.mail_words import moments
from bookingbridge.vendors.booksy.mails import Letter, Told, understand

NAIVE = datetime(2020, 1, 1)  # noqa: DTZ001
SENT = datetime(2026, 11, 18, 20, 0, tzinfo=UTC)
LONDON, WARSAW, SEATTLE = ZoneInfo("Europe/London"), ZoneInfo("Europe/Warsaw"), ZoneInfo("America/Los_Angeles")


def told(subject: str, *body: str, zone: ZoneInfo = SEATTLE, sender: str = "Mara Lind", reply_to: str = "") -> Told:
    found = understand(Letter(subject, sender, reply_to, "\n".join(body), SENT, zone, "USD", "shop@example.com"))
    assert found is not None
    return found


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


def test_a_new_booking_is_read_with_everything_in_it() -> None:
    found = told(
        "Mara Lind: new booking", "booksy", "Mara Lind: new booking", "Mara Lind", "(206) 555-0123",
        "mara.lind@example.com", "Tuesday, 24 November 2026, 15:00 - 15:45", "Cut and finish",
        "$65.00, 15:00 - 15:45", "with Nora Vance",
    )  # fmt: skip
    assert found == Told(
        what=mails.NEW, name="Mara Lind", starts_at=at(2026, 11, 24, 23), ends_at=at(2026, 11, 24, 23, 45), was_at=None,
        number=None, email="mara.lind@example.com", phone="(206) 555-0123", service="Cut and finish",
        staff="Nora Vance", price=Money(6500, "USD"),
    )  # fmt: skip


def test_an_older_form_has_the_date_in_its_subject_only() -> None:
    found = told("Mara Lind: 17 June 2026 15:00", "Standard: Short back and side", "£25.00", "with Alex", zone=LONDON)
    assert (found.what, found.name, found.starts_at) == (mails.NEW, "Mara Lind", at(2026, 6, 17, 14))
    assert (found.service, found.staff, found.price) == ("Standard: Short back and side", "Alex", Money(2500, "GBP"))


def test_a_move_names_the_old_time_and_the_new() -> None:
    sentence = "Mara Lind moved their appointment Cut 1:2 from Wednesday, 4 March 2026 15:45 to another time."
    new = "Friday, 6 March 2026, 10:00 - 11:30"
    found = told("Fwd: Mara Lind: changed booking", sentence, "New time of the appointment:", new)
    assert (found.what, found.name, found.service) == (mails.MOVED, "Mara Lind", "Cut 1:2")
    assert (found.was_at, found.starts_at) == (at(2026, 3, 4, 23, 45), at(2026, 3, 6, 18))
    assert found.ends_at == at(2026, 3, 6, 19, 30)


def test_a_move_in_one_sentence_is_read_also_with_the_new_time_first() -> None:
    one = told("Mara Lind rescheduled", "From March 4, 2026 at 3:45 PM to March 6, 2026 at 10:00 AM")
    other = told("Mara Lind rescheduled", "New time: March 6, 2026, 10:00 AM", "Old time: March 4, 2026, 3:45 PM")
    assert (one.was_at, one.starts_at) == (other.was_at, other.starts_at)
    assert (one.was_at, one.starts_at) == (at(2026, 3, 4, 23, 45), at(2026, 3, 6, 18))


def test_a_cancellation_is_read() -> None:
    found = told(
        "Mara Lind: cancelled appointment", "Mara Lind has cancelled their appointment Beard trim on Monday, "
        "23 February 2026 at 15:45.", "206 555 0123",
    )  # fmt: skip
    assert (found.what, found.name, found.service) == (mails.CANCELLED, "Mara Lind", "Beard trim")
    assert (found.starts_at, found.phone, found.price) == (at(2026, 2, 23, 23, 45), "206 555 0123", None)


def test_polish_mails_are_read_too() -> None:
    new = told(
        "Zoja Mila: nowa rezerwacja", "Zoja Mila", "poniedziałek, 23 lutego 2026, 17:00 - 19:00", "Manicure hybrydowy",
        "126,00 zł, 17:00 - 19:00", "pracownik: Ada", zone=WARSAW,
    )  # fmt: skip
    assert (new.starts_at, new.ends_at) == (at(2026, 2, 23, 16), at(2026, 2, 23, 18))
    assert (new.service, new.staff, new.price) == ("Manicure hybrydowy", "Ada", Money(12600, "PLN"))
    moved = told(
        "Zoja Mila: zmienił rezerwację",
        "Zoja Mila przesunął swoją wizytę Manicure z dnia środa, 4 marca 2026 15:45 na inny termin.",
        "Nowy termin wizyty:", "piątek, 6 marca 2026, 10:00 - 11:30", zone=WARSAW,
    )  # fmt: skip
    assert (moved.was_at, moved.starts_at) == (at(2026, 3, 4, 14, 45), at(2026, 3, 6, 9))
    gone = told(
        "Zoja Mila odwołał swoją usługę",
        "Klient Zoja Mila odwołał swoją usługę Manicure w dniu poniedziałek, 23 lutego 2026 o godzinie 15:45 .",
        sender="Booksy", zone=WARSAW,
    )  # fmt: skip
    assert (gone.what, gone.name, gone.starts_at) == (mails.CANCELLED, "Zoja Mila", at(2026, 2, 23, 14, 45))


def test_the_address_is_the_clients_and_neither_booksys_nor_the_shops() -> None:
    body = ("24 November 2026, 15:00", "no-reply@booksy.com", "Shop@example.com", "mara@example.com")
    assert told("Mara Lind: new booking", *body).email == "mara@example.com"
    assert told("Mara Lind: new booking", *body, reply_to="other@example.com").email == "other@example.com"
    assert told("Mara Lind: new booking", *body[:3]).email is None


def test_several_services_cost_their_sum_unless_a_total_is_named() -> None:
    lines = ("24 November 2026, 15:00 - 16:00", "Cut", "$65.00, 15:00 - 15:45", "Beard", "$20.00, 15:45 - 16:00")
    assert told("Mara Lind: new booking", *lines).price == Money(8500, "USD")
    assert told("Mara Lind: new booking", *lines, "Total: $80.00").price == Money(8000, "USD")
    assert told("Mara Lind: new booking", *lines, "€5.00").price is None


def test_booksys_own_number_is_found() -> None:
    assert told("Mara Lind: new booking", "24 November 2026, 15:00", "Booking #4711234").number == "4711234"
    assert told("Mara Lind: new booking", "24 November 2026, 15:00", "Ring 4711234").number is None


def test_advice_about_cancelling_cancels_nothing() -> None:
    found = told("Mara Lind: 24 November 2026 15:00", "It can be cancelled until 2 hours before.", "Cut", "$65.00")
    assert found.what == mails.NEW


def test_mails_about_other_things_tell_nothing() -> None:
    for subject in ("Your weekly report", "Receipt for your subscription", "Grow your business with ads"):
        assert understand(Letter(subject, "Booksy", "", "$30.00 on 24 November 2026", SENT, LONDON, "USD")) is None


@pytest.mark.parametrize(
    ("subject", "body", "where"),
    [
        ("Appointment", "Something happened.", "subject"),
        ("Mara Lind: new booking", "soon", "date"),
        ("Mara Lind: new booking", "3/4/2026 15:00", "date"),
        ("Mara Lind: new booking", "31 February 2026 15:00", "date"),
        ("Mara Lind: new booking", "4 March 2026 15:00, or 5 March 2026 15:00", "date"),
        ("Mara Lind: changed booking", "4 March 2026 15:00. 5 March 2026 15:00", "date"),
        ("New booking", "4 March 2026 15:00", "name"),
    ],
)
def test_what_is_not_certain_is_not_guessed(subject: str, body: str, where: str) -> None:
    with pytest.raises(Unreadable) as refused:
        understand(Letter(subject, "Booksy", "", body, SENT, LONDON, "USD"))
    assert refused.value.where == where


def test_times_are_read_in_every_form() -> None:
    for text in (
        "Tuesday, 24 November 2026, 15:00 - 15:45", "Tue, Nov 24, 2026, 3:00 PM - 3:45 PM", "24th Nov 2026 3:00-3:45pm",
        "November 24, 2026 at 3:00 – 3:45 p.m.", "2026-11-24 15:00 to 15:45", "24 listopada 2026, 15:00 do 15:45",
    ):  # fmt: skip
        (found,) = moments(text)
        assert (found.starts, found.ends) == (datetime(2026, 11, 24, 15), datetime(2026, 11, 24, 15, 45)), text  # noqa: DTZ001


def test_of_an_hour_that_comes_twice_the_first_is_meant() -> None:
    assert told("Mara Lind: new booking", "1 November 2026, 01:30").starts_at == at(2026, 11, 1, 8, 30)


@given(
    st.datetimes(NAIVE, NAIVE.replace(year=2035)),
    st.sampled_from(["%d %B %Y, %H:%M", "%B %d, %Y %I:%M %p"]),
)
def test_any_time_written_out_is_read_back(when: datetime, form: str) -> None:
    when = when.replace(second=0, microsecond=0)
    assert [m.starts for m in moments("on " + when.strftime(form) + ".")] == [when]


@given(st.text(max_size=300), st.text(max_size=1500))
def test_any_text_is_understood_or_unreadable(subject: str, text: str) -> None:
    for words in (text, f"new booking {text}", f"{text} 24 November 2026, 15:00 $65 {text}"):
        try:
            understand(Letter(subject, "Booksy", "", words, SENT, LONDON, "USD"))
        except Unreadable:
            continue
