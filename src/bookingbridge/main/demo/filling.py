"""The demo is filled the way a shop would set itself up: an owner, connections signed in at the vendors, an import."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx2

from bookingbridge.canonical.errors import Rejected, Unreachable
from bookingbridge.main.demo import names, worlds
from bookingbridge.main.demo.door import Browser
from bookingbridge.main.demo.world import World, make

EMAIL = "owner@northside.example.com"
PASSWORD = "mellow-harbor-lantern-42"  # noqa: S105 - the demo's door is meant to be open
IMPORT_WITHIN_S = 120.0

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Door:
    """The way into a filled demo."""

    web: str
    simulators: str
    shop: str
    email: str
    password: str
    business: UUID


def fill(
    web: str, simulators: str, owner_token: str | None, *, days: int, say: Say, can_enter: Callable[[Door], None]
) -> Door:
    """The demo's shop is there with its history; at a later start, its simulated vendors are filled again as they were.

    `can_enter` is called as soon as somebody can sign in and watch the rest arrive.

    Simulators forget when they stop, so their world is made again from the same seed and their tokens given anew.
    """
    world = make(datetime.now(UTC), days=days)
    say("filling the simulated vendors …")
    load_vendors(simulators, world)
    with Browser(web) as owner:
        if owner_token is None:
            sign_in(owner)
            business = UUID(str(owner.api("GET", "/me")["business_id"]))
            can_enter(_door(web, simulators, business))
            say("signing the connections in again …")
            for connection in owner.api("GET", "/data-integration/connections"):
                if connection["environment"] == "simulator":
                    connect(owner, connection["vendor"], connection=connection["id"], full=False)
        else:
            business = found(owner, owner_token)
            can_enter(_door(web, simulators, business))
            say("importing the shop's history over the vendors' APIs …")
            runs = [connect(owner, vendor) for vendor in ("square", "meta_ads", "google_ads")]
            for run in runs:
                await_run(owner, run)
            say("importing the clicks of before …")
            history(owner, world)
            for connection in owner.api("GET", "/data-integration/connections"):
                owner.api("POST", f"/data-integration/connections/{connection['id']}/finish")
        site = the_site(owner, simulators)
        subscribe(owner, simulators)
    set_up_shop(web, simulators, site["key"])
    say("all is there; from now on somebody comes by every few seconds")
    return _door(web, simulators, business)


def _door(web: str, simulators: str, business: UUID) -> Door:
    return Door(web, simulators, f"{simulators}/shop/", EMAIL, PASSWORD, business)


def load_vendors(simulators: str, world: World) -> None:
    """Each simulated vendor knows its part of the world."""
    _sim(simulators, "square", "DELETE", "/_sim/world")
    _sim(simulators, "square", "POST", "/_sim/world", worlds.square(world))
    for vendor, account in (("meta_ads", worlds.META_ACCOUNT), ("google_ads", worlds.GOOGLE_ACCOUNT)):
        _sim(simulators, vendor, "POST", "/_sim/world", _ads_world(world, vendor, account))


def _ads_world(world: World, vendor: str, account: str) -> dict[str, Any]:
    by_campaign: dict[str, list[dict[str, Any]]] = {}
    for row in worlds.ad_days(world, vendor):
        by_campaign.setdefault(row["campaign_id"], []).append(
            {
                "day": row["date"],
                "spend": str(Decimal(row["spend_minor"]).scaleb(-2)),
                "clicks": row["clicks"],
                "impressions": row["impressions"],
            }
        )
    status = "ACTIVE" if vendor == "meta_ads" else "ENABLED"
    campaigns = [
        {"id": remote, "name": name, "status": status, "days": by_campaign.get(remote, [])}
        for _, remote, name, channel, *_ in names.CAMPAIGNS
        if channel == vendor
    ]
    return {
        "accounts": [
            {
                "id": account, "name": "Northside Barbers", "currency": "USD", "time_zone": "America/Los_Angeles",
                "campaigns": campaigns,
            }
        ]
    }  # fmt: skip


def _sim(simulators: str, vendor: str, method: str, path: str, body: Any = None) -> Any:
    answer = httpx2.request(method, f"{simulators}/{vendor}{path}", json=body, timeout=60, trust_env=False)
    if answer.status_code >= 400:
        raise Rejected(f"simulator of {vendor}: {answer.status_code} {answer.text[:200]}")
    return answer.json() if answer.content else None


def found(owner: Browser, owner_token: str) -> UUID:
    """The owner signs up by the one-time link and sets up the shop."""
    page = owner.get(f"/setup/{owner_token}")
    owner.fill(page, {"name": "Dana Kimber", "email": EMAIL, "password": PASSWORD}, with_field="password", follow=False)
    business = owner.api(
        "POST",
        "/business",
        {"name": "Northside Barbers", "time_zone": "America/Los_Angeles", "currency": "USD", "region": "US"},
    )
    owner.forget_token()
    return UUID(business["id"])


def sign_in(owner: Browser) -> None:
    """The owner signs in with the demo's well-known password."""
    page = owner.get("/signin")
    owner.fill(page, {"email": EMAIL, "password": PASSWORD}, with_field="password", follow=False)


def connect(owner: Browser, vendor: str, *, connection: str | None = None, full: bool = True) -> str:
    """The vendor is connected through its own consent page, tested, and its import queued; the run's id."""
    asked = {"vendor": vendor, "environment": "simulator", **({"connection": connection} if connection else {})}
    path = owner.consent(owner.api("POST", "/oauth/connect", asked)["authorize_url"])
    made = path.removeprefix("/connections/")
    tested = owner.api("POST", f"/data-integration/connections/{made}/test")
    if not tested["works"]:
        raise Rejected(f"{vendor}: {tested['why']}")
    if len(tested["choices"]) > 1 and not connection:
        owner.api("POST", f"/data-integration/connections/{made}/account", {"account": next(iter(tested["choices"]))})
    run: str = owner.api("POST", f"/data-integration/connections/{made}/sync", {"full": full})["run"]
    return run


def await_run(owner: Browser, run: str, *, watch: Callable[[dict[str, Any]], None] | None = None) -> dict[str, Any]:
    """The run when it has ended. Unreachable where it takes too long, Rejected where it failed."""
    end = time.monotonic() + IMPORT_WITHIN_S
    while time.monotonic() < end:
        now: dict[str, Any] = owner.api("GET", f"/data-integration/runs/{run}")
        if watch is not None:
            watch(now)
        if now["state"] == "done":
            return now
        if now["state"] == "failed":
            raise Rejected(f"the import failed: {now['error']}")
        time.sleep(0.25)
    raise Unreachable(f"the import was not done within {IMPORT_WITHIN_S:.0f} seconds; is a worker running?")


def history(owner: Browser, world: World) -> None:
    """The clicks of before BookingBridge was there come as a file would: uploaded, previewed, stored."""
    query = {"name": "clicks.csv", "kind": "touchpoints", "source": "clicks of before"}
    done = owner.upload("/data-integration/files", query, worlds.clicks_csv(world))
    if done["problem_count"]:
        raise Rejected(f"the clicks were not imported: {done['problems'][:3]}")


def the_site(owner: Browser, simulators: str) -> dict[str, Any]:
    """The shop's website as BookingBridge knows it, made at the first time."""
    sites = owner.api("GET", "/publishing/sites")
    if sites:
        return dict(sites[0])
    host = simulators.split("//")[1].split(":")[0]
    made = owner.api("POST", "/publishing/sites", {"name": "Shop website", "hosts": [host], "consent": "not-required"})
    for key, remote, name, _, source, medium, *_ in names.CAMPAIGNS[:5:4]:
        owner.api(
            "POST",
            "/publishing/links",
            {
                "name": f"Ad: {name}", "target_url": f"{simulators}/shop/", "slug": key, "source": source,
                "medium": medium, "campaign": key, "campaign_ref": remote,
            },
        )  # fmt: skip
    return dict(made)


def subscribe(owner: Browser, simulators: str) -> None:
    """Square sends its webhooks to the connection's address, signed with a key that the connection knows."""
    for c in owner.api("GET", "/data-integration/connections"):
        if c["vendor"] != "square":
            continue
        key = "demo-signature-key-of-the-simulator"
        owner.api("PUT", f"/data-integration/connections/{c['id']}/webhook-key", {"key": key})
        _sim(
            simulators, "square", "POST", "/_sim/world",
            {
                "subscriptions": [
                    {
                        "merchant_id": worlds.MERCHANT,
                        "notification_url": f"{owner.base}/api/v1/webhooks/square/{c['id']}",
                        "signature_key": key,
                    }
                ]
            },
        )  # fmt: skip


def set_up_shop(web: str, simulators: str, site_key: str) -> None:
    """The shop's website carries the script and can book at Square."""
    given = {"merchant_id": worlds.MERCHANT, "is_personal": True}
    token = _sim(simulators, "square", "POST", "/_sim/tokens", given)["access_token"]
    body = {"script_url": f"{web}/bb.js", "site_key": site_key, "square_token": token}
    _sim(simulators, "shop", "POST", "/settings", body)
