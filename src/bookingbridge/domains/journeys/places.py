"""What is behind a host, an app or the name in a tag: a search engine, a network, a mailbox, a till. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from bookingbridge.domains.journeys.channels_data import ANY_TLD, APPS, HOSTS, IN_APP_BROWSERS, SOURCES, Kind
from bookingbridge.domains.journeys.landing import host_of, split_url


@dataclass(frozen=True, slots=True)
class Place:
    """A host, app or source name that we know, or do not (`kind` is None, and `name` is what it was called)."""

    kind: Kind | None
    name: str


def place_at(host: str, path: str = "") -> Place:
    """What is at this host (lower case, without `www.`): the longest entry that fits, then brands in any country."""
    known = _known_at(host)
    if path not in ("", "/"):
        if known and known.kind is Kind.GOOGLE:
            known = next((place for start, place in _ON_GOOGLE if path.lower().startswith(start)), known)
        elif host in _HOSTS_WITH_PATHS:
            known = next((p for start, p in _ON_PATHS if f"{host}{path.lower()}/".startswith(f"{start}/")), known)
    return known or Place(None, host)


def app(package: str) -> Place:
    """The Android app of that package name."""
    return Place(*APPS[package]) if package in APPS else Place(None, package)


def in_app_browser(user_agent: str) -> Place | None:
    """The app whose built-in browser this is, where it says so."""
    agent = user_agent[:1_000].lower()
    return next((Place(kind, name) for mark, kind, name in IN_APP_BROWSERS if mark in agent), None)


@lru_cache(4096)
def source_place(source: str) -> tuple[Place, bool]:
    """The place that a utm_source (lower case) names, and whether the name itself says "ads" (`facebook_ads`)."""
    if (word := _squeezed(source)) in SOURCES:
        kind, name = SOURCES[word]
        return Place(kind, name), kind in (Kind.GOOGLE_AD, Kind.MICROSOFT_AD)
    if (named := _AD_NAME.fullmatch(source)) and (word := _squeezed(named[1])) in SOURCES:
        return Place(*SOURCES[word]), True
    split = split_url(source) if "." in source else None
    return (place_at(host_of(split), split.path) if split else Place(None, source)), False


_AD_NAME = re.compile(r"(.+?)[-_. ]?(?:ads?|paid|cpc|ppc)")


def _squeezed(name: str) -> str:
    return re.sub(r"[\s._-]+", "", name)


@lru_cache(4096)
def _known_at(host: str) -> Place | None:
    labels = host.split(".")
    for start in range(len(labels) - 1):
        if (suffix := ".".join(labels[start:])) in HOSTS:
            return Place(*HOSTS[suffix])
    for brand in (-2, -3):
        if len(labels) >= -brand and labels[brand] in ANY_TLD and _TLD.fullmatch(".".join(labels[brand + 1 :])):
            return Place(*ANY_TLD[labels[brand]])
    return None


# What follows a brand's name in any country: com, de, co.uk, com.tr.
_TLD = re.compile(r"com|net|org|[a-z]{2}|(?:com|co|net|org|ne|or)\.[a-z]{2}")

_ON_GOOGLE: tuple[tuple[str, Place], ...] = (
    ("/maps", Place(Kind.GOOGLE_PROFILE, "Google Maps")),
    ("/local", Place(Kind.GOOGLE_PROFILE, "Google Business Profile")),
    ("/aclk", Place(Kind.GOOGLE_AD, "Google Ads")),
    ("/pagead", Place(Kind.GOOGLE_AD, "Google Ads")),
)
_ON_PATHS: tuple[tuple[str, Place], ...] = tuple((key, Place(*HOSTS[key])) for key in HOSTS if "/" in key)
_HOSTS_WITH_PATHS = frozenset(key.partition("/")[0] for key, _ in _ON_PATHS)
