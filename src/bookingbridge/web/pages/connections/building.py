"""The list of connections, the vendors there are, and the page on which a vendor is signed in at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from bookingbridge.canonical.errors import Refused
from bookingbridge.canonical.ports import Auth, AuthField, Manifest
from bookingbridge.domains.accounts.api import Permission, Who
from bookingbridge.sync import schedule
from bookingbridge.sync.engine import Engine
from bookingbridge.sync.overview import Connection, Health
from bookingbridge.web import format as fmt
from bookingbridge.web import sources
from bookingbridge.web.pages.connections import doing, offering
from bookingbridge.web.pages.connections import view as v
from bookingbridge.web.pages.connections.guides import guide
from bookingbridge.web.pages.connections.offering import SIMULATOR
from bookingbridge.web.ui import parts
from bookingbridge.web.ui.parts import Action, Choice, CopyBox, Empty, Field, Form, Notice, Problem, Step, Tab

STEPS = ("Credentials", "Permissions", "Import", "Check")
DONE = 5
"""The set-up step of a connection whose set-up is over."""


def the_list(
    engine: Engine,
    who: Who,
    connected: Sequence[Health],
    counts: Mapping[UUID, Mapping[str, int]],
    now: datetime,
    problem: str,
) -> v.ConnectionsView:
    """GET /connections. `problem` is what a vendor's consent page came back with."""
    may = who.may(Permission.MANAGE_CONNECTIONS)
    zone = ZoneInfo(who.business.time_zone)
    rows = tuple(_row(engine, h, counts.get(h.connection.id, {}), now, zone, may=may) for h in connected)
    known = {h.connection.vendor for h in connected}
    empty = Empty(
        "No source yet",
        "Connect the system your bookings are in first; it takes about four minutes.",
        "plug",
        (Action("Choose your booking system", "/connections/new", is_main=True),) if may else (),
    )
    return v.ConnectionsView(
        rows,
        offering.groups(engine, without=known) if may else (),
        None if rows else empty,
        (Notice("It was not connected", problem[:300], "warn"),) if problem else (),
        may,
    )


def _row(
    engine: Engine, h: Health, counts: Mapping[str, int], now: datetime, zone: ZoneInfo, *, may: bool
) -> v.ConnectionRow:
    c = h.connection
    path = f"/connections/{c.id}"
    heard = sources.heard_at(c)
    is_begun = c.setup_step < DONE and c.last_success_at is None and c.vendor in engine.vendors
    mend = ("", "")
    if may and c.state == "needs_reauth":
        mend = (f"{path}/reconnect", "Reconnect")
    elif may and is_begun:
        mend = (path, "Go on")
    return v.ConnectionRow(
        sources.title(h),
        c.account_name,
        path,
        sources.mark(h, now),
        parts.stamp(heard, now=now, tz=zone) if heard else None,
        counted(engine, c, counts),
        _due(engine, h),
        *mend,
    )


def counted(engine: Engine, c: Connection, counts: Mapping[str, int]) -> str:
    """`12,480 bookings, 3,210 customers`: what a connection has shown, the most first."""
    titles = {kind: kind.replace("_", " ") + "s" for kind in counts}
    if c.vendor in engine.vendors:
        titles |= {s.kind: s.title.lower() for s in engine.vendor(c.vendor).manifest.streams}
    most = sorted(counts.items(), key=lambda item: -item[1])[:3]
    return ", ".join(f"{fmt.count(number)} {titles[kind]}" for kind, number in most)


def _due(engine: Engine, h: Health) -> str:
    c = h.connection
    if c.vendor not in engine.vendors or c.setup_step < DONE:
        return ""
    if c.state in ("needs_reauth", "broken"):
        return "waits for you"
    if c.state == "paused":
        return "rests"
    return doing.plan_words(schedule.plan_of(engine, c))


def steps(now: int, start_href: str = "") -> tuple[Step, ...]:
    """The four steps with the one of that index current."""

    def state(i: int) -> Literal["done", "current", "todo"]:
        return "done" if i < now else "current" if i == now else "todo"

    return tuple(Step(name, state(i), start_href if i == 0 and now > 0 else "") for i, name in enumerate(STEPS))


def place(manifest: Manifest, environment: str) -> str:
    """An environment in words."""
    if environment == SIMULATOR:
        return f"Simulated {manifest.title} on this server"
    return manifest.title if environment == "production" else f"{manifest.title} {environment}"


def has_app(engine: Engine, vendor: str, environment: str) -> bool:
    """Whether the host's own application at the vendor is set up."""
    try:
        engine.app(vendor, environment)
    except Refused:
        return False
    return True


def chosen(engine: Engine, vendor: str, asked: Mapping[str, str]) -> tuple[Auth, str]:
    """The way of signing in and the environment that the page is asked for, or the likeliest.

    Where simulators run, theirs is likelier than the real one for which this server has no application of its own.
    """
    manifest = engine.vendor(vendor).manifest
    environments = engine.environments(vendor)
    ready = [e for e in environments if has_app(engine, vendor, e)]
    environment = asked.get("environment", "")
    if environment not in environments:
        has_own = any(f.is_required for f in manifest.app_fields) and environments[0] in ready
        is_to_try = SIMULATOR in environments and not has_own
        environment = SIMULATOR if is_to_try else (ready or environments)[0]
    way = next((way for way in manifest.auth if way == asked.get("way")), None)
    if way is None:
        likely = [w for w in manifest.auth if w is not Auth.OAUTH or environment in ready]
        way = (likely or list(manifest.auth))[0]
    return way, environment


def credentials(
    engine: Engine,
    vendor: str,
    asked: Mapping[str, str],
    *,
    connection: Connection | None = None,
    problem: Problem | None = None,
    starter: Mapping[str, str] | None = None,
) -> v.CredentialsView:
    """Step 1: for a new connection, or for signing one in anew. `starter` is what the vendor's simulator takes."""
    manifest = engine.vendor(vendor).manifest
    asked = {**asked, "environment": connection.environment} if connection else asked
    way, environment = chosen(engine, vendor, asked)
    base = f"/connections/{connection.id}/reconnect" if connection else f"/connections/new/{vendor}"
    filled = starter if starter and environment == SIMULATOR and way is Auth.TOKEN else {}
    is_ready = way is Auth.OAUTH and has_app(engine, vendor, environment)
    suffix = "" if environment == "production" else f" {environment}"
    return v.CredentialsView(
        vendor=manifest.title,
        steps=steps(0),
        ways=_ways(manifest, base, way, environment),
        how=_how(engine, vendor, way, environment, is_filled=bool(filled)),
        copies=() if environment == SIMULATOR else _copies(engine, vendor, way, connection),
        permissions=offering.permissions(manifest),
        form=_form(engine, manifest, base, way, environment, asked, filled, is_fixed=connection is not None),
        authorize_href=f"{base}/authorize?environment={environment}" if is_ready else "",
        authorize_label=f"Continue to {manifest.title}{suffix}" if is_ready else "",
        docs_href=manifest.docs,
        cost=manifest.cost,
        limits=manifest.limits,
        problem=problem or (_no_app(manifest) if way is Auth.OAUTH and not is_ready else None),
    )


def _ways(manifest: Manifest, base: str, way: Auth, environment: str) -> tuple[Tab, ...]:
    if len(manifest.auth) < 2:
        return ()
    words = {Auth.OAUTH: f"Sign in at {manifest.title}", Auth.TOKEN: "Paste a token"}
    return tuple(Tab(words[w], f"{base}?way={w}&environment={environment}", w is way) for w in manifest.auth)


def _how(engine: Engine, vendor: str, way: Auth, environment: str, *, is_filled: bool) -> tuple[str, ...]:
    found = engine.vendor(vendor)
    if environment == SIMULATOR:
        title = found.manifest.title
        if way is Auth.OAUTH:
            return (
                f"Nothing to prepare: the simulated {title} runs on this server and knows our application.",
                "Continue, allow what is asked, and you are back here.",
            )
        if is_filled:
            return (
                f"Nothing to prepare: the simulated {title} runs on this server, and the form holds what it takes.",
                "Press Connect.",
            )
        return (f"Paste what the simulated {title} gave out.",)
    lines = guide(found, "sign in" if way is Auth.OAUTH else "token", engine.public_url)
    return lines + (guide(found, "sandbox", engine.public_url) if environment == "sandbox" else ())


def _copies(engine: Engine, vendor: str, way: Auth, connection: Connection | None) -> tuple[CopyBox, ...]:
    title = engine.vendor(vendor).manifest.title
    some = []
    if way is Auth.OAUTH:
        words = f"{title} sends you back here. It must be the same to the letter."
        some.append(CopyBox("redirect", "Redirect address", engine.redirect_uri(), words))
    if connection is not None:
        some += webhook_copies(engine, connection)
    elif engine.vendor(vendor).webhooks is not None:
        words = "The address for webhooks has the connection's number in it: its page shows it once it is connected."
        address = f"{engine.public_url}/api/v1/webhooks/{vendor}/…"
        some.append(CopyBox("webhook", "Webhook address (begins like this)", address, words))
    return tuple(some)


def webhook_copies(engine: Engine, c: Connection) -> list[CopyBox]:
    """What to enter at the vendor so that it tells of changes at once; nothing where it cannot."""
    vendor = engine.vendors.get(c.vendor)
    if vendor is None or vendor.webhooks is None:
        return []
    title = vendor.manifest.title
    address = engine.webhook_url(c.vendor, c.id)
    some = [CopyBox("webhook", "Webhook address", address, f"{title} tells us here what changes.")]
    if vendor.handshake is not None:
        some.append(CopyBox("verify", "Verify token", str(c.id), f"{title} asks for it before it uses the address."))
    return some


def _form(
    engine: Engine,
    manifest: Manifest,
    base: str,
    way: Auth,
    environment: str,
    given: Mapping[str, str],
    filled: Mapping[str, str],
    *,
    is_fixed: bool,
) -> Form | None:
    """What is left to say: the environment where there are several, and the token."""
    environments = [environment] if is_fixed else engine.environments(manifest.name)
    choices = tuple(Choice(e, place(manifest, e), e == environment) for e in environments)
    where = (Field("environment", "Where", kind="select", choices=choices),) if len(choices) > 1 else ()
    hidden = (("way", str(way)), *(() if where else (("environment", environment),)))
    if way is Auth.TOKEN:
        fields = tuple(token_field(f, given, filled) for f in manifest.token_fields)
        note = f"Filled in with what the simulated {manifest.title} takes; it works nowhere else." if filled else ""
        return Form(base, where + fields, "Connect", hidden=hidden, note=note)
    return Form(base, where, "Use this", hidden=hidden, is_quiet=True) if where else None


def token_field(f: AuthField, given: Mapping[str, str], filled: Mapping[str, str] = MappingProxyType({})) -> Field:
    """A secret is never sent back; what a simulator takes is none, and shown."""
    kind = "password" if f.is_secret and f.name not in filled else "text"
    value = "" if f.is_secret else given.get(f.name, "")
    value = value or filled.get(f.name, "")
    return Field(f.name, f.label, value, kind, help=f.help, is_required=f.is_required, is_code=True)


def _no_app(manifest: Manifest) -> Problem:
    names = ", ".join(f.name for f in manifest.app_fields if f.is_required)
    return Problem(
        f"This server has no application at {manifest.title} yet",
        f"Follow the steps, set {names} on the server and start it again"
        + ("; or paste a token instead." if Auth.TOKEN in manifest.auth else "."),
    )
