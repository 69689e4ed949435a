"""Tenants, users and keys. A key's secret hash stands in columns of its own, never in `body`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from meshkit.postgres import Database, Transaction
from services.dispatch.adapters.documents import Noun, Statements, pack, unpack
from services.dispatch.adapters.postgres_fleet import after_name
from services.dispatch.domain.access import Key, SecretHash, Tenant, User
from services.dispatch.ports import Slice

TENANTS = Noun(
    kind=Tenant,
    exists="TENANT_EXISTS",
    name=lambda tenant: tenant.tenant_id,
    columns=lambda tenant: (tenant.revision,),
    sql=Statements(
        find="SELECT body FROM tenants WHERE tenant = $1",
        find_all="SELECT body FROM tenants WHERE tenant = ANY ($1::text[]) ORDER BY tenant",
        add="""
            INSERT INTO tenants (tenant, revision, body) VALUES ($1, $2, $3)
            ON CONFLICT DO NOTHING""",
        save="""
            UPDATE tenants SET revision = $2, body = $3
            WHERE tenant = $1 AND revision = $2 - 1""",
    ),
)
LIST_TENANTS = """
    SELECT body FROM tenants WHERE tenant > $1 AND cardinality($2::text[]) = 0
    ORDER BY tenant LIMIT $3"""
ALL_TENANTS = "SELECT body FROM tenants WHERE tenant > $1 ORDER BY tenant LIMIT $2"

USERS = Noun(
    kind=User,
    exists="USER_EXISTS",
    name=lambda user: user.user_id,
    columns=lambda user: (user.user_id, user.revision),
    sql=Statements(
        find="SELECT body FROM users WHERE user_id = $1",
        find_all="SELECT body FROM users WHERE user_id = ANY ($1::text[]) ORDER BY user_id",
        add="""
            INSERT INTO users (tenant, user_id, revision, body) VALUES ($1, $2, $3, $4)
            ON CONFLICT DO NOTHING""",
        save="""
            UPDATE users SET revision = $3, body = $4
            WHERE tenant = $1 AND user_id = $2 AND revision = $3 - 1""",
    ),
)
LIST_USERS = """
    SELECT body FROM users WHERE user_id > $1 AND cardinality($2::text[]) = 0
    ORDER BY user_id LIMIT $3"""

FIND_KEY = "SELECT body, last_use_time FROM keys WHERE key_id = $1"
ADD_KEY = """
    INSERT INTO keys (tenant, key_id, body, secret_salt, secret_digest, secret_cost)
    VALUES ($1, $2, $3, $4, $5, $6)"""
SAVE_KEY = "UPDATE keys SET body = $2 WHERE key_id = $1"
LIST_KEYS = """
    SELECT body, last_use_time FROM keys WHERE key_id > $1 ORDER BY key_id LIMIT $2"""
# As the worker: nobody knows the tenant before the key is found. The unique index is on key_id.
FIND_CREDENTIALS = """
    SELECT tenant, body, secret_salt, secret_digest, secret_cost, last_use_time
    FROM keys WHERE key_id = $1"""
USE_KEY = """
    UPDATE keys SET last_use_time = date_trunc('minute', $3::timestamptz)
    WHERE tenant = $1 AND key_id = $2
      AND last_use_time IS DISTINCT FROM date_trunc('minute', $3::timestamptz)"""


class PostgresKeys:
    """Implements `ports.Keys`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def find(self, key_id: str) -> Key | None:
        row = await self._tx.fetchrow(FIND_KEY, key_id)
        return None if row is None else _key(row)

    async def add(self, key: Key, secret: SecretHash) -> None:
        hashed = (secret.salt, secret.digest, secret.cost)
        await self._tx.execute(ADD_KEY, self._tx.tenant, key.key_id, pack(key), *hashed)

    async def save(self, key: Key) -> None:
        await self._tx.execute(SAVE_KEY, key.key_id, pack(key))

    async def list_page(self, page: Slice) -> Sequence[Key]:
        return [_key(row) for row in await self._tx.fetch(LIST_KEYS, after_name(page), page.limit)]


class PostgresDirectory:
    """Implements `ports.Directory`: what is asked before a tenant is known."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def tenants(self, page: Slice) -> Sequence[Tenant]:
        async with self._db.worker() as tx:
            rows = await tx.fetch(ALL_TENANTS, after_name(page), page.limit)
        return [unpack(Tenant, row["body"]) for row in rows]

    async def credentials(self, key_id: str) -> tuple[Key, SecretHash] | None:
        async with self._db.worker() as tx:
            row = await tx.fetchrow(FIND_CREDENTIALS, key_id)
        if row is None:
            return None
        kept = SecretHash(row["secret_salt"], row["secret_digest"], row["secret_cost"])
        return _key(row), kept

    async def used(self, key: Key, now: datetime) -> None:
        async with self._db.worker() as tx:
            await tx.execute(USE_KEY, key.tenant_id, key.key_id, now)


def _key(row: Any) -> Key:
    body = unpack(Key, row["body"])
    return Key(**{name: getattr(body, name) for name in KEPT}, last_use_time=row["last_use_time"])


KEPT = tuple(name for name in Key.__slots__ if name != "last_use_time")
