"""
Health for probes: `grpc.health.v1` under three kinds of name.

`""` and each service's full name say whether to send calls here: not while draining, while what the
service needs is down, or while the event loop lags. `liveness` says whether to restart the process,
and never looks at anything outside it: a database that is down must not start a storm of restarts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog
from grpc_health.v1 import health_pb2
from grpc_health.v1._async import HealthServicer

from meshkit.errors import MeshError

LIVENESS = "liveness"
BEAT_SECONDS = 1.0  # between two looks; a probe's period is 5 s or more
PROBE_SECONDS_MAX = 2.0
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING

Probe = Callable[[], Awaitable[object]]

log = structlog.get_logger()


class Health:
    """Keeps the answers of the health service true while it beats."""

    def __init__(
        self, services: Sequence[str], ready: Probe | None, lag_seconds_max: float
    ) -> None:
        self.servicer = HealthServicer()
        self.lag_seconds = 0.0  # how late the last beat came: what every call waits besides
        self._names = ["", *services]
        self._ready = ready
        self._lag_seconds_max = lag_seconds_max
        self._hindrance: str | None = "starting"

    async def beat(self) -> None:
        """Looks once a second, until cancelled."""
        await self.servicer.set(LIVENESS, SERVING)
        loop = asyncio.get_running_loop()
        while True:
            await self._tell(await self._look())
            due = loop.time() + BEAT_SECONDS
            await asyncio.sleep(BEAT_SECONDS)
            self.lag_seconds = loop.time() - due

    async def drain(self) -> None:
        """Says NOT_SERVING from now on; the process stays alive."""
        await self._tell("draining")

    async def _look(self) -> str | None:
        if self.lag_seconds > self._lag_seconds_max:
            return f"the event loop lags by {self.lag_seconds:.1f} s"
        if self._ready is None:
            return None
        try:
            async with asyncio.timeout(PROBE_SECONDS_MAX):
                await self._ready()
        except (MeshError, OSError, TimeoutError) as error:
            return f"{type(error).__name__}: {error}"
        except Exception:  # a bug in the probe must not stop the beat, and is no good sign
            log.exception("probe_failed")
            return "the probe failed"
        return None

    async def _tell(self, hindrance: str | None) -> None:
        if hindrance == self._hindrance:
            return
        self._hindrance = hindrance
        log.info("readiness_changed", ready=hindrance is None, hindrance=hindrance)
        for name in self._names:
            await self.servicer.set(name, SERVING if hindrance is None else NOT_SERVING)
