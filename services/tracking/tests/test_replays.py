"""
Buffers that are emptied in any order, twice and in pieces, through both lanes.

Goal: every position is stored once, the gaps told are the gaps there are, and what is late never
moves the map.
"""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from google.type.latlng_pb2 import LatLng

from doorstep.tracking.v1 import ingest_service_pb2 as pb
from doorstep.tracking.v1 import position_pb2
from doorstep.tracking.v1 import tracking_service_pb2 as tracking_pb
from meshkit.clock import StoppedClock
from meshkit.errors import Gone
from meshkit.postgres import Database
from meshkit.testing import TENANT, TestMesh
from services.tracking.adapters.ingest import GroupCommit, KnownEpochs, Partitions
from services.tracking.convert import positions as wire
from services.tracking.domain.batch import Answer, Lane
from services.tracking.servicer.common import Desk
from services.tracking.tests.calls import planned, tracking_of
from services.tracking.tests.test_ingest import batch, opened, position, positions, sent
from services.tracking.tests.town import NINE, at

pytestmark = pytest.mark.pg

STORED = "SELECT sequence, latitude FROM positions ORDER BY sequence"


async def taken(
    ingest: GroupCommit, epoch: str, found: list[Any], lane: Lane = Lane.LIVE
) -> Answer:
    """The answer to a batch of the first phone."""
    whose = (TENANT, "phone-1", UUID(epoch))
    made = wire.batch(whose, 3, lane, found, NINE + timedelta(hours=1))
    return await (await ingest.enqueue(made, wait=True))


def shuffled(dice: random.Random, count: int) -> list[list[position_pb2.Position]]:
    """All positions in pieces of any size, in any order, a third of them twice and re-cut."""
    pieces, first = [], 1
    while first <= count:
        last = min(count, first + dice.randint(0, 30))
        pieces.append((first, last))
        first = last + 1
    for _ in range(len(pieces) // 3):
        start = dice.randint(1, count)
        pieces.append((start, min(count, start + dice.randint(0, 40))))
    dice.shuffle(pieces)
    made = [positions(*piece) for piece in pieces]
    for one in made:
        if dice.random() < 0.3:
            dice.shuffle(one)
    return made


@pytest.mark.parametrize("seed", range(5))
async def test_a_day_in_any_order_is_stored_once(
    mesh: TestMesh, db: Database, ingest: GroupCommit, seed: int
) -> None:
    dice, epoch = random.Random(seed), await opened(mesh)
    pieces = shuffled(dice, 600)
    lanes = [dice.choice(list(Lane)) for _ in pieces]

    answers = await asyncio.gather(
        *(taken(ingest, epoch, piece, lane) for piece, lane in zip(pieces, lanes, strict=True))
    )
    last = await taken(ingest, epoch, [])

    assert sum(one.accepted for one in answers) == 600
    assert sum(one.duplicates for one in answers) == sum(map(len, pieces)) - 600
    assert not any(one.rejects for one in answers)
    assert (last.acked_through, last.missing) == (600, ())
    async with db.worker() as tx:
        rows = [tuple(row) for row in await tx.fetch(STORED)]
    assert rows == [(n, pytest.approx(60 + n * 1e-5)) for n in range(1, 601)]


async def test_the_first_32_gaps_are_told(mesh: TestMesh) -> None:
    epoch = await opened(mesh)

    (answer,) = await sent(mesh, [batch(epoch, [position(n) for n in range(2, 202, 2)])])

    gaps = [(one.first_sequence, one.last_sequence) for one in answer.missing_ranges]
    assert gaps == [(n, n) for n in range(1, 65, 2)]
    assert answer.acked_through_sequence == 0


async def test_a_device_that_does_not_count_by_one_is_stopped_before_it_costs_everybody(
    mesh: TestMesh, ingest: GroupCommit, db: Database
) -> None:
    epoch = await opened(mesh)
    async with db.worker() as tx:
        await tx.execute(
            "UPDATE epochs SET received = (SELECT range_agg(int8range(n * n, n * n + 1))"
            " FROM generate_series(2, 40000) n)"
        )

    with pytest.raises(Gone) as caught:
        await taken(ingest, epoch, positions(1, 3))

    assert caught.value.reason == "EPOCH_EXPIRED"
    other = await opened(mesh)
    assert (await taken(ingest, other, positions(1, 3))).accepted == 3


async def test_a_position_that_was_refused_is_answered_for_good(
    mesh: TestMesh, db: Database
) -> None:
    epoch = await opened(mesh)
    spike = position(2, location=LatLng(latitude=61, longitude=25))
    await sent(mesh, [batch(epoch, [position(1), spike, position(3)])])

    (again,) = await sent(mesh, [batch(epoch, [spike])])

    assert (again.accepted_count, again.duplicate_count, again.acked_through_sequence) == (0, 1, 3)
    async with db.worker() as tx:
        assert await tx.fetchval("SELECT count(*) FROM positions") == 2


async def test_a_piece_of_a_known_batch_with_another_content_is_told_by_its_place(
    mesh: TestMesh,
) -> None:
    epoch = await opened(mesh)
    await sent(mesh, [batch(epoch, positions(1, 10))])
    mixed = [*positions(8, 12)]
    mixed[1].location.latitude += 1e-4

    (answer,) = await sent(mesh, [batch(epoch, mixed)])

    assert [(one.sequence, one.index) for one in answer.rejects] == [(9, 1)]
    assert (answer.accepted_count, answer.duplicate_count) == (2, 2)


@pytest.mark.parametrize(("lane", "newest"), [(pb.LANE_LIVE, 20), (pb.LANE_BACKFILL, 5)])
async def test_only_what_is_told_live_moves_the_map(
    mesh: TestMesh, clock: StoppedClock, lane: Any, newest: int
) -> None:
    clock.move_to(at(30))
    epoch = await opened(mesh)
    late = batch(epoch, positions(10, 20))
    late.lane = lane
    await sent(mesh, [batch(epoch, positions(1, 5)), late])

    fleet = tracking_of(mesh).WatchFleet(tracking_pb.WatchFleetRequest())
    (vehicle,) = (await anext(aiter(fleet))).vehicles

    assert vehicle.device_time.ToDatetime(UTC) == NINE + timedelta(seconds=newest)


async def test_an_older_batch_after_a_newer_one_does_not_turn_the_map_back(
    mesh: TestMesh,
) -> None:
    epoch = await opened(mesh)
    await sent(mesh, [batch(epoch, positions(50, 60)), batch(epoch, positions(1, 10))])

    fleet = tracking_of(mesh).WatchFleet(tracking_pb.WatchFleetRequest())
    (vehicle,) = (await anext(aiter(fleet))).vehicles

    assert vehicle.device_time.ToDatetime(UTC) == NINE + timedelta(seconds=60)


async def test_live_answers_do_not_wait_for_a_buffer_that_is_emptied(
    mesh: TestMesh, ingest: GroupCommit
) -> None:
    buffer, phone = await opened(mesh), await opened(mesh, "phone-2")
    emptied = [
        asyncio.create_task(taken(ingest, buffer, positions(n, n + 499), Lane.BACKFILL))
        for n in range(1, 30_000, 500)
    ]
    await asyncio.sleep(0)

    (answer,) = await sent(mesh, [batch(phone, positions(1, 5), "phone-2")])

    assert answer.accepted_count == 5
    assert not all(one.done() for one in emptied), "the live one came last and was answered first"
    await asyncio.gather(*emptied)


async def test_exchanged_coordinates_are_known_by_the_route_of_the_device(
    mesh: TestMesh, desk: Desk
) -> None:
    await planned(desk)
    epoch = await opened(mesh, route_id="rte_1")
    wrong = position(2, location=LatLng(latitude=25, longitude=60))

    (answer,) = await sent(mesh, [batch(epoch, [position(1), wrong])])

    swapped = position_pb2.POSITION_REJECT_REASON_SWAPPED
    assert [(one.sequence, one.reason) for one in answer.rejects] == [(2, swapped)]


async def test_partitions_past_their_time_go_and_no_other(mesh: TestMesh, db: Database) -> None:
    await sent(mesh, [batch(await opened(mesh), positions(1, 5))])
    today, old = datetime.now(UTC).date(), datetime.now(UTC).date() - timedelta(days=40)
    async with db.worker() as tx:
        await tx.fetchval("SELECT positions_open($1)", old)

    await Partitions(db).forget()

    async with db.worker() as tx:
        kept = {
            row["relname"]
            for row in await tx.fetch(
                "SELECT relname FROM pg_class WHERE relname ~ '^position_chunks_[0-9]{8}$'"
            )
        }
        assert await tx.fetchval("SELECT count(*) FROM positions") == 5
    assert f"position_chunks_{today:%Y%m%d}" in kept
    assert f"position_chunks_{old:%Y%m%d}" not in kept


async def test_epochs_that_may_still_be_finished_are_kept_whatever_is_asked(db: Database) -> None:
    asked = timedelta(days=1)
    async with db.worker() as tx:
        week = datetime.now(UTC).date() - timedelta(days=7)
        await tx.fetchval("SELECT positions_open($1)", week)

    await Partitions(db, asked).forget()

    async with db.worker() as tx:
        named = f"position_chunks_{week:%Y%m%d}"
        assert await tx.fetchval("SELECT to_regclass($1) IS NOT NULL", named)


async def test_an_epoch_is_looked_up_once(mesh: TestMesh, db: Database) -> None:
    epoch = UUID(await opened(mesh))
    known = KnownEpochs(db, remembered_max=2)
    first = await known.owner(TENANT, "phone-1", epoch)
    async with db.worker() as tx:
        await tx.execute("UPDATE devices SET carrier_id = 'other'")

    assert await known.owner(TENANT, "phone-1", epoch) == first
