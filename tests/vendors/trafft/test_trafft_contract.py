"""Trafft keeps the contract every vendor keeps."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

from tests.vendors.trafft import payloads, worlds

from bookingbridge.canonical.ports import Delivery, Json
from bookingbridge.vendorkit.contract import (
    ConversationContract,
    ManifestContract,
    ReadingContract,
    Simulated,
    WebhookContract,
)
from bookingbridge.vendors.trafft import VENDOR
from bookingbridge.vendors.trafft.webhooks import AUTHORIZATION

URL = "https://bridge.example.com/api/v1/webhooks/trafft/1"
TOKEN = "a-verification-token-of-ours"


class TestManifest(ManifestContract):
    vendor = VENDOR


class TestReading(ReadingContract):
    vendor = VENDOR

    def fixtures(self) -> Sequence[tuple[str, Json]]:
        return payloads.ALL


class TestWebhooks(WebhookContract):
    vendor = VENDOR
    signature_header = AUTHORIZATION

    def signed(self) -> Sequence[tuple[Delivery, str]]:
        bodies = [payloads.webhook(), {"customerFullName": "Mara Quill", "customerEmail": "mara@example.com"}]
        return [(Delivery({AUTHORIZATION: TOKEN}, json.dumps(body).encode(), URL), TOKEN) for body in bodies]

    def test_a_changed_byte_is_refused(self) -> None:
        """Trafft signs no body: it is the token of which no byte may differ."""
        for delivery, secret in self.signed():
            for i in range(len(TOKEN)):
                changed = TOKEN[:i] + chr(ord(TOKEN[i]) ^ 1) + TOKEN[i + 1 :]
                self._is_refused(replace(delivery, headers={AUTHORIZATION: changed}), [secret])


class TestConversation(ConversationContract):
    vendor = VENDOR

    def simulated(self) -> AbstractContextManager[Simulated]:
        return worlds.simulated()
