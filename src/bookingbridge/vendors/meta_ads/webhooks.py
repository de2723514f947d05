"""Meta's webhooks: the handshake by GET, the signature over the raw bytes, and what to look at again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from bookingbridge.canonical.errors import Refused, Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Delivery, Hint, Notice
from bookingbridge.vendorkit import signatures
from bookingbridge.vendors.meta_ads import wire

_SCHEME = "sha256="


def challenge(query: Mapping[str, str], verify_tokens: Sequence[str]) -> str:
    """What to answer, as plain text with 200, when Meta asks whether the address is ours. Refused (403) otherwise."""
    if query.get("hub.mode") != "subscribe":
        raise Refused("the handshake does not ask to subscribe", code="wrong_mode")
    given = query.get("hub.verify_token", "")
    if not any(token and signatures.same(given, token) for token in verify_tokens):
        raise Refused("the handshake's verify token is not ours", code="wrong_verify_token")
    if not (asked := query.get("hub.challenge", "")):
        raise Refused("the handshake has no challenge", code="no_challenge")
    return asked


class MetaWebhooks:
    """Signed with the app's secret: X-Hub-Signature-256 is sha256= and the hex HMAC of the body as it arrived."""

    def verify(self, delivery: Delivery, secrets: Sequence[str]) -> None:
        """Returns when one of the secrets signed this; Refused with the reason otherwise."""
        given = delivery.headers.get("x-hub-signature-256", "")
        if not given:
            raise Refused("there is no X-Hub-Signature-256 header", code="no_signature")
        if not given.startswith(_SCHEME) or len(given) != len(_SCHEME) + 64:
            raise Refused("the X-Hub-Signature-256 header is not sha256= and 64 hex digits", code="bad_signature")
        if not any(signatures.is_hex_of(given, secret, delivery.body, prefix=_SCHEME) for secret in secrets):
            raise Refused("the signature fits none of the app secrets, or the body was changed", code="wrong_signature")

    def read(self, delivery: Delivery) -> Notice:
        """What it says. Unreadable when it cannot be understood."""
        try:
            said = msgspec.json.decode(delivery.body, type=wire.Notification)
        except (msgspec.DecodeError, RecursionError, UnicodeError) as broken:
            raise Unreadable("the webhook has another shape than Meta documents") from broken
        accounts = {_account(entry) for entry in said.entry} if said.object == "ad_account" else set()
        fields = sorted({change.field for entry in said.entry for change in entry.changes})
        return Notice(
            event_id=hashlib.sha256(delivery.body).hexdigest(),
            type=".".join([said.object, *fields])[:200],
            account=accounts.pop() if len(accounts) == 1 else None,
            hints=tuple(dict.fromkeys(_hints(said))),
        )

    def event_id(self, delivery: Delivery) -> str | None:
        """Meta gives its deliveries no id: the body's hash tells them apart."""
        return None


def _hints(said: wire.Notification) -> Iterator[Hint]:
    for entry in said.entry:
        if said.object == "permissions" and _lost_ads_read(entry):
            yield Hint("", RemoteId(str(entry.uid or entry.id)), "revoked")
        if said.object != "ad_account":
            continue
        for change in entry.changes:
            yield from _hint(change)


def _hint(change: wire.Change) -> Iterator[Hint]:
    """in_process_ad_objects and with_issues_ad_objects name an object by level and id; only campaigns are ours."""
    value = change.value if isinstance(change.value, dict) else {}
    remote_id = str(value.get("id", ""))
    if value.get("level") == "CAMPAIGN" and remote_id.isdigit() and remote_id.isascii():
        yield Hint("campaign", RemoteId(remote_id))


def _lost_ads_read(entry: wire.Entry) -> bool:
    """Whether the entry may say so: older subscriptions name the changed fields only, without the verb."""
    verbs = [c.value.get("verb") for c in entry.changes if c.field == "ads_read" and isinstance(c.value, dict)]
    return "revoked" in verbs or (not verbs and "ads_read" in entry.changed_fields)


def _account(entry: wire.Entry) -> RemoteId:
    digits = str(entry.id).removeprefix("act_")
    return RemoteId(f"act_{digits}")
