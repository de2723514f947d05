"""A whole installation for the tests of pages: web app and worker over a real database, beside simulated vendors."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx2
from tests.house import KEY
from tests.simulators import serving_made

from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.accounts.api import Person, Presented, Role, SignedIn, Who
from bookingbridge.main import simulators, web_app, wiring, worker
from bookingbridge.main.demo import filling
from bookingbridge.main.demo.door import Browser, Form, forms
from bookingbridge.main.demo.world import make
from bookingbridge.main.settings import Settings
from bookingbridge.sync.engine import Engine

T = TypeVar("T")
PASSWORD = "copper lantern seven"
SHOP = accounts.NewBusiness("Corner Barbers", "America/Los_Angeles", "USD", "US")


class Installation:
    """The app as an ASGI callable, its worker with it; `do` runs coroutines where its database lives."""

    def __init__(self, database_url: str, url: str, simulated: str) -> None:
        self.url = url
        self.simulated = simulated
        self._settings = Settings.model_validate(
            {
                "database_url": database_url, "secret_key": KEY, "hash_salt": "salt", "public_url": url,
                "simulators_url": simulated,
            }
        )  # fmt: skip
        self.engine: Engine
        self._house: Any
        self._loop: asyncio.AbstractEventLoop

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await self._house(scope, receive, send)
            return
        await receive()
        async with self._living():
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    @asynccontextmanager
    async def _living(self) -> AsyncIterator[None]:
        assert self._settings.database_url
        async with wiring.database(self._settings.database_url.get_secret_value()) as db:
            self._loop = asyncio.get_running_loop()
            self.engine = wiring.engine(self._settings, db)
            self._house = web_app.create_app(self._settings, self.engine)
            stop = asyncio.Event()
            async with self._house.alive():
                working = asyncio.create_task(worker.run(self.engine, until=stop))
                try:
                    yield
                finally:
                    stop.set()
                    await working

    def do(self, act: Awaitable[T]) -> T:
        """The result of a coroutine over the installation's database."""

        async def awaited() -> T:
            return await act

        return asyncio.run_coroutine_threadsafe(awaited(), self._loop).result(30)

    def owner(self) -> SignedIn:
        """Somebody who owns a business of their own."""
        db = self.engine.db
        token = self.do(accounts.owner_link(db, is_further=True))
        assert token
        address = f"owner-{time.monotonic_ns()}@example.com"
        entered = self.do(accounts.create_owner(db, token, accounts.NewUser(address, "Olive Tran", PASSWORD)))
        person = self.do(accounts.identify(db, Presented("GET", entered.token)))
        assert isinstance(person, Person)
        self.do(accounts.create_business(db, person, SHOP))
        return entered

    def colleague(self, owner: SignedIn, role: Role) -> SignedIn:
        """Somebody who joined the owner's business."""
        db = self.engine.db
        invitation = self.do(accounts.invite(db, self.who(owner), role))
        new = accounts.NewUser(f"{role.value}-{time.monotonic_ns()}@example.com", "Casey Low", PASSWORD)
        return self.do(accounts.join_as_new(db, invitation, new))

    def who(self, entered: SignedIn) -> Who:
        found = self.do(accounts.identify(self.engine.db, Presented("GET", entered.token)))
        assert isinstance(found, Who)
        return found

    def client(self, entered: SignedIn) -> Visitor:
        return Visitor(self.url, entered.token)


class Visitor:
    """A browser with a session. Pages are asked for by path; redirects on the site are followed."""

    def __init__(self, url: str, session: str) -> None:
        self.http = httpx2.Client(base_url=url, cookies={"bb_session": session}, follow_redirects=True, timeout=20)

    def get(self, path: str, **headers: str) -> httpx2.Response:
        return self.http.get(path, headers=headers)

    def form(self, path: str, action: str) -> Form:
        """The form of the page at `path` that goes to `action`."""
        page = self.get(path)
        found = [f for f in forms(page.text) if f.action == action]
        assert found, f"{path} ({page.status_code}) has no form that goes to {action}"
        return found[0]

    def send(self, path: str, action: str, **values: str) -> httpx2.Response:
        """The answer to that form, filled and sent."""
        return self.http.post(action, data={**self.form(path, action).fields, **values})


@contextmanager
def installation(database_url: str, *, days: int = 20) -> Iterator[Installation]:
    """It answers until the block ends. The simulated Square, Meta and Google know a shop with that much history."""
    with serving_made(simulators.create_app) as simulated:
        filling.load_vendors(simulated, make(datetime.now(UTC), days=days))
        made: list[Installation] = []

        def here(url: str) -> Installation:
            made.append(Installation(database_url, url, simulated))
            return made[0]

        with serving_made(here):
            yield made[0]


def until(act: Callable[[], T], seconds: float = 30.0) -> T:
    """What `act` gives once it gives something true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := act():
            return found
        time.sleep(0.1)
    raise TimeoutError("waited too long")


def connected(there: Installation, owner: SignedIn, vendor: str = "square") -> tuple[Visitor, str]:
    """A visitor whose business is connected to the simulated vendor, everything read; the connection's path."""
    visitor = there.client(owner)
    path = signed_in_at(there, visitor, vendor)
    visitor.send(path, f"{path}/import")
    until(lambda: "Check ten rows" in visitor.get(f"{path}/import/progress").text)
    visitor.send(f"{path}/rows", f"{path}/finish")
    return visitor, path


def signed_in_at(there: Installation, visitor: Visitor, vendor: str = "square") -> str:
    """The vendor's own consent page was allowed; the path of the new connection."""
    page = visitor.get(f"/connections/new/{vendor}?environment=simulator")
    href = re.search(r'href="(/connections/new/[^"]+/authorize[^"]*)"', page.text)
    assert href, page.text
    away = visitor.http.get(href[1].replace("&amp;", "&"), follow_redirects=False)
    assert away.status_code == 303
    assert away.headers["location"].startswith(there.simulated)
    return allowed(visitor, away.headers["location"])


def allowed(visitor: Visitor, consent: str) -> str:
    """Where the visitor ends up who allows what the vendor's page asks for; its path."""
    with Browser(consent) as stranger:  # the vendor knows nothing of our cookies
        back = stranger.fill(stranger.get(consent), {}, button="allow", follow=False)
    assert back.status_code in (302, 303), back.text
    landed = visitor.http.get(back.headers["location"])
    assert landed.status_code == 200, landed.text
    return landed.url.path
