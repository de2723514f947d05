"""In a simulator nobody has to look for credentials: the form holds what the simulator takes."""

from __future__ import annotations

import re

import pytest
from tests.web.markup import Page
from tests.web.pages.installation import Installation

from bookingbridge.canonical.ports import Auth
from bookingbridge.main.wiring import VENDORS

PASTED = sorted(name for name, vendor in VENDORS.items() if Auth.TOKEN in vendor.manifest.auth)


@pytest.mark.parametrize("vendor", PASTED)
def test_what_the_form_is_filled_with_connects(shared: Installation, vendor: str) -> None:
    visitor = shared.client(shared.owner())
    page = f"/connections/new/{vendor}?way=token&environment=simulator"
    shown = visitor.get(page)
    assert Page(shown.text).wrong == []
    assert "Press Connect." in shown.text
    landed = visitor.send(page, f"/connections/new/{vendor}")
    assert re.fullmatch(r"/connections/[0-9a-f-]{36}", landed.url.path), landed.text
    assert "Start the import" in landed.text
    assert "did not let us in" not in landed.text


@pytest.mark.parametrize("vendor", PASTED)
def test_the_forms_of_the_real_vendors_are_empty(shared: Installation, vendor: str) -> None:
    visitor = shared.client(shared.owner())
    filled = shared.engine.starter(vendor)
    assert set(filled) <= {f.name for f in VENDORS[vendor].manifest.token_fields}
    text = visitor.get(f"/connections/new/{vendor}?way=token&environment=production").text
    assert not [value for value in filled.values() if f'value="{value}"' in text]
    assert "Press Connect." not in text


def test_a_secret_that_was_typed_over_it_is_not_shown_again(shared: Installation) -> None:
    visitor = shared.client(shared.owner())
    page = "/connections/new/stripe?way=token&environment=simulator"
    refused = visitor.send(page, "/connections/new/stripe", restricted_key="rk_test_of_somebody_else")
    assert refused.status_code == 422
    assert "rk_test_of_somebody_else" not in refused.text
