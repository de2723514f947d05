"""Google's rows as our records."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Json
from bookingbridge.canonical.records import AdDay, Campaign
from bookingbridge.vendorkit import contract_fuzz
from bookingbridge.vendors.google_ads.read import read


def row(**changed: Any) -> Json:
    held: Json = {
        "campaign": {"id": "71001"}, "customer": {"currencyCode": "USD"}, "segments": {"date": "2026-11-01"},
        "metrics": {"costMicros": "5230000", "clicks": "21", "impressions": "188"},
    }  # fmt: skip
    for name, value in changed.items():
        owner, _, member = name.partition("_")
        held[owner][member] = value
    return {"row": held, "is_settling": False}


def test_integers_in_strings_become_a_day_in_millionths() -> None:
    assert read("ad_day", row()) == [
        AdDay(
            remote_id=RemoteId("71001:2026-11-01"), version=None, changed_at=None, campaign=RemoteId("71001"),
            day=date(2026, 11, 1), spend_micros=5_230_000, currency="USD", clicks=21, impressions=188,
            is_settling=False,
        )
    ]  # fmt: skip


def test_figures_that_are_not_sent_are_zero() -> None:
    held = row()
    held["row"]["metrics"] = {}
    [day] = read("ad_day", held)
    assert isinstance(day, AdDay)
    assert (day.spend_micros, day.clicks, day.impressions) == (0, 0, 0)


def test_a_credit_for_invalid_clicks_may_be_below_zero() -> None:
    [day] = read("ad_day", row(metrics_costMicros="-1230000"))
    assert isinstance(day, AdDay)
    assert day.spend_micros == -1_230_000


@pytest.mark.parametrize(
    ("said", "status"), [("ENABLED", "active"), ("PAUSED", "paused"), ("REMOVED", "ended"), ("HALTED", "halted")]
)
def test_a_campaign_is_read_with_its_status_and_currency(said: str, status: str) -> None:
    payload = {"campaign": {"id": "71001", "name": "Brand\x00", "status": said}, "customer": {"currencyCode": "EUR"}}
    assert read("campaign", payload) == [
        Campaign(
            remote_id=RemoteId("71001"), version=None, changed_at=None, name="Brand", channel="google_ads",
            status=status, currency="EUR",
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    "changed",
    [
        {"metrics_costMicros": 5230000}, {"metrics_costMicros": "5.23"}, {"metrics_costMicros": "1" * 19},
        {"metrics_costMicros": "100000000000000001"}, {"metrics_clicks": "-1"}, {"metrics_impressions": "9" * 18},
        {"metrics_clicks": "٣"}, {"segments_date": "2026-02-30"}, {"segments_date": "20261101"},
        {"segments_date": "1980-01-01"}, {"customer_currencyCode": "usd"}, {"campaign_id": ""},
        {"campaign_id": "71001:1"}, {"campaign_id": 71001},
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
_names = st.sampled_from(["id", "name", "status", "date", "currencyCode", "costMicros", "clicks", "impressions"])
_parts = st.dictionaries(
    st.sampled_from(["campaign", "customer", "segments", "metrics"]), st.dictionaries(_names, _value)
)


@given(kind=st.sampled_from(["campaign", "ad_day", "booking"]), parts=_parts, is_settling=_value)
def test_anything_is_a_record_in_good_form_or_unreadable(kind: str, parts: Json, is_settling: Any) -> None:
    whole = {"campaign": {"id": "1"}, "customer": {"currencyCode": "USD"}, "segments": {"date": "2026-11-01"}} | parts
    payload = whole if kind == "campaign" else {"row": whole, "is_settling": is_settling}
    try:
        found = read(kind, payload)
    except Unreadable:
        return
    assert [contract_fuzz.complaints(record) for record in found] == [[]]
