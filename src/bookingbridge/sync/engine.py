"""What the engine works with: database, vault, vendors, their credentials and addresses. Made once, in main.wiring."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from bookingbridge.canonical.errors import NotFound, Refused
from bookingbridge.canonical.ports import Vendor
from bookingbridge.canonical.records import Record
from bookingbridge.infra.clock import Clock
from bookingbridge.infra.db import Database
from bookingbridge.infra.secrets import Vault
from bookingbridge.sync.ingesting import Ingester


@dataclass(frozen=True, slots=True)
class FileRead:
    """What a file came to. `records` is empty where nothing may be imported; `problems` are sentences with lines.

    `columns` maps our field to the file's column; `preview` holds (line, what it becomes, why not).
    """

    kind: str
    rows: int
    records: list[Record]
    problems: list[str]
    problem_count: int
    notes: list[str]
    columns: Mapping[str, str]
    ignored: Sequence[str]
    counts: Mapping[str, int]
    preview: Sequence[tuple[int, str, Sequence[str]]] = ()


@dataclass(frozen=True, slots=True)
class FileSaid:
    """What a person says about a file: its kind, field to column, options by name; where it leaves something open."""

    kind: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    skip_bad_rows: bool = False
    is_preview: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Whose account a transport is for, as far as known, and the address of the owner's choice that it may reach.

    The budget of a vendor is kept per place.
    """

    account: str | None = None
    host: str | None = None


FileReader = Callable[[bytes, str, FileSaid], FileRead]
"""(content, name, what is said) to records. Raises Unreadable and Refused with what to correct."""


def _nothing(vendor: str) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Engine:
    """The engine's parts. `apps` and `addresses` are by (vendor, environment)."""

    db: Database
    vault: Vault
    clock: Clock
    vendors: Mapping[str, Vendor]
    ingesters: Mapping[str, Ingester]
    transport: Callable[[Vendor, str, Place], Any]
    """A transport that may speak to this vendor in this environment, to the place's own host, and to nobody else."""
    public_url: str
    """Where vendors and browsers reach us, without a slash at the end."""
    apps: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict, repr=False)
    addresses: Mapping[tuple[str, str], str] = field(default_factory=dict)
    read_file: FileReader | None = None
    starter: Callable[[str], Mapping[str, str]] = _nothing
    """The vendor's name to what its simulator here takes as pasted credentials; {} where there is none. May wait."""

    def vendor(self, name: str) -> Vendor:
        """The vendor of that name, or NotFound."""
        if name not in self.vendors:
            raise NotFound(f"there is no vendor called {name[:40]!r}")
        return self.vendors[name]

    def base_url(self, vendor: str, environment: str) -> str:
        """Where the vendor's API is in that environment."""
        address = self.addresses.get((vendor, environment)) or self.vendor(vendor).manifest.hosts.get(environment)
        if not address:
            raise Refused(f"{vendor} has no {environment} environment here")
        return address

    def app(self, vendor: str, environment: str) -> Mapping[str, str]:
        """The host's own credentials at the vendor, or Refused with what is to be set."""
        found = self.apps.get((vendor, environment), {})
        absent = [f.name for f in self.vendor(vendor).manifest.app_fields if f.is_required and not found.get(f.name)]
        if absent:
            raise Refused(f"set {', '.join(absent)} first: they come from your own app at {vendor}", code="no_app")
        return found

    def environments(self, vendor: str) -> list[str]:
        """The environments that could be connected here now, the most real one first."""
        known = [*self.vendor(vendor).manifest.hosts, "simulator"]
        return [e for e in known if (vendor, e) in self.addresses or e in self.vendor(vendor).manifest.hosts]

    def webhook_url(self, vendor: str, connection_id: UUID) -> str:
        """The address to give to the vendor; its signature may cover it, so it never depends on a request."""
        return f"{self.public_url}/api/v1/webhooks/{vendor}/{connection_id}"

    def redirect_uri(self) -> str:
        """Where vendors send the browser back to after their consent page."""
        return f"{self.public_url}/api/v1/oauth/callback"
