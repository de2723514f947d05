"""Figures as people read them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookingbridge.canonical.money import MAX_MINOR, Money
from bookingbridge.web import format as fmt

SEATTLE = ZoneInfo("America/Los_Angeles")
NOW = datetime(2026, 11, 2, 22, 20, tzinfo=UTC)  # 14:20 in Seattle


@pytest.mark.parametrize(
    ("minor", "currency", "whole", "text"),
    [
        (123450, "USD", False, "$1,234.50"),
        (123450, "USD", True, "$1,235"),
        (-800, "USD", False, "−$8.00"),
        (-4, "USD", True, "$0"),
        (5000, "JPY", False, "¥5,000"),
        (1234567, "KWD", False, "KWD\u00a01,234.567"),
        (0, "EUR", False, "€0.00"),
    ],
)
def test_money_has_its_sign_and_its_currencys_digits(minor: int, currency: str, whole: bool, text: str) -> None:
    assert fmt.money(Money(minor, currency), whole=whole) == text


def test_no_amount_is_a_dash() -> None:
    assert (fmt.money(None), fmt.count(None), fmt.percent(None), fmt.times(None)) == ("—",) * 4


@given(st.integers(-MAX_MINOR, MAX_MINOR), st.sampled_from(["USD", "JPY", "KWD", "PLN"]))
def test_money_can_be_read_back(minor: int, currency: str) -> None:
    text = fmt.money(Money(minor, currency))
    assert Money.parse(text.replace(fmt.money(Money(0, currency)).rstrip("0."), ""), currency).minor == minor


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.853, "85%"), (0.0, "0%"), (1.0, "100%"), (0.999, ">99%"), (0.001, "<1%"), (-0.02, "−2%"), (-0.001, "0%")],
)
def test_a_share_reads_none_or_all_only_when_it_is(share: float, text: str) -> None:
    assert fmt.percent(share) == text


@pytest.mark.parametrize(
    ("now", "before", "text"),
    [(112.4, 100, "+12.4%"), (96, 100, "−4.0%"), (100.01, 100, "0.0%"), (5, 0, None), (3000, 100, "+2,900.0%")],
)
def test_a_change_needs_something_to_compare_with(now: float, before: float, text: str | None) -> None:
    assert fmt.change(now, before) == text


def test_shares_differ_by_points() -> None:
    assert (fmt.points(0.042, 0.053), fmt.points(0.71, 0.69), fmt.points(0.5, 0.5)) == ("−1.1 pts", "+2 pts", "0 pts")


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(seconds=3), "just now"),
        (timedelta(seconds=40), "40 s ago"),
        (timedelta(minutes=2, seconds=59), "2 min ago"),
        (timedelta(hours=23, minutes=59), "23 h ago"),
        (timedelta(days=1), "1 day ago"),
        (timedelta(days=90), "3 months ago"),
        (timedelta(days=-5), "in 5 days"),
        (timedelta(seconds=-3), "just now"),
    ],
)
def test_an_age_uses_the_largest_unit_that_fits(ago: timedelta, text: str) -> None:
    assert fmt.age(NOW - ago, NOW) == text


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2026, 11, 2, 8, 5, tzinfo=UTC), "Today 00:05"),
        (datetime(2026, 11, 2, 7, 55, tzinfo=UTC), "Yesterday 23:55"),
        (datetime(2026, 11, 3, 20, 0, tzinfo=UTC), "Tomorrow 12:00"),
        (datetime(2026, 9, 1, 16, 0, tzinfo=UTC), "Tue Sep 1, 09:00"),
        (datetime(2025, 9, 1, 16, 0, tzinfo=UTC), "Mon Sep 1, 2025, 09:00"),
    ],
)
def test_a_moment_is_told_in_the_shops_own_day(at: datetime, text: str) -> None:
    assert fmt.moment(at, SEATTLE, NOW) == text


def test_the_exact_moment_names_its_zone() -> None:
    assert fmt.full(NOW, SEATTLE) == "Mon Nov 2, 2026, 14:20:00 PST"
    assert fmt.day(date(2026, 11, 2)) == "Nov 2, 2026"


@pytest.mark.parametrize(
    ("minor", "text"), [(0, "$0"), (95000, "$950"), (250000, "$2.5k"), (-100000, "−$1k"), (120000000, "$1.2M")]
)
def test_an_axis_is_short(minor: float, text: str) -> None:
    assert fmt.money_short(minor, "USD") == text
