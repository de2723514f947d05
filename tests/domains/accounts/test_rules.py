"""Roles, passwords, addresses, names and times: the rules by themselves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookingbridge.canonical.errors import Refused
from bookingbridge.domains.accounts import rules
from bookingbridge.domains.accounts.rules import PERMISSIONS, Permission, Role

NOW = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)


def kept_or_code(rule: Callable[[str], str], text: str) -> tuple[str | None, str]:
    """What the rule keeps of the text, or the code with which it refuses."""
    try:
        return rule(text), ""
    except Refused as refusal:
        return None, refusal.code


def test_an_owner_may_everything_and_every_role_has_its_permissions() -> None:
    assert PERMISSIONS[Role.OWNER] == set(Permission)
    assert set(PERMISSIONS) == set(Role)
    assert PERMISSIONS[Role.MANAGER] == set(Permission) - {Permission.MANAGE_BUSINESS, Permission.MANAGE_TOKENS}
    assert PERMISSIONS[Role.STAFF] == {Permission.SEE_CLIENTS, Permission.SEE_SETTINGS}
    assert Permission.SEE_CLIENTS not in PERMISSIONS[Role.ACCOUNTANT]


def test_whoever_is_read_only_changes_nothing_and_takes_nothing_away() -> None:
    assert {p for p in PERMISSIONS[Role.READ_ONLY] if not p.value.endswith(".read")} == set()


@given(st.sampled_from(Role), st.sampled_from(Role))
def test_nobody_grants_more_than_they_have(giver: Role, role: Role) -> None:
    if rules.may_grant(giver, role):
        assert PERMISSIONS[role] <= PERMISSIONS[giver]
    if giver not in (Role.OWNER, Role.MANAGER):
        assert not rules.may_grant(giver, role)


def test_a_manager_makes_neither_managers_nor_owners() -> None:
    granted = {role for role in Role if rules.may_grant(Role.MANAGER, role)}
    assert granted == {Role.STAFF, Role.ACCOUNTANT, Role.READ_ONLY}


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "password12",
        "Password2024!",
        "p@ssw0rd2024",
        "P4$$w0rd!!!!",
        "qwertyuiop",
        "1234567890",
        "0987654321",
        "2065550123",
        "aaaaaaaaaaaa",
        "abcabcabcabc",
        "abcdefghij",
        "1q2w3e4r5t",
        "qwerty12345",
        "iloveyou123",
        "letmein2026",
        "barbershop1",
        "bookingbridge",
        "welcomewelcome",
        "summer2026!!",
        "!!!!!!!!!!!1",
    ],
)
def test_passwords_that_are_guessed_first_are_refused(password: str) -> None:
    with pytest.raises(Refused) as refusal:
        rules.password(password)
    assert refusal.value.code == "weak_password"


@pytest.mark.parametrize("password", ["olivetran2026", "OliveTran!!!", "alderandash1", "olive.tran.1"])
def test_passwords_made_of_ones_own_name_or_shop_are_refused(password: str) -> None:
    with pytest.raises(Refused):
        rules.password(password, not_like=("olive.tran@example.com", "Olive Tran", "Alder and Ash"))


@pytest.mark.parametrize(
    "password",
    ["copper lantern seven", "vT9#kQ2mZx", "Zug fährt um halb acht", "медленный зелёный чай", "9f2c51d07b6e"],
)
def test_good_passwords_are_kept_as_typed(password: str) -> None:
    assert rules.password(password) == password


@given(st.text(max_size=300))
def test_any_text_is_a_password_or_refused_with_the_reason(text: str) -> None:
    kept, code = kept_or_code(rules.password, text)
    if kept is None:
        assert code == "weak_password"
    else:
        assert rules.PASSWORD_SHORTEST <= len(kept) <= rules.PASSWORD_LONGEST
        assert rules.password(kept) == kept


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=4), st.integers(3, 30))
def test_a_short_piece_repeated_is_never_a_password(piece: str, times: int) -> None:
    with pytest.raises(Refused):
        rules.password(piece * times)


@pytest.mark.parametrize(
    "address", ["olive@example.com", "o'brien+shop@mail.example.co.uk", "a@b.io", "用户@例え.jp", " olive@example.com "]
)
def test_addresses_that_can_be_written_to_are_kept(address: str) -> None:
    assert rules.email(address) == address.strip()


@pytest.mark.parametrize(
    "address",
    ["", "olive", "olive@", "@example.com", "olive@example", "a b@example.com", "a@b@example.com", "a@-x.com",
     "a@x-.com", "a@x..com", ".a@example.com", "a.@example.com", "a@exa\nmple.com", "<a@example.com>", "a@e\x00x.com",
     "x" * 65 + "@example.com", "a@" + "x" * 200 + ".com"],
)  # fmt: skip
def test_addresses_that_cannot_be_are_refused(address: str) -> None:
    with pytest.raises(Refused) as refusal:
        rules.email(address)
    assert refusal.value.code == "invalid_email"


@given(st.text(max_size=100))
def test_spellings_of_one_address_have_one_key(text: str) -> None:
    key = rules.email_key(text)
    assert rules.email_key(key) == key
    assert rules.email_key(f" {text.strip()} ") == key
    assert "\x00" not in key
    key.encode()


@given(st.text(max_size=200))
def test_a_name_is_one_line_without_direction_marks_or_refused(text: str) -> None:
    kept, code = kept_or_code(rules.name, text)
    if kept is None:
        assert code == "invalid_name"
    else:
        assert kept == kept.strip()
        assert not set(kept) & set("\x00\n\r\t\u202e\u2066")
        assert rules.name(kept) == kept or len(kept) > rules.NAME_LONGEST
        kept.encode()


def test_names_of_all_languages_are_names() -> None:
    for name in ("Łódź Fryzjer", "美容室", "Müller & Söhne", "O’Neill", "👩🏽‍🦱 Curls"):
        assert rules.name(f"  {name} ") == name


@given(st.timedeltas(timedelta(0), timedelta(days=200)), st.timedeltas(timedelta(0), timedelta(days=200)))
def test_a_session_lives_until_it_is_idle_or_old(age: timedelta, idle: timedelta) -> None:
    started = NOW - age
    seen = max(started, NOW - idle)
    lives = rules.is_alive(seen, started + rules.SESSION_LONGEST, NOW)
    assert lives == (age < timedelta(days=90) and NOW - seen < timedelta(days=14))
