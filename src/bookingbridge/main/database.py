"""The database this installation uses: the one that was named, or the embedded one, at the newest revision."""

from __future__ import annotations

from dataclasses import dataclass

from bookingbridge.infra import migrate
from bookingbridge.main.settings import Settings


@dataclass(frozen=True, slots=True)
class Found:
    """The owner's URL, and where the server comes from: a sentence for `doctor`."""

    url: str
    origin: str


def find(settings: Settings) -> Found:
    """The database's owner URL. Starts the embedded server where no DATABASE_URL is set."""
    if settings.database_url is not None:
        return Found(settings.database_url.get_secret_value(), "the server that DATABASE_URL names")
    from bookingbridge.infra import postgres

    server = postgres.ensure(settings.data_dir / "postgres", prefer=settings.postgres)
    return Found(server.url(), f"embedded PostgreSQL {server.version} ({server.origin})")


def prepare(settings: Settings) -> Found:
    """The same, migrated to the newest revision."""
    found = find(settings)
    migrate.upgrade(found.url)
    return found
