"""
The desk repairs the day while time stands still: its answers are slow in real seconds only.

Method: a dispatch of two running routes that takes a fifth of a second for each change, on a clock
that runs ten thousand times as fast as the machine's.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from clients.day.desk import Desk
from clients.day.pace import DayClock
from clients.day.setting import Setting
from clients.day.zone import Box
from doorstep.dispatch.v1 import dispatch_service_pb2 as pb
from doorstep.dispatch.v1 import route_pb2
from meshkit.errors import Conflict

FACTOR, ANSWER_SECONDS = 10_000.0, 0.2
UTC = ZoneInfo("UTC")
SETTING = Setting("demo", 1, date(2026, 11, 24), UTC, "FI", Box(0, 0, 1, 1))


@dataclass
class Dispatch:
    """Answers as the service does; `faster` of its first changes find that somebody was faster."""

    clock: DayClock
    faster: int = 0
    began: list[datetime] = field(default_factory=list)
    ended: list[datetime] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)

    async def ListRoutes(self, _: pb.ListRoutesRequest) -> pb.ListRoutesResponse:  # noqa: N802
        stop = route_pb2.Stop(stop_id="s1", tasks=[route_pb2.StopTask(task_id="t1")])
        state = route_pb2.ROUTE_STATE_ACTIVE
        broken = route_pb2.Route(route_id="broken", revision=1, state=state, stops=[stop])
        sound = route_pb2.Route(route_id="sound", revision=1, state=state)
        return pb.ListRoutesResponse(routes=[broken, sound])

    async def ReassignStops(self, request: Any) -> pb.ReassignStopsResponse:  # noqa: N802
        self.began.append(self.clock.now())
        await asyncio.sleep(ANSWER_SECONDS)
        self.ended.append(self.clock.now())
        if len(self.ended) <= self.faster:
            raise Conflict("REVISION_STALE", "somebody was faster")
        self.moved += [move.task_id for move in request.moves]
        return pb.ReassignStopsResponse()


@pytest.mark.parametrize("faster", [0, 2])
async def test_no_time_passes_while_a_change_is_decided(tmp_path: Path, faster: int) -> None:
    clock = DayClock(tmp_path / "clock.json", SETTING.opening, FACTOR)
    clock.release()
    dispatch = Dispatch(clock, faster)
    api: Any = SimpleNamespace(dispatch=dispatch)

    await Desk(api, SETTING, clock, random.Random(1)).relieve("plan", "broken")

    took = [end - begin for begin, end in zip(dispatch.began, dispatch.ended, strict=True)]
    assert took == [timedelta()] * (faster + 1)
    assert dispatch.moved == ["t1"]
    assert clock.now() < clock.now(), "it runs again"
