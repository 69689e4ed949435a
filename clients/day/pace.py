"""
The day's time: reads the clock file that every process follows, and waits in simulated time.

The day sets the factor to 0 while it waits for a plan, for a change of one, or for a service to
come back, so that no promise is broken by the machine's own pace.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from meshkit.clock import Pace, SteppedClock, set_factor, write_pace

LOOK_SECONDS = 0.25  # real seconds between looks at the clock: another may have changed its pace


class DayClock:
    """Simulated time, and its pace."""

    def __init__(self, path: Path, start: datetime, factor: float) -> None:
        write_pace(path, Pace(datetime.now(UTC), start.astimezone(UTC), 0.0))
        self._path = path
        self._clock = SteppedClock(path, sandbox=True)
        self._factor = factor
        self._holders = 1  # stands still until `release`

    def now(self) -> datetime:
        return self._clock.now()

    def release(self) -> None:
        """Lets time run, unless somebody else still holds it."""
        self._holders -= 1
        if self._holders == 0:
            set_factor(self._path, self._factor)

    def hold(self) -> None:
        """Stops time until the same number of releases."""
        self._holders += 1
        set_factor(self._path, 0.0)

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Time stands still inside the block."""
        self.hold()
        try:
            yield
        finally:
            self.release()

    async def until(self, moment: datetime) -> None:
        """Returns when that moment of simulated time has come."""
        while (left := moment - self.now()) > timedelta(0):
            factor = self._clock.pace.factor
            real = left.total_seconds() / factor if factor else LOOK_SECONDS
            await asyncio.sleep(min(real, LOOK_SECONDS))

    async def wait(self, length: timedelta) -> None:
        """Returns after that much simulated time."""
        await self.until(self.now() + length)
