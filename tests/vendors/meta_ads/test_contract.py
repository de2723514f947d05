"""The contract every vendor keeps, for Meta."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from tests.vendors.meta_ads import meta_world

from bookingbridge.canonical.errors import Throttled
from bookingbridge.canonical.ports import Delivery, Json
from bookingbridge.vendorkit import signatures
from bookingbridge.vendorkit.contract import (
    ConversationContract,
    ManifestContract,
    ReadingContract,
    Simulated,
    WebhookContract,
)
from bookingbridge.vendors.meta_ads import VENDOR

SECRET = "app-secret-of-a-test"


class TestManifest(ManifestContract):
    vendor = VENDOR


class TestReading(ReadingContract):
    vendor = VENDOR

    def fixtures(self) -> Sequence[tuple[str, Json]]:
        campaign = {
            "id": "23001", "name": "Autumn glow", "status": "ACTIVE", "effective_status": "WITH_ISSUES",
            "updated_time": "2026-11-02T09:15:00-0800",
        }  # fmt: skip
        row = {
            "campaign_id": "23001", "campaign_name": "Autumn glow", "account_currency": "USD", "spend": "154.23",
            "clicks": "312", "impressions": "10234", "date_start": "2026-11-01", "date_stop": "2026-11-01",
        }  # fmt: skip
        return [
            ("campaign", {"campaign": campaign, "currency": "USD"}),
            ("campaign", {"campaign": {"id": "23002"}, "currency": "JPY"}),
            ("ad_day", {"row": row, "is_settling": True}),
            ("ad_day", {"row": row, "is_settling": False, "is_absent": True}),
        ]


class TestConversation(ConversationContract):
    vendor = VENDOR

    def simulated(self) -> AbstractContextManager[Simulated]:
        return meta_world.simulated()

    def test_a_passing_fault_costs_nothing(self) -> None:
        """A 500 and a cut line cost nothing. Throttling does: Meta counts calls made meanwhile, so we stop at once."""
        with self.simulated() as there:
            for stream in self.vendor.manifest.streams:
                expected = {raw.remote_id for page in self._pages(there, stream.name) for raw in page.records}
                for fault in ("500", "reset"):
                    there.order(fault)
                    found = {raw.remote_id for page in self._pages(there, stream.name) for raw in page.records}
                    assert found == expected
                there.order("429", retry_after=90)
                with pytest.raises(Throttled) as told:
                    self._talk(there, self._reading(there, stream.name))
                assert told.value.until == there.now() + timedelta(minutes=2)
                assert {raw.remote_id for page in self._pages(there, stream.name) for raw in page.records} == expected


class TestWebhooks(WebhookContract):
    vendor = VENDOR
    signature_header = "x-hub-signature-256"

    def signed(self) -> Sequence[tuple[Delivery, str]]:
        changes = [
            {"field": "in_process_ad_objects", "value": {"id": "23001", "level": "CAMPAIGN", "status_name": "ACTIVE"}},
            {"field": "with_issues_ad_objects", "value": {"id": "77", "level": "AD", "error_code": 1}},
        ]
        account = {"object": "ad_account", "entry": [{"id": "1001", "time": 1763600000, "changes": changes}]}
        verbs = [{"field": "ads_read", "value": {"verb": "revoked", "target_ids": ["1"]}}]
        gone = {"object": "permissions", "entry": [{"uid": "9001", "id": "9001", "time": 1, "changes": verbs}]}
        # Meta escapes slashes and everything beyond ASCII; the bytes count, not what they mean.
        bodies = [json.dumps(account).encode(), json.dumps(gone).encode(), b'{"object":"ad_account","x":"\\/\\u00e9"}']
        return [
            (
                Delivery(
                    {"x-hub-signature-256": f"sha256={signatures.sign_hex(SECRET, body)}"}, body, "https://example.com/"
                ),
                SECRET,
            )
            for body in bodies
        ]
