"""What the cards and permissions say of a vendor is what its abilities say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bookingbridge.canonical.ports import Ability
from bookingbridge.main.wiring import VENDORS
from bookingbridge.web.pages.connections import offering


@pytest.mark.parametrize("name", VENDORS)
def test_only_who_tells_of_ads_unlocks_their_return(name: str) -> None:
    manifest = VENDORS[name].manifest
    words = offering.unlocks(manifest)
    assert ("return of" in words) == (Ability.AD_SPEND in manifest.abilities)
    assert ("what was paid" in words) == (Ability.PAYMENTS in manifest.abilities)
    assert ("booked visits" in words) == (Ability.BOOKINGS in manifest.abilities)
    assert words


def test_payments_unlock_what_was_paid_fees_payouts_and_deposits() -> None:
    assert offering.unlocks(VENDORS["stripe"].manifest) == "what was paid, fees and payouts, deposits by link"


@pytest.mark.parametrize("name", VENDORS)
def test_every_vendor_says_what_is_read_and_what_may_be_written(name: str) -> None:
    manifest = VENDORS[name].manifest
    named = offering.permissions(manifest)
    assert [p.name for p in named] == [s.name for s in manifest.scopes] or not manifest.scopes
    in_words = offering.permissions(replace(manifest, scopes=()))
    assert in_words
    assert not any(p.name for p in in_words)
    writes = manifest.abilities & {Ability.WRITE_BOOKINGS, Ability.DEPOSITS}
    assert any(p.is_write for p in in_words) == bool(writes)
