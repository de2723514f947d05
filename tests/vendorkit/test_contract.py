"""The contract itself is tested: each fault it is there for, planted in a toy vendor, is found."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bookingbridge.canonical.errors import Refused, Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import (
    Ability,
    Auth,
    AuthField,
    Delivery,
    Hint,
    Json,
    Manifest,
    Notice,
    Stream,
    Vendor,
)
from bookingbridge.canonical.records import Record, StaffMember
from bookingbridge.vendorkit import signatures
from bookingbridge.vendorkit.contract import ManifestContract, ReadingContract, WebhookContract

KEY, HEADER = "key-of-the-toy", "x-toy-signature"

MANIFEST = Manifest(
    name="toy", title="Toy", tagline="", abilities=frozenset({Ability.TEAM, Ability.WEBHOOKS}), auth=(Auth.TOKEN,),
    scopes=(), app_fields=(), token_fields=(AuthField("token", "Token", "Yours."),), webhook_fields=(),
    streams=(Stream("team", "staff", "Team"),), api_version="1", hosts={"production": "https://toy.example.com"},
    allowed_hosts=frozenset({"toy.example.com"}), every=timedelta(hours=1), docs="", limits="", cost="",
)  # fmt: skip


def staff(payload: Json, **changes: Any) -> StaffMember:
    remote_id, name = payload.get("id"), payload.get("name")
    if not isinstance(remote_id, str) or not isinstance(name, str) or not remote_id or not remote_id.isprintable():
        raise Unreadable("no name")
    clean = name.replace("\x00", "")
    return replace(StaffMember(RemoteId(remote_id), None, datetime(2026, 1, 1, tzinfo=UTC), clean), **changes)


def read(kind: str, payload: Json) -> list[Record]:
    if kind != "staff":
        raise Unreadable("what is that")
    return [staff(payload)]


class Hooks:
    """A vendor's webhooks, done well; each subclass does one thing badly."""

    def verify(self, delivery: Delivery, secrets: Sequence[str]) -> None:
        given = delivery.headers.get(HEADER)
        if not any(signatures.is_hex_of(given, secret, delivery.body) for secret in secrets):
            raise Refused("no secret of ours signed this")

    def read(self, delivery: Delivery) -> Notice:
        try:
            body = json.loads(delivery.body)
            return Notice(str(body["id"]), "changed", None, (Hint("staff", RemoteId(str(body["who"]))),))
        except (ValueError, KeyError, TypeError, RecursionError) as broken:
            raise Unreadable("no event") from broken

    def event_id(self, delivery: Delivery) -> str | None:
        try:
            return self.read(delivery).event_id
        except Unreadable:
            return None


VENDOR = Vendor(manifest=MANIFEST, read=read, open=lambda given: None, oauth=None, webhooks=Hooks())  # type: ignore[arg-type, return-value]


class Reading(ReadingContract):
    vendor = VENDOR

    def fixtures(self) -> Sequence[tuple[str, Json]]:
        return [("staff", {"id": "1", "name": "Nora"})]


class Webhooks(WebhookContract):
    vendor = VENDOR
    signature_header = HEADER

    def signed(self) -> Sequence[tuple[Delivery, str]]:
        body = b'{"id": "e1", "who": "s1"}'
        return [(Delivery({HEADER: signatures.sign_hex(KEY, body)}, body, "https://b.example.com"), KEY)]


class Manifests(ManifestContract):
    vendor = VENDOR


def run(contract: Any) -> list[str]:
    """The names of the tests that find something."""
    found = []
    for name in sorted(n for n in dir(contract) if n.startswith("test_")):
        try:
            getattr(contract, name)()
        except Exception:
            found.append(name.removeprefix("test_"))
    return found


def with_reader(reader: Callable[[str, Json], list[Record]]) -> Reading:
    contract = Reading()
    contract.vendor = replace(VENDOR, read=reader)  # type: ignore[misc]
    return contract


def test_a_vendor_done_well_passes() -> None:
    assert run(Reading()) == []
    assert run(Webhooks()) == []
    assert run(Manifests()) == []


def crashes(kind: str, payload: Json) -> list[Record]:
    return [staff({"id": "1", "name": payload["name"] + "!"})]


def naive(kind: str, payload: Json) -> list[Record]:
    return [staff(payload, changed_at=datetime(2026, 1, 1))]  # noqa: DTZ001


def changes_its_input(kind: str, payload: Json) -> list[Record]:
    payload["seen"] = True
    return read(kind, payload)


def keeps_zeros(kind: str, payload: Json) -> list[Record]:
    return [staff(payload, name=str(payload.get("name")))]


def takes_any_kind(kind: str, payload: Json) -> list[Record]:
    return [staff({"id": "1", "name": "x"})]


_calls = [0]


def is_moody(kind: str, payload: Json) -> list[Record]:
    _calls[0] += 1
    return [staff(payload, name=f"{_calls[0]}")]


@pytest.mark.parametrize(
    ("reader", "finds"),
    [
        (crashes, "a_broken_payload_is_unreadable_or_still_read_well"),
        (naive, "a_fixture_reads_into_records_of_good_form"),
        (changes_its_input, "reading_is_pure"),
        (is_moody, "reading_is_pure"),
        (keeps_zeros, "a_broken_payload_is_unreadable_or_still_read_well"),
        (takes_any_kind, "an_unknown_kind_is_unreadable"),
        (lambda kind, payload: [], "a_fixture_reads_into_records_of_good_form"),
    ],
)
def test_a_planted_fault_in_reading_is_found(reader: Callable[[str, Json], list[Record]], finds: str) -> None:
    assert finds in run(with_reader(reader))


class AcceptsAll(Hooks):
    def verify(self, delivery: Delivery, secrets: Sequence[str]) -> None:
        """Anything goes."""


class SignsTheHeadOnly(Hooks):
    def verify(self, delivery: Delivery, secrets: Sequence[str]) -> None:
        super().verify(replace(delivery, body=delivery.body[:25]), secrets)


class OneKeyOnly(Hooks):
    def verify(self, delivery: Delivery, secrets: Sequence[str]) -> None:
        super().verify(delivery, secrets[:1])


class TellsTheSecret(Hooks):
    def verify(self, delivery: Delivery, secrets: Sequence[str]) -> None:
        try:
            super().verify(delivery, secrets)
        except Refused as refused:
            raise Refused(f"not signed with {secrets}") from refused


class CrashesOnBadBodies(Hooks):
    def read(self, delivery: Delivery) -> Notice:
        body = json.loads(delivery.body)
        return Notice(str(body["id"]), "changed", None, ())


class HintsAtNothingKnown(Hooks):
    def read(self, delivery: Delivery) -> Notice:
        return replace(super().read(delivery), hints=(Hint("planet", RemoteId("1")),))


@pytest.mark.parametrize(
    ("hooks", "finds"),
    [
        (AcceptsAll(), "a_changed_byte_is_refused"),
        (AcceptsAll(), "without_the_right_secret_it_is_refused"),
        (SignsTheHeadOnly(), "a_changed_byte_is_refused"),
        (OneKeyOnly(), "what_was_signed_is_accepted_also_while_keys_rotate"),
        (TellsTheSecret(), "without_the_right_secret_it_is_refused"),
        (CrashesOnBadBodies(), "a_broken_body_is_unreadable_never_a_crash"),
        (HintsAtNothingKnown(), "hints_name_kinds_that_can_be_fetched"),
    ],
)
def test_a_planted_fault_in_webhooks_is_found(hooks: Hooks, finds: str) -> None:
    contract = Webhooks()
    contract.vendor = replace(VENDOR, webhooks=hooks)  # type: ignore[misc]
    assert finds in run(contract)


@pytest.mark.parametrize(
    ("change", "finds"),
    [
        ({"hosts": {"production": "http://toy.example.com"}}, "each_base_url_is_an_allowed_host_over_https"),
        ({"allowed_hosts": frozenset()}, "each_base_url_is_an_allowed_host_over_https"),
        ({"auth": (Auth.OAUTH,)}, "what_is_promised_is_there"),
        ({"abilities": frozenset()}, "what_is_promised_is_there"),
        ({"streams": (Stream("a", "staff", "A", needs=("b",)),)}, "streams_need_only_earlier_streams_of_known_kinds"),
        (
            {"token_fields": (AuthField("API_TOKEN", "T", "t", is_secret=False),)},
            "fields_that_hold_a_secret_are_marked",
        ),
    ],
)
def test_a_planted_fault_in_a_manifest_is_found(change: dict[str, Any], finds: str) -> None:
    contract = Manifests()
    contract.vendor = replace(VENDOR, manifest=replace(MANIFEST, **change))  # type: ignore[misc]
    assert finds in run(contract)
