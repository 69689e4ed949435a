"""Audits are written in a process of their own: a long one takes seconds and blocks nobody."""

from __future__ import annotations

import asyncio

from meshkit.child import answer_of
from services.tracking.domain.audit import Audit

MODULE = "services.tracking.formats"
WRITE_SECONDS_MAX = 18.0  # within GetAuditDocument's deadline of 20 s
WRITERS_MAX = 2  # processes at once; who comes later waits within the deadline


class AuditWriter:
    """Writes documents, a few at once."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(WRITERS_MAX)

    async def write(self, audit: Audit) -> bytes:
        """The PDF of an audit; TimeoutError after so long, waiting for a turn included."""
        async with asyncio.timeout(WRITE_SECONDS_MAX), self._free:
            return await answer_of(audit, MODULE, seconds=WRITE_SECONDS_MAX)
