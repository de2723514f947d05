"""Signing in to Trafft: addresses as people type them, tokens for an hour, refusals in words."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.vendors.trafft.worlds import FIELDS, NOW, signed_in, trafft, transport

from bookingbridge.canonical.errors import AuthExpired, BridgeError, Refused, Rejected, Unreachable
from bookingbridge.canonical.ports import Tokens
from bookingbridge.vendors.trafft import address
from bookingbridge.vendors.trafft.sign_in import CLIENT_ID, CLIENT_SECRET, CURRENCY, TIME_ZONE, sign_in


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        (" NorthCut.Admin.Trafft.com ", "https://northcut.admin.trafft.com/api/v2"),
        ("northcut.admin.trafft.com", "https://northcut.admin.trafft.com/api/v2"),
        ("https://northcut.admin.trafft.com", "https://northcut.admin.trafft.com/api/v2"),
        ("https://northcut.admin.trafft.com/calendar?day=1#x", "https://northcut.admin.trafft.com/api/v2"),
        ("https://northcut.admin.trafft.com/api/v2/", "https://northcut.admin.trafft.com/api/v2"),
        ("HTTPS://Book.Example.com:443/", "https://book.example.com/api/v2"),
        ("https://book.example.com./", "https://book.example.com/api/v2"),
    ],
)
def test_an_address_is_brought_into_its_normal_form(typed: str, url: str) -> None:
    assert address.normal(typed) == url
    assert address.normal(url) == url


@pytest.mark.parametrize(
    "typed",
    [
        "", "   ", "http://northcut.admin.trafft.com", "ftp://x.example.com", "https://", "https://localhost",
        "https://127.0.0.1", "https://[::1]", "https://10.0.0.5/api/v2", "https://0x7f.1", "https://2130706433",
        "https://user:pw@northcut.admin.trafft.com", "https://northcut.admin.trafft.com:8443", "two words",
        "https://printer.local", "https://db." + "internal", "https://a..example.com", "https://-a.example.com",
        "https://xn--.", "https://ex\u00e4mple.com", "javascript:alert(1)", "https://a.example.com\\@evil.example",
        "https://" + "a" * 64 + ".example.com", "https://[bad", "https://x.example.com:99999",
    ],
)  # fmt: skip
def test_what_is_no_public_address_is_refused(typed: str) -> None:
    with pytest.raises(Refused):
        address.normal(typed)


@given(st.text(max_size=60))
def test_any_text_is_an_https_address_or_refused(typed: str) -> None:
    try:
        url = address.normal(typed)
    except Refused:
        return
    assert url.startswith("https://")
    assert address.normal(url) == url


def test_a_token_lives_an_hour_and_keeps_what_was_typed() -> None:
    with trafft() as there:
        tokens = signed_in(there.base_url, {address.ADDRESS: "Northcut.admin.trafft.com", CURRENCY: "gbp"})
        assert tokens.expires_at == NOW + timedelta(hours=1)
        assert tokens.refresh is None
        assert tokens.extra == FIELDS | {address.ADDRESS: "https://northcut.admin.trafft.com/api/v2", CURRENCY: "GBP"}
        (asked,) = there.asked("/token")[-1:]
        assert (asked["method"], asked["query"]) == ("POST", "")


def test_what_was_kept_signs_in_again() -> None:
    with trafft() as there:
        first = signed_in(there.base_url, {address.ADDRESS: "northcut.admin.trafft.com"})
        assert signed_in(there.base_url, first.extra).extra == first.extra


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        (CLIENT_ID, "", "missing_field"),
        (CLIENT_SECRET, "  ", "missing_field"),
        (TIME_ZONE, "Atlantis", "bad_time_zone"),
        (TIME_ZONE, "", "bad_time_zone"),
        (CURRENCY, "pounds", "bad_currency"),
        (address.ADDRESS, "https://127.0.0.1", "bad_address"),
    ],
)
def test_a_field_that_cannot_be_right_is_refused_before_anything_is_sent(name: str, value: str, code: str) -> None:
    with trafft() as there:
        asked = len(there.asked())
        with pytest.raises(Refused) as refused:
            signed_in(there.base_url, {name: value})
        assert refused.value.code == code
        assert len(there.asked()) == asked


def test_wrong_credentials_are_told_without_the_secret() -> None:
    with trafft() as there, pytest.raises(AuthExpired) as refused:
        signed_in(there.base_url, {CLIENT_SECRET: "wrong-canary"})
    assert "canary" not in repr(refused.value)


def test_the_wrong_place_is_told_as_such() -> None:
    with trafft() as there, pytest.raises(Rejected, match="address"):
        signed_in(f"{there.base_url}/elsewhere")


@pytest.mark.parametrize("body", ["garbage", "reset", "500"])
def test_a_faulty_answer_is_one_of_our_errors(body: str) -> None:
    with trafft() as there:
        there.tell("faults", fault=body, times=None)
        with pytest.raises(BridgeError):
            signed_in(there.base_url)


def test_a_bare_name_is_refused_with_the_address_it_probably_means() -> None:
    with pytest.raises(Refused, match=r"https://northcut\.admin\.trafft\.com"):
        address.normal("Northcut")


def test_a_production_sign_in_goes_to_the_owner_s_own_host_and_nowhere_else() -> None:
    async def go() -> None:
        async with transport(lambda: NOW) as http:
            await sign_in(http, address.NOWHERE, FIELDS | {address.ADDRESS: "northcut.admin.trafft.com"}, now=NOW)

    # The transport of these tests knows the manifest's hosts only: that it names another says where we went.
    with pytest.raises(Refused, match=r"northcut\.admin\.trafft\.com"):
        asyncio.run(go())


def test_a_token_whose_hour_is_over_is_no_lost_connection() -> None:
    with trafft() as there:
        there.tell("clock", offset_seconds=3600)
        with pytest.raises(Unreachable) as over:
            there.talk(lambda client: client.check())
        assert over.value.code == "token_ran_out"
        fresh = signed_in(there.base_url, now=there.now())
        assert there.talk(lambda client: client.check(), fresh).remote_id


def test_a_token_refused_before_its_time_is_a_lost_connection() -> None:
    with trafft() as there:
        there.tell("revoke", tokens=True)
        with pytest.raises(AuthExpired):
            there.talk(lambda client: client.check())


def test_a_token_s_text_shows_no_secret() -> None:
    tokens = Tokens("secret-canary", extra={CLIENT_SECRET: "canary-too"})
    assert "canary" not in repr(tokens)
