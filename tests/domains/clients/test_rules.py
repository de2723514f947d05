"""The same mailbox and the same phone give the same key; what identifies nobody gives none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookingbridge.domains.clients.rules import email_key, phone_key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("ana@example.com", "ana@example.com"),
        ("  Ana.Ruiz@Example.COM ", "ana.ruiz@example.com"),
        ("Ana Ruiz <Ana@Example.com>", "ana@example.com"),
        ("mailto:ana@example.com", "ana@example.com"),
        ("ana+spa@example.com", "ana+spa@example.com"),
        ("ana.ruiz@sub.example.co.uk", "ana.ruiz@sub.example.co.uk"),
        ("Ａna@example.com", "ana@example.com"),
        ("олена@пошта.укр", "олена@пошта.укр"),
        ("Ana.Ruiz+spa@GoogleMail.com", "anaruiz@gmail.com"),
        ("o'brien@example.com", "o'brien@example.com"),
    ],
)
def test_a_mailbox_has_one_key(text: str, key: str) -> None:
    assert email_key(text) == key


@pytest.mark.parametrize(
    "text",
    [
        None, "", " ", "ana", "ana@", "@example.com", "ana@example", "ana@@example.com", "a na@example.com",
        "ana@example..com", "ana@.com", "ana@-example.com", "ana@example.c", "ana@10.0.0.1", ".ana@example.com",
        "ana.@example.com", "a..na@example.com", "ana@example.com, eve@example.com", "none@none.com",
        "noemail@example.com", "no-reply@example.com", "test@test.com", "+spa@gmail.com", "a" * 65 + "@example.com",
        "ana@" + "a." * 200 + "com",
    ],
)  # fmt: skip
def test_what_names_no_mailbox_of_one_person_has_no_key(text: str | None) -> None:
    assert email_key(text) is None


@pytest.mark.parametrize(
    ("text", "region", "key"),
    [
        ("(206) 555-0123", "US", "+12065550123"),
        ("1-206-555-0123", "us", "+12065550123"),
        ("+1 206 555 0123", "PL", "+12065550123"),
        ("011 44 113 496 0987", "US", "+441134960987"),
        ("0113 496 0987", "GB", "+441134960987"),
        ("206.555.0123 ext. 12", "US", "+12065550123"),
        ("tel:+1-206-555-0123", "US", "+12065550123"),
        ("２０６-555-0123", "US", "+12065550123"),
    ],
)
def test_a_number_has_one_key_however_it_is_written(text: str, region: str, key: str) -> None:
    assert phone_key(text, region) == key


@pytest.mark.parametrize("text", [None, "", "n/a", "555-0123", "0000000000", "123", "2222222222", "9" * 300, "+"])
def test_what_is_no_callable_number_has_no_key(text: str | None) -> None:
    assert phone_key(text, "US") is None


def test_an_unknown_region_leaves_only_numbers_with_a_country_code() -> None:
    assert phone_key("206 555 0123", "") is None
    assert phone_key("206 555 0123", "XX") is None
    assert phone_key("+1 206 555 0123", "XX") == "+12065550123"


@given(st.text(max_size=80))
def test_keys_are_made_of_any_text_and_are_their_own_keys(text: str) -> None:
    for key in (email_key(text), email_key(f"{text}@example.com")):
        assert key is None or email_key(key) == key
    number = phone_key(text, "US")
    assert number is None or phone_key(number, "PL") == number


@given(st.from_regex(r"[a-z][a-z0-9.+]{0,20}[a-z]@gmail\.com", fullmatch=True))
def test_gmail_keys_hold_neither_dots_nor_plus(text: str) -> None:
    key = email_key(text)
    assert key is None or not set(key.partition("@")[0]) & set(".+")
