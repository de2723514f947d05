"""The contract every vendor keeps, for calendar feeds."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager

from tests.vendors.calendar_feed import talking

from bookingbridge.canonical.ports import Json
from bookingbridge.vendorkit.contract import ConversationContract, ManifestContract, ReadingContract, Simulated
from bookingbridge.vendors.calendar_feed import VENDOR


class TestManifest(ManifestContract):
    vendor = VENDOR

    def test_the_field_that_holds_the_address_is_a_secret_token_field(self) -> None:
        manifest = VENDOR.manifest
        [field] = [f for f in manifest.token_fields if f.name == manifest.host_field]
        assert field.is_secret
        assert field is manifest.token_fields[0]


class TestReading(ReadingContract):
    vendor = VENDOR

    def fixtures(self) -> Sequence[tuple[str, Json]]:
        visit = {
            "id": "appt-1@calendar.example.com", "starts_at": "2026-11-20T18:00:00Z",
            "ends_at": "2026-11-20T18:45:00Z", "title": "Haircut: Ana R.", "status": "CONFIRMED",
            "text": "Ref: abc", "place": "Chair 1", "booked_at": "2026-11-02T10:00:00Z", "booked_from": "created",
            "sequence": 2, "changed_at": "2026-11-03T10:00:00Z",
        }  # fmt: skip
        closed = {
            "id": "closed@calendar.example.com", "starts_at": "2026-11-26T08:00:00Z",
            "ends_at": "2026-11-27T08:00:00Z", "title": "Closed", "is_all_day": True,
            "booked_at": "2026-11-02T10:00:00Z",
        }  # fmt: skip
        return [("booking", visit), ("booking", {**visit, "is_retired": True}), ("block", closed), ("block", visit)]


class TestConversation(ConversationContract):
    vendor = VENDOR

    def simulated(self) -> AbstractContextManager[Simulated]:
        return talking.simulated()
