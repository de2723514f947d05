"""The test suite every vendor runs. A vendor's test file derives a class from each contract and brings its fixtures.

    class TestReading(ReadingContract): ...
    class TestConversation(ConversationContract): ...

Nothing here needs a test runner: methods named `test_…` assert. `contract_fuzz` makes the broken payloads.
"""

from __future__ import annotations

import copy
import json
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

import httpx2

from bookingbridge.canonical.errors import Refused, Unreadable
from bookingbridge.canonical.ports import Ability, Auth, Delivery, Json, Vendor
from bookingbridge.canonical.records import RECORDS
from bookingbridge.vendorkit import contract_fuzz
from bookingbridge.vendorkit.contract_talk import ConversationContract, Simulated

__all__ = ["ConversationContract", "ManifestContract", "ReadingContract", "Simulated", "WebhookContract"]


class ReadingContract:
    """Reading is pure, and total over anything: a record in good form, or Unreadable."""

    vendor: ClassVar[Vendor]

    @abstractmethod
    def fixtures(self) -> Sequence[tuple[str, Json]]:
        """(kind, payload): at least one for every kind of the manifest's streams."""
        raise NotImplementedError

    def test_every_stream_has_a_fixture(self) -> None:
        assert {s.kind for s in self.vendor.manifest.streams} <= {kind for kind, _ in self.fixtures()}

    def test_a_fixture_reads_into_records_of_good_form(self) -> None:
        for kind, payload in self.fixtures():
            records = self.vendor.read(kind, payload)
            assert records, f"nothing was read from a {kind}"
            for record in records:
                assert type(record) is RECORDS[record.kind]
                assert contract_fuzz.complaints(record) == []

    def test_reading_is_pure(self) -> None:
        for kind, payload in self.fixtures():
            before = copy.deepcopy(payload)
            assert self.vendor.read(kind, payload) == self.vendor.read(kind, payload)
            assert payload == before

    def test_a_broken_payload_is_unreadable_or_still_read_well(self) -> None:
        for kind, payload in self.fixtures():
            for broken in contract_fuzz.broken(payload):
                try:
                    records = self.vendor.read(kind, broken)
                except Unreadable:
                    continue
                for record in records:
                    assert contract_fuzz.complaints(record) == [], f"{kind}: {json.dumps(broken)[:500]}"

    def test_an_unknown_kind_is_unreadable(self) -> None:
        for kind in ("", "unheard_of"):
            try:
                self.vendor.read(kind, {})
            except Unreadable:
                continue
            raise AssertionError(f"{kind!r} was read")


class ManifestContract:
    """The manifest is coherent: what it promises is there."""

    vendor: ClassVar[Vendor]

    def test_each_base_url_is_an_allowed_host_over_https(self) -> None:
        manifest = self.vendor.manifest
        for url in manifest.hosts.values():
            assert url.startswith("https://")
            assert httpx2.URL(url).host in manifest.allowed_hosts

    def test_streams_need_only_earlier_streams_of_known_kinds(self) -> None:
        seen: set[str] = set()
        for stream in self.vendor.manifest.streams:
            assert stream.kind in RECORDS
            assert set(stream.needs) <= seen
            assert stream.overlap >= timedelta(0)
            seen.add(stream.name)

    def test_every_permission_says_why(self) -> None:
        assert all(len(scope.why) > 10 for scope in self.vendor.manifest.scopes)

    def test_what_is_promised_is_there(self) -> None:
        manifest = self.vendor.manifest
        assert (Auth.OAUTH in manifest.auth) == (self.vendor.oauth is not None)
        assert (Ability.WEBHOOKS in manifest.abilities) == (self.vendor.webhooks is not None)
        assert Auth.OAUTH not in manifest.auth or manifest.app_fields
        assert Auth.TOKEN not in manifest.auth or manifest.token_fields

    def test_fields_that_hold_a_secret_are_marked(self) -> None:
        manifest = self.vendor.manifest
        for entry in (*manifest.app_fields, *manifest.token_fields, *manifest.webhook_fields):
            looks_secret = any(word in entry.name.lower() for word in ("secret", "token", "signature", "key"))
            assert entry.is_secret or not looks_secret, entry.name
            assert entry.label
            assert entry.help


class WebhookContract:
    """Verification and reading of webhooks: one changed byte is refused, and nothing crashes."""

    vendor: ClassVar[Vendor]

    @abstractmethod
    def signed(self) -> Sequence[tuple[Delivery, str]]:
        """Deliveries and the secret that signed each."""
        raise NotImplementedError

    signature_header: ClassVar[str]
    is_url_signed: ClassVar[bool] = False

    def test_what_was_signed_is_accepted_also_while_keys_rotate(self) -> None:
        for delivery, secret in self.signed():
            self._hooks.verify(delivery, [secret])
            self._hooks.verify(delivery, ["another", secret])

    def test_without_the_right_secret_it_is_refused(self) -> None:
        for delivery, secret in self.signed():
            for secrets in ([], [""], ["another"], [secret + "x"]):
                self._is_refused(delivery, secrets)

    def test_a_changed_byte_is_refused(self) -> None:
        for delivery, secret in self.signed():
            for i in range(len(delivery.body)):
                changed = bytearray(delivery.body)
                changed[i] ^= 1
                self._is_refused(replace(delivery, body=bytes(changed)), [secret])
            self._is_refused(replace(delivery, body=delivery.body + b" "), [secret])
            if self.is_url_signed:
                self._is_refused(replace(delivery, url=delivery.url + "/"), [secret])

    def test_a_strange_signature_header_is_refused(self) -> None:
        for delivery, secret in self.signed():
            for value in (None, "", "=", "\u00e9", "v1", "t=1,v1=", "A" * 44, "\ud800", "x" * 100_000):
                headers = {k: v for k, v in delivery.headers.items() if k != self.signature_header}
                if value is not None:
                    headers[self.signature_header] = value
                self._is_refused(replace(delivery, headers=headers), [secret])

    def test_hints_name_kinds_that_can_be_fetched(self) -> None:
        kinds = {stream.kind for stream in self.vendor.manifest.streams}
        for delivery, _ in self.signed():
            notice = self._hooks.read(delivery)
            assert notice.event_id == (self._hooks.event_id(delivery) or notice.event_id)
            for hint in notice.hints:
                assert hint.kind in kinds or (not hint.kind and hint.note)

    def test_a_broken_body_is_unreadable_never_a_crash(self) -> None:
        for delivery, _ in self.signed():
            for body in _broken_bodies(delivery.body):
                found = self._hooks.event_id(replace(delivery, body=body))
                assert found is None or isinstance(found, str)
                try:
                    notice = self._hooks.read(replace(delivery, body=body))
                except Unreadable:
                    continue
                assert all(isinstance(hint.remote_id, str) for hint in notice.hints)

    @property
    def _hooks(self) -> Any:
        assert self.vendor.webhooks is not None
        return self.vendor.webhooks

    def _is_refused(self, delivery: Delivery, secrets: Sequence[str]) -> None:
        why = _refusal(lambda: self._hooks.verify(delivery, secrets))
        assert why, f"accepted: {delivery!r}"[:500]
        assert not any(secret and secret in why for secret in secrets)


def _refusal(act: Callable[[], object]) -> str | None:
    """Why it was refused; None when it was not."""
    try:
        act()
    except Refused as refused:
        return refused.why
    return None


def _broken_bodies(body: bytes) -> Iterator[bytes]:
    yield from (b"", b"null", b"[]", b'"x"', b"\xff\xfe", b"[" * 5000, b"{" * 5000, b'{"a":' * 5000, b"1" * 400)
    yield from (body[:i] for i in range(0, len(body), 7))
    try:
        decoded = json.loads(body)
    except ValueError:
        return
    if isinstance(decoded, dict):
        yield from (json.dumps(changed).encode() for changed in contract_fuzz.broken(decoded))
