"""People come in: the first owner by a one-time link, everybody with e-mail and password; sessions start and end."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from ipaddress import IPv6Address, ip_address, ip_network

from bookingbridge.canonical.errors import NotFound, Refused
from bookingbridge.canonical.ids import AccountId, BusinessId, UserId
from bookingbridge.domains.accounts import passwords, rules
from bookingbridge.domains.accounts.records import Browser, NewUser, OneTimeLink, Person, SignedIn, Who
from bookingbridge.domains.accounts.store import businesses, people, tokens
from bookingbridge.infra import limits, log
from bookingbridge.infra.db import Database, Tx
from bookingbridge.infra.ids import digest, new_id, new_token

PER_EMAIL = limits.Pace(8, timedelta(minutes=8))
PER_ADDRESS = limits.Pace(30, timedelta(minutes=10))
"""Guessing is stopped for one address of a person, and for one address on the net, whatever it guesses."""

NOWHERE = Browser()

_log = log.get("accounts")
_GONE = "This link was used, has expired, or was never one. Ask for a new one."


async def owner_link(db: Database, *, is_further: bool = False) -> str | None:
    """The token of a one-time link that makes an owner. None once there is a user, unless `is_further`.

    A further owner starts an account of their own, apart from the first. The host gives such links out.
    """
    token = new_token()
    async with db.realm("accounts") as tx:
        await people.lock_first_owner(tx)
        if not is_further and not await people.is_empty(tx):
            return None
        await people.add_link(tx, digest(token), "owner", tx.now + rules.LINK_LIVES["owner"])
    return token


async def has_users(db: Database) -> bool:
    """Whether anybody can sign in yet."""
    async with db.realm("accounts") as tx:
        return not await people.is_empty(tx)


async def is_known(db: Database, email: str) -> bool:
    """Whether somebody signs in with this address. Never told to a stranger: only to holders of an invitation."""
    async with db.realm("accounts") as tx:
        return await people.user_by_email(tx, rules.email_key(email)) is not None


async def password_link(db: Database, email: str) -> str:
    """The token of a one-time link that renews the user's password. The host gives such links out. NotFound."""
    token = new_token()
    async with db.realm("accounts") as tx:
        user = await people.user_by_email(tx, rules.email_key(email))
        if user is None:
            raise NotFound("Nobody signs in with this e-mail address.")
        expires_at = tx.now + rules.LINK_LIVES["password"]
        await people.add_link(tx, digest(token), "password", expires_at, user_id=user.id, email=user.email)
    return token


async def link(db: Database, token: str) -> OneTimeLink:
    """What the one-time link is for. Raises NotFound, the same whether it was used, is too old or never was."""
    async with db.realm("accounts") as tx:
        found = await people.link(tx, digest(token))
    if found is None:
        raise NotFound(_GONE, code="link_gone")
    return found


async def create_owner(db: Database, token: str, new: NewUser, *, browser: Browser = NOWHERE) -> SignedIn:
    """The owner is there, with an account that businesses can be added to, and signed in. The link is used up.

    Raises NotFound for a link that does not work, Refused for what was typed.
    """
    checked = await checked_user(new)
    async with db.realm("accounts") as tx:
        await people.lock_first_owner(tx)
        await claim_link(tx, token, "owner")
        is_first = await people.is_empty(tx)
        if is_first:
            await people.void_owner_links(tx)
        user_id = await add_user(tx, checked)
        await businesses.add_account(tx, AccountId(new_id(tx.now)), checked.name, user_id)
        taken_over = await _take_over(tx, user_id) if is_first else None
        return await start_session(tx, user_id, taken_over, browser)


async def _take_over(tx: Tx, user_id: UserId) -> BusinessId | None:
    """Businesses that were made before anybody signed in are the first owner's; the one to show first."""
    orphans = await businesses.orphans(tx)
    for business in orphans:
        await businesses.enter(tx, business.id)
        await businesses.add_member(tx, business.id, user_id, rules.Role.OWNER)
        await tokens.note(tx, business.id, user_id, "took over business", str(business.id), {})
    await businesses.claim_accounts(tx, user_id)
    return orphans[0].id if orphans else None


async def renew_password(db: Database, token: str, password: str, *, browser: Browser = NOWHERE) -> SignedIn:
    """The person of the link has a new password and one new session; all others ended. NotFound, Refused."""
    found = await link(db, token)
    hashed = await passwords.hashed(rules.password(password, not_like=(found.email or "",)))
    async with db.realm("accounts") as tx:
        claimed = await claim_link(tx, token, "password")
        assert claimed.user_id
        await people.set_password(tx, claimed.user_id, hashed)
        await people.end_sessions(tx, claimed.user_id)
        return await start_session(
            tx, claimed.user_id, await businesses.last_seen_business(tx, claimed.user_id), browser
        )


async def sign_in(
    db: Database, email: str, password: str, *, browser: Browser, instead_of: str | None = None
) -> SignedIn:
    """A new session of the person; the one of `instead_of` (the browser's cookie until now) ended.

    Takes as long for an unknown e-mail as for a wrong password, and says the same: Refused (code "wrong_credentials").
    Throttled after too many attempts. The browser's address is the client's, as trusted proxies tell it.
    """
    key = rules.email_key(email)
    # The address first: who is out of attempts there must not use up those of somebody else's e-mail.
    buckets = ((_address_key(browser.address), PER_ADDRESS), (email_bucket(key), PER_EMAIL))
    for bucket, pace in buckets:
        verdict = await limits.take_shared(db, bucket, pace)
        verdict.raise_if_refused("Too many attempts to sign in. Wait a little, then try again.", db.clock.now())
    async with db.realm("accounts") as tx:
        user = await people.user_by_email(tx, key)
    is_right = await passwords.matches(password, user.password_hash if user else None)
    if user is None or not is_right or user.is_disabled:
        _log.warning("sign-in refused", user=str(user.id) if user else "unknown", address=browser.address)
        raise Refused("This e-mail address and password do not belong together.", code="wrong_credentials")
    renewed = await passwords.hashed(password) if passwords.is_outdated(user.password_hash) else None
    async with db.realm("accounts") as tx:
        business_id = await businesses.last_seen_business(tx, user.id)
        if renewed:
            await people.set_password(tx, user.id, renewed)
        if instead_of:
            await people.end_session(tx, digest(instead_of))
        signed_in = await start_session(tx, user.id, business_id, browser)
    for bucket, pace in buckets:
        await limits.give_back(db, bucket, pace)
    return signed_in


def email_bucket(key: str) -> str:
    """The bucket that counts attempts on the person of this e-mail key."""
    return f"signin:email:{sha256(key.encode()).hexdigest()}"


def _address_key(address: str) -> str:
    """One bucket per address; for IPv6 per /64, because that is what one customer of a provider has."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "signin:address:unknown"
    if isinstance(parsed, IPv6Address):
        mapped = parsed.ipv4_mapped
        return f"signin:address:{mapped or ip_network((int(parsed) >> 64 << 64, 64))}"
    return f"signin:address:{parsed}"


async def sign_out(db: Database, token: str) -> None:
    """The session of this cookie is over."""
    async with db.realm("accounts") as tx:
        await people.end_session(tx, digest(token))


async def forget_ended(db: Database) -> int:
    """Sessions and links that can no longer be used are gone; how many sessions. For the nightly clean-up."""
    async with db.realm("accounts") as tx:
        return await people.forget_ended(tx, tx.now - timedelta(days=30))


async def checked_user(new: NewUser) -> NewUser:
    """The same with everything in its kept form and the password hashed. Raises Refused with what is wrong."""
    email, name = rules.email(new.email), rules.name(new.name)
    password = rules.password(new.password, not_like=(email, name))
    return NewUser(email, name, await passwords.hashed(password))


async def add_user(tx: Tx, checked: NewUser) -> UserId:
    """The user is there. Refused (code "email_taken") when the address is somebody's."""
    user_id = UserId(new_id(tx.now))
    key = rules.email_key(checked.email)
    if not await people.add_user(
        tx, user_id, email=checked.email, key=key, name=checked.name, password_hash=checked.password
    ):
        raise Refused("Somebody signs in with this e-mail address already.", code="email_taken")
    return user_id


async def claim_link(tx: Tx, token: str, purpose: str) -> OneTimeLink:
    """The link is used up when the transaction commits. NotFound when it is none, or not for this."""
    found = await people.link(tx, digest(token), for_update=True)
    if found is None or found.purpose != purpose:
        raise NotFound(_GONE, code="link_gone")
    await people.use_link(tx, digest(token))
    return found


async def start_session(tx: Tx, user_id: UserId, business_id: BusinessId | None, browser: Browser) -> SignedIn:
    """A session at the business is there when the transaction commits."""
    token = new_token()
    expires_at = tx.now + rules.SESSION_LONGEST
    await people.add_session(
        tx,
        digest(token),
        user_id,
        business_id,
        csrf=new_token(),
        expires_at=expires_at,
        browser=Browser(_printable(browser.user_agent), _printable(browser.address)),
    )
    if business_id:
        await businesses.enter(tx, business_id)
        await tokens.note(tx, business_id, user_id, "signed in", "", {})
    return SignedIn(token, user_id, business_id, expires_at)


def _printable(text: str) -> str:
    return "".join(c for c in text if c.isprintable())[:200]


def person_of(who: Who) -> Person:
    """The person behind a session's request. Refused where a token asks: this is for people."""
    if who.person is None:
        raise Refused("This needs a person who is signed in; a token cannot do it.", code="forbidden")
    return who.person
