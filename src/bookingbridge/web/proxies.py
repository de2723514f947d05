"""Who a request really comes from, when it passed proxies of ours. Nobody else's word about that is taken."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from bookingbridge.canonical.errors import Refused

Address = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Proxies:
    """The proxies whose X-Forwarded headers are believed: addresses and networks."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Proxies:
        """From a list such as `10.0.0.0/8, 192.0.2.7`. Raises Refused for what is neither."""
        try:
            return cls(tuple(ip_network(part, strict=False) for part in text.replace(",", " ").split()))
        except ValueError as wrong:
            raise Refused(f"TRUSTED_PROXIES lists addresses and networks, such as 10.0.0.0/8: {wrong}.") from wrong

    def trusts(self, text: str) -> bool:
        """Whether this address is one of them."""
        address = parsed(text)
        return address is not None and any(address in network for network in self.networks)

    def client(self, peer: str, forwarded_for: Iterable[str]) -> str:
        """The client's address. `forwarded_for` holds the header's values in their order.

        Each proxy adds at the end whom it heard from, so the list is read from its end for as long as the speaker is
        trusted; what stands before that anybody may have written.
        """
        heard = [part.strip() for value in forwarded_for for part in value.split(",")]
        speaker = peer
        while heard and self.trusts(speaker):
            said = parsed(heard.pop())
            if said is None:
                break
            speaker = str(said)
        return speaker


def parsed(text: str) -> Address | None:
    """The address a header or a socket names, without port, brackets and IPv4-in-IPv6; None when it names none."""
    bare = text.strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        address = ip_address(bare)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
