"""The simulated Meta as another client would find it."""

from __future__ import annotations

import json
import time
from datetime import timedelta

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from tests.simulators import serving
from tests.vendors.meta_ads.meta_world import BROWSER, NOW, TODAY, TOKEN, Meta, meta, world

from bookingbridge.canonical.errors import Refused
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Delivery, Hint, Json
from bookingbridge.vendors.meta_ads.oauth import MetaOAuth
from bookingbridge.vendors.meta_ads.simulator import APP_ID, APP_SECRET, create_app
from bookingbridge.vendors.meta_ads.webhooks import MetaWebhooks, challenge


def get(there: Meta, path: str, **query: str) -> httpx2.Response:
    return BROWSER.get(f"{there.base_url}/v26.0/{path}", params={"access_token": TOKEN, **query})


def error(answer: httpx2.Response) -> Json:
    held: Json = answer.json()["error"]
    return held


def test_a_node_has_the_asked_fields_and_its_id() -> None:
    with meta() as there:
        assert get(there, "23001", fields="name,status").json() == {
            "name": "Autumn glow", "status": "ACTIVE", "id": "23001",
        }  # fmt: skip
        assert get(there, "23001").json() == {"id": "23001"}
        assert get(there, "me").json() == {"name": "Robin Vale", "id": "9001"}


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        ("23001", {"fields": "budget"}, 100), ("act_1001/insights", {"fields": "cost"}, 100),
        ("act_1001/insights", {"level": "galaxy"}, 100), ("act_1001/insights", {"time_range": "{}"}, 100),
        ("act_1001/insights", {"time_range": '{"since":"2026-11-02","until":"2026-11-01"}'}, 100),
        ("act_1001/insights", {"time_range": '{"since":"2023-01-01","until":"2026-11-01"}'}, 3018),
        ("act_1001/insights", {"time_increment": "91"}, 100), ("act_1001/insights", {"after": "%%%"}, 100),
        ("act_1001/insights", {"limit": "0"}, 100), ("act_1001/insights", {"date_preset": "sometime"}, 100),
        ("act_1001/campaigns", {"effective_status": "ACTIVE"}, 100), ("act_1001/nothing", {}, 100),
        ("act_9999", {}, 100), ("a/b/c/d", {}, 2500), ("me", {"access_token": ""}, 104),
        ("me", {"access_token": "EAABx"}, 190), ("me", {"appsecret_proof": "0" * 64}, 100),
    ],
)  # fmt: skip
def test_what_meta_would_refuse_is_refused_with_its_code(path: str, query: dict[str, str], code: int) -> None:
    with meta() as there:
        answer = get(there, path, **query)
        told = error(answer)
    assert answer.status_code == 400
    assert told["code"] == code
    assert {"message", "type", "fbtrace_id"} <= set(told)


def test_a_token_without_ads_read_reaches_no_ads() -> None:
    with meta() as there:
        there.order("world", {"tokens": [{"token": "EAABlittle", "permissions": []}]})
        answers = [get(there, p, access_token="EAABlittle") for p in ("act_1001/insights", "me/adaccounts", "23001")]
    assert [(a.status_code, error(a)["code"]) for a in answers] == [(403, 200)] * 3


def test_the_next_address_can_be_followed_to_the_end() -> None:
    with meta() as there:
        answer = get(there, "act_1001/insights", level="campaign", time_increment="1", fields="campaign_id", limit="7")
        rows, pages = answer.json()["data"], 1
        while following := answer.json()["paging"].get("next"):
            answer = BROWSER.get(following)
            rows, pages = rows + answer.json()["data"], pages + 1
    assert len(rows) == 30 + 2
    assert pages == 5
    assert len({(row["campaign_id"], row["date_start"]) for row in rows}) == len(rows)


def test_totals_over_a_range_are_the_sum_of_its_days() -> None:
    since = TODAY - timedelta(days=9)
    window = json.dumps({"since": since.isoformat(), "until": TODAY.isoformat()})
    with meta() as there:
        [total] = get(there, "23001/insights", time_range=window, fields="spend,clicks,impressions").json()["data"]
        weeks = get(there, "23001/insights", time_range=window, fields="spend", time_increment="7").json()["data"]
    assert total["spend"] == "102.5"
    assert (total["date_start"], total["date_stop"]) == (since.isoformat(), TODAY.isoformat())
    assert [week["spend"] for week in weeks] == ["71.75", "30.75"]
    assert [week["date_stop"] for week in weeks] == ["2026-11-17", "2026-11-20"]


def test_an_accounts_total_is_one_row_over_all_campaigns() -> None:
    with meta() as there:
        [row] = get(there, "act_1001/insights", date_preset="last_7d", fields="spend,campaign_id").json()["data"]
    assert row == {"spend": "77.75", "date_start": "2026-11-13", "date_stop": "2026-11-19"}


def test_a_correction_in_per_cent_touches_the_days_from_then_on() -> None:
    with meta() as there:
        order = {"campaign": "23001", "day": (TODAY - timedelta(days=1)).isoformat(), "percent": "10"}
        assert there.order("adjust", order) == {"days": 2}
        window = json.dumps({"since": "2026-11-18", "until": "2026-11-20"})
        rows = get(there, "23001/insights", time_range=window, time_increment="1", fields="spend").json()["data"]
    assert [row["spend"] for row in rows] == ["10.25", "11.28", "11.28"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("world", {"accounts": [{"name": "no id"}]}), ("world", {"accounts": [{"id": "1", "time_zone": "Mars/Base"}]}),
        ("adjust", {"campaign": "404", "day": "2026-11-01"}), ("adjust", {"campaign": "23001"}), ("adjust", {}),
        ("status", {"campaign": "404", "status": "PAUSED"}),
    ],
)  # fmt: skip
def test_an_order_that_cannot_be_is_refused_and_changes_nothing(path: str, body: Json) -> None:
    with meta() as there:
        before = get(there, "act_1001/insights", level="campaign").json()
        assert BROWSER.post(f"{there.base_url}/_sim/{path}", json=body).status_code == 400
        assert get(there, "act_1001/insights", level="campaign").json() == before


def test_usage_is_told_with_every_answer_about_an_account() -> None:
    with meta() as there:
        there.order("world", {"rules": {"calls_per_hour": 4}})
        answers = [get(there, "act_1001/insights") for _ in range(5)]
    usage = [json.loads(a.headers["x-business-use-case-usage"])["1001"][0] for a in answers]
    assert [u["call_count"] for u in usage] == [25, 50, 75, 99, 100]
    assert [u["estimated_time_to_regain_access"] for u in usage] == [0, 0, 0, 0, 60]
    assert error(answers[-1])["code"] == 80000


class Subscriber:
    """A webhook's receiver that answers the handshake with our own helper."""

    def __init__(self, verify_token: str) -> None:
        self.verify_token = verify_token
        self.received: list[Delivery] = []

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/hook", self._hook, methods=["GET", "POST"])])

    async def _hook(self, request: Request) -> Response:
        if request.method == "POST":
            headers = {name.lower(): value for name, value in request.headers.items()}
            self.received.append(Delivery(headers, await request.body(), str(request.url)))
            return PlainTextResponse("")
        try:
            return PlainTextResponse(challenge(dict(request.query_params), [self.verify_token]))
        except Refused as refused:
            return PlainTextResponse(refused.why, status_code=403)


def subscribe(there: Meta, hook: str, verify_token: str) -> httpx2.Response:
    form = {
        "object": "ad_account", "callback_url": f"{hook}/hook", "verify_token": verify_token,
        "fields": "in_process_ad_objects,with_issues_ad_objects", "access_token": f"{APP_ID}|{APP_SECRET}",
    }  # fmt: skip
    return BROWSER.post(f"{there.base_url}/v26.0/{APP_ID}/subscriptions", data=form)


def test_a_change_is_told_to_a_subscriber_signed_and_names_what_to_fetch() -> None:
    subscriber = Subscriber("our word")
    with meta() as there, serving(subscriber.app()) as hook:
        assert subscribe(there, hook, "our word").json() == {"success": True}
        there.order("status", {"campaign": "23001", "status": "PAUSED"})
        deadline = time.monotonic() + 5
        while not subscriber.received and time.monotonic() < deadline:
            time.sleep(0.01)
        [fetched] = there.talk(lambda client: client.fetch("campaign", RemoteId("23001")))
    [told] = subscriber.received
    MetaWebhooks().verify(told, [APP_SECRET])
    assert MetaWebhooks().read(told).hints == (Hint("campaign", RemoteId("23001")),)
    assert fetched.payload["campaign"]["effective_status"] == "PAUSED"


def test_an_address_that_does_not_know_the_word_is_not_subscribed() -> None:
    subscriber = Subscriber("our word")
    with meta() as there, serving(subscriber.app()) as hook:
        assert error(subscribe(there, hook, "another"))["code"] == 2200
        there.order("status", {"campaign": "23001", "status": "PAUSED"})
    assert subscriber.received == []


def test_it_also_lives_under_a_path_beside_others() -> None:
    inner = create_app(now=lambda: NOW, base_url="", config={"client_id": "mine", "client_secret": "own"})
    with serving(Starlette(routes=[Mount("/meta_ads", app=inner)])) as root:
        there = Meta(f"{root}/meta_ads")
        there.order("world", world())
        assert there.talk(lambda client: client.check()).remote_id == "act_1001"
        app = {"FACEBOOK_APP_ID": "mine", "FACEBOOK_APP_SECRET": "own"}
        url = MetaOAuth().authorize_url(
            there.base_url, app, state="s", redirect_uri="https://example.com/", verifier=""
        )
        assert BROWSER.get(url).status_code == 200
        first = get(there, "act_1001/insights", level="campaign", limit="1").json()
        assert BROWSER.get(first["paging"]["next"]).json()["data"] != first["data"]
