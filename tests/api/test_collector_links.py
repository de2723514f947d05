"""Short links, QR codes: people arrive where they were sent, with tags and token, and the click is there first."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import httpx2
import pytest
from tests.api.shop import ANNA, ANNAS_KEY, NOON, Shop, open_shop, rows, visit

from bookingbridge.api.collector_senders import Paces
from bookingbridge.domains.journeys.api import is_token
from bookingbridge.infra.limits import Pace


@pytest.fixture
def shop(database_url: str) -> Iterator[Shop]:
    with open_shop(database_url) as opened:
        yield opened


def target(answer: httpx2.Response) -> tuple[str, dict[str, str]]:
    """Where it sends to: the address without its query, and the query."""
    assert answer.status_code == 302
    split = urlsplit(answer.headers["location"])
    return split._replace(query="").geturl(), dict(parse_qsl(split.query))


def test_a_followed_link_is_a_stored_click_and_its_token_leads_to_the_visit(shop: Shop) -> None:
    link = shop.link("spring", source="instagram", medium="story", campaign="spring 26", campaign_ref="77")
    answer = shop.http.get("/l/Spring?fbclid=IwAR0&x=1", headers={"referer": "https://l.instagram.com/"})
    where, query = target(answer)
    token = query.pop("bb")
    assert where == "https://salon.example.com/book"
    assert query == {
        "a": "1", "utm_source": "instagram", "utm_medium": "story", "utm_campaign": "spring 26", "utm_id": "77",
        "fbclid": "IwAR0", "x": "1",
    }  # fmt: skip
    assert is_token(token)
    assert answer.headers["cache-control"] == "no-store"
    assert shop.rows("business_id, kind, visitor, channel, campaign, campaign_ref, consent, click_ids, fields") == [
        (ANNA, "click", token, "meta_organic", "spring 26", "77", "handed-on", {"fbclid": "-"}, {"link": str(link)})
    ]
    landed = visit(url=answer.headers["location"], visitor=token)
    assert shop.send(landed).status_code == 202
    assert sorted(shop.rows("kind, visitor, campaign")) == [
        ("click", token, "spring 26"),
        ("visit", token, "spring 26"),
    ]
    assert rows(shop.owner_url, "SELECT count(*) FROM touches_untold") == [(2,)]


def test_a_visitor_who_brings_a_token_keeps_it(shop: Shop) -> None:
    shop.link("spring")
    _, first = target(shop.http.get("/l/spring"))
    _, second = target(shop.http.get(f"/l/spring?bb={first['bb']}"))
    assert second["bb"] == first["bb"]
    _, other = target(shop.http.get("/l/spring?bb=bb_aaaqeayeaudaocajq22c"))
    assert other["bb"] != "bb_aaaqeayeaudaocajq22c"


def test_a_scanned_code_is_a_touch_of_its_declared_channel(shop: Shop) -> None:
    shop.link("flyer", kind="qr", channel="offline", campaign="window")
    target(shop.http.get("/l/flyer"))
    assert shop.rows("kind, channel, campaign") == [("qr", "offline", "window")]


@pytest.mark.parametrize(
    "headers",
    [
        {"user-agent": "facebookexternalhit/1.1"},
        {"sec-purpose": "prefetch;prerender"},
        {"purpose": "prefetch"},
    ],
)
def test_previews_are_sent_on_without_a_click(shop: Shop, headers: dict[str, str]) -> None:
    shop.link("spring")
    _, query = target(shop.http.get("/l/spring", headers=headers))
    assert "bb" not in query
    assert shop.http.head("/l/spring").status_code == 302
    assert shop.rows() == [(0,)]


def test_a_retired_link_still_leads_people_and_counts_no_more(shop: Shop) -> None:
    shop.link("old", retired_at=NOON)
    where, _ = target(shop.http.get("/l/old"))
    assert where == "https://salon.example.com/book"
    assert shop.rows() == [(0,)]


def test_what_is_no_link_leads_nowhere(shop: Shop) -> None:
    shop.link("openmail", kind="pixel", target_url="")
    shop.link("tenoff", kind="coupon", target_url="", id=UUID(int=10))
    for path in ("/l/nosuch", "/l/", "/l/a/b", "/l/%00", "/l/openmail", "/l/tenoff", "/l/..%2f", f"/l/{'x' * 500}"):
        answer = shop.http.get(path)
        assert (answer.status_code, "location" in answer.headers) == (404, False), path
    assert shop.http.post("/l/nosuch").status_code == 405


def test_nothing_a_stranger_adds_can_change_where_it_leads(shop: Shop) -> None:
    shop.link("spring", source="mail")
    for query in ("a=2&utm_source=evil", "%0d%0aSet-Cookie:x=1", "bb=x&bb=%0d%0a", "#//evil.example", "@evil.example"):
        answer = shop.http.get(f"/l/spring?{query}")
        where, found = target(answer)
        assert where == "https://salon.example.com/book"
        assert (found["a"], found["utm_source"]) == ("1", "mail")
        assert "set-cookie" not in answer.headers


def test_a_code_leads_to_the_links_own_address(shop: Shop) -> None:
    shop.link("flyer", kind="qr")
    answer = shop.http.get("/qr/flyer.svg")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    drawn = ET.fromstring(answer.text)  # noqa: S314 - drawn by ourselves
    # 37 characters at error level M take version 3, 29 modules, with a quiet zone of 4 on each side.
    assert (drawn.attrib["width"], drawn.attrib["height"]) == ("37", "37")
    assert re.search(r'<path [^>]*stroke="#000"', answer.text)
    for path in ("/qr/nosuch.svg", "/qr/flyer", "/qr/flyer.png", "/qr/.svg"):
        assert shop.http.get(path).status_code == 404


def test_links_of_a_person_who_clicks_very_often_still_lead_them(database_url: str) -> None:
    paces = Paces(Pace(2, timedelta(minutes=1)), Pace(100, timedelta(minutes=1)))
    with open_shop(database_url, paces=paces) as shop:
        shop.link("spring")
        for _ in range(4):
            target(shop.http.get("/l/spring"))
        assert shop.rows() == [(2,)]
        assert shop.send(visit(), site=ANNAS_KEY).status_code == 429
