"""The living style guide: every part and every page, drawn from the samples. Mounted at /ui; holds no real figure.

uvicorn bookingbridge.web.gallery:app --port 8801
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import MappingProxyType, SimpleNamespace

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Mount, Route

from bookingbridge.canonical.errors import NotFound
from bookingbridge.web import assets
from bookingbridge.web.pages.attribution import samples as attribution
from bookingbridge.web.pages.connections import samples as connections
from bookingbridge.web.pages.customers import samples as customers
from bookingbridge.web.pages.error import samples as error
from bookingbridge.web.pages.settings import samples as settings
from bookingbridge.web.pages.signin import samples as signin
from bookingbridge.web.pages.sync import samples as sync
from bookingbridge.web.pages.today import samples as today
from bookingbridge.web.pages.welcome import samples as welcome
from bookingbridge.web.shell import NAV, BusinessChoice, Frame, Shell, Toast, has_shortcuts, theme_of
from bookingbridge.web.ui import samples as parts


@dataclass(frozen=True, slots=True)
class Shown:
    """A page with one sample: where it would live, its title, template and view."""

    path: str
    title: str
    template: str
    view: Callable[[], object]
    is_signed_in: bool = True


def _pages() -> dict[str, Shown]:
    shown: dict[str, Shown] = {}

    def add(name: str, path: str, title: str, template: str, view: Callable[[], object], **more: bool) -> None:
        shown[name] = Shown(path, title, template, view, **more)

    add("today", "/today", "Today", "today/page.html", today.busy)
    add("today-empty", "/today", "Today", "today/page.html", today.empty)
    add("campaigns", "/attribution", "Attribution", "attribution/campaigns.html", attribution.campaigns)
    add("campaigns-empty", "/attribution", "Attribution", "attribution/campaigns.html", attribution.campaigns_empty)
    add("channels", "/attribution/channels", "Attribution", "attribution/channels.html", attribution.channels)
    add("models", "/attribution/models", "Attribution", "attribution/models.html", attribution.models)
    add("funnel", "/attribution/funnel", "Attribution", "attribution/funnel.html", attribution.funnel)
    add("campaign", "/attribution/campaigns/1", "Fall fade promo", "attribution/campaign.html", attribution.campaign)
    booking = "/attribution/bookings/1"
    add("journey", booking, "Ana Lima, skin fade", "attribution/journey.html", attribution.journey)
    add("journey-unknown", booking, "Walk-in, cut", "attribution/journey.html", attribution.journey_unknown)
    payments = "/attribution/payments"
    add("payments", payments, "Payments without a visit", "attribution/payments.html", attribution.open_payments)
    add("payments-none", payments, "Payments", "attribution/payments.html", attribution.open_payments_none)
    add("customers", "/customers", "Customers", "customers/list.html", customers.customers)
    add("customers-none", "/customers", "Customers", "customers/list.html", customers.customers_none)
    add("customer", "/customers/1", "Ana Lima", "customers/customer.html", customers.customer)
    add("connections", "/connections", "Connections", "connections/list.html", connections.connections)
    add("connections-empty", "/connections", "Connections", "connections/list.html", connections.connections_empty)
    new = "/connections/new"
    add("connect", new, "Connect a source", "connections/new.html", connections.new)
    add("connect-1", new, "Connect Square", "connections/credentials.html", connections.credentials)
    add("connect-1-ready", new, "Connect Square", "connections/credentials.html", connections.credentials_ready)
    add("connect-2", new, "Connect Square", "connections/check.html", connections.check)
    add("connect-3", new, "Connect Square", "connections/import.html", connections.importing)
    add("connect-4", new, "Connect Square", "connections/rows.html", connections.rows)
    add("connection", "/connections/1", "Square", "connections/connection.html", connections.connection)
    add("runs", "/sync", "Sync", "sync/runs.html", sync.runs)
    add("runs-empty", "/sync", "Sync", "sync/runs.html", sync.runs_empty)
    add("run", "/sync/runs/1", "Full import of Square", "sync/run.html", sync.run)
    add("events", "/sync/events", "Sync", "sync/events.html", sync.events)
    add("events-empty", "/sync/events", "Sync", "sync/events.html", sync.events_empty)
    add("event", "/sync/events/1", "order.fulfilled", "sync/event.html", sync.event)
    add("event-done", "/sync/events/1", "booking.updated", "sync/event.html", sync.event_done)
    add("settings", "/settings", "Settings", "settings/business.html", settings.business)
    for name, view in (
        ("locations", settings.locations),
        ("attribution", settings.attribution),
        ("tracking", settings.tracking),
        ("links", settings.links),
        ("team", settings.team),
        ("tokens", settings.tokens),
        ("you", settings.you),
    ):
        add(f"settings-{name}", f"/settings/{name}", "Settings", f"settings/{name}.html", view)
    add("settings-links-empty", "/settings/links", "Settings", "settings/links.html", settings.links_empty)
    add("welcome", "/welcome", "Welcome to BookingBridge", "welcome/start.html", welcome.start)
    add("welcome-plan", "/welcome", "Welcome", "welcome/plan.html", welcome.plan)
    add("welcome-business", "/welcome/business", "Your business", "welcome/step.html", welcome.business)
    add("welcome-locations", "/welcome/locations", "Locations", "welcome/step.html", welcome.locations)
    add("welcome-tracking", "/welcome/tracking", "Tracking", "welcome/tracking.html", welcome.tracking)
    add("signin", "/signin", "Sign in", "signin/signin.html", signin.signin, is_signed_in=False)
    add("signin-refused", "/signin", "Sign in", "signin/signin.html", signin.signin_refused, is_signed_in=False)
    add("setup", "/setup/x", "Create the owner", "signin/setup.html", signin.setup, is_signed_in=False)
    add("setup-used", "/setup/x", "Create the owner", "signin/setup.html", signin.setup_used, is_signed_in=False)
    add("join", "/join/x", "Join the team", "signin/join.html", signin.join, is_signed_in=False)
    add("not-found", "/bookings/1", "Not found", "error/page.html", error.not_found)
    add("failed", "/today", "Something broke", "error/page.html", error.failed, is_signed_in=False)
    return shown


PAGES = MappingProxyType(_pages())
"""Every page by the name it has in the gallery; the tests draw each of them."""


@dataclass(frozen=True, slots=True)
class GalleryView:
    """The parts, and links to the pages: (address, title, sample's name)."""

    parts: SimpleNamespace
    pages: tuple[tuple[str, str, str], ...]


def frame(path: str, *, is_signed_in: bool = True, request: Request | None = None) -> Frame:
    """An invented person before an invented business."""
    theme = theme_of(request) if request else ""
    if not is_signed_in:
        return Frame(path, "sample", theme)
    return Frame(
        path,
        "sample",
        theme,
        has_shortcuts(request) if request else True,
        user_name="Dana Kowalski",
        role="Owner",
        business_name="Northside Barbers",
        business_note="2 locations",
        businesses=(
            BusinessChoice("1", "Northside Barbers", is_current=True, is_demo=True),
            BusinessChoice("2", "Harbor Street Nails"),
        ),
        is_demo=True,
        may=frozenset(item.permission for item in NAV),
        counts={"sync": 3, "connections": 1},
    )


_SHELL = Shell()


async def index(request: Request) -> HTMLResponse:
    """All parts on one page."""
    toasts = (Toast("Settings saved."), Toast("Square could not be reached; trying again.", "warn"))
    request.state.frame = replace(frame("/ui", request=request), toasts=toasts)
    base = request.url.path.rstrip("/")
    pages = tuple((f"{base}/pages/{name}", shown.title, name) for name, shown in PAGES.items())
    return _SHELL.show(request, "ui/gallery.html", GalleryView(parts.all_parts(), pages), title="Style guide")


async def page(request: Request) -> HTMLResponse:
    """One page with its sample."""
    shown = PAGES.get(request.path_params["name"])
    if shown is None:
        raise NotFound("there is no such page in the gallery")
    request.state.frame = frame(shown.path, is_signed_in=shown.is_signed_in, request=request)
    return _SHELL.show(request, shown.template, shown.view(), title=shown.title)


def routes() -> list[Route]:
    """For mounting at /ui."""
    return [Route("/", index, name="gallery"), Route("/pages/{name}", page, name="gallery-page")]


app = Starlette(routes=[Route("/static/{name:path}", assets.serve), Mount("/ui", routes=routes())])
