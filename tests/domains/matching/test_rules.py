"""Payments settle the visits they surely belong to, and no others."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookingbridge.canonical.money import Money
from bookingbridge.canonical.records import BookingStatus
from bookingbridge.domains.matching.rules import (
    Booking,
    Open,
    Payment,
    Rule,
    Settlement,
    Shelf,
    decide,
    explain,
    settle,
)

ANA, EVE = UUID(int=1), UUID(int=2)
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def booking(
    number: int = 100,
    *,
    ends: datetime = NOON,
    client: UUID | None = ANA,
    price: Money | None = None,
    status: BookingStatus = BookingStatus.CONFIRMED,
    location: UUID | None = None,
    references: tuple[str, ...] = (),
) -> Booking:
    starts = ends - timedelta(hours=1)
    return Booking(UUID(int=number), starts, ends, starts.date(), status, client, price, location, references)


def payment(
    *,
    at: datetime = NOON,
    amount: Money | None = None,
    client: UUID | None = ANA,
    names: Booking | None = None,
    location: UUID | None = None,
    reference: str = "",
) -> Payment:
    return Payment(
        UUID(int=900), at, at.date(), amount or usd(5_000), client, names.id if names else None, location, reference
    )


def settled(given_payment: Payment, *bookings: Booking) -> tuple[UUID, Rule] | None:
    found = decide(given_payment, Shelf(bookings))
    return (found.booking_id, found.rule) if isinstance(found, Settlement) else None


def test_a_named_visit_is_settled_even_cancelled_and_of_another_client() -> None:
    theirs = booking(client=EVE, status=BookingStatus.CANCELLED)
    assert settled(payment(names=theirs), theirs, booking(101)) == (theirs.id, Rule.NAMED)


def test_a_payment_that_names_an_unknown_visit_is_not_given_to_another() -> None:
    assert settled(payment(names=booking(1)), booking(2)) is None


def test_a_reference_in_the_payments_text_decides_whoever_paid() -> None:
    hers = booking(references=("BK-7Q3Z9M",))
    paid = payment(client=EVE, at=NOON + timedelta(days=20), reference="Invoice (bk-7q3z9m), thank you")
    assert settled(paid, hers, booking(101, client=EVE)) == (hers.id, Rule.REFERENCE)


@pytest.mark.parametrize("text", ["XBK-7Q3Z9M", "BK-7Q3Z9M1", "BK 7Q3Z9M", ""])
def test_a_reference_must_occur_as_a_word(text: str) -> None:
    assert settled(payment(client=None, reference=text), booking(references=("BK-7Q3Z9M",))) is None


def test_a_short_reference_is_no_evidence() -> None:
    assert settled(payment(client=None, reference="table 12345"), booking(references=("12345",))) is None


def test_a_token_shared_by_two_visits_names_neither() -> None:
    token = "bb_0123456789abcdefghjk"
    one, two = booking(1, references=(token,)), booking(2, client=EVE, references=(token,))
    assert settled(payment(client=None, reference=token), one, two) is None


def test_the_only_visit_of_the_client_that_day_is_settled_whatever_the_amount() -> None:
    assert settled(payment(amount=usd(1)), booking(price=usd(9_900))) == (UUID(int=100), Rule.ONLY_VISIT_THAT_DAY)


def test_a_deposit_and_the_rest_settle_the_same_visit() -> None:
    visit = booking()
    paid = [replace(payment(), id=UUID(int=i), amount=usd(i)) for i in (901, 902)]
    found, left = settle(paid, [visit])
    assert [(s.payment_id.int, s.booking_id) for s in found] == [(901, visit.id), (902, visit.id)]
    assert left == []


def test_the_exact_price_decides_between_two_visits_of_a_day() -> None:
    cut, colour = booking(1, price=usd(5_000)), booking(2, price=usd(12_000))
    assert settled(payment(amount=usd(12_000)), cut, colour) == (colour.id, Rule.EXACT_PRICE)


def test_equal_prices_are_decided_by_a_clearly_nearer_end() -> None:
    morning, evening = booking(1, price=usd(5_000)), booking(2, price=usd(5_000), ends=NOON + timedelta(hours=5))
    assert settled(payment(at=NOON + timedelta(minutes=10)), morning, evening) == (morning.id, Rule.NEAREST_END)


@pytest.mark.parametrize(("minutes", "expected"), [(59, None), (60, (UUID(int=1), Rule.NEAREST_END))])
def test_an_end_is_clearly_nearer_from_an_hour_on(minutes: int, expected: tuple[UUID, Rule] | None) -> None:
    one, two = booking(1), booking(2, ends=NOON + timedelta(minutes=minutes))
    assert settled(payment(at=NOON), one, two) == expected


def test_two_equal_candidates_match_neither() -> None:
    one, two = booking(1, price=usd(5_000)), booking(2, price=usd(5_000))
    found = decide(payment(), Shelf([one, two]))
    assert found == Open(UUID(int=900), "The client had 2 visits that day, and two of them fit equally well.")


@pytest.mark.parametrize(("days", "is_settled"), [(-2, False), (-1, True), (1, True), (4, True), (5, False)])
def test_the_only_visit_around_is_settled_from_a_day_before_to_four_after(days: int, *, is_settled: bool) -> None:
    found = settled(payment(at=NOON + timedelta(days=days)), booking())
    assert found == ((UUID(int=100), Rule.ONLY_VISIT_AROUND) if is_settled else None)


def test_two_visits_around_match_neither_even_at_the_exact_price() -> None:
    one, two = booking(1, price=usd(5_000)), booking(2, ends=NOON + timedelta(days=1), price=usd(9_000))
    assert settled(payment(at=NOON + timedelta(days=2)), one, two) is None


def test_a_visit_that_day_comes_before_visits_around_it() -> None:
    today, yesterday = booking(1), booking(2, ends=NOON - timedelta(days=1))
    assert settled(payment(), yesterday, today) == (today.id, Rule.ONLY_VISIT_THAT_DAY)


@pytest.mark.parametrize("status", [BookingStatus.CANCELLED, BookingStatus.DECLINED, BookingStatus.NO_SHOW])
def test_visits_that_did_not_happen_are_only_settled_by_name(status: BookingStatus) -> None:
    gone = booking(1, status=status, references=("BK-7Q3Z9M",))
    assert settled(payment(reference="BK-7Q3Z9M"), gone) is None
    assert settled(payment(), gone, booking(2)) == (UUID(int=2), Rule.ONLY_VISIT_THAT_DAY)
    assert settled(payment(names=gone), gone) == (gone.id, Rule.NAMED)


def test_another_place_or_currency_speaks_against_a_visit() -> None:
    here, there = UUID(int=50), UUID(int=51)
    assert settled(payment(location=here), booking(location=there)) is None
    assert settled(payment(location=here), booking(location=None)) is not None
    assert settled(payment(), booking(price=Money(5_000, "EUR"))) is None


def test_a_payment_without_a_client_is_not_guessed() -> None:
    assert settled(payment(client=None), booking(client=None), booking(2)) is None


@pytest.mark.parametrize("rule", list(Rule))
def test_every_rule_explains_itself_from_its_stored_evidence(rule: Rule) -> None:
    cases = {
        Rule.NAMED: (payment(names=booking()), [booking()]),
        Rule.REFERENCE: (payment(reference="BK-7Q3Z9M"), [booking(references=("BK-7Q3Z9M",))]),
        Rule.ONLY_VISIT_THAT_DAY: (payment(), [booking()]),
        Rule.EXACT_PRICE: (payment(), [booking(1, price=usd(5_000)), booking(2)]),
        Rule.NEAREST_END: (payment(), [booking(1), booking(2, ends=NOON + timedelta(hours=3))]),
        Rule.ONLY_VISIT_AROUND: (payment(at=NOON + timedelta(days=1)), [booking()]),
    }
    paid, visits = cases[rule]
    found = decide(paid, Shelf(visits))
    assert isinstance(found, Settlement)
    assert found.rule is rule
    sentence = explain(rule.value, json.loads(json.dumps(found.evidence)))
    assert sentence.endswith(".")
    assert "None" not in sentence


def test_the_sentences_name_the_figures() -> None:
    assert explain("nearest_end", {"candidates": 2, "minutes_apart": 5, "runner_up_minutes_apart": 185}) == (
        "The same client had 2 visits that day; this one's end is 5 minutes from the payment, the next one's 185."
    )
    assert explain("only_visit_around", {"days_after_visit": -1}).endswith("1 day before.")
    assert explain("only_visit_around", {"days_after_visit": 3}).endswith("3 days after.")


bookings = st.builds(
    lambda number, hours, client, price, status: booking(
        number,
        ends=NOON + timedelta(hours=hours),
        client=client,
        price=usd(price) if price else None,
        status=status,
    ),
    st.integers(1, 10**6),
    st.integers(-150, 150),
    st.sampled_from([ANA, EVE, None]),
    st.sampled_from([0, 4_000, 5_000]),
    st.sampled_from(list(BookingStatus)),
)


@given(st.lists(bookings, max_size=8, unique_by=lambda b: b.id), st.randoms())
def test_a_guess_is_the_clients_own_visit_nearby_whatever_the_order(visits: list[Booking], chance: Random) -> None:
    paid = payment()
    found = decide(paid, Shelf(visits))
    shuffled = list(visits)
    chance.shuffle(shuffled)
    assert decide(paid, Shelf(shuffled)) == found
    if isinstance(found, Settlement):
        visit = next(b for b in visits if b.id == found.booking_id)
        assert visit.client_id == ANA
        assert visit.status in {BookingStatus.PENDING, BookingStatus.CONFIRMED, BookingStatus.COMPLETED}
        assert -1 <= (paid.local_day - visit.local_day).days <= 4


@given(st.text(max_size=60), st.lists(st.text(max_size=20), max_size=4))
def test_no_text_breaks_the_search_for_references(text: str, references: list[str]) -> None:
    settled(payment(client=None, reference=text), booking(references=tuple(references)))
