"""
Metrics recomputed from the raw facts equal what the rpcs said.

Method: a day's story and random ones are reported over a real server, facts out of order and twice;
then everything is edited. The raw facts are read from the store and let take effect once more in an
empty one; metrics and scorecard of the journal that this gives are compared with the answers.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from doorstep.dispatch.v1 import event_pb2
from doorstep.tracking.v1 import analytics_service_pb2 as pb
from doorstep.tracking.v1 import tracking_event_pb2
from meshkit.clock import StoppedClock
from meshkit.ids import new_id
from meshkit.pgtest import PostgresForTests
from meshkit.testing import TENANT, TestMesh
from services.tracking.__main__ import desk_of
from services.tracking.adapters.ingest import Partitions
from services.tracking.convert import metrics as wire
from services.tracking.convert.wire import stamp
from services.tracking.domain.crew import Crew
from services.tracking.domain.fact import Fact
from services.tracking.domain.journal import Event
from services.tracking.domain.metric import Dimension, Granularity
from services.tracking.domain.route import Window
from services.tracking.projections.metrics import query
from services.tracking.projections.scorecard import tallied
from services.tracking.servicer.common import Desk
from services.tracking.tests.calls import analytics_of, reported, ticked
from services.tracking.tests.test_figures import DAY, answers, edited, halves, told
from services.tracking.tests.town import MIGRATIONS, NINE, at, route
from services.tracking.tests.wire import (
    cancelled,
    event,
    failure,
    heard,
    heard_emission,
    published,
)
from services.tracking.usecases.facts import record_fact

pytestmark = pytest.mark.pg

SPAN = Window(NINE, at(720))
COUNT = 5
Step = event_pb2.Change | tracking_event_pb2.TrackingEvent
REASONS = ("NOT_HOME", "NO_ACCESS", "WRONG_ADDRESS", "OUT_OF_TIME")


def story(seed: int) -> list[Step]:
    """A route of five; an order created again, facts out of order and twice, a toll, a contact."""
    dice = random.Random(seed)
    numbers = range(1, COUNT + 1)
    steps: list[Step] = [*(told(number) for number in numbers), published(route(COUNT))]
    facts = list(_facts(dice))
    if seed:
        facts = [*facts, *dice.sample(facts, 3)]
        dice.shuffle(facts)
    again = told(6)
    again.delivery_created.delivery.order_reference = "A-2"
    again.event_time.CopyFrom(stamp(at(60)))
    for place, change in ((4, cancelled(2)), (7, again)):
        facts.insert(place, change)
    return [*steps, *facts, published(route(6, route_id="rte_2")), event(90, "delivered", 6)]


def _facts(dice: random.Random) -> Iterator[Any]:
    yield event(0, "route_start", route_id="rte_1")
    for number in range(1, COUNT + 1):
        when = 10 * number + dice.randint(0, 4)
        if dice.random() < 0.4:
            yield failure(when, number, dice.choice(REASONS))
        else:
            done = event(when, "delivered", number)
            done.delivered.climbed_floor_count = dice.randint(0, 4)
            yield done
    entered = event(12, "zone_entered", route_id="rte_1")
    entered.zone_entered.zone_id = dice.choice(["", "zone-1"])
    entered.zone_entered.charge.currency_code, entered.zone_entered.charge.units = "EUR", 3
    yield entered
    called = event(70, "customer_contacted", 3)
    called.customer_contacted.channel = tracking_event_pb2.CONTACT_CHANNEL_PHONE
    called.customer_contacted.topic = tracking_event_pb2.CONTACT_TOPIC_WHERE_IS_IT
    yield called
    yield event(85, "route_end", route_id="rte_1")


async def lived(mesh: TestMesh, desk: Desk, clock: StoppedClock, steps: list[Step]) -> None:
    """The story over a real server, and what follows from it."""
    for step in steps:
        if isinstance(step, event_pb2.Change):
            await heard(desk, step)
        else:
            await reported(mesh, step)
    await _settled(desk, clock)


async def _settled(desk: Desk, clock: StoppedClock) -> None:
    clock.move_to(at(100))
    await ticked(desk)
    for rank in range(1, COUNT + 2):
        await heard_emission(desk, f"rte_1.{rank}", 1_000_003 * rank, at(80))


async def relived(desk: Desk, clock: StoppedClock, steps: list[Step], raw: list[Fact]) -> None:
    """The same from the raw facts, each in its place and once."""
    by_id = {one.event_id: one for one in raw}
    for step in steps:
        if isinstance(step, event_pb2.Change):
            await heard(desk, step)
        elif (one := by_id.pop(step.event_id, None)) is not None:
            async with desk.db.transaction(TENANT) as tx:
                now = one.record_time, datetime.now(UTC)
                await record_fact(desk.worlds(tx), one, b"", now, new_id)
    assert not by_id
    await _settled(desk, clock)


async def raw_facts(desk: Desk) -> list[Fact]:
    """All facts as they are kept, in order of record."""
    async with desk.db.transaction(TENANT) as tx:
        every: tuple[Any, ...] = (*[""] * 6, [], None, None, 1_000)
        return [one for _, one in await desk.worlds(tx).facts.page(0, *every)]


async def events_of(desk: Desk) -> list[Event]:
    """The journal of the day."""
    async with desk.db.transaction(TENANT) as tx:
        return [one for one, _ in await desk.worlds(tx).journal.read(SPAN, (), Crew())]


@pytest.mark.parametrize("seed", range(3))
async def test_metrics_and_scorecard_are_those_of_the_raw_facts(
    seed: int, mesh: TestMesh, desk: Desk, clock: StoppedClock, postgres: PostgresForTests
) -> None:
    steps = story(seed)
    await lived(mesh, desk, clock, steps)
    raw = await raw_facts(desk)
    for number in range(1, COUNT + 2):
        await heard(desk, edited(number))
    other = StoppedClock(NINE)
    async with postgres.fresh("tracking", MIGRATIONS, clock=other) as db:
        await Partitions(db).prepare()
        empty = desk_of(db, other)
        await relived(empty, other, steps, raw)
        events = await events_of(empty)

    assert len(raw) == len({one.event_id for one in steps if not isinstance(one, event_pb2.Change)})
    for by in Dimension:
        for metrics in halves(by):
            counted = query(events, metrics, [by], [], Granularity.TOTAL)
            shown = [wire.point_to_proto(one, [by], Granularity.TOTAL, SPAN) for one in counted]
            assert await answers(mesh, metrics, by) == shown, by
    card = (await analytics_of(mesh).GetScorecard(pb.GetScorecardRequest(interval=DAY))).scorecard
    count = {"events": len(raw), "positions": 0}
    again = wire.scorecard_to_proto(tallied(events), SPAN, clock.now(), **count)
    assert card == again
