"""State and PKCE."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookingbridge.canonical.errors import Refused
from bookingbridge.vendorkit import oauth

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
KEY = b"k" * 32


def test_the_challenge_is_that_of_rfc_7636_appendix_b() -> None:
    assert (
        oauth.challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    )


def test_a_verifier_has_a_length_the_standard_allows() -> None:
    assert 43 <= len(oauth.verifier(b"\0" * oauth.VERIFIER_BYTES)) <= 128
    with pytest.raises(ValueError, match="32"):
        oauth.verifier(b"short")


@given(st.dictionaries(st.text(), st.text(), max_size=4))
def test_a_state_gives_back_its_claims(claims: dict[str, str]) -> None:
    signed = oauth.sign_state(claims, key=KEY, expires_at=NOW + timedelta(minutes=10))
    assert oauth.read_state(signed, key=KEY, now=NOW) == claims


def test_an_expired_state_is_refused() -> None:
    signed = oauth.sign_state({"a": "b"}, key=KEY, expires_at=NOW)
    with pytest.raises(Refused) as refused:
        oauth.read_state(signed, key=KEY, now=NOW)
    assert refused.value.code == "state_expired"


def test_a_state_changed_in_any_character_is_refused() -> None:
    signed = oauth.sign_state({"connection": "1"}, key=KEY, expires_at=NOW + timedelta(minutes=10))
    for i, char in enumerate(signed):
        other = signed[:i] + ("A" if char != "A" else "B") + signed[i + 1 :]
        with pytest.raises(Refused):
            oauth.read_state(other, key=KEY, now=NOW)


@given(st.text())
def test_a_strangers_state_is_refused_never_a_crash(text: str) -> None:
    with pytest.raises(Refused):
        oauth.read_state(text, key=KEY, now=NOW)


def test_a_query_is_added_to_what_is_there() -> None:
    url = oauth.with_query("https://vendor.example.com/authorize?a=1", {"scope": "READ WRITE", "none": None})
    assert url == "https://vendor.example.com/authorize?a=1&scope=READ%20WRITE"
    assert parse_qs(urlsplit(url).query)["scope"] == ["READ WRITE"]
