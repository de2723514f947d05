"""Meta's webhooks: handshake, signature, hints."""

from __future__ import annotations

import json

import pytest
from tests.vendors.meta_ads.meta_world import specs

from bookingbridge.canonical.errors import Refused
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Delivery, Hint, Json
from bookingbridge.vendorkit import signatures
from bookingbridge.vendors.meta_ads.webhooks import MetaWebhooks, challenge

ASKED = {"hub.mode": "subscribe", "hub.verify_token": "tok", "hub.challenge": "1158201444"}


def delivery(body: Json) -> Delivery:
    raw = json.dumps(body).encode()
    return Delivery({"x-hub-signature-256": f"sha256={signatures.sign_hex('s', raw)}"}, raw, "https://example.com/")


def test_the_handshake_is_answered_with_its_challenge() -> None:
    assert challenge(ASKED, ["old", "tok"]) == "1158201444"


@pytest.mark.parametrize(
    "changed",
    [{"hub.verify_token": "wrong"}, {"hub.verify_token": ""}, {"hub.mode": "unsubscribe"}, {"hub.challenge": ""}],
)
def test_a_handshake_that_is_not_ours_is_refused(changed: dict[str, str]) -> None:
    with pytest.raises(Refused):
        challenge(ASKED | changed, ["tok"])


def test_without_a_verify_token_of_our_own_nobody_passes() -> None:
    for tokens in ([], [""]):
        with pytest.raises(Refused):
            challenge(ASKED | {"hub.verify_token": ""}, tokens)


def test_the_published_handshakes_are_answered_as_published() -> None:
    for line in (specs() / "vectors" / "webhook_handshakes.jsonl").read_text().splitlines():
        vector = json.loads(line)
        if vector["vendor"] != "meta":
            continue
        tokens = [vector["configured"]["verify_token"]]
        if vector["expect"].get("status") == 200:
            assert challenge(vector["request"]["query"], tokens) == vector["expect"]["body"]
        else:
            with pytest.raises(Refused):
                challenge(vector["request"]["query"], tokens)


def test_the_signature_is_a_plain_hmac_of_the_raw_body() -> None:
    """RFC 4231, test case 2: the scheme is nothing but HMAC-SHA256 in hexadecimal, with a prefix."""
    body = b"what do ya want for nothing?"
    sent = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    MetaWebhooks().verify(Delivery({"x-hub-signature-256": sent}, body, "https://example.com/"), ["Jefe"])


def test_a_campaigns_change_is_a_hint_to_fetch_it_once() -> None:
    change = {"field": "in_process_ad_objects", "value": {"id": "23001", "level": "CAMPAIGN", "status_name": "PAUSED"}}
    other = {"field": "in_process_ad_objects", "value": {"id": "99", "level": "AD_SET"}}
    entry = {"id": "1001", "time": 1, "changes": [change, other, change]}
    notice = MetaWebhooks().read(delivery({"object": "ad_account", "entry": [entry]}))
    assert notice.hints == (Hint("campaign", RemoteId("23001")),)
    assert notice.account == "act_1001"
    assert notice.type == "ad_account.in_process_ad_objects"


def test_a_batch_over_two_accounts_belongs_to_none_alone() -> None:
    entries = [{"id": "1001", "changes": []}, {"id": 1002, "changes": []}]
    assert MetaWebhooks().read(delivery({"object": "ad_account", "entry": entries})).account is None


@pytest.mark.parametrize(
    ("entry", "is_lost"),
    [
        ({"changes": [{"field": "ads_read", "value": {"verb": "revoked"}}]}, True),
        ({"changes": [{"field": "ads_read", "value": {"verb": "granted"}}]}, False),
        ({"changes": [{"field": "email", "value": {"verb": "revoked"}}]}, False),
        ({"changed_fields": ["ads_read"]}, True),
    ],
)
def test_a_permission_taken_back_is_shown(entry: Json, is_lost: bool) -> None:
    notice = MetaWebhooks().read(delivery({"object": "permissions", "entry": [{"uid": "9001", "id": "9001"} | entry]}))
    assert [hint.note for hint in notice.hints] == ["revoked"] * is_lost


def test_other_objects_are_read_and_ask_for_nothing() -> None:
    assert MetaWebhooks().read(delivery({"object": "page", "entry": [{"id": "1", "messaging": []}]})).hints == ()
