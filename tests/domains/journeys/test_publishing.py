"""Sites, links, numbers and coupons: what may be put out, what it leads to, and what its use becomes."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from tests.domains.journeys.shops import ANNA, BORIS, NOON, rows, run

from bookingbridge.canonical.errors import NotFound, Refused
from bookingbridge.domains.journeys import api as journeys
from bookingbridge.domains.journeys.addresses import Addresses
from bookingbridge.domains.journeys.api import NewLink, OfflineTouch
from bookingbridge.infra.db import Database

CLIENT = UUID(int=77)


def test_a_site_key_leads_to_its_business_until_it_is_closed(database_url: str) -> None:
    async def story(db: Database) -> None:
        async with db.business(ANNA) as tx:
            site = await journeys.create_site(tx, " Salon ", hosts=["https://www.Salon.example.com/book", "x.example"])
            assert (site.name, site.hosts, site.consent) == ("Salon", ("salon.example.com", "x.example"), "required")
        door = await Addresses(db).sites.get(site.key)
        assert door is not None
        assert (door.business_id, door.sender.region, door.site) == (ANNA, "US", site)
        async with db.business(BORIS) as tx:
            assert await journeys.list_sites(tx) == []
            with pytest.raises(NotFound):
                await journeys.close_site(tx, site.id)
        async with db.business(ANNA) as tx:
            changed = await journeys.update_site(tx, site.id, "Shop", hosts=(), consent="not-required")
            assert await journeys.list_sites(tx) == [changed]
            await journeys.close_site(tx, site.id)
            assert await journeys.list_sites(tx) == []
            with pytest.raises(NotFound):
                await journeys.close_site(tx, site.id)
        assert await Addresses(db).sites.get(site.key) is None

    run(database_url, story)


@pytest.mark.parametrize(
    ("new", "code"),
    [
        (NewLink("link", "x", "javascript:alert(1)"), "target_url"),
        (NewLink("link", "x", ""), "target_url"),
        (NewLink("link", "x", "https://"), "target_url"),
        (NewLink("link", "x", "https://user@evil.example/"), "target_url"),
        (NewLink("link", "x", "https://a.example/\r\nSet-Cookie: a=b"), "target_url"),
        (NewLink("link", "x", "https://[broken"), "target_url"),
        (NewLink("link", "x", "https://a.example/" + "x" * 2_000), "target_url"),
        (NewLink("banner", "x", "https://a.example/"), "kind"),
        (NewLink("link", " ", "https://a.example/"), "name"),
        (NewLink("link", "x", "https://a.example/", channel="carrier pigeon"), "channel"),
        (NewLink("link", "x", "https://a.example/", slug="a/b"), "slug"),
        (NewLink("phone", "x", code="12"), "code"),
        (NewLink("coupon", "x", code="!!"), "code"),
    ],
)
def test_what_cannot_be_a_link_is_refused_with_its_field_and_nothing_is_stored(
    database_url: str, new: NewLink, code: str
) -> None:
    async def story(db: Database) -> None:
        with pytest.raises(Refused) as refused:
            async with db.business(ANNA) as tx:
                await journeys.create_link(tx, new)
        assert refused.value.code == code

    run(database_url, story)
    assert rows(database_url, "SELECT count(*) FROM short_links") == [(0,)]
    assert rows(database_url, "SELECT count(*) FROM public_addresses") == [(0,)]


def test_slugs_are_everybodys_and_codes_are_each_business_own(database_url: str) -> None:
    async def story(db: Database) -> None:
        flyer = NewLink("qr", "Flyer", "https://salon.example.com/", slug="Spring", source="flyer", medium="print")
        async with db.business(ANNA) as tx:
            link = await journeys.create_link(tx, flyer)
            assert link.slug == "spring"
            coupon = await journeys.create_link(tx, NewLink("coupon", "Ten off", code="spring-10"))
            assert coupon.code_key == "SPRING10"
            with pytest.raises(Refused) as taken:
                await journeys.create_link(tx, NewLink("coupon", "Again", code="SPRING 10"))
            assert taken.value.code == "code_taken"
        async with db.business(BORIS) as tx:
            with pytest.raises(Refused) as taken:
                await journeys.create_link(tx, flyer)
            assert taken.value.code == "slug_taken"
            await journeys.create_link(tx, NewLink("coupon", "Ten off", code="spring-10"))
        door = await Addresses(db).links.get("spring")
        assert door is not None
        assert (door.business_id, door.link) == (ANNA, link)
        async with db.business(ANNA) as tx:
            await journeys.retire_link(tx, coupon.id)
            with pytest.raises(NotFound):
                await journeys.retire_link(tx, coupon.id)
            again = await journeys.create_link(tx, NewLink("coupon", "Again", code="SPRING 10"))
            assert {x.id for x in await journeys.list_links(tx)} == {again.id, link.id}
            assert len(await journeys.list_links(tx, with_retired=True)) == 3

    run(database_url, story)


def test_a_call_to_a_tracked_number_is_a_touch_of_its_channel_and_caller(database_url: str) -> None:
    async def story(db: Database) -> None:
        async with db.business(ANNA) as tx:
            number = NewLink("phone", "Billboard", code="(206) 555-0123", channel="offline", campaign="billboard")
            link = await journeys.create_link(tx, number)
            assert (link.target_url, link.code_key) == ("tel:+12065550123", "+12065550123")
            call = OfflineTouch("call", NOON, code="+1 206 555 0123", phone="206-555-0199", about=UUID(int=5))
            touch_id = await journeys.record_offline(tx, call)
            assert await journeys.record_offline(tx, call) == touch_id
            [touch] = (await journeys.touches_by_id(tx, [touch_id])).values()
            assert (touch.kind, touch.channel, touch.campaign) == ("call", "offline", "billboard")
            assert touch.phone_key == "+12065550199"
            given = await journeys.contacts_given(tx, emails=[], phones=["+12065550199"])
            assert [(g.visitor, g.touch_id) for g in given] == [(touch.visitor, touch_id)]
            assert (await journeys.link_uses(tx, NOON - timedelta(days=1)))[link.id].times == 1
            with pytest.raises(NotFound):
                await journeys.record_offline(tx, OfflineTouch("call", NOON, code="+12065550111"))

    run(database_url, story)
    assert rows(database_url, "SELECT count(*) FROM events") == [(1,)]


def test_a_coupon_counts_for_the_one_that_was_in_use_then(database_url: str) -> None:
    async def story(db: Database) -> None:
        async with db.business(ANNA) as tx:
            link = await journeys.create_link(tx, NewLink("coupon", "Ten off", code="TENOFF", channel="email"))
            await journeys.retire_link(tx, link.id)
        async with db.business(ANNA) as tx:
            touch_id = await journeys.record_offline(
                tx, OfflineTouch("coupon", NOON - timedelta(days=1), code="ten off", client_id=CLIENT)
            )
            [touch] = (await journeys.touches_by_id(tx, [touch_id])).values()
            assert (touch.channel, touch.client_id) == ("email", CLIENT)
            assert touch.fields is not None
            assert touch.fields["link"] == str(link.id)

    run(database_url, story)


def test_an_answer_is_a_touch_and_a_corrected_answer_corrects_it(database_url: str) -> None:
    async def story(db: Database) -> None:
        booking = UUID(int=5)
        async with db.business(ANNA) as tx:
            for answer in ("a friend told me", "Instagram!", "Instagram!"):
                await journeys.record_asked(tx, client_id=CLIENT, at=NOON, answer=answer, about=booking)
            found = await journeys.touches_of(tx, visitors=[], client_ids=[CLIENT], since=NOON, until=NOON)
            assert [(t.kind, t.channel) for t in found] == [("asked", "meta_organic")]
            await journeys.record_asked(tx, client_id=CLIENT, at=NOON, answer="xyzzy", about=UUID(int=6))
            assert len(await journeys.touches_of(tx, visitors=[], client_ids=[CLIENT], since=NOON, until=NOON)) == 1
            with pytest.raises(Refused):
                await journeys.record_asked(tx, client_id=CLIENT, at=NOON, answer="  ", about=booking)

    run(database_url, story)
    assert rows(database_url, "SELECT count(*) FROM touches") == [(2,)]
    assert rows(database_url, "SELECT count(*) FROM events") == [(3,)]
