"""
Whole files outside of PostgreSQL: a folder of this machine, or a bucket that speaks S3.

Names never change their content, so a file that is put twice is the same file. What is put is
durable when `put` returns.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from obstore.exceptions import BaseError
from obstore.store import S3Store

from meshkit.errors import Unavailable
from services.tracking.proof_ports import Objects

RETRY_AFTER_SECONDS = 5.0
CONNECT_SECONDS_MAX, CALL_SECONDS_MAX = 3, 10  # within UploadMedia's deadline of 20 s
TRIES_MAX = 2

log = structlog.get_logger()


class Folder:
    """Implements `proof_ports.Objects` in a folder: for one machine, or a shared volume."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, name: str, content: bytes) -> None:
        """Keeps a file."""
        try:
            await asyncio.to_thread(self._write, self._root / name, content)
        except OSError as error:
            raise _away(error) from error

    async def get(self, name: str, offset: int, length: int) -> bytes:
        """A part of a file."""
        try:
            return await asyncio.to_thread(_read, self._root / name, offset, length)
        except OSError as error:
            raise _away(error) from error

    def _write(self, path: Path, content: bytes) -> None:
        """Written beside and moved into place, so that nobody ever reads half of it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(file.name, path)
        _sync(path.parent)


class Bucket:
    """Implements `proof_ports.Objects` in a bucket that speaks S3."""

    def __init__(self, store: S3Store) -> None:
        self._store = store

    async def put(self, name: str, content: bytes) -> None:
        """Keeps a file."""
        try:
            await self._store.put_async(name, content)
        except (BaseError, OSError) as error:
            raise _away(error) from error

    async def get(self, name: str, offset: int, length: int) -> bytes:
        """A part of a file."""
        try:
            part = await self._store.get_range_async(name, start=offset, length=length)
        except (BaseError, OSError) as error:
            raise _away(error) from error
        return part.to_bytes()


def objects(
    url: str, *, endpoint: str = "", region: str = "", key_id: str = "", secret: str = ""
) -> Objects | None:
    """
    The store that a URL names: `file:///folder` or `s3://bucket/prefix`; None for an empty one.

    Without `key_id` the bucket is opened as the environment of the process says. Raises ValueError.
    """
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.path.startswith("/"):
        return Folder(Path(parts.path))
    if parts.scheme != "s3" or not parts.netloc:
        raise ValueError("media_url is file:///FOLDER or s3://BUCKET/PREFIX")
    named = {"endpoint": endpoint, "region": region, "access_key_id": key_id}
    config = {name: value for name, value in named.items() if value}
    if secret:
        config["secret_access_key"] = secret
    store = S3Store(
        parts.netloc,
        prefix=parts.path.strip("/") or None,
        client_options={
            "allow_http": endpoint.startswith("http://"),
            "connect_timeout": timedelta(seconds=CONNECT_SECONDS_MAX),
            "timeout": timedelta(seconds=CALL_SECONDS_MAX),
        },
        retry_config={
            "max_retries": TRIES_MAX - 1,
            "retry_timeout": timedelta(seconds=CALL_SECONDS_MAX),
        },
        **config,  # type: ignore[arg-type]
    )
    return Bucket(store)


def _read(path: Path, offset: int, length: int) -> bytes:
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(length)


def _sync(folder: Path) -> None:
    """Makes the new name durable too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _away(error: Exception) -> Unavailable:
    log.warning("media_store_away", kind=type(error).__name__)
    words = "the store of files does not answer"
    return Unavailable(
        "MEDIA_STORE_AWAY", words, retry_after=timedelta(seconds=RETRY_AFTER_SECONDS)
    )
