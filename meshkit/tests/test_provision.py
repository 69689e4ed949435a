"""
What a deploy runs first: roles with the passwords that the service will come with, then its tables.

Method: a database of its own per test, URLs in files as a cluster mounts them.
"""

from __future__ import annotations

from pathlib import Path

import asyncpg
import pytest

from meshkit import roles
from meshkit.migrate import Phase
from meshkit.pgtest import PostgresForTests
from meshkit.provision import provision_and_migrate, urls_of
from meshkit.tests.conftest import MIGRATIONS

URLS = {"admin": "admin_url", "app": "app_url", "worker": "worker_url"}


def mounted(folder: Path, **texts: str) -> dict[str, str]:
    """Variables that name files with these secrets."""
    environment = {}
    for name, text in texts.items():
        (folder / name).write_text(f"{text}\n")
        environment[f"DOORSTEP_{name.upper()}_FILE"] = str(folder / name)
    return environment


@pytest.mark.pg
async def test_the_service_can_log_in_with_what_it_was_given(
    postgres: PostgresForTests, tmp_path: Path
) -> None:
    async with postgres.access("journal", MIGRATIONS) as other:
        admin = roles.database_url(postgres.admin_url, other.app_url.rpartition("/")[2])
        given = roles.access(admin, "novel", "a p@ss/word", "another")
        environment = mounted(
            tmp_path,
            postgres_admin_url=admin,
            novel_app_url=given.app_url,
            novel_worker_url=given.worker_url,
        )

        urls = urls_of("novel", environment)
        first = await provision_and_migrate(urls, "novel", tmp_path, Phase.PRE)
        again = await provision_and_migrate(urls, "novel", tmp_path, Phase.PRE)
        connection = await asyncpg.connect(given.app_url)
        await connection.close()

    assert first == ["meshkit/0001_pre_base.sql"]
    assert again == []


@pytest.mark.parametrize("missing", ["POSTGRES_ADMIN_URL", "NOVEL_APP_URL", "NOVEL_WORKER_URL"])
def test_a_missing_secret_is_named(missing: str) -> None:
    names = ("POSTGRES_ADMIN_URL", "NOVEL_APP_URL", "NOVEL_WORKER_URL")
    environment = {f"DOORSTEP_{name}": "postgresql://x:y@z/d" for name in names if name != missing}

    with pytest.raises(ValueError, match=missing):
        urls_of("novel", environment)


async def test_a_url_without_a_password_is_refused() -> None:
    urls = dict.fromkeys(URLS, "postgresql://x@z/d")

    with pytest.raises(ValueError, match="passwords"):
        await provision_and_migrate(urls, "novel", Path(), Phase.PRE)
