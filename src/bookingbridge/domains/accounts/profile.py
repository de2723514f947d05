"""What people change about themselves: name, address, password, and where they are signed in."""

from __future__ import annotations

from bookingbridge.canonical.errors import NotFound, Refused
from bookingbridge.domains.accounts import passwords, rules
from bookingbridge.domains.accounts.records import Person, Session
from bookingbridge.domains.accounts.signing_in import PER_EMAIL, email_bucket
from bookingbridge.domains.accounts.store import people
from bookingbridge.infra import limits
from bookingbridge.infra.db import Database


async def sessions(db: Database, person: Person) -> list[Session]:
    """The person's living sessions, the last seen first."""
    async with db.realm("accounts") as tx:
        return await people.sessions_of(tx, person.user_id)


async def end_session(db: Database, person: Person, session_id: str) -> None:
    """The person's session of that id is over. NotFound when it is not theirs, or over already."""
    async with db.realm("accounts") as tx:
        if not await people.end_session_of(tx, person.user_id, session_id):
            raise NotFound("There is no such session.")


async def end_other_sessions(db: Database, person: Person) -> int:
    """Only the session that asks goes on; how many were ended."""
    async with db.realm("accounts") as tx:
        return await people.end_sessions(tx, person.user_id, but=person.session_hash)


async def change_password(db: Database, person: Person, old: str, new: str) -> None:
    """The password is changed, and the person's other sessions are over. Refused when `old` is wrong or `new` weak."""
    await _check_password(db, person, old)
    hashed = await passwords.hashed(rules.password(new, not_like=(person.email, person.name)))
    async with db.realm("accounts") as tx:
        await people.set_password(tx, person.user_id, hashed)
        await people.end_sessions(tx, person.user_id, but=person.session_hash)


async def change_profile(db: Database, person: Person, *, name: str, email: str, password: str) -> None:
    """The person is called so, and signs in with that address from now on.

    `password` is the current one, and only looked at when the address changes: whoever finds an unlocked screen must
    not be able to take the account over. Refused for what was typed, and when the address is somebody else's.
    """
    kept_name, kept_email = rules.name(name), rules.email(email)
    key = rules.email_key(kept_email)
    if key != rules.email_key(person.email):
        await _check_password(db, person, password)
    async with db.realm("accounts") as tx:
        if not await people.set_profile(tx, person.user_id, name=kept_name, email=kept_email, key=key):
            raise Refused("Somebody signs in with this e-mail address already.", code="email_taken")


async def _check_password(db: Database, person: Person, password: str) -> None:
    """Returns when the password is the person's. Refused (code "wrong_credentials"); Throttled as for signing in."""
    bucket = email_bucket(rules.email_key(person.email))
    verdict = await limits.take_shared(db, bucket, PER_EMAIL)
    verdict.raise_if_refused("Too many attempts. Wait a little, then try again.", db.clock.now())
    async with db.realm("accounts") as tx:
        user = await people.user(tx, person.user_id)
    if not await passwords.matches(password, user.password_hash if user else None):
        raise Refused("The current password is not right.", code="wrong_credentials")
    await limits.give_back(db, bucket, PER_EMAIL)
