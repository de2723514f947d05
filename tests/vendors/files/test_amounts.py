"""Amounts and counts, and what their points and commas mean."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.money import Money
from bookingbridge.vendors.files import amounts
from bookingbridge.vendors.files.table import Cell


@pytest.mark.parametrize(
    ("cell", "minor"),
    [
        ("1,234.50", 123450), ("1.234,50", 123450), ("1 234,5", 123450), ("1'234.50", 123450),
        ("1,23,456.78", 12345678),
        ("$45", 4500), ("-$45.00", -4500), ("$-45.00", -4500), ("(12.00)", -1200), ("12.00-", -1200), ("−3.10", -310),
        ("USD 45.00", 4500), ("45.00 $", 4500), ("US$ 45", 4500), (".5", 50), ("12.", 1200), ("0.500", 50),
        ("1.234.567", 123456700), ("0", 0), ("+7", 700), (45, 4500), (45.1, 4510), (0.1 + 0.2, 30), (-3.0, -300),
    ],
)  # fmt: skip
def test_an_amount_in_dollars(cell: Cell, minor: int) -> None:
    assert amounts.money(cell, "USD", None) == Money(minor, "USD")


@pytest.mark.parametrize(
    "cell",
    ["", "--", "12-5", "1,2,3", "1.2.3", "1e5", "abc", "45.00 EUR", "€45", "45 zł", "$$45", "(-5)", "-(5)", "--5", "5%",
     "1234.567", "12.345,678.9", "NaN", 45.123, float("nan"), float("inf"), True, None, "1" * 70, "9" * 18, "(5"],
)  # fmt: skip
def test_what_is_not_surely_an_amount_in_dollars_is_refused(cell: Cell) -> None:
    with pytest.raises(Unreadable):
        amounts.money(cell, "USD", None)


def test_a_point_that_could_mean_either_is_asked_for() -> None:
    assert amounts.is_ambiguous("1.200")
    with pytest.raises(Unreadable, match="option decimal"):
        amounts.money("1.200", "USD", None)
    assert amounts.money("1.200", "USD", ",") == Money(120000, "USD")
    assert amounts.money("1.200", "USD", ".") == Money(120, "USD")
    assert amounts.money("1,200", "USD", ".") == Money(120000, "USD")


@pytest.mark.parametrize(
    ("column", "shown"),
    [
        (["1.200", "45,50"], ","), (["1,200", "45.50"], "."), (["1,200", "900"], None), (["45,50", "45.50"], None),
        (["1.200.000"], ","), ([1200, None, "x"], None),
    ],
)  # fmt: skip
def test_a_column_shows_its_decimal_sign_or_not(column: list[Cell], shown: str | None) -> None:
    assert amounts.separator_of(column) == shown


@pytest.mark.parametrize(
    ("text", "code"),
    [("45 zł", "PLN"), ("450 грн", "UAH"), ("¥1200", "JPY"), ("€45", "EUR"), ("45 kr", "SEK"), ("C$5", "CAD")],
)
def test_a_sign_fits_its_currency_only(text: str, code: str) -> None:
    assert amounts.money(text, code, None).currency == code
    with pytest.raises(Unreadable, match="not in CHF"):
        amounts.money(text, "CHF", None)


def test_currencies_without_cents_refuse_them() -> None:
    assert amounts.money("1200", "JPY", None) == Money(1200, "JPY")
    with pytest.raises(Unreadable):
        amounts.money("1200.50", "JPY", None)
    assert amounts.money("1.234", "KWD", ".") == Money(1234, "KWD")


@pytest.mark.parametrize(
    ("cell", "micros"), [("12.345678", 12345678), ("0.01", 10000), (6.1, 6100000), ("$5", 5000000)]
)
def test_spend_is_exact_to_the_millionth(cell: Cell, micros: int) -> None:
    assert amounts.micros(cell, "USD", None) == micros


def test_spend_finer_than_a_millionth_is_refused() -> None:
    with pytest.raises(Unreadable):
        amounts.micros("0.0000001", "USD", None)


@pytest.mark.parametrize(
    ("cell", "number"), [("1,234", 1234), ("1.234", 1234), ("12.0", 12), (12.0, 12), ("0", 0), (7, 7)]
)
def test_a_count(cell: Cell, number: int) -> None:
    assert amounts.count(cell) == number


@pytest.mark.parametrize("cell", ["1.5", "1,23", "-3", -3, 1.5, "x", "", None, True, float("nan"), "9" * 30])
def test_what_is_no_count_is_refused(cell: Cell) -> None:
    with pytest.raises(Unreadable):
        amounts.count(cell)


@settings(deadline=None)
@given(st.integers(-(10**11), 10**11), st.sampled_from([".", ","]), st.booleans(), st.sampled_from(["", "$", "USD "]))
def test_what_is_written_is_read_again(minor: int, point: str, grouped: bool, sign: str) -> None:
    group = ("," if point == "." else ".") if grouped else ""
    whole, cents = divmod(abs(minor), 100)
    text = f"{'-' if minor < 0 else ''}{sign}{whole:,}".replace(",", group) + f"{point}{cents:02d}"
    assert amounts.money(text, "USD", None) == Money(minor, "USD")


@settings(deadline=None)
@given(st.integers(-(10**11), 10**11))
def test_a_workbooks_number_is_the_amount_that_was_typed(minor: int) -> None:
    assert amounts.money(minor / 100, "USD", None) == Money(minor, "USD")
