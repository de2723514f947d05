"""Acuity keeps the contract every vendor keeps."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager

from tests.vendors.acuity import payloads, worlds

from bookingbridge.canonical.ports import Delivery, Json
from bookingbridge.vendorkit import signatures
from bookingbridge.vendorkit.contract import (
    ConversationContract,
    ManifestContract,
    ReadingContract,
    Simulated,
    WebhookContract,
)
from bookingbridge.vendors.acuity import VENDOR
from bookingbridge.vendors.acuity.webhooks import SIGNATURE

URL = "https://bridge.example.com/api/v1/webhooks/acuity/1"
KEY = "an-api-key-of-ours"


class TestManifest(ManifestContract):
    vendor = VENDOR


class TestReading(ReadingContract):
    vendor = VENDOR

    def fixtures(self) -> Sequence[tuple[str, Json]]:
        return payloads.ALL


class TestWebhooks(WebhookContract):
    vendor = VENDOR
    signature_header = SIGNATURE

    def signed(self) -> Sequence[tuple[Delivery, str]]:
        bodies = [
            b"action=scheduled&id=54001&calendarID=2201&appointmentTypeID=3201",
            b"appointmentTypeID=3201&calendarID=2201&id=54001&action=appointment.changed",
            b"action=order.completed&id=987654",
        ]
        return [(Delivery({SIGNATURE: signatures.sign_base64(KEY, body)}, body, URL), KEY) for body in bodies]

    def test_hints_name_kinds_that_can_be_fetched(self) -> None:
        """As the contract has it, save that ids are fresh: equal bytes are another change, not a repetition."""
        kinds = {stream.kind for stream in VENDOR.manifest.streams}
        for delivery, _ in self.signed():
            assert all(hint.kind in kinds for hint in self._hooks.read(delivery).hints)
            ids = {self._hooks.event_id(delivery) for _ in range(20)}
            assert len(ids) == 20
            assert all(given and len(given) <= 200 for given in ids)


class TestConversation(ConversationContract):
    vendor = VENDOR

    def simulated(self) -> AbstractContextManager[Simulated]:
        return worlds.simulated()
