"""Remembered origins are the origins that would have been found."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bookingbridge.domains.journeys.channels import Signals, classify
from bookingbridge.domains.journeys.landing import CLICK_IDS
from bookingbridge.domains.journeys.origins import Origins

_value = st.sampled_from(
    ["", "-", "1", "IwAR0x_y-z.~", "lifted", "a%20b", "a+b", "x" * 1_001, "é", "a\x00b", "a;b", "a=b"]
)
_name = st.sampled_from([*CLICK_IDS, "GCLID", "gad", "bb", "utm_source", "utm_medium", "utm_id", "campaignid", "x"])
_pair = st.tuples(_name, _value | st.sampled_from(["google", "cpc", "facebook", "email"])).map("=".join)
_url = st.builds(
    lambda base, query, fragment: base + "".join("&?"[i == 0] + p for i, p in enumerate(query)) + fragment,
    st.sampled_from(["https://salon.example.com/book", "salon.example.com", "", "https://salon.example.com/a?b"]),
    st.lists(_pair, max_size=4),
    st.sampled_from(["", "", "#", "#top", "#/book?gclid=inner", "#fbclid=frag&utm_source=bing"]),
)
_signals = st.builds(
    Signals,
    kind=st.sampled_from(["visit", "click", "call", "qr"]),
    url=_url,
    referrer=st.sampled_from(
        ["", "https://www.google.com/", "https://salon.example.com/x", "https://l.instagram.com/"]
    ),
    utm=st.dictionaries(st.sampled_from(["source", "medium", "campaign"]), st.sampled_from(["tiktok", "cpc", ""])),
    click_ids=st.dictionaries(st.sampled_from([*CLICK_IDS, "other"]), _value, max_size=2),
    own_hosts=st.sampled_from([frozenset(), frozenset({"salon.example.com"})]),
    user_agent=st.sampled_from(["", "Mozilla/5.0 (iPhone) Instagram 300.0", "Mozilla/5.0 (Macintosh)"]),
)
_warm = Origins(most=50)


@given(_signals)
@settings(max_examples=400, deadline=None)
def test_a_remembered_origin_is_the_one_that_would_be_found(signals: Signals) -> None:
    assert _warm.of(signals) == classify(signals)
    assert _warm.of(signals) == classify(signals)


def test_two_clicks_on_one_ad_keep_their_own_ids() -> None:
    origins = Origins()
    first = origins.of(Signals(url="https://salon.example.com/?utm_source=google&gclid=first"))
    second = origins.of(Signals(url="https://salon.example.com/?utm_source=google&gclid=second"))
    assert first.click_ids == {"gclid": "first"}
    assert second.click_ids == {"gclid": "second"}
    assert first.why == second.why
    assert len(origins) == 1
