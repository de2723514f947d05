"""Reading one account over real HTTP: the way to it, pages, the days that still change, quota, tokens."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from tests.vendors.google_ads.google_world import (
    ACCESS,
    AGENCY,
    APP,
    CLIENT,
    CLOSED,
    NOW,
    OWN,
    REFRESH,
    TODAY,
    ad_days,
    days,
    google,
    only,
    records,
)

from bookingbridge.canonical.errors import AuthExpired, Refused, Rejected, Throttled
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Json, Page, Tokens
from bookingbridge.canonical.records import AdDay
from bookingbridge.vendors.google_ads import VENDOR
from bookingbridge.vendors.google_ads.oauth import SCOPE


def spend(pages: list[Page], campaign: str, day: date) -> int | None:
    found = ad_days(pages).get((campaign, day))
    return None if found is None else found.spend_micros


def end(pages: list[Page]) -> Json:
    assert pages[-1].is_last
    return pages[-1].cursor


def test_the_sign_in_tells_all_accounts_also_those_below_a_manager_and_says_what_it_left_out() -> None:
    with google() as there:
        there.account = None
        account = there.talk(lambda client: client.check())
    assert dict(account.choices) == {OWN: "Cedar & Co", CLIENT: "Willow Studio"}
    assert account.notes == (f"The Google Ads account {CLOSED} is not active and was left out.",)
    assert account.missing == ()


@pytest.mark.parametrize("written", ["5550100002", "555-010-0002", "customers/5550100002"])
def test_a_chosen_account_tells_its_currency_and_calendar(written: str) -> None:
    with google() as there:
        there.account = RemoteId(written)
        account = there.talk(lambda client: client.check())
    assert (account.remote_id, account.name) == (CLIENT, "Willow Studio")
    assert (account.currency, account.time_zone) == ("JPY", "Asia/Tokyo")


def test_an_only_account_needs_no_choice_and_may_have_no_name() -> None:
    with google({"accounts": [{"id": OWN}], "tokens": [{"access": ACCESS}]}) as there:
        there.account = None
        account = there.talk(lambda client: client.check())
    assert (account.remote_id, account.name) == (OWN, "555-010-0001")


def test_no_account_at_all_is_told_with_what_to_do() -> None:
    for accounts in ([], [{"id": CLOSED, "status": "CANCELED"}]):
        with google({"accounts": accounts, "tokens": [{"access": ACCESS}]}) as there:
            there.account = None
            with pytest.raises(Rejected, match="no active Google Ads account"):
                there.talk(lambda client: client.check())


def test_an_account_out_of_reach_is_told() -> None:
    with google() as there:
        there.account = RemoteId("5559999999")
        with pytest.raises(Rejected, match="does not reach"):
            there.talk(lambda client: client.check())
        with pytest.raises(Rejected, match="does not reach"):
            there.read("campaigns")


def test_an_account_below_a_manager_is_read_through_it() -> None:
    with google() as there:
        there.account = RemoteId(CLIENT)
        found = ad_days(there.read("ad_days"))
        there.settings = {"login_customer_id": AGENCY}
        again = ad_days(there.read("ad_days"))
    assert {(day.currency, day.spend_micros) for day in found.values()} == {("JPY", 1_200_000_000)}
    assert len(found) == 9
    assert again == found


def test_a_wrong_manager_is_refused_by_google() -> None:
    with google() as there:
        there.account, there.settings = RemoteId(OWN), {"login_customer_id": AGENCY}
        with pytest.raises(Rejected, match="may not see"):
            there.read("campaigns")


def test_removed_campaigns_are_read_with_the_others() -> None:
    with google() as there:
        [page] = there.read("campaigns")
        found = {r.remote_id: getattr(r, "status", "") for r in records([page])}
    assert found == {"71001": "active", "71002": "active", "71003": "ended", "71004": "paused"}
    assert page.total == 4


def test_campaigns_in_several_batches_are_all_read() -> None:
    with google() as there:
        there.order("world", {"rules": {"page_rows": 1}})
        assert len(there.read("campaigns")[0].records) == 4


def test_an_account_without_campaigns_is_read_as_empty() -> None:
    with google({"accounts": [{"id": OWN}], "tokens": [{"access": ACCESS}]}) as there:
        there.settings = {"history_days": "30"}
        assert [page.records for page in there.read("campaigns") + there.read("ad_days")] == [(), ()]


def test_thirteen_months_are_imported_with_only_the_last_30_days_settling() -> None:
    with google() as there:
        found = {day: r for (campaign, day), r in ad_days(there.read("ad_days")).items() if campaign == "71001"}
    assert sorted(found) == [TODAY - timedelta(days=395 - i) for i in range(396)]
    assert {day for day, r in found.items() if r.is_settling} == {TODAY - timedelta(days=i) for i in range(30)}


def test_spend_is_exact_to_the_millionth() -> None:
    with google() as there:
        assert spend(there.read("ad_days"), "71002", date(2026, 11, 16)) == 3_000_001


def test_an_incremental_run_asks_for_the_unsettled_days_only() -> None:
    with google() as there:
        cursor = end(there.read("ad_days"))
        there.at(NOW + timedelta(days=1))
        there.tokens = Tokens(ACCESS, REFRESH, None, (SCOPE,))
        found = ad_days(there.read("ad_days", cursor))
    assert min(day for _, day in found) == TODAY - timedelta(days=29)


def test_a_late_correction_of_a_settling_day_arrives_and_of_a_settled_one_with_a_full_run() -> None:
    settling, settled = TODAY - timedelta(days=29), TODAY - timedelta(days=30)
    with google() as there:
        cursor = end(there.read("ad_days"))
        for day in (settling, settled):
            there.order("adjust", {"campaign": "71001", "day": day.isoformat(), "spend": "9.5"})
        second = there.read("ad_days", cursor)
        full = there.read("ad_days", cursor, is_full=True)
    assert [spend(second, "71001", day) for day in (settling, settled)] == [9_500_000, None]
    assert [spend(full, "71001", day) for day in (settling, settled)] == [9_500_000, 9_500_000]


def test_a_day_that_vanished_becomes_zero_once() -> None:
    day = date(2026, 11, 16)
    with google() as there:
        first = there.read("ad_days")
        there.order("adjust", {"campaign": "71002", "day": day.isoformat(), "is_gone": True})
        second = there.read("ad_days", end(first))
        third = there.read("ad_days", end(second))
    gone = ad_days(second)["71002", day]
    assert (gone.spend_micros, gone.clicks, gone.impressions, gone.currency) == (0, 0, 0, "USD")
    assert spend(third, "71002", day) is None


def test_many_rows_come_page_by_page_and_each_once() -> None:
    campaigns = [
        {"id": str(5000 + i), "name": f"C{i}", "days": days(TODAY - timedelta(days=29), 30)} for i in range(40)
    ]
    given = {"accounts": [{"id": OWN, "campaigns": campaigns}], "tokens": [{"access": ACCESS}]}
    with google(given | {"rules": {"page_rows": 500}}) as there:
        there.settings = {"history_days": "30"}
        pages = there.read("ad_days")
        operations = len(there.requests("googleAds"))
    assert [len(page.records) for page in pages] == [500, 500, 200]
    assert len(ad_days(pages)) == 40 * 30
    assert operations == 4, "the account once, then a request a page"


def test_an_empty_page_with_a_cursor_in_the_middle_loses_nothing() -> None:
    with google() as there:
        there.settings = {"history_days": "60"}
        expected = ad_days(there.read("ad_days"))
        match = {"path_prefix": f"/v26/customers/{OWN}/googleAds:search"}
        there.order("world", {"rules": {"page_rows": 20}})
        there.order("faults", {"fault": "empty_page_with_cursor", "times": 3, "match": match})
        pages = there.read("ad_days")
    assert [page.records for page in pages if not page.records]
    assert ad_days(pages) == expected


def test_a_page_token_that_expired_costs_one_stretch_read_again() -> None:
    with google() as there:
        there.settings, there.tokens = {"history_days": "60"}, Tokens(ACCESS, REFRESH, None, (SCOPE,))
        expected = ad_days(there.read("ad_days"))
        there.order("world", {"rules": {"page_rows": 20}})
        begun = there.read("ad_days", most=1)
        assert begun[-1].cursor["run"]["token"]
        there.at(NOW + timedelta(hours=3))
        rest = there.read("ad_days", begun[-1].cursor)
    assert ad_days(rest) == expected


def test_a_quota_that_is_used_up_stops_the_run() -> None:
    with google() as there:
        there.order("world", {"rules": {"operations_per_day": 3}})
        with pytest.raises(Throttled):
            there.read("ad_days")
        there.at(NOW + timedelta(hours=25))
        assert there.read("ad_days", most=1)


def test_an_expired_access_token_asks_for_another() -> None:
    with google() as there:
        there.tokens = Tokens("ya29.forgotten", None, None, (SCOPE,))
        with pytest.raises(AuthExpired) as told:
            there.read("campaigns")
    assert "ya29.forgotten" not in told.value.why


def test_a_consent_without_google_ads_is_seen_before_anything_is_asked() -> None:
    with google() as there:
        there.tokens = Tokens(ACCESS, REFRESH, None, ("openid",))
        with pytest.raises(AuthExpired, match="permission"):
            there.talk(lambda client: client.check())
        assert there.requests() == []


def test_a_project_for_tests_only_is_told_to_ask_for_more_access() -> None:
    with google() as there:
        there.order("world", {"rules": {"is_test_project": True}})
        with pytest.raises(Rejected, match="access level"):
            there.read("campaigns")


def test_a_pasted_refresh_token_is_turned_into_access_with_its_own_client() -> None:
    client = {"client_id": APP["GOOGLE_ADS_CLIENT_ID"], "client_secret": APP["GOOGLE_ADS_CLIENT_SECRET"]}
    with google() as there:
        there.tokens = Tokens(access=REFRESH, extra=client)
        assert there.talk(lambda client: client.check()).remote_id == OWN
        assert len(there.requests("/token")) == 1
        there.tokens = Tokens(access="1//gone", extra=client)
        with pytest.raises(AuthExpired):
            there.read("campaigns")
        there.tokens = Tokens(access=REFRESH, extra=client | {"client_secret": "another"})
        with pytest.raises(Rejected, match="GOOGLE_ADS_CLIENT_SECRET"):
            there.read("campaigns")


def test_one_campaign_or_day_can_be_fetched() -> None:
    with google() as there:
        campaign = only(there.talk(lambda client: client.fetch("campaign", RemoteId("71003"))))
        day = only(there.talk(lambda client: client.fetch("ad_day", RemoteId("71001:2026-11-19"))))
        listed = {raw.remote_id: raw for s in ("campaigns", "ad_days") for p in there.read(s) for raw in p.records}
    assert campaign == listed[campaign.remote_id]
    assert day == listed[day.remote_id]


def test_a_fetched_day_without_figures_is_zero() -> None:
    with google() as there:
        [raw] = there.talk(lambda client: client.fetch("ad_day", RemoteId("71004:2026-11-19")))
    record = only(VENDOR.read(raw.kind, raw.payload))
    assert isinstance(record, AdDay)
    assert (record.remote_id, record.spend_micros, record.is_settling) == ("71004:2026-11-19", 0, True)


@pytest.mark.parametrize(
    ("kind", "remote_id"),
    [("campaign", "999"), ("campaign", "1 OR 1"), ("ad_day", "999:2026-11-19"), ("ad_day", "71001:x"), ("x", "1")],
)
def test_what_google_has_not_is_nothing(kind: str, remote_id: str) -> None:
    with google() as there:
        assert there.talk(lambda client: client.fetch(kind, RemoteId(remote_id))) == []


@pytest.mark.parametrize("setting", ["0", "1121", "-5", "many", "٣"])
def test_a_history_that_cannot_be_is_refused_in_words(setting: str) -> None:
    with google() as there:
        there.settings = {"history_days": setting}
        with pytest.raises(Refused, match="history_days"):
            there.read("ad_days")


def test_nothing_is_read_before_an_account_is_chosen_nor_from_an_unknown_stream() -> None:
    with google() as there:
        with pytest.raises(Refused):
            there.read("bookings")
        there.account = None
        with pytest.raises(Refused, match="choose"):
            there.read("campaigns")
        there.account = RemoteId("act_1")
        with pytest.raises(Refused, match="not a Google Ads account"):
            there.read("campaigns")
