"""The API against its own description: invented requests of every operation, valid and not, and what comes back."""

from __future__ import annotations

from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import ignored_auth
from tests.small_site import Member, Site, small_site

from bookingbridge.api.app import PREFIX
from bookingbridge.infra.limits import Buckets

schemathesis.openapi.format("iana-time-zone", st.sampled_from(["America/New_York", "Europe/Warsaw", "UTC"]))

EXAMPLES = 6
"""Per operation and mode. A number that a push can wait for; raise it to search longer."""


def operations_of(site: Site) -> list[Any]:
    schema = schemathesis.openapi.from_url(f"{site.url}{PREFIX}/openapi.json")
    found = list(schema.get_all_operations())
    assert all(isinstance(each, Ok) for each in found)
    return [each.ok() for each in found if isinstance(each, Ok)]


def keeps_its_word(site: Site, owner: Member, operation: Any, mode: GenerationMode) -> str:
    """What the operation did against its description when asked with invented requests; nothing if all was well."""

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        if mode is GenerationMode.POSITIVE and case.query:
            case.query.pop("cursor", None)  # real ones come out of answers only
        # Limits are tried elsewhere; here every request starts with full buckets.
        site.app.state.api_buckets = Buckets()
        member = owner.who
        case.call_and_validate(
            headers={"x-csrf-token": member.csrf, "cookie": f"bb_session={owner.session}"},
            # The matrix tries every route as everybody; here the caller is always the owner.
            excluded_checks=[ignored_auth],
        )

    try:
        ask()
    except (Exception, FailureGroup) as fault:
        return f"{operation.label} {mode}: {fault}"
    return ""


def test_every_operation_keeps_its_word(database_url: str) -> None:
    """No server error, no undocumented status, type or shape; what is valid is taken and what is not is refused."""
    with small_site(database_url) as site:
        owner = site.owner()
        every = operations_of(site)
        assert len(every) == 13
        modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        faults = [keeps_its_word(site, owner, operation, mode) for operation in every for mode in modes]
    found = "\n\n".join(filter(None, faults))
    assert found == "", found
