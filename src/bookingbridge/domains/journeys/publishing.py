"""What a business puts out for people to find it by: sites with the script, links, QR codes, numbers, coupons."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit
from uuid import UUID

from bookingbridge.canonical.errors import NotFound, Refused
from bookingbridge.domains.clients import api as clients
from bookingbridge.domains.journeys.landing import clean, host_of, split_url
from bookingbridge.domains.journeys.store import links, sites
from bookingbridge.domains.journeys.store.links import ShortLink
from bookingbridge.domains.journeys.store.sites import Site
from bookingbridge.domains.journeys.vocabulary import Channel
from bookingbridge.infra.db import Tx
from bookingbridge.infra.ids import new_id

KINDS = ("link", "qr", "phone", "coupon", "pixel")
CONSENTS = ("required", "not-required")

LONGEST_NAME = 120
LONGEST_TAG = 200
LONGEST_TARGET = 2_000
MOST_HOSTS = 50

# No 0/o, 1/i/l: slugs are read from paper and typed into phones.
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
_SLUG_LENGTH = 7
_OWN_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,38}[a-z0-9])")
_CODE = re.compile(r"[^\W_]{3,40}")


@dataclass(frozen=True, slots=True)
class NewLink:
    """What the owner says of a new link, QR code, phone number, coupon or pixel.

    `target_url` for links and QR codes; `code` is a phone's number or a coupon's code. `slug` where the owner wants a
    word of their own in the address. `channel` None: it follows from source and medium.
    """

    kind: str
    name: str
    target_url: str = ""
    code: str = ""
    slug: str = ""
    channel: str | None = None
    source: str | None = None
    medium: str | None = None
    campaign: str | None = None
    campaign_ref: str | None = None


async def create_site(tx: Tx, name: str, *, hosts: Iterable[str] = (), consent: str = "required") -> Site:
    """A site with a fresh public key. `hosts` may be written as addresses. Refused with what to correct."""
    site = Site(new_id(tx.now), f"bbs_{secrets.token_hex(10)}", _name(name), _hosts(hosts), _consent(consent), tx.now)
    await sites.add(tx, site)
    return site


async def update_site(tx: Tx, site_id: UUID, name: str, *, hosts: Iterable[str], consent: str) -> Site:
    """The site as it is now; collectors know of it within seconds. Refused with what to correct, NotFound."""
    if not await sites.change(tx, site_id, name=_name(name), hosts=_hosts(hosts), consent=_consent(consent)):
        raise NotFound("there is no such site")
    site = await sites.by_id(tx, site_id)
    assert site
    return site


async def close_site(tx: Tx, site_id: UUID) -> None:
    """Touches with the site's key are no longer taken; those that came stay. NotFound."""
    if not await sites.close(tx, site_id):
        raise NotFound("there is no such site")


async def list_sites(tx: Tx) -> list[Site]:
    """The sites in use, oldest first."""
    return await sites.every(tx)


async def create_link(tx: Tx, new: NewLink) -> ShortLink:
    """The link is in use, with a slug of its own. Refused with what to correct (codes slug_taken, code_taken)."""
    if new.kind not in KINDS:
        raise Refused(f"A link is one of: {', '.join(KINDS)}.", code="kind")
    if new.channel is not None and new.channel not in set(Channel):
        raise Refused(f"{new.channel[:40]!r} is not a channel.", code="channel")
    code_key = await _code_key(tx, new)
    if code_key and await links.is_code_in_use(tx, new.kind, code_key):
        raise Refused(f"Another {new.kind} with this code is in use; retire it first.", code="code_taken")
    wanted = _own_slug(new.slug)
    for slug in [wanted] if wanted else [_random_slug() for _ in range(5)]:
        link = ShortLink(
            id=new_id(tx.now), slug=slug, name=_name(new.name), target_url=_target(new, code_key), kind=new.kind,
            channel=new.channel, source=_tag(new.source), medium=_tag(new.medium), campaign=_tag(new.campaign),
            campaign_ref=_tag(new.campaign_ref), code_key=code_key, created_at=tx.now,
        )  # fmt: skip
        if await links.add(tx, link):
            return link
    raise Refused("This address is taken; choose another word.", code="slug_taken")


async def list_links(tx: Tx, *, with_retired: bool = False) -> list[ShortLink]:
    """Links, QR codes, numbers, coupons and pixels, newest first."""
    return await links.every(tx, with_retired=with_retired)


async def retire_link(tx: Tx, link_id: UUID) -> None:
    """Its uses are no longer touches; a printed code still leads people to its target. NotFound."""
    if not await links.retire(tx, link_id):
        raise NotFound("there is no such link in use")


def coupon_key(code: str) -> str | None:
    """A coupon's code for comparing (`spring-10` is `SPRING10`), or None where there is none."""
    plain = re.sub(r"[\s._-]+", "", code).upper()
    return plain if _CODE.fullmatch(plain) else None


async def _code_key(tx: Tx, new: NewLink) -> str | None:
    if new.kind == "phone":
        _, key = await clients.keys_of(tx, None, new.code)
        if key is None:
            raise Refused("This is not a phone number; write it with its country code.", code="code")
        return key
    if new.kind == "coupon":
        key = coupon_key(new.code)
        if key is None:
            raise Refused("A coupon's code has 3 to 40 letters and digits.", code="code")
        return key
    return None


def _target(new: NewLink, code_key: str | None) -> str:
    if new.kind == "phone":
        return f"tel:{code_key}"
    target = new.target_url.strip()
    if not target and new.kind in ("coupon", "pixel"):
        return ""
    try:
        parts = urlsplit(target)
        is_usable = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        is_usable = False
    if not is_usable or len(target) > LONGEST_TARGET or clean(target, LONGEST_TARGET) != target or " " in target:
        raise Refused("The target is a web address that begins with https:// or http://.", code="target_url")
    return target if target.isascii() else _in_ascii(target)


def _in_ascii(target: str) -> str:
    """The address as it can stand in an HTTP header."""
    parts = urlsplit(target)
    try:
        port = f":{parts.port}" if parts.port else ""
        host = (parts.hostname or "").encode("idna").decode()
    except ValueError as unusable:
        raise Refused("The target's host name cannot be used.", code="target_url") from unusable
    return quote(urlunsplit(parts._replace(netloc=host + port)), safe=":/?#[]@!$&'()*+,;=%~")


def _own_slug(slug: str) -> str | None:
    word = slug.strip().lower()
    if not word:
        return None
    if not _OWN_SLUG.fullmatch(word):
        raise Refused("The address has 3 to 40 letters, digits and inner hyphens.", code="slug")
    return word


def _random_slug() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(_SLUG_LENGTH))


def _name(text: str) -> str:
    name = clean(text, LONGEST_NAME)
    if not name:
        raise Refused("A name is needed.", code="name")
    return name


def _tag(text: str | None) -> str | None:
    return clean(text, LONGEST_TAG) or None if text else None


def _hosts(texts: Iterable[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for text in texts:
        split = split_url(text)
        if split is None or not re.fullmatch(r"[^\s/:@]+", host_of(split)):
            raise Refused(f"{text[:60]!r} is not a host name.", code="hosts")
        found[host_of(split)] = None
    if len(found) > MOST_HOSTS:
        raise Refused(f"A site has at most {MOST_HOSTS} hosts.", code="hosts")
    return tuple(found)


def _consent(text: str) -> str:
    if text not in CONSENTS:
        raise Refused(f"Consent is one of: {', '.join(CONSENTS)}.", code="consent")
    return text
