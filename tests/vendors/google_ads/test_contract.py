"""The contract every vendor keeps, for Google Ads."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager

from tests.vendors.google_ads import google_world

from bookingbridge.canonical.ports import Json
from bookingbridge.vendorkit.contract import ConversationContract, ManifestContract, ReadingContract, Simulated
from bookingbridge.vendors.google_ads import VENDOR


class TestManifest(ManifestContract):
    vendor = VENDOR


class TestReading(ReadingContract):
    vendor = VENDOR

    def fixtures(self) -> Sequence[tuple[str, Json]]:
        campaign = {
            "resourceName": "customers/5550100001/campaigns/71001", "id": "71001", "name": "Brand", "status": "ENABLED",
        }  # fmt: skip
        customer = {"resourceName": "customers/5550100001", "currencyCode": "USD"}
        row = {
            "campaign": {"resourceName": "customers/5550100001/campaigns/71001", "id": "71001"},
            "customer": customer,
            "segments": {"date": "2026-11-01"},
            "metrics": {"costMicros": "5230000", "clicks": "21", "impressions": "188"},
        }
        return [
            ("campaign", {"campaign": campaign, "customer": customer}),
            ("ad_day", {"row": row, "is_settling": True}),
            ("ad_day", {"row": row, "is_settling": False, "is_absent": True}),
        ]


class TestConversation(ConversationContract):
    vendor = VENDOR

    def simulated(self) -> AbstractContextManager[Simulated]:
        return google_world.simulated()
