"""People, their sessions and one-time links. All transactions are of the realm "accounts"."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from bookingbridge.canonical.ids import BusinessId, UserId
from bookingbridge.domains.accounts.records import Browser, OneTimeLink, Session, session_id
from bookingbridge.domains.accounts.rules import SESSION_IDLE, Role
from bookingbridge.infra.db import Tx

_FIRST_OWNER = 0x6F776E72


@dataclass(frozen=True, slots=True)
class User:
    """A row of `users`."""

    id: UserId
    email: str
    name: str
    password_hash: str
    is_disabled: bool


async def lock_first_owner(tx: Tx) -> None:
    """Until the transaction ends, nobody else decides whether there is a user."""
    await tx.run("SELECT pg_advisory_xact_lock(%s)", (_FIRST_OWNER,))


async def is_empty(tx: Tx) -> bool:
    """Whether there is no user at all."""
    return await tx.one("SELECT 1 FROM users LIMIT 1") is None


async def add_user(tx: Tx, user_id: UUID, *, email: str, key: str, name: str, password_hash: str) -> bool:
    """The user is there; False where the address belongs to somebody already."""
    return bool(
        await tx.run(
            "INSERT INTO users (id, email, email_key, name, password_hash, created_at) VALUES (%s, %s, %s, %s, %s, %s) "
            "ON CONFLICT (email_key) DO NOTHING",
            (user_id, email, key, name, password_hash, tx.now),
        )
    )


_USER = "SELECT id, email, name, password_hash, disabled_at IS NOT NULL FROM users "


async def user_by_email(tx: Tx, key: str) -> User | None:
    """Whose address it is."""
    row = await tx.one(_USER + "WHERE email_key = %s", (key,))
    return User(*row) if row else None


async def user(tx: Tx, user_id: UUID) -> User | None:
    row = await tx.one(_USER + "WHERE id = %s", (user_id,))
    return User(*row) if row else None


async def set_password(tx: Tx, user_id: UUID, password_hash: str) -> None:
    await tx.run("UPDATE users SET password_hash = %s WHERE id = %s", (password_hash, user_id))


async def set_profile(tx: Tx, user_id: UUID, *, name: str, email: str, key: str) -> bool:
    """The user is called so and signs in with that address; False, and nothing changed, where it is somebody else's."""
    return bool(
        await tx.run(
            "UPDATE users SET name = %(name)s, email = %(email)s, email_key = %(key)s WHERE id = %(id)s "
            "AND NOT EXISTS (SELECT FROM users o WHERE o.email_key = %(key)s AND o.id <> %(id)s)",
            {"id": user_id, "name": name, "email": email, "key": key},
        )
    )


async def add_session(
    tx: Tx,
    token_hash: bytes,
    user_id: UUID,
    business_id: UUID | None,
    *,
    csrf: str,
    expires_at: datetime,
    browser: Browser,
) -> None:
    """The session is there, seen now."""
    await tx.run(
        "INSERT INTO sessions "
        "(token_hash, user_id, business_id, csrf, created_at, last_seen_at, expires_at, user_agent, address) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (token_hash, user_id, business_id, csrf, tx.now, tx.now, expires_at, browser.user_agent, browser.address),
    )


_SESSION = """
SELECT s.csrf, s.last_seen_at, s.expires_at, u.id, u.email, u.name, m.role,
       (SELECT count(*) FROM locations l WHERE l.business_id = b.id AND l.is_active),
       (SELECT jsonb_agg(jsonb_build_array(c.id, c.name, c.is_demo) ORDER BY c.name, c.id)
        FROM memberships o JOIN businesses c ON c.id = o.business_id WHERE o.user_id = u.id),
       b.id, b.account_id, b.name, b.time_zone, b.currency, b.region, b.is_demo, b.settings, b.created_at
FROM sessions s
JOIN users u ON u.id = s.user_id AND u.disabled_at IS NULL
LEFT JOIN memberships m ON m.user_id = s.user_id AND m.business_id = s.business_id
LEFT JOIN businesses b ON b.id = m.business_id
WHERE s.token_hash = %s
"""


async def session_row(tx: Tx, token_hash: bytes) -> tuple[Any, ...] | None:
    """The session with its person and, where they still belong to one, its business: one read per request."""
    return await tx.one(_SESSION, (token_hash,))


async def seen(tx: Tx, token_hash: bytes) -> None:
    await tx.run("UPDATE sessions SET last_seen_at = %s WHERE token_hash = %s", (tx.now, token_hash))


async def point_session(tx: Tx, token_hash: bytes, business_id: UUID | None, csrf: str) -> None:
    """The session is at another business, and forms drawn for the one before no longer pass."""
    await tx.run(
        "UPDATE sessions SET business_id = %s, csrf = %s WHERE token_hash = %s", (business_id, csrf, token_hash)
    )


async def leave_business(tx: Tx, user_id: UUID, business_id: UUID, csrf: str) -> None:
    """None of the user's sessions is at the business any more."""
    await tx.run(
        "UPDATE sessions SET business_id = NULL, csrf = %s WHERE user_id = %s AND business_id = %s",
        (csrf, user_id, business_id),
    )


async def sessions_of(tx: Tx, user_id: UUID) -> list[Session]:
    """The user's living sessions, the last seen first."""
    rows = await tx.all(
        "SELECT token_hash, created_at, last_seen_at, user_agent, address FROM sessions "
        "WHERE user_id = %s AND expires_at > %s AND last_seen_at > %s ORDER BY last_seen_at DESC, token_hash",
        (user_id, tx.now, tx.now - SESSION_IDLE),
    )
    return [Session(session_id(bytes(row[0])), row[1], row[2], Browser(row[3], row[4])) for row in rows]


async def end_session(tx: Tx, token_hash: bytes) -> None:
    await tx.run("DELETE FROM sessions WHERE token_hash = %s", (token_hash,))


async def end_session_of(tx: Tx, user_id: UUID, named: str) -> bool:
    """The user's session of that name is gone; False where there is none."""
    return bool(
        await tx.run(
            "DELETE FROM sessions WHERE user_id = %s AND encode(substring(token_hash FOR 12), 'hex') = %s",
            (user_id, named),
        )
    )


async def end_sessions(tx: Tx, user_id: UUID, *, but: bytes | None = None) -> int:
    """The user's sessions are gone, all or all but one; how many."""
    return await tx.run("DELETE FROM sessions WHERE user_id = %s AND token_hash IS DISTINCT FROM %s", (user_id, but))


async def forget_ended(tx: Tx, before: datetime) -> int:
    """Sessions that can no longer be used, and links nobody can follow since `before`, are gone; how many sessions."""
    await tx.run("DELETE FROM one_time_links WHERE expires_at < %s", (before,))
    return await tx.run(
        "DELETE FROM sessions WHERE expires_at < %s OR last_seen_at < %s", (tx.now, tx.now - SESSION_IDLE)
    )


async def add_link(
    tx: Tx,
    token_hash: bytes,
    purpose: str,
    expires_at: datetime,
    *,
    business_id: UUID | None = None,
    user_id: UUID | None = None,
    role: str | None = None,
    email: str | None = None,
    created_by: UUID | None = None,
) -> None:
    await tx.run(
        "INSERT INTO one_time_links "
        "(token_hash, purpose, business_id, user_id, role, email, created_by, created_at, expires_at) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (token_hash, purpose, business_id, user_id, role, email, created_by, tx.now, expires_at),
    )


_LINK = """
SELECT l.token_hash, l.purpose, l.business_id, b.name, l.user_id, l.role, l.email, l.created_at, l.expires_at
FROM one_time_links l LEFT JOIN businesses b ON b.id = l.business_id
WHERE l.used_at IS NULL AND l.expires_at > %s
"""


async def link(tx: Tx, token_hash: bytes, *, for_update: bool = False) -> OneTimeLink | None:
    """The link, if it can still be used; locked until the transaction ends with `for_update`."""
    lock = " FOR UPDATE OF l" if for_update else ""
    row = await tx.one(_LINK + " AND l.token_hash = %s" + lock, (tx.now, token_hash))
    return _link(row) if row else None


async def invitations(tx: Tx, business_id: UUID) -> list[OneTimeLink]:
    """The business's invitations nobody has followed yet, the newest first."""
    rows = await tx.all(
        _LINK + " AND l.purpose = 'invitation' AND l.business_id = %s ORDER BY l.created_at DESC, l.token_hash",
        (tx.now, business_id),
    )
    return [_link(row) for row in rows]


def _link(row: tuple[Any, ...]) -> OneTimeLink:
    token_hash, purpose, business_id, business_name, user_id, role, email, created_at, expires_at = row
    return OneTimeLink(
        session_id(bytes(token_hash)),
        purpose,
        BusinessId(business_id) if business_id else None,
        business_name,
        UserId(user_id) if user_id else None,
        Role(role) if role else None,
        email,
        created_at,
        expires_at,
    )


async def use_link(tx: Tx, token_hash: bytes) -> None:
    await tx.run("UPDATE one_time_links SET used_at = %s WHERE token_hash = %s", (tx.now, token_hash))


async def void_owner_links(tx: Tx) -> None:
    """Owner links made before now lead nowhere."""
    await tx.run("UPDATE one_time_links SET used_at = %s WHERE purpose = 'owner' AND used_at IS NULL", (tx.now,))


async def withdraw_invitation(tx: Tx, business_id: UUID, named: str) -> bool:
    """The invitation leads nowhere; False where there is none of that name."""
    return bool(
        await tx.run(
            "UPDATE one_time_links SET used_at = %s WHERE purpose = 'invitation' AND business_id = %s "
            "AND used_at IS NULL AND encode(substring(token_hash FOR 12), 'hex') = %s",
            (tx.now, business_id, named),
        )
    )
