"""
Roles, then migrations, of one service: what a deploy runs before the new code starts.

    python -m meshkit.provision dispatch services/dispatch/migrations --phase pre

Three secrets say how: the administrator's URL in DOORSTEP_POSTGRES_ADMIN_URL, and the URLs that the
service itself is given, DOORSTEP_DISPATCH_APP_URL and DOORSTEP_DISPATCH_WORKER_URL, whose passwords
the roles get. Each may be a file named by the same variable with `_FILE`. Safe to run again.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

import asyncpg

from meshkit.config import FILE_SUFFIX, MESH_PREFIX
from meshkit.migrate import URL_VARIABLE, MigrationError, Phase, migrate
from meshkit.roles import provision


async def provision_and_migrate(
    urls: Mapping[str, str], schema: str, folder: Path, phase: Phase
) -> list[str]:
    """Makes what is missing; returns the names of the migrations that were due."""
    await provision(
        urls["admin"],
        schema,
        app_password=password_in(urls["app"]),
        worker_password=password_in(urls["worker"]),
    )
    return await migrate(urls["admin"], schema, folder, phase)


def urls_of(schema: str, environment: Mapping[str, str]) -> dict[str, str]:
    """The three URLs. Raises ValueError that names the variable which is missing."""
    prefix = f"{MESH_PREFIX}{schema.upper()}_"
    return {
        "admin": secret(URL_VARIABLE, environment),
        "app": secret(f"{prefix}APP_URL", environment),
        "worker": secret(f"{prefix}WORKER_URL", environment),
    }


def secret(name: str, environment: Mapping[str, str]) -> str:
    if path := environment.get(f"{name}{FILE_SUFFIX}"):
        return Path(path).read_text().strip()
    if value := environment.get(name):
        return value
    raise ValueError(f"set {name}, or {name}{FILE_SUFFIX} to a file that holds it")


def password_in(url: str) -> str:
    password = urlsplit(url).password
    if not password:
        raise ValueError("the URLs of a service's roles need passwords")
    return unquote(password)


def main(arguments: Sequence[str] | None = None) -> None:
    """Does it and prints what it did; the message of a failure names no secret."""
    parser = argparse.ArgumentParser(
        description="Makes one service's roles and migrates its schema."
    )
    parser.add_argument("schema")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--phase", type=Phase, choices=list(Phase), default=Phase.ALL)
    given = parser.parse_args(arguments)
    try:
        urls = urls_of(given.schema, os.environ)
        done = asyncio.run(provision_and_migrate(urls, given.schema, given.folder, given.phase))
    except (MigrationError, OSError, ValueError, asyncpg.PostgresError) as error:
        sys.exit(f"{given.schema}: {error}")
    print("\n".join(done) or "nothing to do")


if __name__ == "__main__":
    main()
