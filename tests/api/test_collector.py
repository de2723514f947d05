"""The collector over real HTTP and a real PostgreSQL: what it takes, what it refuses, what it keeps of whom."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.api.shop import (
    ANNA,
    ANNAS_KEY,
    BORIS,
    BORISS_KEY,
    NOON,
    OPEN_KEY,
    OTHERS,
    PHONE,
    READER,
    TOKEN,
    VISITOR,
    Shop,
    open_shop,
    rows,
    said,
    visit,
)

from bookingbridge.api.collector import LARGEST_BEACON, MOST_IN_BEACON
from bookingbridge.api.collector_senders import Paces
from bookingbridge.domains.journeys import api as journeys
from bookingbridge.infra.db import Database
from bookingbridge.infra.limits import Pace


@pytest.fixture
def shop(database_url: str) -> Iterator[Shop]:
    with open_shop(database_url) as opened:
        yield opened


def test_what_is_accepted_is_in_the_table_and_waits_to_be_told(shop: Shop) -> None:
    event_id = uuid4()
    answer = shop.send(
        visit(
            id=str(event_id),
            at="2026-06-01T11:59:58.5Z",
            url="https://salon.example.com/book?utm_source=google&utm_medium=cpc&gclid=Cj0K",
            referrer="https://www.google.com/",
            utm={"source": "google", "medium": "cpc", "campaign": "spring"},
            click_ids={"gclid": "Cj0K"},
            fields={"page": "p1", "n": 3, "on": True},
        )
    )
    assert (answer.status_code, answer.content) == (202, b"")
    assert shop.rows("business_id, id, kind, channel, source, medium, campaign, visitor, consent") == [
        (ANNA, event_id, "visit", "google_ads", "google", "cpc", "spring", VISITOR, "granted")
    ]
    assert shop.rows("click_ids, fields") == [({"gclid": "Cj0K"}, {"page": "p1", "n": 3, "on": True})]
    assert shop.rows("occurred_at, received_at, url, why") == [
        (
            NOON - timedelta(seconds=1.5),
            NOON,
            "https://salon.example.com/book?utm_source=google&utm_medium=cpc&gclid=Cj0K",
            "The address carries gclid, which Google adds to clicks on ads.",
        )
    ]
    assert rows(shop.owner_url, "SELECT * FROM touches_untold") == [(ANNA, event_id)]
    assert rows(shop.owner_url, "SELECT task_name, args FROM procrastinate_jobs") == [
        ("tell_touches", {"business": str(ANNA)})
    ]


def test_an_event_sent_again_is_the_same_event(shop: Shop) -> None:
    event = visit(id=str(uuid4()))
    for path in ("/t", "/collect", "/t"):
        assert shop.http.post(path, json={"site": ANNAS_KEY, "events": [event, event]}).status_code == 202
    free = visit(id="order-7")
    assert shop.send(free).status_code == shop.send(free).status_code == 202
    assert shop.rows() == [(2,)]


def test_touches_of_two_shops_in_one_batch_stay_with_their_shops(shop: Shop) -> None:
    async def both() -> None:
        async with httpx2.AsyncClient(base_url=shop.base, headers={"user-agent": PHONE}) as http:
            sent = [
                http.post("/t", json={"site": key, "events": [visit(id=str(uuid4()), visitor=None, consent="none")]})
                for _ in range(20)
                for key in (ANNAS_KEY, BORISS_KEY)
            ]
            assert {answer.status_code for answer in await asyncio.gather(*sent)} == {202}

    async def seen_by(business: UUID) -> int:
        async with Database(shop.owner_url, shop.clock) as db, db.business(business) as tx:
            return len(await journeys.latest(tx, limit=100))

    asyncio.run(both())
    assert shop.intake.batcher.counts.batches < 40
    assert asyncio.run(seen_by(ANNA)) == asyncio.run(seen_by(BORIS)) == 20
    assert shop.rows("business_id, count(*)", "GROUP BY 1 ORDER BY 1") == [(ANNA, 20), (BORIS, 20)]


def test_the_scripts_bodies_need_no_preflight_and_every_answer_can_be_read(shop: Shop) -> None:
    body = json.dumps({"site": ANNAS_KEY, "events": [visit()]})
    for kind in ("text/plain;charset=UTF-8", "application/json", ""):
        headers = {"content-type": kind, "origin": "https://salon.example.com"}
        assert shop.http.post("/t", content=body, headers=headers).status_code == 202
    for sent in (body, "nonsense", json.dumps({"site": "bbs_none", "events": [visit()]}), ""):
        answer = shop.http.post("/t", content=sent, headers=headers)
        assert answer.headers["access-control-allow-origin"] == "*"
    preflight = shop.http.options(
        "/api/v1/touchpoints", headers={"origin": "https://x.example", "access-control-request-method": "POST"}
    )
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert "authorization" in preflight.headers["access-control-allow-headers"]
    assert shop.http.get("/t").status_code == 405


def test_a_sites_key_works_on_its_own_hosts_only(shop: Shop) -> None:
    for origin, status in [
        ("https://salon.example.com", 202), ("https://www.salon.example.com", 202),
        ("https://book.salon.example.com", 202), ("https://evilsalon.example.com", 403),
        ("https://example.com", 403), ("null", 403), ("https://[", 403),
    ]:  # fmt: skip
        assert shop.send(visit(), headers={"origin": origin}).status_code == status, origin
    assert shop.rows() == [(3,)]
    assert shop.send(visit(), site=BORISS_KEY, headers={"origin": "https://anything.example"}).status_code == 202


def test_without_consent_nothing_is_kept_that_identifies_anybody(shop: Shop) -> None:
    secret = "Cj0KSecret"
    event = visit(
        email="ana@example.com", phone="+12065550123", click_ids={"fbp": "fb.1.2.3"},
        url=f"https://salon.example.com/book?gclid={secret}&email=ana@example.com#{VISITOR}",
        referrer="https://www.google.com/search?q=ana@example.com",
    )  # fmt: skip
    for consent in ("none", "denied", None, "not-required"):
        assert shop.send(event | {"consent": consent}).status_code == 202
    found = shop.rows("to_jsonb(touches)::text, channel, click_ids")
    assert len(found) == 4
    for kept, channel, click_ids in found:
        for what in (secret, "ana@example.com", "+12065550123", VISITOR, "fb.1.2.3"):
            assert what not in kept
        assert channel == "google_ads"
        assert click_ids == {"gclid": "-", "fbp": "-"}


def test_where_the_site_needs_no_consent_the_visitor_is_kept(shop: Shop) -> None:
    assert shop.send(visit(consent="not-required"), site=OPEN_KEY).status_code == 202
    assert shop.send(visit(consent="none"), site=OPEN_KEY).status_code == 202
    assert sorted(shop.rows("consent, visitor")) == [("none", None), ("not-required", VISITOR)]


def test_who_identifies_themselves_is_kept_by_comparable_keys(shop: Shop) -> None:
    event = visit(kind="identify", email="Ana <ANA@Example.com>", phone="(206) 555-0123")
    assert shop.send(event).status_code == 202
    assert shop.rows("email_key, phone_key, visitor") == [("ana@example.com", "+12065550123", VISITOR)]
    refused = shop.send(visit(kind="identify", consent="denied", email="ana@example.com"))
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["where"] == "events[0].visitor"
    assert shop.rows() == [(1,)]


def test_one_wrong_event_does_not_cost_the_others(shop: Shop) -> None:
    answer = shop.send(
        visit(),
        visit(kind="Not A Kind"),
        visit(visitor="bb_aaaqeayeaudaocajq22c"),
        visit(at="yesterday"),
        visit(utm=[1]),
        visit(consent="maybe"),
        visit(id="x" * 101),
        visit(channel="email"),
        visit(kind="coupon", fields={"code": "NOPE"}),
        visit(kind="asked"),
        visit(fields={str(n): n for n in range(31)}),
        visit(fields={"a": {"b": 1}}),
        visit(fields={"big": 10**30}),
        visit(),
    )
    assert answer.status_code == 202
    found = answer.json()
    assert found["accepted"] == 2
    assert [error["where"] for error in found["errors"]] == [
        "events[1].kind", "events[2].visitor", "events[3]", "events[4]", "events[5].consent", "events[6].id",
        "events[7].channel", "events[8].fields.code", "events[9].fields.answer", "events[10].fields", "events[11]",
        "events[12].fields",
    ]  # fmt: skip
    assert all(len(error["why"]) > 10 for error in found["errors"])
    assert shop.rows() == [(2,)]
    figures = shop.collector.figures()
    assert (figures["collector_accepted"], figures["collector_refused"], figures["touches_stored"]) == (2, 12, 2)
    assert (figures["touches_waiting"], figures["touches_up"]) == (0, 1)


REFUSED: list[tuple[bytes, int, str]] = [
    (b"", 400, "not_json"),
    (b"site=1", 400, "not_json"),
    (b'"a text"', 400, "not_json"),
    (b'{"site": 3, "events": []}', 400, "not_json"),
    (b"[" * 60_000, 400, "not_json"),
    (b'{"site": "bbs_anna", "events": [{"kind": "visit", "fields": {"a": "\xff"}}]}', 400, "not_json"),
    (b'{"events": [{"kind": "visit"}]}', 401, "unauthenticated"),
    (b'{"site": "bbs_none", "events": [{"kind": "visit"}]}', 404, "no_such_site"),
    (b'{"site": "' + b"x" * 1_000 + b'", "events": [{"kind": "visit"}]}', 404, "no_such_site"),
    (b'{"site": "bbs_\\u0000", "events": [{"kind": "visit"}]}', 404, "no_such_site"),
    (b'{"site": "bbs_anna", "events": [' + b",".join([b"{}"] * (MOST_IN_BEACON + 1)) + b"]}", 413, "too_large"),
    (b" " * (LARGEST_BEACON + 1), 413, "too_large"),
    (b'{"site": "bbs_anna", "events": [{"kind": ""}]}', 422, "invalid"),
]


def test_what_cannot_be_taken_is_refused_with_a_problem_document(shop: Shop) -> None:
    for body, status, code in REFUSED:
        answer = shop.http.post("/t", content=body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), body[:100]
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status
        assert answer.json()["detail"]
    assert shop.rows() == [(0,)]


def test_clocks_that_cannot_be_right_are_corrected_with_a_remark(shop: Shop) -> None:
    for number, at in enumerate(
        [NOON + timedelta(minutes=1), NOON + timedelta(days=400), NOON - timedelta(days=29), NOON - timedelta(days=31)]
    ):
        assert shop.send(visit(id=str(UUID(int=number + 1)), at=said(at))).status_code == 202
    assert shop.send(visit(id=str(UUID(int=9)), at="0001-01-01T00:00:00+14:00")).status_code == 202
    assert shop.rows("occurred_at, fields->>'clock'") == [
        (NOON, None),
        (NOON, "ahead"),
        (NOON - timedelta(days=29), None),
        (NOON, "old"),
        (NOON, "old"),
    ]


def test_programs_that_say_so_are_dropped_and_counted(shop: Shop) -> None:
    for agent in ("Googlebot/2.1 (+http://www.google.com/bot.html)", "curl/8.0"):
        assert shop.send(visit(), headers={"user-agent": agent}).status_code == 202
    assert shop.rows() == [(0,)]
    assert shop.collector.counts.bots == 2


def test_what_the_database_cannot_hold_is_cleaned_or_refused_and_harms_nobody(shop: Shop) -> None:
    strange = "a\0b\u2028c\U0001f600\udc00"
    body = {
        "site": ANNAS_KEY,
        "events": [
            visit(url=f"https://salon.example.com/{strange}", referrer=strange, fields={strange: strange, "": 1}),
            visit(utm={"source": strange, "campaign": 'quote " backslash \\ {brace},NULL'}),
            visit(),
        ],
    }
    assert shop.http.post("/t", content=json.dumps(body)).status_code == 202
    assert shop.rows() == [(3,)]
    assert ('quote " backslash \\ {brace},NULL',) in shop.rows("campaign")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_body_makes_it_fail(shop: Shop, data: st.DataObject) -> None:
    anything = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    )
    names = ["kind", "id", "at", "visitor", "consent", "url", "referrer", "utm", "click_ids", "email", "fields"]
    event = st.dictionaries(st.sampled_from(names), anything, max_size=6).map(lambda wild: visit() | wild)
    envelope = st.builds(lambda events: {"site": ANNAS_KEY, "events": events}, st.lists(event | anything, max_size=3))
    body = data.draw(st.binary(max_size=200) | (envelope | event | anything).map(lambda it: json.dumps(it).encode()))
    path = data.draw(st.sampled_from(["/t", "/api/v1/touchpoints"]))
    answer = shop.http.post(path, content=body, headers={"x-site-key": ANNAS_KEY})
    assert answer.status_code in (202, 400, 401, 404, 422), (body, answer.text)
    if answer.content:
        assert answer.json().get("accepted", 0) <= MOST_IN_BEACON


def test_too_much_from_one_address_is_told_to_wait_and_then_taken(database_url: str) -> None:
    paces = Paces(address=Pace(5, timedelta(seconds=10)), sender=Pace(100, timedelta(seconds=10)))
    with open_shop(database_url, paces=paces) as shop:
        assert shop.send(*[visit() for _ in range(5)]).status_code == 202
        refused = shop.send(visit())
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many")
        assert refused.headers["retry-after"] == "2"
        shop.clock.move(timedelta(seconds=2))
        assert shop.send(visit()).status_code == 202
        assert shop.rows() == [(6,)]
        assert shop.collector.counts.limited == 1
        assert shop.http.get("/p.gif", params={"site": ANNAS_KEY}).status_code == 503


def test_too_much_for_one_site_does_not_cost_another(database_url: str) -> None:
    paces = Paces(address=Pace(1_000, timedelta(seconds=10)), sender=Pace(3, timedelta(seconds=10)))
    with open_shop(database_url, paces=paces) as shop:
        assert shop.send(*[visit() for _ in range(3)]).status_code == 202
        assert shop.send(visit()).status_code == 429
        assert shop.send(visit(), site=BORISS_KEY).status_code == 202


def test_a_closed_site_is_closed_within_seconds(shop: Shop) -> None:
    assert shop.send(visit()).status_code == 202

    async def close() -> None:
        async with Database(shop.owner_url, shop.clock) as db, db.business(ANNA) as tx:
            await journeys.close_site(tx, UUID(int=11))

    asyncio.run(close())
    shop.clock.move(timedelta(seconds=21))
    assert shop.send(visit()).status_code == 404


def test_the_pixel_counts_a_page_view_and_names_nobody(shop: Shop) -> None:
    answer = shop.http.get(
        "/p.gif",
        params={"site": ANNAS_KEY},
        headers={"referer": "https://salon.example.com/prices?utm_source=newsletter&utm_medium=email"},
    )
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/gif")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.content.startswith(b"GIF89a")
    assert shop.rows("kind, channel, url, visitor, consent") == [
        ("visit", "email", "https://salon.example.com/prices", None, "none")
    ]
    for query in ("", "site=bbs_none", "site=%00", "site=bbs_anna&visitor=wrong&consent=granted"):
        assert shop.http.get(f"/p.gif?{query}").status_code == 200
    assert shop.http.head("/p.gif", params={"site": ANNAS_KEY}).content == b""
    assert shop.rows() == [(1,)]


def test_an_opened_mail_is_an_opening_and_no_visit(shop: Shop) -> None:
    shop.link("openmail", kind="pixel", target_url="", channel="email", campaign="june")
    assert shop.http.get("/p.gif?link=openmail").status_code == 200
    assert shop.http.get("/p.gif?link=nosuch").status_code == 200
    assert shop.rows("kind, channel, campaign, visitor") == [("open", "email", "june", None)]


def test_the_script_is_served_small_and_asked_for_again_cheaply(shop: Shop) -> None:
    first = shop.http.get("/bb.js", headers={"accept-encoding": "gzip"})
    assert first.status_code == 200
    assert first.headers["content-encoding"] == "gzip"
    assert int(first.headers["content-length"]) < 3 * 1024
    plain = shop.http.get("/bb.js", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.text == first.text
    for known in (first.headers["etag"], f"W/{first.headers['etag']}", f'"other", {first.headers["etag"]}'):
        again = shop.http.get("/bb.js", headers={"if-none-match": known})
        assert (again.status_code, again.content) == (304, b"")
    assert shop.http.get("/bb.js", headers={"if-none-match": '"other"'}).status_code == 200
    assert shop.http.post("/bb.js").status_code == 405


def test_everything_else_goes_to_the_app_behind(shop: Shop) -> None:
    assert shop.http.get("/inner").text == "inner"
    assert shop.http.get("/api/v1/touchpoints").status_code == 404


def touchpoints(shop: Shop, body: Any, token: str = TOKEN, **headers: str) -> httpx2.Response:
    sent = {"authorization": f"Bearer {token}"} if token else {}
    return shop.http.post(
        "/api/v1/touchpoints", json=body, headers={"user-agent": "python-requests/2"} | sent | headers
    )


def test_programs_send_one_or_many_and_learn_the_ids(shop: Shop) -> None:
    one = touchpoints(shop, {"kind": "visit", "id": str(UUID(int=1)), "visitor": "crm-7", "email": "ana@example.com"})
    assert (one.status_code, one.json()) == (202, {"accepted": 1, "errors": [], "ids": [str(UUID(int=1))]})
    many = touchpoints(shop, [{"kind": "visit"}, {"kind": "NO"}, {"kind": "call", "channel": "offline"}])
    assert (many.status_code, many.json()["accepted"]) == (202, 2)
    assert many.json()["ids"][1] is None
    assert [error["where"] for error in many.json()["errors"]] == ["events[1].kind"]
    listed = touchpoints(shop, {"events": [{"kind": "visit", "at": said(NOON - timedelta(days=300))}]})
    assert listed.status_code == 202
    assert shop.rows("visitor, email_key, consent", f"WHERE id = '{UUID(int=1)}'") == [
        ("api:crm-7", "ana@example.com", "stated")
    ]
    assert shop.rows("occurred_at, fields->>'clock'", "WHERE fields ? 'clock'") == [(NOON - timedelta(days=300), "old")]
    ids = {row[0] for row in shop.rows("id::text")}
    assert {i for i in many.json()["ids"] if i} <= ids
    assert shop.rows("DISTINCT business_id", " ") == [(ANNA,)]


def test_a_token_opens_its_own_business_only_as_far_as_its_role_allows(shop: Shop) -> None:
    for token, status, code in [
        ("", 401, "unauthenticated"), ("bb_nobodys", 401, "unauthenticated"), ("x" * 300, 401, "unauthenticated"),
        (READER, 403, "forbidden"),
    ]:  # fmt: skip
        answer = touchpoints(shop, {"kind": "visit"}, token)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert touchpoints(shop, {"site": ANNAS_KEY, "events": [{}]}, OTHERS).status_code == 404
    assert shop.rows() == [(0,)]
    assert touchpoints(shop, {"site": ANNAS_KEY, "events": [{}]}).status_code == 202
    assert touchpoints(shop, {"kind": "visit"}, OTHERS).status_code == 202
    assert shop.rows("business_id", "ORDER BY 1") == [(ANNA,), (BORIS,)]


def test_programs_with_a_sites_key_are_believed_as_little_as_its_pages(shop: Shop) -> None:
    event = {"kind": "visit", "visitor": VISITOR, "email": "ana@example.com"}
    assert touchpoints(shop, event, "", **{"x-site-key": ANNAS_KEY}).status_code == 202
    assert shop.rows("visitor, email_key, consent") == [(None, None, "none")]
    refused = touchpoints(shop, event | {"channel": "email"}, "", **{"x-site-key": ANNAS_KEY})
    assert (refused.status_code, refused.json()["errors"][0]["where"]) == (422, "events[0].channel")


def test_a_coupons_code_says_where_it_was_found(shop: Shop) -> None:
    link = shop.link("tenoff", kind="coupon", target_url="", code_key="TENOFF", channel="offline", campaign="flyer")
    answer = touchpoints(shop, {"kind": "coupon", "phone": "206 555 0123", "fields": {"code": "ten-off", "link": "x"}})
    assert answer.status_code == 202
    assert shop.rows("channel, campaign, phone_key, fields") == [
        ("offline", "flyer", "+12065550123", {"code": "TENOFF", "link": str(link)})
    ]


def test_an_answer_to_how_they_heard_is_classified(shop: Shop) -> None:
    assert touchpoints(shop, {"kind": "asked", "fields": {"answer": "a friend recommended you"}}).status_code == 202
    assert shop.rows("kind, channel") == [("asked", "referral")]
