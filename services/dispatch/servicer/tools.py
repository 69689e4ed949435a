"""What every servicer of dispatch works with, put together once in `__main__`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from google.protobuf.message import Message

from meshkit.caller import Caller, current_caller
from meshkit.clock import Clock
from meshkit.errors import MeshError
from meshkit.idempotency import Call, commit_once, recall
from meshkit.ids import NewId
from meshkit.paging import Page
from meshkit.postgres import Database, Transaction
from services.dispatch.ports import Compliance, Planner, Slice, Stores
from services.dispatch.usecases.common import Reading
from services.dispatch.usecases.rewards import NewCode

Response = TypeVar("Response", bound=Message)
Prepared = TypeVar("Prepared")
Effect = Callable[[Stores], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Tools:
    """The store, the clock, names, and those who are asked."""

    db: Database
    stores: Callable[[Transaction], Stores]
    planner: Planner
    compliance: Compliance
    clock: Clock
    new_id: NewId
    new_code: NewCode

    def now(self) -> datetime:
        """Business time."""
        return self.clock.now()

    def reading(self, tenant: str = "") -> Reading:
        """Transactions to read in, of the caller's tenant unless another is named."""
        named = tenant or current_caller().required_tenant()

        @asynccontextmanager
        async def read() -> AsyncIterator[Stores]:
            async with self.db.transaction(named) as tx:
                yield self.stores(tx)

        return read

    async def asked_first(
        self,
        request: Any,
        response: type[Response],
        prepare: Callable[[], Awaitable[Prepared]],
        effect: Callable[[Prepared, Stores], Awaitable[Response]],
    ) -> Response:
        """
        One effect and one answer where others are asked before: no transaction is open then.

        A refusal may come from the first of two equal requests having done the work meanwhile: the
        second gets the answer of the first.
        """
        call = Call.of(current_caller(), request)
        if (answer := await recall(self.db, call, response)) is not None:
            return answer
        try:
            prepared = await prepare()
        except MeshError:
            if (answer := await recall(self.db, call, response)) is not None:
                return answer
            raise
        return await self.once(request, response, partial(effect, prepared))

    async def once(
        self,
        request: Any,
        response: type[Response],
        effect: Effect[Response],
        caller: Caller | None = None,
    ) -> Response:
        """One effect and one answer for each request id; `caller` if an operator acts for one."""
        call = Call.of(caller or current_caller(), request)
        return await commit_once(self.db, call, response, lambda tx: effect(self.stores(tx)))


def acting_in(tenant: str) -> Caller:
    """The caller, at work on a tenant that it may name."""
    return replace(current_caller(), tenant=tenant)


def slice_of(page: Page) -> Slice:
    """A page as the stores read it: one more than is given, which tells whether there are more."""
    return Slice(page.after, page.limit)
