"""Signatures: the published test vector, and that nothing raises."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bookingbridge.vendorkit import signatures


def test_the_digest_is_that_of_rfc_4231_case_2() -> None:
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert signatures.sign_hex("Jefe", b"what do ya want for nothing?") == expected
    assert signatures.is_hex_of(f"sha256={expected}", "Jefe", b"what do ya want for nothing?", prefix="sha256=")


@given(st.text(), st.binary())
def test_a_signature_matches_itself_and_no_other_message(key: str, message: bytes) -> None:
    signed = signatures.sign_base64(key, message)
    assert signatures.is_base64_of(signed, key, message) is bool(key)
    assert not signatures.is_base64_of(signed, key, message + b"x")
    assert not signatures.is_base64_of(signed, key + "x", message)


@given(st.one_of(st.none(), st.text()), st.text(), st.binary())
def test_a_strangers_header_never_raises(given_: str | None, key: str, message: bytes) -> None:
    assert signatures.is_base64_of(given_, key, message) in (True, False)
    assert signatures.is_hex_of(given_, key, message) in (True, False)


def test_a_lone_surrogate_and_an_empty_key_do_not_match() -> None:
    assert not signatures.is_base64_of("\ud800", "key", b"")
    assert not signatures.is_hex_of(signatures.sign_hex("", b"x"), "", b"x")
