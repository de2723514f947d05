"""An installation that the tests of a module share, each with a business of its own."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pytest
from tests.web.pages.installation import Installation, installation


@pytest.fixture(scope="module")
def shared(admin_url: str, template_database: str) -> Iterator[Installation]:
    name = f"{template_database.removesuffix('_template')}_connecting_{uuid4().hex[:12]}"
    with psycopg.connect(admin_url, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name} TEMPLATE {template_database}".encode())
        with installation(urlunsplit(urlsplit(admin_url)._replace(path=f"/{name}")), days=8) as found:
            yield found
        conn.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
