"""One installation for many tests, each with a business of its own: starting one takes longer than most tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
from tests.web.pages.installation import Installation, installation


@contextmanager
def shared_installation(admin_url: str, template_database: str) -> Iterator[Installation]:
    """It answers until the block ends, over a database made from the template, which is gone afterwards."""
    name = f"{template_database.removesuffix('_template')}_shared_{uuid4().hex[:12]}"
    with psycopg.connect(admin_url, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name} TEMPLATE {template_database}".encode())
        with installation(urlunsplit(urlsplit(admin_url)._replace(path=f"/{name}")), days=8) as found:
            yield found
        conn.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
