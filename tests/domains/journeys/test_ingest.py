"""Touchpoints from files become touches with a channel, a person and comparable keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tests.domains.journeys.shops import ANNA, NOON, run

from bookingbridge.canonical.events import TouchesRecorded
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.records import Ref, Touchpoint
from bookingbridge.domains.journeys import api as journeys
from bookingbridge.domains.journeys.ingest import ingest
from bookingbridge.domains.journeys.rules import new_token
from bookingbridge.infra.db import Database
from bookingbridge.sync.ingesting import Identified

FILE, OTHER_FILE = UUID(int=100), UUID(int=200)
CLIENT = UUID(int=77)
REFS: Mapping[Ref, UUID] = {("client", RemoteId("c-1")): CLIENT}


def point(number: int, connection_id: UUID = FILE, **fields: Any) -> Identified[Touchpoint]:
    nothing = dict.fromkeys(
        ("person", "client", "email", "phone", "channel", "source", "medium", "campaign", "campaign_ref", "content",
         "term", "url", "referrer")
    )  # fmt: skip
    known = {"remote_id": RemoteId(str(number)), "version": None, "changed_at": None, "at": NOON, "touch_kind": "click"}
    return Identified(UUID(int=number), Touchpoint(**(known | nothing | fields)), REFS, connection_id)


def test_touchpoints_from_files_say_where_they_came_from_and_whose_they_are(database_url: str) -> None:
    token = new_token(b"0123456789")
    batch = [
        point(1, source="google", medium="cpc", campaign="Spring", person="7", email="Ana <ANA@example.com>"),
        point(2, channel="Facebook & Instagram ads", client="c-1"),
        point(3, touch_kind="Newsletter open", source="newsletter", medium="email", phone="(206) 555-0123"),
        point(4, url=f"https://salon.example.com/?gclid=abc&bb={token}", person=token, touch_kind="VISIT"),
        point(5, OTHER_FILE, person="7"),
        point(6, person="x" * 5_000, referrer="https://www.google.com/", content="a\0b"),
    ]

    async def story(db: Database) -> None:
        async with db.business(ANNA) as tx:
            assert await ingest(tx, batch) == [TouchesRecorded(tuple(UUID(int=n) for n in range(1, 7)))]
            t = {n: found for n in range(1, 7) for found in (await journeys.touches_by_id(tx, [UUID(int=n)])).values()}
        assert [t[n].channel for n in range(1, 7)] == [
            "google_ads", "meta_ads", "email", "google_ads", "direct", "google_organic",
        ]  # fmt: skip
        assert [t[n].kind for n in range(1, 7)] == ["click", "click", "visit", "visit", "click", "click"]
        assert (t[1].email_key, t[3].phone_key, t[2].client_id) == ("ana@example.com", "+12065550123", CLIENT)
        assert t[1].visitor != t[5].visitor
        assert t[4].visitor == token
        assert t[4].click_ids == {"gclid": "abc"}
        assert t[3].visitor is not None
        assert t[2].visitor is None
        assert len(t[6].visitor or "") < 100

    run(database_url, story)


def test_importing_again_replaces_and_adds_nothing(database_url: str) -> None:
    async def story(db: Database) -> None:
        async with db.business(ANNA) as tx:
            await ingest(tx, [point(1, source="bing", medium="organic")])
            await ingest(tx, [point(1, source="tiktok", medium="paid")])
            assert [t.channel for t in await journeys.latest(tx)] == ["tiktok_ads"]

    run(database_url, story)
