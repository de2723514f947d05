"""Shops for the tests of pages: one that all tests of a module look at, and those that a test may change."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pytest
from tests.web.pages.shop import Shop, shop


@pytest.fixture(scope="module")
def seen(admin_url: str, template_database: str) -> Iterator[Shop]:
    """A shop to be looked at only: the tests of a module share it."""
    name = f"{template_database.removesuffix('_template')}_shop_{uuid4().hex[:12]}"
    with psycopg.connect(admin_url, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name} TEMPLATE {template_database}".encode())
        with shop(urlunsplit(urlsplit(admin_url)._replace(path=f"/{name}"))) as made:
            yield made
        conn.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def new(seen: Shop) -> Shop:
    """A business of this test alone, without any history; quicker than one that has some."""
    return seen.another()


@pytest.fixture
def our(database_url: str) -> Iterator[Shop]:
    """A shop of this test alone, with its whole history."""
    with shop(database_url) as made:
        yield made
