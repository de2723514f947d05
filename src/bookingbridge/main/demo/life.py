"""The demo stays alive: every few seconds somebody clicks, books and pays, over HTTP like everybody else."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx2

from bookingbridge.canonical.errors import BridgeError
from bookingbridge.canonical.times import text
from bookingbridge.infra.log import get
from bookingbridge.main.demo import names
from bookingbridge.main.demo.door import Browser
from bookingbridge.main.demo.filling import Door, sign_in
from bookingbridge.main.demo.story import PHONE

log = get(__name__)

EVERY_S = (6.0, 25.0)


def go_on(door: Door) -> None:
    """Visitors come until the process is stopped."""
    rng = random.Random()  # noqa: S311 - an invented life, not a secret
    with Browser(door.web) as owner:
        sign_in(owner)
        site = owner.api("GET", "/publishing/sites")[0]["key"]
        links = [k["url"] for k in owner.api("GET", "/publishing/links") if k["url"]]
    while True:
        time.sleep(rng.uniform(*EVERY_S))
        try:
            _come_by(door, site, links, rng)
        except (BridgeError, httpx2.HTTPError, IndexError) as failed:
            log.warning("a visitor gave up", why=str(failed)[:200])


def _come_by(door: Door, site: str, links: list[str], rng: random.Random) -> None:
    """One visitor: some only look, some book, most who book pay."""
    with httpx2.Client(timeout=15, trust_env=False, headers=PHONE) as visitor:
        landing = visitor.get(rng.choice(links)).headers.get("location", door.shop)
        token = parse_qs(urlsplit(landing).query).get("bb", [""])[0]
        event = {
            "id": str(uuid4()), "kind": "visit", "at": text(datetime.now(UTC)), "visitor": token or None,
            "url": landing, "referrer": "", "consent": "not-required",
        }  # fmt: skip
        visitor.post(f"{door.web}/t", json={"site": site, "events": [event]})
    if rng.random() < 0.4:
        return
    name = f"{rng.choice(names.FIRST)} {rng.choice(names.LAST)}"
    email = f"{name.lower().replace(' ', '.')}{rng.randint(1000, 9999)}@example.com"
    with Browser(door.shop) as shop:
        page = shop.get("book")
        phone = f"+1 {rng.randint(201, 989)} 555 01{rng.randint(0, 99):02d}"
        booked = shop.fill(
            page, {"name": name, "email": email, "phone": phone, "bb_token": token}, with_field="bb_token"
        )
    remote = booked.text.split('data-id="', 1)[1].split('"', 1)[0]
    if rng.random() < 0.85:
        time.sleep(rng.uniform(0.5, 3))
        pay = f"{door.simulators}/square/pay/{remote}"
        with Browser(door.simulators) as square:
            square.fill(square.get(pay), {"tip": rng.choice(("0", "15", "20"))}, with_field="tip")
