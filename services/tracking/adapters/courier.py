"""
The courier: sends what is due, several receivers at once, one message of a subject at a time.

Clocks: when a try is due, and how long a receiver has failed, is told by `clock`, the machine's;
the moment in a signature is the machine's own, for the receiver compares it with its own.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from meshkit.clock import Clock
from meshkit.errors import MeshError
from services.tracking.adapters.webhook_lanes import WebhookLanes
from services.tracking.domain.attempt import GIVEN_UP_AFTER, GONE, AttemptState, Reply
from services.tracking.outbound_ports import Lane, Outcome, Post, Turn

LANES_MAX = 32  # under way in this process
RUN_MAX = 50  # messages of one lane before another lane has its turn
IDLE_SECONDS = 0.5  # between two looks for what is due
GONE_WORDS = "its receiver answered 410"
FAILED_WORDS = "its receiver failed for 5 days"

Disable = Callable[[str, str, str], Awaitable[None]]  # tenant, subscription, why

log = structlog.get_logger()


class Courier:
    """Sends until cancelled; what it is at then is sent again under the same id."""

    def __init__(self, lanes: WebhookLanes, post: Post, disable: Disable, clock: Clock) -> None:
        self._lanes = lanes
        self._post = post
        self._disable = disable
        self._clock = clock

    async def run(self) -> None:
        """One of the process's loops."""
        under_way: set[asyncio.Task[int]] = set()
        try:
            while True:
                under_way = {task for task in under_way if not task.done()}
                found = await self._claimed(LANES_MAX - len(under_way))
                under_way |= {asyncio.create_task(self._guarded(lane)) for lane in found}
                if not found:
                    await asyncio.sleep(IDLE_SECONDS)
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    async def beat(self) -> int:
        """Sends all that is due now, and what follows from it; tells how many tries that took."""
        tries = 0
        while lanes := await self._lanes.claim(self._clock.now(), LANES_MAX):
            tries += sum(await asyncio.gather(*map(self._guarded, lanes)))
        return tries

    async def _claimed(self, limit: int) -> list[Lane]:
        if not limit:
            return []
        try:
            return list(await self._lanes.claim(self._clock.now(), limit))
        except MeshError as error:
            log.warning("webhooks_wait", reason=error.reason)
            return []

    async def _guarded(self, lane: Lane) -> int:
        try:
            return await self._run(lane)
        except MeshError as error:
            log.warning("webhook_lane_left", reason=error.reason)
        except Exception:  # a fault about one lane must not stop the others; its lease runs out
            log.exception("webhook_lane_broke", subscription_no=lane.subscription_no)
        return 0

    async def _run(self, lane: Lane) -> int:
        for tries in range(RUN_MAX):
            turn = await self._lanes.next(lane, self._clock.now())
            if turn is None:
                return tries
            reply = await self._post.send(turn.letter)
            outcome = await self._lanes.note(turn, reply, self._clock.now(), _chance())
            if outcome.state is not AttemptState.SUCCEEDED:
                await self._judge(turn, reply, outcome)
            if outcome.state is AttemptState.FAILED:
                return tries + 1
        await self._lanes.release(lane)
        return RUN_MAX

    async def _judge(self, turn: Turn, reply: Reply, outcome: Outcome) -> None:
        """Disables a subscription whose receiver is gone, or has failed for days."""
        since = outcome.failing_since
        failed_for = self._clock.now() - since if since else timedelta()
        if reply.status_code == GONE:
            why = GONE_WORDS
        elif failed_for >= GIVEN_UP_AFTER:
            why = FAILED_WORDS
        else:
            return
        await self._disable(turn.lane.tenant, turn.subscription.subscription_id, why)


def _chance() -> float:
    return random.random()  # noqa: S311 - jitter is no secret
