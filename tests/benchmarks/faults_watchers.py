"""
The watchers of a run: some that keep their cursor and come again, and a crowd that never reads.

A restless one leaves in the middle and comes again from its cursor, at times from an older one, to
either process. A stuck one opens a watch and reads nothing, as long as there is a server.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from typing import Any

import grpc

from doorstep.tracking.v1 import tracking_service_pb2 as pb
from doorstep.tracking.v1.tracking_service_pb2_grpc import TrackingServiceStub
from meshkit import cursor as cursors
from services.tracking.adapters.position_feed import NAME
from tests.benchmarks.faults_clients import Doors, Troubles, opened, pause
from tests.benchmarks.faults_history import Piece, Place, Seen

LEAVES = 0.03  # how often a restless one leaves after an answer
GOES_BACK = 0.3  # of those times, to an older cursor
REMEMBERED = 20  # older cursors


class Watcher:
    """One that reads everything, from the oldest on."""

    def __init__(
        self, doors: Doors, seen: Seen, dice: random.Random, troubles: Troubles, *, restless: bool
    ) -> None:
        self._doors, self.seen, self._dice, self._troubles = doors, seen, dice, troubles
        self._at: tuple[str, Place] = ("", {})
        self._older: deque[tuple[str, Place]] = deque([self._at], REMEMBERED)
        self._moved = asyncio.Event()
        self.restless = restless

    async def run(self) -> None:
        """For ever."""
        while True:
            try:
                async with self._doors.one(self._dice, 1) as channel:
                    await self._watch(TrackingServiceStub(channel))
            except grpc.aio.AioRpcError as error:
                self._troubles.note(error)
            self.seen.resumes += 1
            await pause(self._dice)

    async def until(self, place: Place) -> None:
        """Returns when it stands there."""
        while self._at[1] != place:
            self._moved.clear()
            await self._moved.wait()

    async def _watch(self, stub: Any) -> None:
        request = pb.WatchPositionsRequest(cursor=self._at[0], device_ids=self.seen.devices)
        call = stub.WatchPositions(request, metadata=self._doors.metadata)
        try:
            async for response in call:
                self._take(response)
                if self.restless and self._dice.random() < LEAVES:
                    self._leave()
                    return
        finally:
            call.cancel()

    def _take(self, response: pb.WatchPositionsResponse) -> None:
        before, after = self._at[1], cursors.unpack(NAME, response.cursor)
        items = tuple(
            (one.device_id, one.epoch, one.position.sequence) for one in response.positions
        )
        if items or after != before:
            self.seen.pieces.append(Piece(before, after, items))
        self._at = response.cursor, after
        self._older.append(self._at)
        self._moved.set()

    def _leave(self) -> None:
        if self._dice.random() < GOES_BACK:
            self._at = self._dice.choice(self._older)


async def stuck(doors: Doors, address: str, many: int, dice: random.Random) -> None:
    """Some on one connection that open watches from the oldest on and never read."""
    async with opened(address) as channel, asyncio.TaskGroup() as group:
        for _ in range(many):
            group.create_task(_stuck(TrackingServiceStub(channel), doors, dice))


async def _stuck(stub: Any, doors: Doors, dice: random.Random) -> None:
    """One of them; it opens another watch when its own ends."""
    while True:
        request = pb.WatchPositionsRequest()
        call = stub.WatchPositions(request, metadata=doors.metadata, wait_for_ready=True)
        try:
            await call.code()
        finally:
            call.cancel()
        await pause(dice)
