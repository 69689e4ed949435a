"""
Numbers and read models come from the journal, and from nothing else.

Method: a day is reported over a real server, and the numbers are compared with a count by hand.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from google.type.interval_pb2 import Interval

from doorstep.tracking.v1 import (
    analytics_service_pb2,
    ingest_service_pb2,
    metric_pb2,
)
from meshkit.clock import StoppedClock
from meshkit.testing import TENANT, TestMesh
from services.tracking.convert.wire import stamp
from services.tracking.domain.event import Crew, RouteStarted
from services.tracking.domain.fact import Amount
from services.tracking.domain.heard import ZoneCharged
from services.tracking.domain.route import Window
from services.tracking.domain.words import FailureReason
from services.tracking.projections import deliveries, timeline
from services.tracking.servicer.common import Desk
from services.tracking.tests.calls import (
    analytics_of,
    planned,
    reported,
    ticked,
)
from services.tracking.tests.town import NINE, at, route
from services.tracking.tests.wire import (
    cancelled,
    created,
    event,
    failure,
    heard,
    heard_emission,
    revised,
)
from services.tracking.usecases.recording import LATE

pytestmark = pytest.mark.pg

pb = ingest_service_pb2


async def test_the_scorecard_counts_events_and_nothing_else(
    mesh: TestMesh, desk: Desk, clock: StoppedClock
) -> None:
    await planned(desk)
    await heard(desk, created(4))
    await reported(
        mesh,
        event(0, "route_start", route_id="rte_1"),
        event(4, "delivered", 1),
        failure(9, 2, "NOT_HOME"),
        event(130, "delivered", 3),
        event(150, "route_end", route_id="rte_1"),
    )
    await ticked(desk)
    for rank in range(1, 5):
        await heard_emission(desk, f"rte_1.{rank}", 1_000_000, at(100))

    day = Interval(start_time=stamp(NINE), end_time=stamp(NINE + timedelta(hours=12)))
    request = analytics_service_pb2.GetScorecardRequest(interval=day)
    card = (await analytics_of(mesh).GetScorecard(request)).scorecard

    counts = (card.delivery_count, card.delivered_count, card.failed_count, card.unserved_count)
    assert counts == (4, 2, 1, 1)
    assert (card.on_time_count, card.promised_count) == (1, 2)
    assert (card.first_attempt_success_count, card.attempted_count) == (2, 3)
    kilometers = 6 * 1_112 / 1_000
    assert card.cost.distance_micros == pytest.approx(kilometers * 200_000, abs=2)
    assert card.cost.time_micros == 75_000_000, "two and a half hours at 30"
    assert card.cost_per_drop_micros == round(card.cost.total_micros / 2)
    assert card.co2e_milligrams_per_drop == 2_000_000
    assert card.co2e_milligrams_per_kilogram == 1_000_000
    assert card.unaccounted_leg_count == 0
    assert (card.event_count, card.position_count) == (5, 0)
    assert (card.distance_meters, card.planned_distance_meters) == (6_672, 6_672)
    assert list(card.notes) == ["co2e: factors of another country, flagged DEFAULT"]


async def test_metrics_split_without_losing_anything(
    mesh: TestMesh, desk: Desk, clock: StoppedClock
) -> None:
    await planned(desk)
    await reported(
        mesh, event(4, "delivered", 1), failure(9, 2, "NOT_HOME"), failure(14, 3, "NO_ACCESS")
    )
    day = Interval(start_time=stamp(NINE), end_time=stamp(NINE + timedelta(hours=12)))
    request = analytics_service_pb2.QueryMetricsRequest(
        interval=day,
        metrics=[metric_pb2.METRIC_FAILED_ATTEMPTS],
        dimensions=[metric_pb2.DIMENSION_FAILURE_REASON],
    )

    points = (await analytics_of(mesh).QueryMetrics(request)).points

    values = {point.dimensions[0].value: point.numerator for point in points}
    assert values == {FailureReason.NOT_HOME: 1, FailureReason.NO_ACCESS: 1}


async def test_a_replay_of_the_journal_gives_the_same_read_models(
    mesh: TestMesh, desk: Desk, clock: StoppedClock
) -> None:
    await planned(desk)
    await heard(desk, cancelled(3), revised(route(2, revision=2)))
    await reported(
        mesh,
        event(0, "route_start", route_id="rte_1"),
        event(4, "delivered", 1),
        failure(9, 2, "NOT_HOME"),
    )
    clock.move_to(at(12))
    await ticked(desk)

    async with desk.db.transaction(TENANT) as tx:
        world = desk.worlds(tx)
        journal = await world.journal.read(_always())
        kept = await world.deliveries.get(["del_1", "del_2", "del_3"])
        shown = {
            entry.entry_id: entry for name in kept for entry in await world.timeline.of(name, 1_000)
        }
    assert deliveries.replayed(event for event, _ in journal) == kept
    assert timeline.replayed(journal, LATE) == shown


def _always() -> Window:
    return Window(NINE - timedelta(days=400), NINE + timedelta(days=400))


async def test_access_that_a_zone_charges_after_the_interval_is_not_in_it(
    mesh: TestMesh, desk: Desk
) -> None:
    crew = Crew("rte_9", 1, "shf_9", "driver-9", "van-9")
    amount = Amount("EUR", 10_000_000)
    begun = RouteStarted(crew, at(0), (), access_charge_micros=amount.micros)
    charged = [ZoneCharged(crew, zone, amount, at(90)) for zone in ("", "zone-1")]  # a toll first
    async with desk.db.transaction("acme") as tx:
        await desk.worlds(tx).journal.append([begun, *charged], at(91))
    stub = analytics_of(mesh)

    cards = []
    for start, end in ((0, 60), (60, 120), (0, 120)):
        span = Interval(start_time=stamp(at(start)), end_time=stamp(at(end)))
        asked = analytics_service_pb2.GetScorecardRequest(interval=span, route_id="rte_9")
        cards.append((await stub.GetScorecard(asked)).scorecard)

    assert [card.cost.zone_charge_micros for card in cards] == [0, 10_000_000, 10_000_000]
