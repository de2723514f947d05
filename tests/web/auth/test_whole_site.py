"""Every route of the whole product as everybody, from its route table; and none of an owner's things for a stranger."""

from __future__ import annotations

from dataclasses import replace

from tests.matrix import every_forgery, every_route, every_wall
from tests.small_site import people
from tests.whole_site import everything_of, one_of_each, whole_site

from bookingbridge.web.access import route_table


def test_every_route_of_the_product_treats_everybody_as_it_declares(database_url: str) -> None:
    with whole_site(database_url) as site:
        everybody = people(site)
        assert len(route_table(site.app)) > 100
        faults = every_route(site.app, everybody) + every_forgery(site.app, everybody)
    assert faults == [], "\n".join(faults)


def test_no_route_gives_a_stranger_anything_of_an_owner_or_changes_it(database_url: str) -> None:
    with whole_site(database_url) as site:
        everybody = people(site)
        business = everybody.ids["business_id"]
        everybody = replace(everybody, ids={**everybody.ids, **one_of_each(database_url, business)})
        before = everything_of(database_url, business)
        assert sum(digest is not None for digest in before.values()) >= 12
        faults = every_wall(site.app, everybody)
        assert faults == [], "\n".join(faults)
        assert everything_of(database_url, business) == before
