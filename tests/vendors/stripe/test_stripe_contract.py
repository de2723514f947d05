"""Stripe keeps the contract every vendor keeps."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager

from tests.vendors.stripe import payloads, worlds

from bookingbridge.canonical.ports import Delivery, Json
from bookingbridge.vendorkit.contract import (
    ConversationContract,
    ManifestContract,
    ReadingContract,
    Simulated,
    WebhookContract,
)
from bookingbridge.vendors.stripe import VENDOR
from bookingbridge.vendors.stripe.webhooks import SIGNATURE


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
        events = [
            payloads.event("charge.refunded", "charge", "ch_mara", account="acct_northhair"),
            payloads.thin("v1.charge.refunded", "charge", "ch_mara"),
            payloads.event("payout.reconciliation_completed", "payout", "po_week"),
            payloads.event("account.application.deauthorized", "application", "ca_1", account="acct_northhair"),
        ]
        return [(payloads.delivery(event), payloads.SECRET) for event in events]


class TestConversation(ConversationContract):
    vendor = VENDOR

    def simulated(self) -> AbstractContextManager[Simulated]:
        return worlds.simulated()
