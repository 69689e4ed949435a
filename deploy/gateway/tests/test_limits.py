"""
Limits at the door: one caller too fast keeps nobody else out.

Method: a gateway for each test, whose limits are small.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

import doorstep.dispatch.v1.tender_service_pb2 as tender_pb
import doorstep.dispatch.v1.tender_service_pb2_grpc as tender_grpc
from deploy.gateway.settings import Limits, Rate
from deploy.gateway.tests.harness import TENDER, Edge, channel, edge
from meshkit.auth import Role
from meshkit.client import raising
from meshkit.errors import Exhausted

pytestmark = pytest.mark.mesh


async def test_one_caller_too_fast_is_429_and_the_others_go_on(tmp_path: Path) -> None:
    async with edge(tmp_path, Limits(caller=Rate(1, 5), stranger=Rate(1, 3))) as door:
        hasty, calm = (
            door.dispatch.token(Role.CARRIER, subject=name) for name in ("hasty", "calm")
        )
        replies = [await door.ask("GET", TENDER, token=hasty) for _ in range(8)]
        other = await door.ask("GET", TENDER, token=calm)
        links = [await door.ask("GET", "/v1/tracking/link-1") for _ in range(5)]
        async with channel(door, hasty) as opened:
            with pytest.raises(Exhausted) as caught:
                await raising(tender_grpc.TenderServiceStub(opened)).GetTender(
                    tender_pb.GetTenderRequest(tender_id="tnd_1")
                )

    refused = [reply for reply in replies if reply.status == 429]
    assert 2 <= len(refused) <= 3  # one token may drip in meanwhile
    assert refused[0].reason == "RATE_LIMITED"
    assert refused[0].headers["retry-after"] == "1"
    assert other.status == 200
    assert 429 in {reply.status for reply in links}
    assert caught.value.reason == "RATE_LIMITED"


def tokens_of(door: Edge, count: int) -> list[str]:
    return [door.dispatch.token(Role.CARRIER, subject=f"c-{number}") for number in range(count)]


async def test_many_other_callers_do_not_wash_a_bucket_away(tmp_path: Path) -> None:
    async with edge(tmp_path, Limits(caller=Rate(1, 20))) as door:
        # Reading a key takes 50 ms: forty in the loop would make the servers say they lag.
        tokens = await asyncio.to_thread(tokens_of, door, 40)
        first = [await door.ask("GET", TENDER, token=tokens[0]) for _ in range(24)]
        others = [await door.ask("GET", TENDER, token=token) for token in tokens[1:]]
        again = [await door.ask("GET", TENDER, token=tokens[0]) for _ in range(10)]

    assert 429 in {reply.status for reply in first}
    assert {reply.status for reply in others} == {200}
    assert 429 in {reply.status for reply in again}  # a new bucket would have held twenty
