"""Where a vendor's connector may connect to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookingbridge.canonical.errors import Refused
from bookingbridge.vendorkit import guard

INSIDE = [
    "127.0.0.1", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",  # noqa: S104
    "255.255.255.255", "192.0.0.8", "192.88.99.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fec0::1",
    "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::",
    "2001:0:53aa:64c::1", "::7f00:1", "5f00::1", "2001:db8::1", "not an address", "",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_that_can_lead_inside_is_not_public(address: str) -> None:
    assert not guard.is_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert guard.is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com/", "https://api.example.com:8443/", "https://user:pw@api.example.com/",
        "https://api.example.com.evil.test/", "https://evil.test/?api.example.com", "https://evil.test#@api.example.com/",
        "https://127.0.0.1/", "http://localhost:8000/", "file:///etc/passwd", "https://2130706433/", "https://[::1]/",
        "https://api.example.com:99999/", "https://", "", "https://[broken/", "//api.example.com/",
    ],
)  # fmt: skip
def test_only_an_allowed_host_over_https_is_a_target(url: str) -> None:
    with pytest.raises(Refused):
        guard.target(url, allowed_hosts=frozenset({"api.example.com"}), allow_loopback=False)


def test_an_allowed_host_is_matched_in_any_case() -> None:
    found = guard.target(
        "https://API.Example.com/v2", allowed_hosts=frozenset({"api.example.com"}), allow_loopback=False
    )
    assert found == guard.Target("https", "api.example.com", 443, is_loopback=False)


def test_a_simulator_is_a_target_only_when_loopback_is_allowed() -> None:
    found = guard.target("http://127.0.0.1:8123/x", allowed_hosts=frozenset(), allow_loopback=True)
    assert found == guard.Target("http", "127.0.0.1", 8123, is_loopback=True)
    for other in ("http://127.0.0.2:8123/", "http://0x7f.1/", "http://169.254.169.254/", "http://10.0.0.1/"):
        with pytest.raises(Refused):
            guard.target(other, allowed_hosts=frozenset(), allow_loopback=True)


def test_a_simulators_name_must_lead_to_this_machine() -> None:
    where = guard.Target("http", "localhost", 80, is_loopback=True)
    assert guard.may_connect(where, "127.0.0.1")
    assert guard.may_connect(where, "::1")
    assert not guard.may_connect(where, "93.184.215.14")
    assert not guard.may_connect(where, "nonsense")


@given(st.text())
def test_any_text_is_a_target_or_refused(text: str) -> None:
    try:
        found = guard.target(text, allowed_hosts=frozenset({"api.example.com"}), allow_loopback=False)
    except Refused:
        return
    assert found.host == "api.example.com"
