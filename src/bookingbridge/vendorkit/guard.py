"""Where we may connect to: a vendor's own public hosts over TLS, and nothing inside the house.

A vendor's host name is looked up once and the connection goes to the address that was checked, so that a name which
answers differently the second time (DNS rebinding) gains nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from bookingbridge.canonical.errors import Refused

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})

# Python's `is_global` says True for most of these, yet each can lead inside: NAT64 and its local prefix, 6to4 and its
# relays, IETF assignments with Teredo, IPv4-compatible, SRv6, site-local (IANA special-purpose registries, 2026).
_TUNNELS = tuple(
    ip_network(block)
    for block in (
        "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/23", "::/96", "5f00::/16", "fec0::/10",
        "192.0.0.0/24", "192.88.99.0/24",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Target:
    """A place we may talk to: host in lower case, port, and whether it is a simulator on this machine."""

    scheme: str
    host: str
    port: int
    is_loopback: bool


def target(url: str, *, allowed_hosts: frozenset[str], allow_loopback: bool) -> Target:
    """Where `url` leads. Refused unless it is https on port 443 of an allowed host, or a simulator on loopback."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError as broken:
        raise Refused("that is not a usable address") from broken
    if not host or parts.username is not None or parts.password is not None:
        raise Refused("that is not a usable address")
    if host in LOOPBACK_NAMES and allow_loopback and parts.scheme in ("http", "https"):
        return Target(parts.scheme, host, port or (443 if parts.scheme == "https" else 80), is_loopback=True)
    if parts.scheme != "https":
        raise Refused(f"{host} is asked over https only")
    if host not in allowed_hosts:
        raise Refused(f"{host} is not one of this vendor's hosts")
    if port not in (None, 443):
        raise Refused(f"{host} is asked on port 443 only")
    return Target("https", host, 443, is_loopback=False)


DOORS = frozenset({993})
"""The ports other than HTTP's that we connect to, all of them TLS from the first byte: IMAP (RFC 8314)."""


def door(host: str, port: int, *, allowed_hosts: frozenset[str], allow_loopback: bool) -> Target:
    """A place to dial. Refused unless it is a known port of an allowed host, or a simulator on loopback."""
    name = host.strip().rstrip(".").lower()
    if name in LOOPBACK_NAMES and allow_loopback:
        return Target("tls", name, port, is_loopback=True)
    if not name or name not in allowed_hosts:
        raise Refused(f"{name[:100]} is not one of this vendor's hosts")
    if port not in DOORS:
        raise Refused(f"{name} is asked on port {' or '.join(str(p) for p in sorted(DOORS))} only")
    return Target("tls", name, port, is_loopback=False)


def is_public(address: str) -> bool:
    """Whether the IP address belongs to the public internet, tunnels into private networks excluded."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv6Address) and ip.scope_id:
        return False
    inner = ip.ipv4_mapped if isinstance(ip, IPv6Address) else None
    return _is_plain(ip) if inner is None else _is_plain(inner)


def may_connect(where: Target, address: str) -> bool:
    """Whether the name's address is one we accept: public for vendors, loopback for simulators."""
    if not where.is_loopback:
        return is_public(address)
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _is_plain(ip: IPv4Address | IPv6Address) -> bool:
    if not ip.is_global or ip.is_multicast or ip.is_reserved or ip.is_unspecified:
        return False
    return not any(ip.version == block.version and ip in block for block in _TUNNELS)
