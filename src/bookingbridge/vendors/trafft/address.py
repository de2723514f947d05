"""Where an owner's Trafft is: every account has a host of its own, perhaps under a domain of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from bookingbridge.canonical.errors import Refused

ADDRESS = "trafft_address"
"""The token field that holds it."""

NOWHERE = "https://admin.trafft.com/api/v2"
"""Stands for "each account's own address" in the manifest; nothing is ever sent there."""

PATH = "/api/v2"
_PATTERN = "https://{}.admin.trafft.com"

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)


def normal(typed: str) -> str:
    """The API's base URL for what the owner typed: a host, or the address of any page of the admin area.

    Refused where it is no address on the public internet over https. Whether the host leads inside a house is
    checked again when its name has been looked up.
    """
    text = typed.strip()
    if _LABEL.fullmatch(text.lower()):
        # The transport reaches only the host that was typed, so a bare name cannot stand for one.
        raise Refused(f"enter the whole address: {_PATTERN.format(text.lower())}", code="bad_address")
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host, port = (parts.hostname or "").rstrip(".").lower(), parts.port
    except ValueError as broken:
        raise _refused() from broken
    if parts.scheme.lower() != "https":
        raise Refused("the address of your Trafft must begin with https://", code="bad_address")
    if parts.username is not None or parts.password is not None or port not in (None, 443):
        raise _refused()
    if not _is_public_name(host):
        raise _refused()
    return f"https://{host}{PATH}"


def base_url(given: str, fields: Mapping[str, str]) -> str:
    """The API's address: the owner's own, or `given` where that is a simulator's."""
    if given.rstrip("/") != NOWHERE:
        return given.rstrip("/")
    return normal(fields.get(ADDRESS, ""))


def host_of(given: str, fields: Mapping[str, str]) -> str:
    """The host that stands for the account: the owner's, as far as one was typed."""
    try:
        url = normal(fields[ADDRESS])
    except (KeyError, Refused):
        url = base_url(given, fields)
    return urlsplit(url).netloc


def _is_public_name(host: str) -> bool:
    labels = host.split(".")
    if len(host) > 253 or len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):
        return False
    try:
        ip_address(host)
    except ValueError:
        return not labels[-1].isdigit() and labels[-1] not in ("local", "localhost", "internal", "localdomain")
    return False


def _refused() -> Refused:
    return Refused(
        "that is no address of a Trafft account: copy it from the browser while you are in Trafft's admin area, "
        "for example https://yourname.admin.trafft.com",
        code="bad_address",
    )
