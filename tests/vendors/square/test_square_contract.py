"""Square keeps the contract every vendor keeps."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager

import msgspec
from tests.vendors.square import payloads, worlds

from bookingbridge.canonical.ports import Delivery, Json
from bookingbridge.vendorkit import signatures
from bookingbridge.vendorkit.contract import (
    ConversationContract,
    ManifestContract,
    ReadingContract,
    Simulated,
    WebhookContract,
)
from bookingbridge.vendors.square import VENDOR
from bookingbridge.vendors.square.webhooks import SIGNATURE

URL = "https://bridge.example.com/api/v1/webhooks/square/1"
KEY = "a-signature-key-of-ours"


class TestManifest(ManifestContract):
    vendor = VENDOR


class TestReading(ReadingContract):
    vendor = VENDOR

    def fixtures(self) -> Sequence[tuple[str, Json]]:
        return payloads.ALL


class TestWebhooks(WebhookContract):
    vendor = VENDOR
    signature_header = SIGNATURE
    is_url_signed = True

    def signed(self) -> Sequence[tuple[Delivery, str]]:
        events = [
            payloads.event("booking.updated", "bkg1mara:3", object={"booking": {"id": "bkg1mara"}}),
            payloads.event("oauth.authorization.revoked", "415641cf"),
            payloads.event("catalog.version.updated", "732b6677"),
        ]
        found = []
        for event in events:
            body = msgspec.json.encode(event)
            signature = signatures.sign_base64(KEY, URL.encode() + body)
            found.append((Delivery({SIGNATURE: signature}, body, URL), KEY))
        return found


class TestConversation(ConversationContract):
    vendor = VENDOR

    def simulated(self) -> AbstractContextManager[Simulated]:
        return worlds.simulated()
