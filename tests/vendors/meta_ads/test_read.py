"""Meta's objects as our records."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Json
from bookingbridge.canonical.records import AdDay, Campaign
from bookingbridge.vendorkit import contract_fuzz
from bookingbridge.vendors.meta_ads.read import micros, read


def row(**changed: Any) -> Json:
    held = {
        "campaign_id": "23001", "campaign_name": "Autumn glow", "account_currency": "USD", "spend": "154.23",
        "clicks": "312", "impressions": "10234", "date_start": "2026-11-01", "date_stop": "2026-11-01",
    }  # fmt: skip
    return {"row": held | changed, "is_settling": True}


def campaign(**changed: Any) -> Json:
    return {
        "campaign": {"id": "23001", "name": "Autumn glow", "effective_status": "ACTIVE"} | changed,
        "currency": "USD",
    }


def test_a_row_of_strings_becomes_a_day_in_millionths() -> None:
    assert read("ad_day", row()) == [
        AdDay(
            remote_id=RemoteId("23001:2026-11-01"), version=None, changed_at=None, campaign=RemoteId("23001"),
            day=date(2026, 11, 1), spend_micros=154_230_000, currency="USD", clicks=312, impressions=10234,
            is_settling=True,
        )
    ]  # fmt: skip


def test_figures_that_are_not_sent_are_zero() -> None:
    held = row()
    for name in ("spend", "clicks", "impressions"):
        del held["row"][name]
    [day] = read("ad_day", held)
    assert isinstance(day, AdDay)
    assert (day.spend_micros, day.clicks, day.impressions) == (0, 0, 0)


def test_a_campaign_is_read_with_its_accounts_currency() -> None:
    assert read("campaign", campaign(updated_time="2026-11-02T09:15:00-0800")) == [
        Campaign(
            remote_id=RemoteId("23001"), version=None, changed_at=datetime(2026, 11, 2, 17, 15, tzinfo=UTC),
            name="Autumn glow", channel="meta_ads", status="active", currency="USD",
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"effective_status": "WITH_ISSUES"}, "active"),
        ({"effective_status": "PAUSED"}, "paused"),
        ({"effective_status": "DELETED"}, "ended"),
        ({"effective_status": "", "status": "ARCHIVED"}, "ended"),
        ({"effective_status": "SOMETHING_NEW"}, "something_new"),
    ],
)
def test_the_status_is_what_delivery_does(said: Json, status: str) -> None:
    [found] = read("campaign", campaign(**said))
    assert isinstance(found, Campaign)
    assert found.status == status


def test_a_campaign_without_a_name_has_its_id_for_one() -> None:
    [found] = read("campaign", campaign(name=" \x00\ud800 "))
    assert isinstance(found, Campaign)
    assert found.name == "Campaign 23001"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0),
        ("12", 12_000_000),
        ("154.23", 154_230_000),
        ("0.000001", 1),
        ("3.5000000", 3_500_000),
        ("-1.5", -1_500_000),
    ],
)
def test_spend_is_exact_to_the_millionth(text: str, expected: int) -> None:
    assert micros(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "NaN", "1e3", "1,5", "1_000", "٣", " 1", "+1", ".5", "5.", "0.0000001", "100000000000.000001", "1" * 30],
)
def test_what_is_not_exactly_an_amount_is_unreadable(text: str) -> None:
    with pytest.raises(Unreadable):
        micros(text)


@given(st.decimals(min_value=-(10**10), max_value=10**10, places=6))
def test_every_amount_in_millionths_comes_through_exactly(amount: Decimal) -> None:
    assert Decimal(micros(f"{amount:f}")) == amount * 1_000_000


@pytest.mark.parametrize(
    "changed",
    [
        {"date_stop": "2026-11-02"}, {"date_start": "2026-13-01", "date_stop": "2026-13-01"},
        {"date_start": "20261101", "date_stop": "20261101"}, {"clicks": "-1"}, {"clicks": "1.5"}, {"impressions": ""},
        {"account_currency": "usd"}, {"account_currency": "US"}, {"campaign_id": "23001:2"}, {"campaign_id": ""},
        {"spend": 154.23}, {"clicks": 312}, {"date_start": "1980-01-01", "date_stop": "1980-01-01"},
        {"clicks": "9" * 18},
    ],
)  # fmt: skip
def test_a_row_of_another_form_is_unreadable(changed: Json) -> None:
    with pytest.raises(Unreadable):
        read("ad_day", row(**changed))


_leaf = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["2026-11-01", "USD", "1"])
)
_value = st.recursive(
    _leaf, lambda v: st.lists(v, max_size=3) | st.dictionaries(st.text(), v, max_size=3), max_leaves=5
)
_names = st.sampled_from(
    ["campaign_id", "account_currency", "spend", "clicks", "impressions", "date_start", "date_stop", "id", "name"]
)


@given(
    kind=st.sampled_from(["campaign", "ad_day", "booking"]),
    inner=st.dictionaries(_names, _value),
    outer=st.dictionaries(st.sampled_from(["is_settling", "currency", "row", "campaign", "is_absent"]), _value),
)
def test_anything_is_a_record_in_good_form_or_unreadable(kind: str, inner: Json, outer: Json) -> None:
    payload = {"row": inner, "campaign": inner, "currency": "USD", "is_settling": False} | outer
    try:
        found = read(kind, payload)
    except Unreadable:
        return
    assert [contract_fuzz.complaints(record) for record in found] == [[]]
