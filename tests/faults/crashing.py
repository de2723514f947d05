"""A database whose user can be killed at any step: before, between and after statements, before and after a commit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from bookingbridge.canonical.ids import BusinessId
from bookingbridge.infra.clock import Clock
from bookingbridge.infra.db import Database, Tx
from bookingbridge.infra.jobs import Bell


class Killed(BaseException):
    """The process is gone: nothing of ours may catch this."""


class Fate:
    """Counts the steps that are still granted; None: no end is in sight."""

    def __init__(self) -> None:
        self.left: int | None = None

    def step(self) -> None:
        if self.left is None:
            return
        self.left -= 1
        if self.left < 0:
            self.left = None
            raise Killed


class _MortalTx(Tx):
    __slots__ = ("_fate",)

    def __init__(self, tx: Tx, business_id: UUID, reactions: Mapping[str, Sequence[str]], fate: Fate) -> None:
        super().__init__(tx.conn, BusinessId(business_id), tx.now, reactions)
        self._fate = fate

    async def run(self, sql: str, params: Sequence[Any] | Mapping[str, Any] = ()) -> int:
        self._fate.step()
        return await super().run(sql, params)

    async def copy(
        self, table: str, columns: Sequence[str], types: Sequence[str], rows: Iterable[Sequence[Any]]
    ) -> None:
        self._fate.step()
        await super().copy(table, columns, types, rows)

    async def ring(self, *bells: Bell) -> None:
        self._fate.step()
        await super().ring(*bells)


class MortalDatabase(Database):
    """See above. No reactions follow its events: what becomes of records later is not looked at here."""

    def __init__(self, url: str, clock: Clock, fate: Fate) -> None:
        super().__init__(url, clock)
        self._fate = fate

    @asynccontextmanager
    async def business(self, business_id: UUID) -> AsyncIterator[Tx]:
        async with super().business(business_id) as tx:
            yield _MortalTx(tx, business_id, self.reactions, self._fate)
            self._fate.step()  # all is written and nothing is committed
        self._fate.step()  # all is committed and nobody was told
