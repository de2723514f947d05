"""An installation that the tests of a module share, each with a business of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.web.pages.installation import Installation
from tests.web.pages.sharing import shared_installation


@pytest.fixture(scope="module")
def shared(admin_url: str, template_database: str) -> Iterator[Installation]:
    with shared_installation(admin_url, template_database) as found:
        yield found
