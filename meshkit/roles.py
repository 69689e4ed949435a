"""
A schema and its three roles, made by an administrator's connection; asked twice, it does no harm.

X_owner owns the tables and cannot log in: migrations act as it. X_app is what a service answers its
callers with: row-level security shows it one tenant. X_worker is what ticks, ingest, the feed and
retention work with: it sees every tenant. Nobody else may use the schema, and neither role may use
another's.

The administrator may create roles that bypass row-level security: a superuser, or on PostgreSQL 16
and later a role with CREATEROLE and BYPASSRLS that owns the database.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

VERSION_MIN = 150_000  # PostgreSQL 15: our SQL stays within it
PASSWORD_BYTES = 24
SCHEMA_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
EXTENSIONS = ("btree_gist", "pg_trgm")  # overlaps of spans, and search by parts of words


@dataclass(frozen=True, slots=True)
class Access:
    """How a service reaches its schema. The URLs hold passwords: hand them on, never print them."""

    schema: str
    app_url: str = field(repr=False)
    worker_url: str = field(repr=False)


async def provision(
    admin_url: str,
    schema: str,
    *,
    app_password: str = "",
    worker_password: str = "",
) -> Access:
    """
    Makes the schema and its roles in the database of `admin_url`, and sets both passwords.

    A password that is not given is made anew, so services started before must be given the new one.
    """
    if not SCHEMA_NAME.fullmatch(schema):
        raise ValueError(f"not a schema's name: {schema!r}")
    app = app_password or secrets.token_urlsafe(PASSWORD_BYTES)
    worker = worker_password or secrets.token_urlsafe(PASSWORD_BYTES)
    connection = await asyncpg.connect(admin_url)
    try:
        _check_version(connection)
        async with connection.transaction():
            await connection.execute(LOCK)
            await _make_roles(connection, schema, app, worker)
            await connection.execute(SCHEMA.format(schema=schema))
            for extension in EXTENSIONS:
                await connection.execute(
                    f"CREATE EXTENSION IF NOT EXISTS {extension} SCHEMA public"
                )
    finally:
        await connection.close()
    return access(admin_url, schema, app, worker)


def access(admin_url: str, schema: str, app_password: str, worker_password: str) -> Access:
    """The URLs of both roles at the administrator's server and database."""
    return Access(
        schema,
        _url_as(admin_url, f"{schema}_app", app_password),
        _url_as(admin_url, f"{schema}_worker", worker_password),
    )


def database_url(url: str, database: str) -> str:
    """The same server and user, another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


async def unprotected_tables(connection: Any, schema: str) -> Sequence[str]:
    """
    What is wrong with the tables that have a column `tenant`: row-level security off or not forced,
    no policy, or a primary key that does not begin with the tenant. Tests hold this empty.
    """
    return [f"{row['name']}: {row['fault']}" for row in await connection.fetch(FAULTS, schema)]


async def _make_roles(connection: Any, schema: str, app: str, worker: str) -> None:
    for role, attributes, password in (
        ("owner", "NOLOGIN NOBYPASSRLS", None),
        ("app", "LOGIN NOBYPASSRLS", app),
        ("worker", "LOGIN BYPASSRLS", worker),
    ):
        name = f"{schema}_{role}"
        if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", name):
            await connection.execute(f"CREATE ROLE {name}")
        await connection.execute(
            f"ALTER ROLE {name} NOSUPERUSER NOCREATEROLE NOCREATEDB {attributes}"
        )
        if password is not None:
            set_password = await connection.fetchval(
                "SELECT format('ALTER ROLE %I PASSWORD %L', $1::text, $2::text)", name, password
            )
            await connection.execute(set_password)


def _check_version(connection: Any) -> None:
    version = connection.get_server_version()
    if version.major * 10_000 < VERSION_MIN:
        raise ValueError(
            f"PostgreSQL {version.major} is too old: Doorstep needs 15 or later; leave the URL out "
            "to use the one that comes with it"
        )


def _url_as(url: str, user: str, password: str) -> str:
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(password, safe='')}@{place}"))


LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('doorstep.roles', 0))"

SCHEMA = """
    GRANT {schema}_owner, {schema}_worker TO CURRENT_USER;
    CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION {schema}_owner;
    REVOKE ALL ON SCHEMA {schema} FROM PUBLIC;
    GRANT USAGE ON SCHEMA {schema} TO {schema}_app, {schema}_worker;
    ALTER DEFAULT PRIVILEGES FOR ROLE {schema}_owner IN SCHEMA {schema}
        GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {schema}_app, {schema}_worker;
    ALTER DEFAULT PRIVILEGES FOR ROLE {schema}_owner IN SCHEMA {schema}
        GRANT USAGE ON SEQUENCES TO {schema}_app, {schema}_worker;
"""

FAULTS = """
    WITH tables AS (
        SELECT c.oid, c.relname AS name, c.relrowsecurity, c.relforcerowsecurity,
               (SELECT a.attname FROM pg_index i JOIN pg_attribute a
                    ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
                WHERE i.indrelid = c.oid AND i.indisprimary) AS first_of_key
        FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = $1
        JOIN pg_attribute t ON t.attrelid = c.oid AND t.attname = 'tenant' AND NOT t.attisdropped
        WHERE c.relkind IN ('r', 'p')
    )
    SELECT name, 'row-level security is off' AS fault FROM tables WHERE NOT relrowsecurity
    UNION ALL SELECT name, 'the owner is exempt' FROM tables WHERE NOT relforcerowsecurity
    UNION ALL SELECT name, 'no policy' FROM tables t
        WHERE NOT EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = t.oid)
    UNION ALL SELECT name, 'tenant is not first in the primary key' FROM tables
        WHERE first_of_key IS DISTINCT FROM 'tenant'
    ORDER BY 1, 2"""
