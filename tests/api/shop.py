"""A shop whose collector answers on the loopback, over a real PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2
import psycopg
from fastapi import FastAPI
from starlette.responses import PlainTextResponse
from tests.simulators import serving

from bookingbridge.api.collector import Collector
from bookingbridge.api.collector_senders import Paces
from bookingbridge.domains.journeys.api import Intake
from bookingbridge.infra.clock import FixedClock
from bookingbridge.infra.db import Database
from bookingbridge.infra.ids import digest
from bookingbridge.infra.limits import Pace

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
ANNA = UUID("018f0000-0000-7000-8000-000000000001")
BORIS = UUID("018f0000-0000-7000-8000-000000000002")
ANNAS_KEY, BORISS_KEY, OPEN_KEY = "bbs_anna", "bbs_boris", "bbs_open"
TOKEN, READER, OTHERS = "bb_annas-token", "bb_annas-reader", "bb_boriss-token"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile/15E148 Safari"
VISITOR = "bb_aaaqeayeaudaocajq22b"


@dataclass
class Shop:
    """Anna's shop: `http` speaks to the collector, `rows` sees what the database holds."""

    http: httpx2.Client
    base: str
    owner_url: str
    clock: FixedClock
    collector: Collector
    intake: Intake

    def send(self, *events: dict[str, Any], site: str = ANNAS_KEY, **options: Any) -> httpx2.Response:
        """As the script sends events."""
        return self.http.post("/t", json={"site": site, "events": list(events)}, **options)

    def rows(self, what: str = "count(*)", rest: str = "") -> list[tuple[Any, ...]]:
        """Of touches, in order of their ids."""
        return rows(
            self.owner_url, f"SELECT {what} FROM touches {rest or ('ORDER BY id' if 'count' not in what else '')}"
        )

    def link(self, slug: str, **fields: Any) -> UUID:
        """A short link of Anna's."""
        known = {"kind": "link", "name": slug, "target_url": "https://salon.example.com/book?a=1", "id": UUID(int=9)}
        row = {"business_id": ANNA, "slug": slug, "created_at": NOON} | known | fields
        with psycopg.connect(self.owner_url) as conn:
            names = ", ".join(row)
            holes = ", ".join(["%s"] * len(row))
            conn.execute(f"INSERT INTO short_links ({names}) VALUES ({holes})".encode(), list(row.values()))
            conn.execute(
                "INSERT INTO public_addresses (kind, key, business_id, target_id, created_at) "
                "VALUES ('link', %s, %s, %s, %s)",
                (slug, ANNA, row["id"], NOON),
            )
        return UUID(str(row["id"]))


def rows(url: str, sql: str, *params: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as conn:
        return conn.execute(sql.encode(), params).fetchall()


def visit(**fields: Any) -> dict[str, Any]:
    """An event of a visitor who agreed."""
    known = {"kind": "visit", "consent": "granted", "visitor": VISITOR, "at": said(NOON)}
    return known | {"url": "https://salon.example.com/"} | fields


def said(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


PLENTY = Paces(Pace(10**9, timedelta(seconds=1)), Pace(10**9, timedelta(seconds=1)))


@contextmanager
def open_shop(owner_url: str, *, paces: Paces = PLENTY, clock: FixedClock | None = None) -> Iterator[Shop]:
    """The collector serves Anna and Boris; three sites, three tokens, no touches."""
    furnish(owner_url)
    stands = clock or FixedClock(NOON)
    db = Database(owner_url, stands)
    intake = Intake(db)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with db, intake:
            yield

    inner = FastAPI(lifespan=lifespan)
    inner.add_route("/inner", lambda _: PlainTextResponse("inner"))
    collector = Collector(inner, intake, db, public_url="https://bridge.example.com", paces=paces)
    with serving(collector) as base, httpx2.Client(base_url=base, headers={"user-agent": PHONE}, timeout=30) as http:
        yield Shop(http, base, owner_url, stands, collector, intake)


def furnish(owner_url: str) -> None:
    """The businesses, their sites and tokens are in the database."""
    account = UUID(int=1)
    with psycopg.connect(owner_url, autocommit=True) as conn:
        conn.execute("INSERT INTO accounts (id, name, created_at) VALUES (%s, 'Two shops', %s)", (account, NOON))
        for business, name in ((ANNA, "Anna's salon"), (BORIS, "Boris's barbers")):
            conn.execute(
                "INSERT INTO businesses (id, account_id, name, time_zone, currency, region, created_at) "
                "VALUES (%s, %s, %s, 'America/New_York', 'USD', 'US', %s)",
                (business, account, name, NOON),
            )
        sites: list[tuple[UUID, int, str, list[str], str]] = [
            (ANNA, 11, ANNAS_KEY, ["salon.example.com"], "required"),
            (ANNA, 12, OPEN_KEY, [], "not-required"),
            (BORIS, 13, BORISS_KEY, [], "required"),
        ]
        for business, number, key, hosts, consent in sites:
            conn.execute(
                "INSERT INTO sites (business_id, id, key, name, hosts, consent, created_at) "
                "VALUES (%s, %s, %s, %s, %s, %s, %s)",
                (business, UUID(int=number), key, key, hosts, consent, NOON),
            )
            conn.execute(
                "INSERT INTO public_addresses (kind, key, business_id, target_id, created_at) "
                "VALUES ('site', %s, %s, %s, %s)",
                (key, business, UUID(int=number), NOON),
            )
        for number, (business, token, role) in enumerate(
            [(ANNA, TOKEN, "manager"), (ANNA, READER, "read_only"), (BORIS, OTHERS, "owner")]
        ):
            conn.execute(
                "INSERT INTO api_tokens (business_id, id, name, token_hash, role, created_at) "
                "VALUES (%s, %s, %s, %s, %s, %s)",
                (business, UUID(int=20 + number), token, digest(token), role, NOON),
            )
