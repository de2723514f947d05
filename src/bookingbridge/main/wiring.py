"""What is wired to what, as tables: vendors, who takes in which records, which reaction follows which event."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any

from fastapi import APIRouter

from bookingbridge.canonical import events as e
from bookingbridge.canonical.ports import Auth, Vendor
from bookingbridge.domains.accounts import ingest as accounts
from bookingbridge.domains.ads import ingest as ads
from bookingbridge.domains.attribution import reactions as attribution
from bookingbridge.domains.bookings import ingest as bookings
from bookingbridge.domains.bookings import reactions as bookings_reactions
from bookingbridge.domains.catalog import ingest as catalog
from bookingbridge.domains.clients import ingest as clients
from bookingbridge.domains.journeys import ingest as journeys
from bookingbridge.domains.matching import reactions as matching
from bookingbridge.domains.payments import ingest as payments
from bookingbridge.domains.payments import reactions as payments_reactions
from bookingbridge.domains.team import ingest as team
from bookingbridge.infra.clock import Clock, SystemClock
from bookingbridge.infra.db import Database, Tx
from bookingbridge.infra.secrets import Vault
from bookingbridge.main import importing
from bookingbridge.main.settings import Settings
from bookingbridge.sync.engine import Engine, Place
from bookingbridge.sync.ingesting import Ingester
from bookingbridge.vendorkit.budget import Purses
from bookingbridge.vendorkit.http import Transport
from bookingbridge.vendors.acuity import VENDOR as ACUITY
from bookingbridge.vendors.booksy import VENDOR as BOOKSY
from bookingbridge.vendors.calendar_feed import VENDOR as CALENDAR_FEED
from bookingbridge.vendors.google_ads import VENDOR as GOOGLE_ADS
from bookingbridge.vendors.google_calendar import VENDOR as GOOGLE_CALENDAR
from bookingbridge.vendors.meta_ads import VENDOR as META_ADS
from bookingbridge.vendors.square import VENDOR as SQUARE
from bookingbridge.vendors.stripe import VENDOR as STRIPE
from bookingbridge.vendors.trafft import VENDOR as TRAFFT
from bookingbridge.web.pages.attribution import routes as attribution_page
from bookingbridge.web.pages.connections import routes as connections
from bookingbridge.web.pages.customers import routes as customers
from bookingbridge.web.pages.links import routes as links
from bookingbridge.web.pages.settings import routes as settings_page
from bookingbridge.web.pages.signin import routes as signin
from bookingbridge.web.pages.sync import routes as sync
from bookingbridge.web.pages.today import routes as today
from bookingbridge.web.pages.welcome import routes as welcome

VENDORS: Mapping[str, Vendor] = {
    v.manifest.name: v
    for v in (SQUARE, STRIPE, META_ADS, GOOGLE_ADS, ACUITY, BOOKSY, GOOGLE_CALENDAR, TRAFFT, CALENDAR_FEED)
}

INGESTERS: Mapping[str, Ingester] = {
    "location": accounts.locations,
    "staff": team.staff,
    "service": catalog.services,
    "client": clients.customers,
    "campaign": ads.campaigns,
    "booking": bookings.bookings,
    "payment": payments.payments,
    "refund": payments.refunds,
    "dispute": payments.disputes,
    "payout": payments.payouts,
    "payout_entry": payments.payout_entries,
    "block": bookings.blocks,
    "ad_day": ads.ad_days,
    "touch": journeys.ingest,
}

PAGES: Sequence[APIRouter] = (
    signin.router,
    today.router,
    attribution_page.router,
    customers.router,
    links.router,
    connections.router,
    sync.router,
    settings_page.router,
    welcome.router,
)
"""The screens, each with its own routes."""

Reaction = Callable[[Any, Tx], Awaitable[None]]

REACTIONS: Mapping[type[e.Event], Mapping[str, Reaction]] = {
    e.BookingsRecorded: {
        "bookings.days": bookings_reactions.on_bookings_recorded,
        "matching.bookings": matching.on_bookings_recorded,
        "attribution.bookings": attribution.on_bookings_recorded,
    },
    e.PaymentsRecorded: {
        "payments.days": payments_reactions.on_payments_recorded,
        "matching.payments": matching.on_payments_recorded,
    },
    e.ClientsRecorded: {"attribution.clients": attribution.on_clients_recorded},
    e.TouchesRecorded: {"attribution.touches": attribution.on_touches_recorded},
    e.VisitsSettled: {"attribution.visits": attribution.on_visits_settled},
    e.CampaignsRecorded: {"attribution.campaigns": attribution.on_campaigns_recorded},
    e.BusinessChanged: {
        "bookings.business": bookings_reactions.on_business_changed,
        "payments.business": payments_reactions.on_business_changed,
        "attribution.business": attribution.on_business_changed,
    },
}
"""Event to its reactions by name. A name is stored in jobs: rename with care."""


def reaction(name: str) -> Reaction | None:
    """The reaction of that name; None for one that an older version queued and this one no longer has."""
    return next((some[name] for some in REACTIONS.values() if name in some), None)


def database(url: str, clock: Clock | None = None, *, max_size: int = 10, salt: str = "") -> Database:
    """The database with the reactions that follow its events. `url` is the owner's; the app's role is taken."""
    names = {event.name: tuple(some) for event, some in REACTIONS.items()}
    return Database(url, clock or SystemClock(), reactions=names, max_size=max_size, salt=salt)


def engine(settings: Settings, db: Database) -> Engine:
    """The sync engine as this installation is set up."""
    simulators = settings.simulators_url
    names, purses = [*VENDORS], Purses()
    addresses = {(n, "simulator"): f"{simulators.rstrip('/')}/{n}" for n in names} if simulators else {}
    return Engine(
        db=db,
        vault=Vault(settings.keys()),
        clock=db.clock,
        vendors={n: _offered(v, settings) for n, v in VENDORS.items()},
        ingesters=INGESTERS,
        transport=lambda vendor, environment, place: transport(vendor, environment, place, db.clock, purses),
        public_url=settings.public_url,
        apps={(n, env): app for n in names for env, app in _apps(settings, n).items()},
        addresses=addresses,
        read_file=importing.read_file,
        starter=lambda vendor: starter(vendor, addresses.get((vendor, "simulator"))),
    )


def starter(vendor: str, simulator: str | None) -> Mapping[str, str]:
    """What the vendor's simulator at that address takes as pasted credentials; {} where there is none to paste."""
    if simulator is None or Auth.TOKEN not in VENDORS[vendor].manifest.auth:
        return {}
    fields: Mapping[str, str] = import_module(f"bookingbridge.vendors.{vendor}.simulator").starter_fields(simulator)
    return fields


def transport(vendor: Vendor, environment: str, place: Place, clock: Clock, purses: Purses | None = None) -> Transport:
    """A transport that reaches this vendor's hosts and the owner's own only; the simulator's only on this machine.

    What the vendor allows is kept together by all transports that are made with the same `purses`.
    """
    is_simulator = environment == "simulator"
    own = frozenset({place.host} if place.host else ())
    hosts = frozenset({"127.0.0.1", "localhost", "::1"}) if is_simulator else vendor.manifest.allowed_hosts | own
    purse = (purses or Purses()).of(
        vendor.manifest.budget, vendor.manifest.name, environment, place.host or place.account
    )
    return Transport(allowed_hosts=hosts, allow_loopback=is_simulator, now=clock.now, purse=purse)


SIMULATED_APP = "simulated-app"
"""What every simulated vendor takes for the id of our app there; its secret is "simulated-secret"."""


def _apps(settings: Settings, vendor: str) -> dict[str, dict[str, str]]:
    """The host's own app credentials by environment, under the manifest's field names."""
    fields = [f.name for f in VENDORS[vendor].manifest.app_fields]
    real = {name: _value(settings, name) for name in fields}
    simulated = {name: "simulated-secret" if "secret" in name.lower() else SIMULATED_APP for name in fields}
    # What signs cannot be invented: a simulator shows its own, to be set like a real one.
    simulated |= {name: value for name, value in real.items() if name.endswith("_KEY")}
    return {"production": real, "sandbox": real, "simulator": simulated}


def _offered(vendor: Vendor, settings: Settings) -> Vendor:
    """The vendor without what is of use only to hosts that have an app there, where this one has none."""
    has_app = all(_value(settings, f.name) for f in vendor.manifest.app_fields)
    if has_app or not any(f.needs_app for f in vendor.manifest.token_fields):
        return vendor
    shown = tuple(f for f in vendor.manifest.token_fields if not f.needs_app)
    return replace(vendor, manifest=replace(vendor.manifest, token_fields=shown))


def _value(settings: Settings, name: str) -> str:
    value = getattr(settings, name.lower(), "")
    return value.get_secret_value() if hasattr(value, "get_secret_value") else str(value or "")
