"""Who is behind a request, from what it presents. Nothing here knows how requests arrive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from bookingbridge.canonical.errors import Refused
from bookingbridge.canonical.ids import BusinessId, UserId
from bookingbridge.domains.accounts import rules
from bookingbridge.domains.accounts.records import BusinessName, Person, Who
from bookingbridge.domains.accounts.rules import Role
from bookingbridge.domains.accounts.store import people, tokens
from bookingbridge.domains.accounts.store.businesses import business_from
from bookingbridge.infra.db import Database
from bookingbridge.infra.ids import digest

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER = "x-csrf-token"


def cookie_name(public_url: str) -> str:
    """The session cookie's name. `__Host-` makes browsers insist on Secure, this host alone and the root path."""
    return "__Host-bb_session" if public_url.startswith("https://") else "bb_session"


@dataclass(frozen=True, slots=True)
class Presented:
    """What of a request says who sends it, and from where."""

    method: str
    session: str | None = field(default=None, repr=False)
    bearer: str | None = field(default=None, repr=False)
    csrf: str | None = field(default=None, repr=False)
    origin: str | None = None
    fetch_site: str | None = None
    host: str = ""
    public_url: str = ""

    @classmethod
    def of(cls, method: str, headers: Mapping[str, str], cookies: Mapping[str, str], public_url: str) -> Presented:
        """From a request's headers (found in lower case) and cookies. A CSRF token in a form is added by the caller."""
        scheme, _, credentials = headers.get("authorization", "").partition(" ")
        return cls(
            method,
            cookies.get(cookie_name(public_url)),
            credentials.strip() if scheme.lower() == "bearer" else None,
            headers.get(CSRF_HEADER),
            headers.get("origin"),
            headers.get("sec-fetch-site"),
            headers.get("host", ""),
            public_url,
        )

    @property
    def is_unsafe(self) -> bool:
        return self.method not in SAFE_METHODS


def refuse_foreign_origin(presented: Presented) -> None:
    """Returns when no other site had the browser send this. Raises Refused (code "forged").

    Browsers add these headers and no page can change them; programs send neither, and have no cookie to abuse.
    """
    site_is_ours = presented.fetch_site in (None, "same-origin", "none")
    origin_is_ours = presented.origin is None or _is_ours(presented)
    if presented.is_unsafe and not (site_is_ours and origin_is_ours):
        raise Refused("This request came from another site and was not carried out.", code="forged")


def _is_ours(presented: Presented) -> bool:
    try:
        origin, public = urlsplit(presented.origin or ""), urlsplit(presented.public_url)
    except ValueError:
        return False
    return origin.netloc != "" and origin.netloc in (public.netloc, presented.host)


def refuse_forged(presented: Presented, csrf: str) -> None:
    """Returns when an unsafe request of a session carries the session's own token. Raises Refused (code "forged")."""
    if not presented.is_unsafe:
        return
    refuse_foreign_origin(presented)
    if not presented.csrf or not compare_digest(presented.csrf.encode(), csrf.encode()):
        raise Refused("This form is out of date. Reload the page and try again.", code="forged")


async def identify(db: Database, presented: Presented) -> Who | Person | None:
    """Who is behind the request: `Who` with a business, `Person` without one, None without valid credentials.

    A bearer token that is not valid is nobody, whatever cookie comes with it. Forgery is not judged here.
    """
    if presented.bearer is not None:
        return await _by_token(db, presented.bearer)
    if presented.session is not None:
        return await _by_session(db, presented.session)
    return None


async def _by_session(db: Database, token: str) -> Who | Person | None:
    token_hash = digest(token)
    async with db.realm("accounts") as tx:
        row = await people.session_row(tx, token_hash)
        if row is None:
            return None
        csrf, last_seen_at, expires_at, user_id, email, name, role, location_count, names, *rest = row
        if not rules.is_alive(last_seen_at, expires_at, tx.now):
            await people.end_session(tx, token_hash)
            return None
        if rules.is_stale(last_seen_at, tx.now):
            await people.seen(tx, token_hash)
    business_id = BusinessId(rest[0]) if role else None
    choices = tuple(BusinessName(BusinessId(UUID(i)), called, is_demo) for i, called, is_demo in names or ())
    person = Person(UserId(user_id), email, name, csrf, token_hash, business_id, choices)
    if role is None:
        return person
    return Who(
        business_from(rest), Role(role), "session", person.user_id, person=person, location_count=location_count
    )  # fmt: skip


async def _by_token(db: Database, token: str) -> Who | None:
    async with db.realm("accounts") as tx:
        row: tuple[Any, ...] | None = await tokens.by_hash(tx, digest(token))
        if row is None:
            return None
        token_id, role, last_used_at, location_count, *rest = row
        business = business_from(rest)
        if rules.is_stale(last_used_at, tx.now):
            await tokens.used(tx, business.id, token_id)
    return Who(business, Role(role), "token", None, token_id=token_id, location_count=location_count)
