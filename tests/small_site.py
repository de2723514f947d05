"""A small BookingBridge on loopback: accounts, sign-in pages and the API's frame, over a real database.

Everything here goes through the doors people use, but for the people themselves, who are made by the domain.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace
from typing import Any, TypeVar
from uuid import UUID

import httpx2
from fastapi import FastAPI
from starlette.routing import Route
from tests.matrix import Client, People
from tests.simulators import serving_made

from bookingbridge.api.app import MAX_BODY, PREFIX, api
from bookingbridge.api.operations import OperationRouter
from bookingbridge.api.v1 import business, me, tokens
from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.accounts.api import Access, Person, Presented, Role, Who
from bookingbridge.domains.accounts.signing_in import start_session
from bookingbridge.infra import log
from bookingbridge.infra.clock import FixedClock
from bookingbridge.infra.db import Database
from bookingbridge.infra.secrets import Vault
from bookingbridge.main import wiring
from bookingbridge.main.settings import Settings
from bookingbridge.web import assets
from bookingbridge.web.access import check_routes, declared
from bookingbridge.web.middleware import Front
from bookingbridge.web.pages.error import respond
from bookingbridge.web.pages.settings import routes as settings_pages
from bookingbridge.web.pages.signin import routes as signin

T = TypeVar("T")

NOW = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
_KEY = "a key of the tests that is long enough"
_SETTINGS = {"secret_key": _KEY, "hash_salt": "salt"}
OURS = (me.router, business.router, tokens.router)
PASSWORD = "copper lantern seven"
SHOP = accounts.NewBusiness("Alder & Ash Barbers", "America/Los_Angeles", "USD", "US", ("Pine Street",))


@dataclass(slots=True)
class Site:
    """A running site. `do` runs the domain's functions where the site's database lives."""

    url: str
    app: FastAPI
    clock: FixedClock
    loop: asyncio.AbstractEventLoop
    addresses: int = 0

    @property
    def db(self) -> Database:
        db: Database = self.app.state.db
        return db

    def do(self, act: Awaitable[T]) -> T:
        """The result of a coroutine over `db`."""

        async def awaited() -> T:
            return await act

        return asyncio.run_coroutine_threadsafe(awaited(), self.loop).result(30)

    def client(self, token: str | None = None, *, key: str | None = None) -> httpx2.Client:
        """A browser with this session's cookie, or a program with this key; redirects are shown, not followed."""
        return httpx2.Client(
            base_url=self.url,
            cookies={"bb_session": token} if token else None,
            headers={"authorization": f"Bearer {key}"} if key else None,
            follow_redirects=False,
        )

    def owner(self, business: accounts.NewBusiness | None = SHOP) -> Member:
        """Somebody with an account of their own, and a business unless None is asked for."""
        email = self._address("owner")
        token = self.do(accounts.owner_link(self.db, is_further=True))
        assert token
        entered = self.do(accounts.create_owner(self.db, token, accounts.NewUser(email, "Olive Tran", PASSWORD)))
        if business:
            person = self.do(accounts.identify(self.db, Presented("GET", entered.token)))
            assert isinstance(person, Person)
            self.do(accounts.create_business(self.db, person, business))
        return Member(self, entered.token, email)

    def colleague(self, owner: Member, role: Role) -> Member:
        """Somebody who joined the owner's business as `role`."""
        email = self._address(role.value)
        invitation = self.do(accounts.invite(self.db, owner.who, role))
        new = accounts.NewUser(email, f"Casey {role.value.title()}", PASSWORD)
        return Member(self, self.do(accounts.join_as_new(self.db, invitation, new)).token, email)

    def _address(self, name: str) -> str:
        self.addresses += 1
        return f"{name}{self.addresses}@example.com"


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who is signed in at the site."""

    site: Site
    session: str
    email: str

    @property
    def caller(self) -> Who | Person:
        found = self.site.do(accounts.identify(self.site.db, Presented("GET", self.session)))
        assert found is not None, "the session has ended"
        return found

    @property
    def who(self) -> Who:
        found = self.caller
        assert isinstance(found, Who), "this person has no business"
        return found

    @property
    def person(self) -> Person:
        found = self.caller
        return found if isinstance(found, Person) else accounts.person_of(found)

    def browser(self) -> httpx2.Client:
        return self.site.client(self.session)

    def key(self, role: Role = Role.READ_ONLY) -> str:
        """A program's key to the owner's business."""
        return self.site.do(accounts.create_token(self.site.db, self.who, name="Spreadsheet", role=role))[1]


def people(site: Site) -> People:
    """Everybody for the matrix: an owner, a colleague of each role, a stranger, programs, nobody."""
    owner, stranger = site.owner(), site.owner()
    team = {role: owner if role is Role.OWNER else site.colleague(owner, role) for role in Role}
    keys = {role: owner.key(role) for role in (Role.MANAGER, Role.READ_ONLY)}

    # Looked up now: signing out everywhere else is a route, too.
    known = {member.email: member.who for member in [*team.values(), stranger]}

    def at_browser(member: Member) -> Client:
        fresh = Member(site, site.do(_another_session(site, known[member.email])), member.email)
        return Client(fresh.who.role, {"bb_session": fresh.session}, csrf=fresh.who.csrf)

    def with_key(role: Role) -> Client:
        return Client(role, headers={"authorization": f"Bearer {keys[role]}"}, is_program=True)

    callers: dict[str, Callable[[], Client]] = {
        **{role.value: partial(at_browser, member) for role, member in team.items()},
        **{f"{role.value} program": partial(with_key, role) for role in keys},
        "nobody": lambda: Client(None),
    }
    business_id = owner.who.business_id
    ids = {"business_id": business_id, "location_id": site.do(_first_place(site, business_id))}
    return People(site.url, callers, partial(at_browser, stranger), ids)


async def _another_session(site: Site, who: Who) -> str:
    """A session of the same person, without the work of a password."""
    async with site.db.realm("accounts") as tx:
        entered = await start_session(tx, accounts.person_of(who).user_id, who.business_id, accounts.Browser())
    return entered.token


async def _first_place(site: Site, business_id: UUID) -> UUID:
    async with site.db.business(business_id) as tx:
        return (await accounts.locations(tx))[0].id


@contextmanager
def small_site(
    database_url: str,
    *,
    routers: Sequence[OperationRouter] = OURS,
    add: Callable[[FastAPI], None] | None = None,
) -> Iterator[Site]:
    """The site is up until the block ends. `routers` are the API's; `add` gives the app more pages."""
    log.configure(as_json=True, level="ERROR")
    clock = FixedClock(NOW)
    made: dict[str, Any] = {}

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with Database(database_url, clock, max_size=4) as db:
            app.state.db = db
            app.state.engine = wiring.engine(Settings.model_validate(_SETTINGS), db)
            made["loop"] = asyncio.get_running_loop()
            yield

    def make(url: str) -> Front:
        app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, max_body_size=MAX_BODY, lifespan=lifespan)
        app.state.clock = clock
        app.state.vault = Vault([_KEY])
        app.state.settings = SimpleNamespace(public_url=url)
        app.include_router(signin.router)
        app.include_router(settings_pages.router)
        app.router.routes.append(
            Route("/static/{name:path}", declared(Access.public("style and script hold nothing"))(assets.serve))
        )
        app.mount(PREFIX, api(app.state, routers))
        respond.install(app)
        if add:
            add(app)
        check_routes(app)
        made["app"] = app
        return Front(app, public_url=url, draw=respond.draw)

    with serving_made(make) as url:
        yield Site(url, made["app"], clock, made["loop"])
