"""A touch's channel follows from what is known of it, and the sentence says why."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bookingbridge.domains.journeys import channels
from bookingbridge.domains.journeys.channel_rules import RULES
from bookingbridge.domains.journeys.channels import Channel, Origin, Signals, classify

SITE = "https://www.salon.example.com/book"
OWN = frozenset({"salon.example.com"})


def landed(query: str = "", referrer: str = "", **more: object) -> Origin:
    return classify(Signals(url=f"{SITE}?{query}", referrer=referrer, own_hosts=OWN, **more))  # type: ignore[arg-type]


def channel(query: str = "", referrer: str = "") -> str:
    return landed(query, referrer).channel


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("gclid=Cj0KCQ", "google_ads"),
        ("gbraid=0AAAA", "google_ads"),
        ("wbraid=ClkK", "google_ads"),
        ("gad_source=1", "google_ads"),
        ("gad=1", "google_ads"),
        ("msclkid=0f1e", "microsoft_ads"),
        ("ttclid=E.C.P", "tiktok_ads"),
        ("yclid=123", "paid_other"),
        ("GCLID=Cj0KCQ", "google_ads"),
    ],
)
def test_a_click_id_of_an_ad_means_a_paid_click_whatever_else_is_said(query: str, expected: str) -> None:
    assert channel(query) == expected
    found = landed(f"{query}&utm_source=newsletter&utm_medium=email", "https://www.facebook.com/")
    assert (found.channel, found.rule) == (expected, "click_id")


def test_fbclid_alone_is_not_an_ad() -> None:
    assert channel("fbclid=IwAR2F4") == "meta_organic"
    assert channel("fbclid=IwAR2F4", "https://l.instagram.com/") == "meta_organic"
    assert channel("fbclid=IwAR2F4&utm_source=facebook&utm_medium=paid_social") == "meta_ads"


def test_metas_cookies_do_not_say_where_this_visit_came_from() -> None:
    cookies = {"fbc": "fb.1.1700000000000.IwAR2F4", "fbp": "fb.1.1700000000000.123"}
    found = landed(click_ids=cookies)
    assert found.channel == "direct"
    assert found.click_ids == cookies


def test_a_click_id_that_was_withheld_still_says_that_it_was_an_ad() -> None:
    assert landed(click_ids={"gclid": "-"}).channel == "google_ads"


@pytest.mark.parametrize(
    ("source", "medium", "expected"),
    [
        ("google", "cpc", "google_ads"),
        ("Google", "CPC", "google_ads"),
        ("adwords", "", "google_ads"),
        ("youtube", "cpv", "google_ads"),
        ("facebook", "paid_social", "meta_ads"),
        ("fb", "paid", "meta_ads"),
        ("ig", "Paid", "meta_ads"),
        ("an", "paid", "meta_ads"),
        ("facebook_ads", "", "meta_ads"),
        ("Instagram-Ads", "", "meta_ads"),
        ("m.facebook.com", "cpm", "meta_ads"),
        ("bing", "ppc", "microsoft_ads"),
        ("tiktok", "cpc", "tiktok_ads"),
        ("nextdoor", "cpc", "paid_other"),
        ("hairmag", "display", "paid_other"),
        ("hairmag", "social-paid", "paid_other"),
        ("google", "organic", "google_organic"),
        ("google", "", "google_organic"),
        ("google", "gbp", "google_business_profile"),
        ("gmb", "organic", "google_business_profile"),
        ("Google Business Profile", "organic", "google_business_profile"),
        ("bing", "organic", "organic_search"),
        ("duckduckgo", "", "organic_search"),
        ("facebook", "social", "meta_organic"),
        ("instagram", "bio", "meta_organic"),
        ("ig", "social", "meta_organic"),
        ("an", "", "referral"),
        ("tiktok", "bio", "organic_social"),
        ("somewhere", "social", "organic_social"),
        ("chatgpt.com", "", "ai_assistant"),
        ("perplexity", "referral", "ai_assistant"),
        ("newsletter", "", "email"),
        ("mailchimp", "Email", "email"),
        ("instagram", "email", "email"),
        ("spring", "sms", "sms"),
        ("blogger-ana", "affiliate", "affiliate"),
        ("flyer", "print", "offline"),
        ("door", "qr", "offline"),
        ("hairmag", "referral", "referral"),
        ("hairmag", "", "referral"),
        ("hairmag", "xyz", "referral"),
        ("hairmag.example.com", "", "referral"),
        ("yelp.com", "", "referral"),
    ],
)
def test_tags_name_the_channel_in_any_case(source: str, medium: str, expected: str) -> None:
    assert channel(f"utm_source={source}&utm_medium={medium}") == expected
    assert channel(f"UTM_SOURCE={source.upper()}&Utm_Medium={medium.upper()}") == expected


def test_tags_count_before_the_referrer() -> None:
    assert channel("utm_source=newsletter&utm_medium=email", "https://www.google.com/") == "email"
    assert channel("utm_source=hairmag&utm_medium=xyz", "https://www.google.com/") == "referral"


def test_a_profile_named_in_the_campaign_is_the_profile() -> None:
    assert channel("utm_source=google&utm_medium=organic&utm_campaign=gbp-downtown") == "google_business_profile"
    assert channel("utm_source=facebook&utm_medium=social&utm_campaign=gbp-downtown") == "meta_organic"


@pytest.mark.parametrize(
    "nothing", ["{{campaign.source}}", "(direct)", "(not set)", "null", "undefined", "%20", "[source]"]
)
def test_a_tag_that_nobody_filled_in_is_no_tag(nothing: str) -> None:
    found = landed(f"utm_source={nothing}&utm_medium=(none)", "https://www.bing.com/")
    assert (found.channel, found.rule, found.source, found.medium) == ("organic_search", "referrer", "bing.com", None)


@pytest.mark.parametrize(
    ("referrer", "expected"),
    [
        ("https://www.google.com/", "google_organic"),
        ("https://www.google.co.uk/search?q=salon", "google_organic"),
        ("https://google.com.ua", "google_organic"),
        ("android-app://com.google.android.googlequicksearchbox/", "google_organic"),
        ("https://www.google.com/maps/place/x", "google_business_profile"),
        ("https://maps.google.de/", "google_organic"),
        ("https://maps.google.com/", "google_business_profile"),
        ("https://business.google.com/", "google_business_profile"),
        ("android-app://com.google.android.apps.maps", "google_business_profile"),
        ("https://www.google.com/aclk?sa=l", "google_ads"),
        ("https://googleads.g.doubleclick.net/pagead", "google_ads"),
        ("https://www.bing.com/search", "organic_search"),
        ("https://www.bing.com/maps", "organic_search"),
        ("https://www.bing.com/chat", "ai_assistant"),
        ("https://duckduckgo.com/", "organic_search"),
        ("https://search.yahoo.com/", "organic_search"),
        ("https://yandex.com.tr/", "organic_search"),
        ("https://maps.apple.com/", "organic_search"),
        ("https://l.facebook.com/", "meta_organic"),
        ("http://m.facebook.com", "meta_organic"),
        ("https://www.instagram.com/ana", "meta_organic"),
        ("android-app://com.instagram.android/", "meta_organic"),
        ("https://t.co/abc", "organic_social"),
        ("https://x.com/ana", "organic_social"),
        ("https://x.com/i/grok", "ai_assistant"),
        ("https://www.tiktok.com/", "organic_social"),
        ("https://out.reddit.com/", "organic_social"),
        ("https://www.pinterest.es/", "organic_social"),
        ("https://chatgpt.com/", "ai_assistant"),
        ("https://gemini.google.com/app", "ai_assistant"),
        ("https://claude.ai/", "ai_assistant"),
        ("https://www.perplexity.ai/search", "ai_assistant"),
        ("https://mail.google.com/", "email"),
        ("https://mail.yahoo.com/", "email"),
        ("android-app://com.google.android.gm/", "email"),
        ("https://www.yelp.com/biz/salon", "referral"),
        ("https://hairmag.example.org/best", "referral"),
        ("hairmag.example.org/best", "referral"),
        ("https://google.evil.example/", "referral"),
        ("https://notfacebook.com/", "referral"),
        ("https://facebook.com.evil.example/", "referral"),
    ],
)
def test_the_referrer_names_the_channel(referrer: str, expected: str) -> None:
    assert channel("", referrer) == expected
    assert channel("", referrer.upper()) == expected


@pytest.mark.parametrize(
    "referrer",
    [
        "https://salon.example.com/prices", "https://blog.salon.example.com/", "https://WWW.salon.example.com:8443/x",
        "https://checkout.stripe.com/pay", "https://www.paypal.com/", "https://squareup.com/appointments",
        "https://ana.square.site/", "https://accounts.google.com/", "https://calendly.com/ana",
    ],
)  # fmt: skip
def test_our_own_pages_and_doors_people_pass_through_are_no_origin(referrer: str) -> None:
    found = landed("", referrer)
    assert (found.channel, found.rule, found.source) == ("direct", "referrer", None)


def test_an_own_host_does_not_cover_hosts_that_only_end_alike() -> None:
    assert channel("", "https://notsalon.example.com/") == "referral"
    assert classify(Signals(referrer="https://elsewhere.example.org/", own_hosts=frozenset({""}))).channel == "referral"


def test_nothing_known_is_direct() -> None:
    found = classify(Signals(url=SITE))
    assert (found.channel, found.rule) == ("direct", "direct")
    assert channels.is_direct(found.channel)


def test_a_campaign_alone_is_unknown_rather_than_direct() -> None:
    assert channel("utm_campaign=spring") == "unknown"
    assert channel("utm_campaign=spring", "https://www.google.com/") == "google_organic"


def test_a_browser_inside_an_app_stands_in_for_a_missing_referrer() -> None:
    agent = "Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 Mobile/15E148 Instagram 300.0.0.29.110"
    assert landed(user_agent=agent).channel == "meta_organic"
    assert landed("utm_source=newsletter", user_agent=agent).channel == "email"
    assert landed(referrer="https://www.google.com/", user_agent=agent).channel == "google_organic"


@pytest.mark.parametrize("kind", ["call", "coupon", "qr"])
def test_what_happens_off_the_web_is_offline_unless_tags_or_the_owner_say_otherwise(kind: str) -> None:
    assert classify(Signals(kind=kind)).channel == "offline"
    assert classify(Signals(kind=kind, utm={"source": "spring-flyer"})).channel == "offline"
    assert classify(Signals(kind=kind, utm={"source": "instagram"})).channel == "meta_organic"
    assert classify(Signals(kind=kind, declared="google_ads")).channel == "google_ads"


def test_the_owners_word_counts_before_everything() -> None:
    found = classify(Signals(url=f"{SITE}?gclid=1", declared="sms"))
    assert (found.channel, found.rule) == ("sms", "declared")
    assert classify(Signals(url=f"{SITE}?gclid=1", declared="nonsense")).channel == "google_ads"


def test_an_answer_names_the_channel_or_stays_unknown() -> None:
    assert classify(Signals(kind="asked", answer="Instagram")).channel == "meta_organic"
    found = classify(Signals(kind="asked", answer="the internet"))
    assert (found.channel, found.rule) == ("unknown", "asked")
    assert found.why == "Asked how they heard of you, they answered “the internet”."


def test_tags_that_were_handed_over_count_before_those_of_the_address() -> None:
    found = landed("utm_source=google&utm_campaign=old", utm={"source": "Newsletter", "utm_medium": "email"})
    assert (found.channel, found.source, found.medium, found.campaign) == ("email", "newsletter", "email", "old")


def test_an_origin_is_a_rows_worth() -> None:
    found = landed(
        "utm_source=Google&utm_medium=CPC&utm_campaign=Spring%20Cuts&utm_term=salon&utm_content=b"
        "&gad_campaignid=22334455&gclid=Cj0KCQ"
    )
    assert found == Origin(
        channel="google_ads",
        rule="click_id",
        why="The address carries gclid, which Google adds to clicks on ads.",
        source="google",
        medium="cpc",
        campaign="Spring Cuts",
        campaign_ref="22334455",
        term="salon",
        content="b",
        click_ids={"gclid": "Cj0KCQ"},
    )


def test_utm_id_is_the_campaigns_id_where_the_platform_gives_none() -> None:
    assert landed("utm_source=fb&utm_medium=paid&utm_id=120210").campaign_ref == "120210"
    assert landed("utm_id=1&campaignid=987").campaign_ref == "987"
    assert landed("campaignid={campaignid}").campaign_ref is None


def test_every_channel_has_a_title_and_says_whether_it_is_paid() -> None:
    assert set(channels.TITLES) == set(Channel)
    assert {c for c in Channel if channels.is_paid(c)} == {
        "google_ads", "meta_ads", "microsoft_ads", "tiktok_ads", "paid_other", "affiliate",
    }  # fmt: skip
    assert channels.title("my_own") == "My own"


texts = st.text(max_size=40)
bits = st.sampled_from(
    ["gclid", "utm_source=", "&", "?", "https://", "google.com", "[", "]", "%", "\x00", "://", "#", "@", ":"]
)
urls = st.one_of(texts, st.lists(st.one_of(bits, st.text(max_size=5)), max_size=12).map("".join))


@given(
    st.builds(
        Signals,
        kind=st.one_of(texts, st.sampled_from(["visit", "asked", "call"])),
        url=urls,
        referrer=urls,
        utm=st.dictionaries(st.one_of(st.sampled_from(["source", "medium"]), texts), texts, max_size=4),
        click_ids=st.dictionaries(st.one_of(st.sampled_from(["gclid", "fbclid"]), texts), texts, max_size=4),
        declared=st.one_of(st.none(), texts),
        answer=texts,
        own_hosts=st.frozensets(texts, max_size=2),
        user_agent=texts,
    )
)
@example(Signals(url="https://[::1", referrer="http://[", utm={"source": "a.b[c"}))
@example(Signals(url="https://x.example.com/?utm_source=a\x00b\ud800"))
def test_no_text_raises_and_every_answer_can_be_stored(signals: Signals) -> None:
    found = classify(signals)
    assert found.channel in set(Channel)
    assert found.rule in {name for name, _ in RULES}
    assert found.why.endswith(".")
    stored = [found.source, found.medium, found.campaign, found.campaign_ref, found.term, found.content, found.why]
    for text in [*stored, *found.click_ids.values()]:
        assert text is None or (text and "\x00" not in text and text.encode())
    assert classify(signals) == found


@given(texts.filter(lambda t: t.strip().lower() not in {"", "-"}))
def test_any_gclid_is_paid_and_kept_as_it_is(value: str) -> None:
    found = classify(Signals(click_ids={"gclid": value}))
    if found.click_ids:
        assert (found.channel, found.click_ids) == ("google_ads", {"gclid": value})
