"""
Domain values as jsonb, and the one way to keep them: find, claim, add, save by compare-and-set.

Each noun brings its four statements and the columns that are asked by; the rest is here.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum
from typing import Any, Generic, TypeVar

from cattrs import Converter

from meshkit.errors import AlreadyExists, Conflict
from meshkit.postgres import Transaction

T = TypeVar("T")

MICROSECOND = timedelta(microseconds=1)


def _converter() -> Converter:
    made = Converter()
    for kind in (date, datetime, time):
        made.register_unstructure_hook(kind, kind.isoformat)
        made.register_structure_hook(kind, lambda text, to: to.fromisoformat(text))
    made.register_unstructure_hook(timedelta, lambda span: span // MICROSECOND)
    made.register_structure_hook(timedelta, lambda number, _: number * MICROSECOND)
    made.register_unstructure_hook(bytes, lambda data: base64.b64encode(data).decode())
    made.register_structure_hook(bytes, lambda text, _: base64.b64decode(text))
    made.register_unstructure_hook(Enum, lambda member: member.value)
    return made


_documents = _converter()


def pack(value: Any) -> str:
    """A domain value as JSON text."""
    return json.dumps(_documents.unstructure(value), separators=(",", ":"))


def unpack(kind: type[T], text: str) -> T:
    """The domain value that `pack` wrote; fields that it lacks have their defaults."""
    return _documents.structure(json.loads(text), kind)


@dataclass(frozen=True, slots=True)
class Statements:
    """The SQL of a noun. `add` and `save` take the tenant and then the columns, body last."""

    find: str
    find_all: str
    add: str
    save: str


@dataclass(frozen=True, slots=True)
class Noun(Generic[T]):
    """What is kept, by which name and columns, and the reason that says the name is taken."""

    kind: type[T]
    exists: str
    sql: Statements
    name: Callable[[T], str]
    columns: Callable[[T], tuple[Any, ...]]  # name first, revision second; body is added


class Documents(Generic[T]):
    """One noun in one transaction: implements `ports.Shelf`."""

    def __init__(self, tx: Transaction, noun: Noun[T]) -> None:
        self._tx = tx
        self._noun = noun

    async def find(self, name: str) -> T | None:
        row = await self._tx.fetchrow(self._noun.sql.find, name)
        return None if row is None else self._read(row)

    async def find_all(self, names: Collection[str]) -> Mapping[str, T]:
        return self._by_name(await self._tx.fetch(self._noun.sql.find_all, list(names)))

    async def claim(self, name: str) -> T | None:
        row = await self._tx.fetchrow(f"{self._noun.sql.find} FOR UPDATE", name)
        return None if row is None else self._read(row)

    async def claim_all(self, names: Collection[str]) -> Mapping[str, T]:
        sql = f"{self._noun.sql.find_all} FOR UPDATE"
        return self._by_name(await self._tx.fetch(sql, list(names)))

    async def add(self, *values: T) -> None:
        for value in values:
            if not await self._tx.execute(self._noun.sql.add, *self._row(value)):
                name = self._noun.name(value)
                raise AlreadyExists(self._noun.exists, f"{name!r} exists", name=name)

    async def save(self, *values: T) -> None:
        for value in values:
            if not await self._tx.execute(self._noun.sql.save, *self._row(value)):
                name = self._noun.name(value)
                raise Conflict("ETAG_STALE", f"{name!r} was changed meanwhile", name=name)

    async def fetch(self, sql: str, *args: Any) -> list[T]:
        """The values of a query whose only column is the body."""
        return [self._read(row) for row in await self._tx.fetch(sql, *args)]

    def _row(self, value: T) -> tuple[Any, ...]:
        return self._tx.tenant, *self._noun.columns(value), pack(value)

    def _read(self, row: Any) -> T:
        return unpack(self._noun.kind, row["body"])

    def _by_name(self, rows: list[Any]) -> dict[str, T]:
        values = map(self._read, rows)
        return {self._noun.name(value): value for value in values}
