"""Reading one ad account over real HTTP: pages, the days that still change, throttling, tokens."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from tests.vendors.meta_ads.meta_world import NOW, TODAY, TOKEN, ad_days, days, meta, only, records

from bookingbridge.canonical.errors import AuthExpired, Refused, Rejected, Throttled
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Json, Page, Tokens
from bookingbridge.canonical.records import AdDay
from bookingbridge.vendors.meta_ads import VENDOR
from bookingbridge.vendors.meta_ads.client import MetaClient
from bookingbridge.vendors.meta_ads.oauth import appsecret_proof
from bookingbridge.vendors.meta_ads.simulator import APP_SECRET


def spend(pages: list[Page], campaign: str, day: date) -> int | None:
    found = ad_days(pages).get((campaign, day))
    return None if found is None else found.spend_micros


def end(pages: list[Page]) -> Json:
    assert pages[-1].is_last
    return pages[-1].cursor


def test_the_sign_in_tells_the_ad_accounts_to_choose_from() -> None:
    with meta() as there:
        there.account = None
        account = there.talk(lambda client: client.check())
    assert account.choices == ((RemoteId("act_1001"), "Cedar & Co"), (RemoteId("act_1002"), "Willow Studio"))
    assert (account.remote_id, account.name, account.missing) == ("9001", "Robin Vale", ())


def test_a_chosen_account_tells_its_currency_and_calendar() -> None:
    with meta() as there:
        there.account = RemoteId("1002")
        account = there.talk(lambda client: client.check())
    assert (account.remote_id, account.currency, account.time_zone) == ("act_1002", "JPY", "Asia/Tokyo")


def test_an_only_account_needs_no_choice() -> None:
    with meta({"accounts": [{"id": "7", "name": "One", "status": 3}], "tokens": [{"token": TOKEN}]}) as there:
        there.account = None
        account = there.talk(lambda client: client.check())
    assert account.remote_id == "act_7"
    assert account.notes == ("Meta says the ad account is unsettled. Its figures can still be read.",)


def test_an_account_out_of_reach_is_told() -> None:
    with meta() as there:
        there.account = RemoteId("act_5")
        with pytest.raises(Rejected, match="does not reach"):
            there.talk(lambda client: client.check())


def test_a_permission_that_was_unticked_is_missing() -> None:
    with meta() as there:
        there.order("world", {"tokens": [{"token": "EAABother", "permissions": ["public_profile"]}]})
        there.tokens, there.account = Tokens(access="EAABother"), None
        with pytest.raises(Rejected, match="ads_read"):
            there.talk(lambda client: client.check())
        there.account = RemoteId("act_1001")
        account = there.talk(lambda client: client.check())
    assert (account.remote_id, account.missing, account.choices) == ("act_1001", ("ads_read",), ())


def test_a_stranger_to_ads_is_told_what_to_do() -> None:
    with meta({"tokens": [{"token": TOKEN}]}) as there:
        there.account = None
        with pytest.raises(Rejected, match="Business Settings"):
            there.talk(lambda client: client.check())


def test_archived_campaigns_are_read_with_the_others() -> None:
    with meta() as there:
        found = {r.remote_id: getattr(r, "status", "") for r in records(there.read("campaigns"))}
    assert found == {"23001": "active", "23002": "active", "23003": "ended", "23004": "paused"}


def test_thirteen_months_are_imported_with_only_the_last_28_days_settling() -> None:
    with meta() as there:
        found = {day: r for (campaign, day), r in ad_days(there.read("ad_days")).items() if campaign == "23001"}
    assert sorted(found) == [TODAY - timedelta(days=395 - i) for i in range(396)]
    assert {day for day, r in found.items() if r.is_settling} == {TODAY - timedelta(days=i) for i in range(28)}


def test_days_without_delivery_are_nothing() -> None:
    with meta() as there:
        found = ad_days(there.read("ad_days"))
    assert sorted(day for campaign, day in found if campaign == "23002") == [date(2026, 11, 16), date(2026, 11, 17)]
    assert not [campaign for campaign, _ in found if campaign == "23004"]


def test_the_accounts_own_calendar_says_what_today_is() -> None:
    with meta() as there:
        there.account = RemoteId("act_1002")
        there.read("ad_days")
        last = there.requests("insights")[-1]["query"]
    assert "2026-11-21" in last, "it is already tomorrow in Tokyo"


def test_an_incremental_run_asks_for_the_unsettled_days_only() -> None:
    with meta() as there:
        cursor = end(there.read("ad_days"))
        there.at(NOW + timedelta(days=1))
        found = ad_days(there.read("ad_days", cursor))
    assert min(day for _, day in found) == TODAY - timedelta(days=27)


def test_a_late_correction_of_a_settling_day_arrives() -> None:
    day = TODAY - timedelta(days=20)
    with meta() as there:
        first = there.read("ad_days")
        there.order("adjust", {"campaign": "23001", "day": day.isoformat(), "spend": "11.5", "clicks": 40})
        second = there.read("ad_days", end(first))
    assert spend(first, "23001", day) == 10_250_000
    assert spend(second, "23001", day) == 11_500_000


def test_a_correction_of_a_settled_day_waits_for_a_full_run() -> None:
    day = TODAY - timedelta(days=28)
    with meta() as there:
        cursor = end(there.read("ad_days"))
        there.order("adjust", {"campaign": "23001", "day": day.isoformat(), "spend": "99"})
        assert spend(there.read("ad_days", cursor), "23001", day) is None
        assert spend(there.read("ad_days", cursor, is_full=True), "23001", day) == 99_000_000


def test_a_day_is_told_once_more_when_it_has_settled() -> None:
    day = TODAY - timedelta(days=27)
    with meta() as there:
        first = there.read("ad_days")
        there.at(NOW + timedelta(days=1))
        there.order("adjust", {"campaign": "23001", "day": day.isoformat(), "spend": "12"})
        second = there.read("ad_days", end(first))
        there.at(NOW + timedelta(days=2))
        third = there.read("ad_days", end(second))
    settling = [ad_days(pages)["23001", day].is_settling for pages in (first, second)]
    assert settling == [True, False]
    assert spend(second, "23001", day) == 12_000_000
    assert spend(third, "23001", day) is None


def test_a_day_that_vanished_becomes_zero_once() -> None:
    day = date(2026, 11, 16)
    with meta() as there:
        first = there.read("ad_days")
        there.order("adjust", {"campaign": "23002", "day": day.isoformat(), "is_gone": True})
        second = there.read("ad_days", end(first))
        third = there.read("ad_days", end(second))
    gone = ad_days(second)["23002", day]
    assert (gone.spend_micros, gone.clicks, gone.impressions, gone.is_settling) == (0, 0, 0, True)
    assert gone.currency == "USD"
    assert spend(third, "23002", day) is None


def test_a_run_cut_short_goes_on_and_still_knows_what_vanished() -> None:
    early, late = TODAY - timedelta(days=27), TODAY
    with meta() as there:
        there.settings = {"history_days": "90"}
        cursor = end(there.read("ad_days"))
        for day in (early, late):
            there.order("adjust", {"campaign": "23001", "day": day.isoformat(), "is_gone": True})
        begun = there.read("ad_days", cursor, is_full=True, most=2)
        assert not begun[-1].is_last
        rest = there.read("ad_days", begun[-1].cursor, is_full=True)
    found = ad_days(begun + rest)
    assert [found["23001", day].spend_micros for day in (early, late)] == [0, 0]
    assert len([1 for campaign, _ in found if campaign == "23001"]) == 90


def test_an_unchanged_day_is_told_in_the_very_same_bytes() -> None:
    with meta() as there:
        first = there.read("ad_days")
        second = there.read("ad_days", end(first))
    told = {raw.remote_id: raw.payload for page in first for raw in page.records}
    assert all(told[raw.remote_id] == raw.payload for page in second for raw in page.records)


def test_many_rows_come_page_by_page_and_each_once() -> None:
    campaigns = [
        {"id": str(5000 + i), "name": f"C{i}", "days": days(TODAY - timedelta(days=27), 28)} for i in range(40)
    ]
    with meta({"accounts": [{"id": "1001", "campaigns": campaigns}], "tokens": [{"token": TOKEN}]}) as there:
        there.settings = {"history_days": "28"}
        pages = there.read("ad_days")
    assert [len(page.records) for page in pages] == [500, 500, 120]
    assert len(ad_days(pages)) == 40 * 28


def test_an_empty_page_with_a_cursor_in_the_middle_loses_nothing() -> None:
    with meta() as there:
        there.settings = {"history_days": "60"}
        expected = ad_days(there.read("ad_days"))
        order = {"fault": "empty_page_with_cursor", "times": 1, "match": {"path_prefix": "/v26.0/act_1001/insights"}}
        there.order("faults", order)
        pages = there.read("ad_days")
    assert pages[0].records == ()
    assert not pages[0].is_last
    assert ad_days(pages) == expected


def test_a_page_token_that_went_stale_costs_one_stretch_read_again() -> None:
    with meta() as there:
        there.settings = {"history_days": "60"}
        expected = ad_days(there.read("ad_days"))
        order = {"fault": "empty_page_with_cursor", "times": 1, "match": {"path_prefix": "/v26.0/act_1001/insights"}}
        there.order("faults", order)
        cursor = there.read("ad_days", most=1)[0].cursor
        assert cursor["run"]["token"]
        cursor["run"]["token"] = "stale"
        assert ad_days(there.read("ad_days", cursor)) == expected
        assert len(there.read("campaigns", {"after": "stale"})[-1].records) == 4


def test_a_stretch_that_holds_too_much_is_asked_for_in_halves() -> None:
    with meta() as there:
        there.settings = {"history_days": "60"}
        expected = ad_days(there.read("ad_days"))
        there.order("world", {"rules": {"rows_per_query": 12}})
        assert ad_days(there.read("ad_days")) == expected
        there.order("world", {"rules": {"rows_per_query": 0}})
        with pytest.raises(Rejected):
            there.read("ad_days")


def test_throttling_says_until_when_and_is_not_tested_before() -> None:
    with meta() as there:
        there.order("world", {"rules": {"calls_per_hour": 3}})
        with pytest.raises(Throttled) as told:
            there.read("ad_days")
        asked = len(there.requests())
        assert told.value.until == NOW + timedelta(minutes=60)
        there.at(NOW + timedelta(minutes=61))
        assert there.read("ad_days", most=1)
    assert asked == 4, "three calls were free, the fourth was refused, none came after"


def test_a_client_that_was_told_to_rest_does_not_ask() -> None:
    with meta() as there:
        there.order("faults", {"fault": "429", "retry_after": 300, "times": 1})

        async def twice(client: MetaClient) -> list[datetime | None]:
            found = []
            for _ in range(2):
                with pytest.raises(Throttled) as told:
                    await client.check()
                found.append(told.value.until)
            return found

        assert there.talk(twice) == [NOW + timedelta(minutes=5)] * 2
        assert len(there.requests()) == 1


def test_a_token_that_ran_out_asks_to_reconnect() -> None:
    with meta() as there:
        there.tokens = Tokens(access="EAABforgotten")
        with pytest.raises(AuthExpired) as told:
            there.read("campaigns")
    assert "EAABforgotten" not in told.value.why


def test_the_token_is_in_a_header_and_the_proof_in_the_query() -> None:
    with meta() as there:
        there.order("world", {"rules": {"requires_proof": True}})
        there.tokens = Tokens(access=TOKEN, extra={"app_secret": APP_SECRET})
        there.read("campaigns")
        asked = there.requests("campaigns")
    assert appsecret_proof(APP_SECRET, TOKEN) in asked[0]["query"]
    assert not [r for r in asked if TOKEN in r["query"] or APP_SECRET in r["query"]]


def test_a_wrong_proof_is_refused_for_good() -> None:
    with meta() as there:
        there.tokens = Tokens(access=TOKEN, extra={"app_secret": "another"})
        with pytest.raises(Rejected, match="appsecret_proof"):
            there.read("campaigns")


def test_one_campaign_or_day_can_be_fetched() -> None:
    with meta() as there:
        campaign = only(there.talk(lambda client: client.fetch("campaign", RemoteId("23003"))))
        day = only(there.talk(lambda client: client.fetch("ad_day", RemoteId("23001:2026-11-19"))))
        listed = {raw.remote_id: raw for s in ("campaigns", "ad_days") for p in there.read(s) for raw in p.records}
    assert campaign == listed[campaign.remote_id]
    assert day == listed[day.remote_id]


def test_a_fetched_day_without_delivery_is_zero() -> None:
    with meta() as there:
        [raw] = there.talk(lambda client: client.fetch("ad_day", RemoteId("23004:2026-11-19")))
    record = only(VENDOR.read(raw.kind, raw.payload))
    assert isinstance(record, AdDay)
    assert (record.remote_id, record.spend_micros) == ("23004:2026-11-19", 0)


@pytest.mark.parametrize(
    ("kind", "remote_id"),
    [
        ("campaign", "999"),
        ("campaign", "me/permissions"),
        ("ad_day", "999:2026-11-19"),
        ("ad_day", "23001:x"),
        ("x", "1"),
    ],
)
def test_what_meta_has_not_is_nothing(kind: str, remote_id: str) -> None:
    with meta() as there:
        assert there.talk(lambda client: client.fetch(kind, RemoteId(remote_id))) == []


@pytest.mark.parametrize("setting", ["0", "1121", "-5", "many", "٣"])
def test_a_history_that_cannot_be_is_refused_in_words(setting: str) -> None:
    with meta() as there:
        there.settings = {"history_days": setting}
        with pytest.raises(Refused, match="history_days"):
            there.read("ad_days")


def test_nothing_is_read_before_an_account_is_chosen() -> None:
    with meta() as there:
        there.account = None
        with pytest.raises(Refused, match="choose"):
            there.read("campaigns")


def test_an_unknown_stream_is_refused() -> None:
    with meta() as there, pytest.raises(Refused):
        there.read("bookings")
