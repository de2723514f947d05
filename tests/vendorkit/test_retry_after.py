"""Retry-After in both forms, and in none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.vendorkit.toy import NOW

from bookingbridge.vendorkit.retry_after import LONGEST, retry_after


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0), ("120", 120.0), ("1.5", 1.5), ("Fri, 20 Nov 2026 12:00:30 GMT", 30.0),
        ("Fri, 20 Nov 2026 11:00:00 GMT", 0.0), ("999999999", LONGEST), ("soon", None), ("", None), ("-3", None),
        ("\u0663", None), ("Fri, 99 Nov 2026 12:00:30 GMT", None),
    ],
)  # fmt: skip
def test_the_wait_is_what_the_header_says_within_a_day(text: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": text}, now=NOW) == seconds


@given(st.text())
def test_a_strange_header_is_no_crash(text: str) -> None:
    found = retry_after({"retry-after": text}, now=NOW)
    assert found is None or 0 <= found <= LONGEST
