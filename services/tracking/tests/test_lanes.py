"""
Who is stored first.

Goal: buffers that are emptied never delay what happens now, and get on all the same; no more waits
than may, and who comes on top is told so.
"""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from meshkit.errors import Exhausted
from services.tracking.adapters.lanes import BACKFILL_SHARE, Lanes
from services.tracking.domain.batch import Answer, Batch, Columns, Lane
from services.tracking.tests.town import EPOCH

ROWS = 1_000


def batch(lane: Lane, rows: int = 100) -> Batch:
    """A batch of so many positions."""
    columns = Columns(sequences=list(range(1, rows + 1)))
    return Batch("tenant", "phone-1", UUID(EPOCH), 0, columns, (), (), ((1, rows),), lane)


async def put(lanes: Lanes, *batches: Batch) -> None:
    """Puts batches in."""
    for one in batches:
        await lanes.put((one, asyncio.Future[Answer]()))


async def taken(lanes: Lanes) -> tuple[int, int]:
    """How many batches of each lane the next commit has."""
    lots = [one.lane for one, _ in await lanes.gather(ROWS)]
    return lots.count(Lane.LIVE), lots.count(Lane.BACKFILL)


async def test_live_batches_go_before_buffers_that_came_earlier() -> None:
    lanes = Lanes(100)
    await put(lanes, *[batch(Lane.BACKFILL)] * 20, *[batch(Lane.LIVE)] * 8)

    assert await taken(lanes) == (8, 2)


async def test_a_commit_of_buffers_alone_is_short() -> None:
    lanes = Lanes(100)
    await put(lanes, *[batch(Lane.BACKFILL)] * 20)

    assert await taken(lanes) == (0, ROWS // BACKFILL_SHARE // 100)


async def test_a_buffer_gets_on_however_much_is_live() -> None:
    lanes = Lanes(100)
    await put(lanes, *[batch(Lane.LIVE)] * 50, *[batch(Lane.BACKFILL)] * 2)

    assert [await taken(lanes) for _ in range(2)] == [(10, 1), (10, 1)]


async def test_a_batch_larger_than_a_commit_goes_alone() -> None:
    lanes = Lanes(100)
    await put(lanes, batch(Lane.LIVE, 2 * ROWS), batch(Lane.LIVE))

    assert [await taken(lanes) for _ in range(2)] == [(1, 0), (1, 0)]


async def test_batches_that_bring_nothing_do_not_hold_up_the_rest() -> None:
    lanes = Lanes(100)
    await put(lanes, batch(Lane.LIVE, 0), batch(Lane.LIVE), batch(Lane.LIVE, 0))

    assert await taken(lanes) == (3, 0)


async def test_a_full_lane_refuses_and_the_other_one_still_takes() -> None:
    lanes = Lanes(2)
    await put(lanes, *[batch(Lane.BACKFILL)] * 2)

    with pytest.raises(Exhausted) as caught:
        await lanes.offer((batch(Lane.BACKFILL), asyncio.Future[Answer]()))
    await lanes.offer((batch(Lane.LIVE), asyncio.Future[Answer]()))

    assert caught.value.reason == "INGEST_BUSY"
    assert (lanes.free(Lane.BACKFILL), lanes.free(Lane.LIVE)) == (0, 1)


async def test_whoever_waits_for_a_place_gets_the_next_one() -> None:
    lanes = Lanes(1)
    await put(lanes, batch(Lane.LIVE))
    waits = asyncio.create_task(put(lanes, batch(Lane.LIVE)))
    await asyncio.sleep(0)
    assert not waits.done()

    assert await taken(lanes) == (1, 0)
    await waits
    assert await taken(lanes) == (1, 0)


async def test_the_writer_sleeps_until_something_comes() -> None:
    lanes = Lanes(1)
    writer = asyncio.create_task(taken(lanes))
    await asyncio.sleep(0)
    await put(lanes, batch(Lane.BACKFILL))

    assert await writer == (0, 1)
