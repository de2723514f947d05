"""Rows of ad spend and of touchpoints."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from tests.vendors.files.given import SHOP, load, only, problems

from bookingbridge.canonical.records import AdDay, Campaign, Touchpoint

ADS = "Day,Platform,Campaign ID,Campaign,Cost,Clicks,Impressions\n"


def test_a_row_becomes_a_campaign_and_its_day() -> None:
    loaded = load(ADS + '2026-03-14,Facebook,612,Fall Fades,12.345678,31,"1,200"\n')
    assert only(loaded, Campaign) == [
        Campaign("612", None, None, "Fall Fades", "meta_ads", "unknown", "USD")  # type: ignore[arg-type]
    ]
    [day] = only(loaded, AdDay)
    assert (day.remote_id, day.campaign, day.day) == ("612:2026-03-14", "612", date(2026, 3, 14))
    assert (day.spend_micros, day.clicks, day.impressions, day.currency) == (12_345_678, 31, 1200, "USD")
    assert not day.is_settling


def test_rows_of_one_campaign_and_day_are_added_up() -> None:
    text = "Day,Campaign,Ad set,Amount spent (EUR),Clicks,Impressions\n"
    loaded = load(f"{text}2026-03-14,Fall,A,1.10,3,100\n2026-03-14,Fall,B,2.20,--,50\n2026-03-15,Fall,A,4,1,9\n")
    days = {d.day.day: (d.spend_micros, d.clicks, d.impressions, d.currency) for d in only(loaded, AdDay)}
    assert days == {14: (3_300_000, 3, 150, "EUR"), 15: (4_000_000, 1, 9, "EUR")}
    assert "rows of one campaign and day were added up (1 rows)" in loaded.notes


def test_a_row_that_repeats_another_would_be_counted_twice_and_is_a_problem() -> None:
    row = "2026-03-14,Facebook,612,Fall Fades,12.34,31,1200\n"
    loaded = load(ADS + row + row)
    assert problems(loaded) == [(3, "Cost")]
    assert loaded.problems[0].why == "the row is the same as line 2; adding it up would count it twice"


def test_rows_in_which_nothing_happened_may_be_equal() -> None:
    row = "2026-03-14,Facebook,612,Fall Fades,0.00,0,0\n"
    [day] = only(load(ADS + row + row), AdDay)
    assert (day.spend_micros, day.clicks) == (0, 0)


def test_rows_over_several_days_are_a_problem() -> None:
    heads = "Reporting starts,Reporting ends,Campaign name,Amount spent (USD)\n"
    loaded = load(f"{heads}2026-03-01,2026-03-31,Fall Fades,412.00\n2026-03-01,2026-03-01,Fall Fades,9.00\n")
    assert problems(loaded) == [(2, "Reporting ends")]
    assert "export the report broken down by day" in loaded.problems[0].why


def test_sums_are_left_out_and_told() -> None:
    loaded = load(
        "Day,Campaign,Cost,Clicks,Impressions\n,,50.00,9,90\n2026-03-14,Fall,5.00,1,9\nTotal: Account,--,50.00,9,90\n"
        ",Total: Campaigns,50.00,9,90\n"
    )
    assert [d.spend_micros for d in only(loaded, AdDay)] == [5_000_000]
    assert "rows with totals were left out (3 rows)" in loaded.notes


@pytest.mark.parametrize(
    ("platform", "channel"),
    [
        ("Facebook", "meta_ads"), ("Instagram", "meta_ads"), ("Google Ads - Seattle", "google_ads"),
        ("Bing", "microsoft_ads"), ("Performance Max", "google_ads"), ("TikTok", "tiktok_ads"),
        ("Nextdoor", "paid_other"), ("Skywriting", "paid_other"),
        ("meta_ads", "meta_ads"),
    ],
)  # fmt: skip
def test_a_platform_is_a_channel(platform: str, channel: str) -> None:
    [campaign] = only(load(f"Day,Platform,Campaign,Cost\n2026-03-14,{platform},Fall,5.00\n"), Campaign)
    assert campaign.channel == channel


def test_without_a_platform_headings_or_the_files_name_or_the_option_tell_the_channel() -> None:
    def channel(heads: str, row: str, name: str = "export.csv", given: str | None = None) -> str:
        loaded = load(f"{heads}\n{row}\n", kind="ad_spend", name=name, options=replace(SHOP, channel=given))
        return only(loaded, Campaign)[0].channel

    plain = ("Day,Campaign,Cost", "2026-03-14,Fall,5.00")
    assert channel(*plain) == "paid_other"
    assert channel(*plain, name="Google Ads July.csv") == "google_ads"
    assert channel(*plain, given="tiktok_ads") == "tiktok_ads"
    assert channel("Reporting starts,Campaign name,Amount spent (USD)", "2026-03-14,Fall,5.00") == "meta_ads"
    assert channel("Day,Campaign,Cost,Impr.", "2026-03-14,Fall,5.00,9") == "google_ads"


def test_bad_spend_is_a_problem_by_line() -> None:
    loaded = load(ADS + ",Google,1,A,5,1,1\n2026-03-14,Google,,,5,1,1\n2026-03-14,Google,1,A,-5,1.5,x\n")
    assert problems(loaded) == [(2, "Day"), (3, "Campaign"), (4, "Clicks"), (4, "Impressions"), (4, "Cost")]


def test_two_currencies_of_one_campaign_and_day_are_a_problem() -> None:
    loaded = load("Day,Campaign,Cost,Currency\n2026-03-14,Fall,5,USD\n2026-03-14,Fall,5,EUR\n")
    assert problems(loaded) == [(3, "Cost")]


TOUCHES = "Time,Event,Visitor,Email,Phone,Source,Medium,Campaign,Landing page,Referrer\n"


def touch(text: str) -> Touchpoint:
    """The one touch in the text."""
    loaded = load(text, kind="touchpoints")
    assert loaded.problems == []
    [found] = only(loaded, Touchpoint)
    return found


def test_a_row_becomes_a_touch() -> None:
    found = touch(
        TOUCHES + "2026-03-14T10:00:00Z,Ad click,v1,Ann@example.com,,facebook,paid_social,fall,https://a.example/,\n"
    )
    assert found.at == datetime(2026, 3, 14, 10, tzinfo=UTC)
    assert (found.touch_kind, found.person, found.email, found.client) == ("click", "v1", "Ann@example.com", None)
    assert (found.source, found.medium, found.campaign, found.channel) == ("facebook", "paid_social", "fall", None)
    assert (found.url, found.referrer) == ("https://a.example/", None)


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("page_view", "visit"),
        ("", "visit"),
        ("Phone call", "call"),
        ("QR code", "qr"),
        ("Gutschein", "coupon"),
        ("survey", "asked"),
    ],
)
def test_kinds_of_touches(word: str, kind: str) -> None:
    assert touch(f"Time,Event,Source\n2026-03-14 10:00,{word},x\n").touch_kind == kind


def test_an_unknown_kind_is_a_problem() -> None:
    loaded = load("Time,Event,Source\n2026-03-14 10:00,Teleport,x\n", kind="touchpoints")
    assert problems(loaded) == [(2, "Event")]
    assert loaded.problems[0].why == "unknown kind of touch; known are asked, call, click, coupon, identify, qr, visit"


def test_click_ids_of_columns_of_their_own_are_kept_within_the_address() -> None:
    heads = "Time,Landing page,gclid,fbclid\n2026-03-14 10:00"
    assert (
        touch(f"{heads},https://a.example/b?x=1#top,Cj0K-A/b,\n").url == "https://a.example/b?x=1&gclid=Cj0K-A%2Fb#top"
    )
    assert touch(f"{heads},,,IwAR\n").url == "https://site.invalid/?fbclid=IwAR"
    assert touch(f"{heads},https://a.example/?gclid=Old,New,\n").url == "https://a.example/?gclid=Old"


@pytest.mark.parametrize(
    ("channel", "source", "expected"),
    [
        ("Google Ads", "newsletter", "google_ads"), ("Paid Social", "facebook", None),
        ("Paid Social", "", "paid_other"),
        ("Organic Search", "", "organic_search"), ("Direct", "", "direct"), ("Window sign", "", "window_sign"),
    ],
)  # fmt: skip
def test_a_group_of_channels_counts_only_where_nothing_tells_better(
    channel: str, source: str, expected: str | None
) -> None:
    assert touch(f"Time,Channel,Source\n2026-03-14 10:00,{channel},{source}\n").channel == expected


def test_a_day_alone_is_its_beginning() -> None:
    assert touch("Date,Source,Medium\n20260314,google,cpc\n").at == datetime(2026, 3, 14, 7, tzinfo=UTC)


def test_a_touch_from_nowhere_is_a_problem() -> None:
    loaded = load("Time,Event,Source\n2026-03-14 10:00,visit,\n,visit,google\n", kind="touchpoints")
    assert problems(loaded) == [(2, "Source"), (3, "Time")]


def test_the_same_file_again_gives_the_same_touches_and_two_strangers_are_two() -> None:
    text = TOUCHES + "2026-03-14 10:00,visit,,,,google,cpc,,,\n" * 2 + "2026-03-14 10:00,visit,v1,,,google,cpc,,,\n" * 2
    loaded = load(text)
    assert len(only(loaded, Touchpoint)) == 3
    assert loaded.repeated == 1
    assert load(text).records == loaded.records
