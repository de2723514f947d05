"""The database's shape is brought to a revision. Run as the tables' owner, never as the app's role."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import psycopg

# One number for all: two processes that start together must not migrate at once.
_LOCK = 0x626F6F6B


def scripts() -> Path:
    """Where the migrations are: beside the source in a checkout, inside the package when installed."""
    packaged = Path(__file__).parents[1] / "_migrations"
    return packaged if packaged.is_dir() else Path(__file__).parents[3] / "migrations"


def head() -> str:
    """The newest revision this version of the product knows: migrations are numbered, and form one line."""
    return max(path.name[:4] for path in (scripts() / "versions").glob("[0-9]*.py"))


def current(url: str) -> str | None:
    """The revision the database at `url` is at; None where it was never migrated."""
    with psycopg.connect(url) as conn:
        if conn.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,):
            return None
        row = conn.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(row[0]) if row else None


def upgrade(url: str, revision: str = "head") -> None:
    """The database at `url` (owner's conninfo URL) is at `revision` afterwards. Safe to call from many processes."""
    if revision in ("head", head()) and current(url) == head():
        return
    _locked(url, "upgrade", revision)


def downgrade(url: str, revision: str = "base") -> None:
    """The database at `url` is back at `revision`. Loses what newer revisions hold: for tests and roll-backs."""
    _locked(url, "downgrade", revision)


def _locked(url: str, act: Literal["upgrade", "downgrade"], revision: str) -> None:
    # Alembic and SQLAlchemy take a second to import and are needed only when there is something to do.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(scripts()))
    config.attributes["url"] = sqlalchemy_url(url)
    with psycopg.connect(url, autocommit=True) as guard:
        guard.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        getattr(command, act)(config, revision)


def sqlalchemy_url(url: str) -> str:
    """The same database in SQLAlchemy's spelling, with psycopg 3 as the driver."""
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url
