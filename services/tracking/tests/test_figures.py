"""
Figures of the past stay as they are.

Method: a day is reported over a real server; then everything that can be edited is, and the figures
are asked for again. What metrics and scorecard say is compared with the journal itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from google.type.interval_pb2 import Interval

from doorstep.dispatch.v1 import delivery_pb2, event_pb2
from doorstep.tracking.v1 import analytics_service_pb2 as pb
from doorstep.tracking.v1 import metric_pb2
from meshkit.clock import StoppedClock
from meshkit.errors import MeshError
from meshkit.testing import TENANT, TestMesh
from services.tracking.convert.wire import interval, latlng, stamp
from services.tracking.domain.facets import cell_of
from services.tracking.domain.metric import Dimension, Metric, dimensions_of
from services.tracking.domain.past import address_of
from services.tracking.domain.route import Window
from services.tracking.servicer.common import Desk
from services.tracking.tests.calls import analytics_of, planned, reported, ticked
from services.tracking.tests.town import NINE, at, place, route
from services.tracking.tests.wire import (
    cancelled,
    created,
    event,
    failure,
    heard,
    heard_emission,
    published,
)

pytestmark = pytest.mark.pg

METRICS_MAX = 30  # of one question; the contract states it
DAY = Interval(start_time=stamp(NINE), end_time=stamp(NINE + timedelta(hours=12)))
OF = {
    "ZONE": cell_of(place(1)),
    "TERRITORY": "north",
    "SERVICE_LEVEL": "SLOT",
    "SEGMENT": "shop",
    "REGION": "FI/Uusimaa",
    "DEPOT": "plc_1",
    "PLACE": address_of(place(1)),
    "PROMISE_WINDOW": "2026-05-12T09:00/2026-05-12T11:00",
    "FLEET": "OWN",
    "VEHICLE_KIND": "VAN",
}


def told(number: int, **fields: Any) -> event_pb2.Change:
    """A delivery with everything that metrics are split by."""
    return created(
        number,
        segment="shop",
        territory_id="north",
        service_level=delivery_pb2.SERVICE_LEVEL_SLOT,
        region="FI/Uusimaa",
        order_reference=f"A-{number}",
        **fields,
    )


def edited(number: int) -> event_pb2.Change:
    """The same, and nothing of it is as it was."""
    change = event_pb2.Change(tenant=TENANT, event_time=stamp(at(200)), event_id=f"edit-{number}")
    one = change.delivery_updated.delivery
    one.CopyFrom(told(number).delivery_created.delivery)
    one.segment, one.territory_id, one.region = "web", "south", "SE"
    one.service_level = delivery_pb2.SERVICE_LEVEL_EXPRESS
    one.order_reference, one.origin_place_id = "B", "plc_9"
    one.location.CopyFrom(latlng(place(9)))
    one.promise_window.CopyFrom(interval(Window(at(500), at(600))))
    one.floor = 7
    return change


async def worked(mesh: TestMesh, desk: Desk, clock: StoppedClock) -> None:
    """Three deliveries on a route: two succeed, one fails."""
    await heard(desk, told(1), told(2), told(3), published(route(3)))
    await reported(
        mesh,
        event(0, "route_start", route_id="rte_1"),
        event(4, "delivered", 1),
        failure(9, 2, "NOT_HOME"),
        event(130, "delivered", 3),
        event(150, "route_end", route_id="rte_1"),
    )
    clock.move_to(at(151))
    await ticked(desk)
    for rank in range(1, 5):
        await heard_emission(desk, f"rte_1.{rank}", 1_000_000, at(100))


def halves(by: Dimension) -> Iterator[list[Metric]]:
    """The metrics that have a dimension, as many at a time as may be asked for."""
    having = [metric for metric in Metric if by in dimensions_of(metric)]
    yield having[:METRICS_MAX]
    if having[METRICS_MAX:]:
        yield having[METRICS_MAX:]


async def answers(mesh: TestMesh, metrics: Sequence[Metric], by: Dimension) -> list[Any]:
    """What the rpc says."""
    request = pb.QueryMetricsRequest(
        interval=DAY,
        metrics=[metric_pb2.Metric.Value(f"METRIC_{metric}") for metric in metrics],
        dimensions=[metric_pb2.Dimension.Value(f"DIMENSION_{by}")],
        page_size=1_000,
    )
    return list((await analytics_of(mesh).QueryMetrics(request)).points)


async def figures(mesh: TestMesh) -> list[Any]:
    """Every metric by everything it has, and the scorecard."""
    found = [
        one for by in Dimension for half in halves(by) for one in await answers(mesh, half, by)
    ]
    card = (await analytics_of(mesh).GetScorecard(pb.GetScorecardRequest(interval=DAY))).scorecard
    card.ClearField("compute_time")
    return [*found, card]


async def groups(mesh: TestMesh, metric: str, by: str) -> dict[str, tuple[int, int]]:
    """One metric by one dimension."""
    points = await answers(mesh, [Metric(metric)], Dimension(by))
    return {one.dimensions[0].value: (one.numerator, one.denominator) for one in points}


async def test_an_edit_of_everything_changes_no_figure_of_the_past(
    mesh: TestMesh, desk: Desk, clock: StoppedClock
) -> None:
    await worked(mesh, desk, clock)
    before = await figures(mesh)
    for number in (1, 2, 3):
        await heard(desk, edited(number))

    assert await figures(mesh) == before
    assert len(before) > 200


async def test_a_drop_is_split_by_what_its_delivery_was(
    mesh: TestMesh, desk: Desk, clock: StoppedClock
) -> None:
    await worked(mesh, desk, clock)

    for by, value in OF.items():
        assert value in await groups(mesh, "DELIVERED", by), by


async def test_an_order_cancelled_and_created_again_counts_as_its_next_attempt(
    mesh: TestMesh, desk: Desk, clock: StoppedClock
) -> None:
    await heard(desk, told(1), told(2), published(route(2)))
    await reported(mesh, failure(4, 1, "NOT_HOME"))
    again = told(3)
    again.delivery_created.delivery.order_reference = "A-1"
    again.event_time.CopyFrom(stamp(at(5)))
    await heard(desk, cancelled(1), again, published(route(3, route_id="rte_2")))
    await reported(mesh, event(9, "delivered", 2), event(14, "delivered", 3))

    assert await groups(mesh, "FIRST_ATTEMPT_SUCCESS", "FAILURE_REASON") == {
        "": (1, 1),
        "NOT_HOME": (0, 1),
    }
    assert await groups(mesh, "DELIVERED", "ATTEMPT_NUMBER") == {"1": (1, 1), "2": (1, 1)}
    card = (await analytics_of(mesh).GetScorecard(pb.GetScorecardRequest(interval=DAY))).scorecard
    assert (card.first_attempt_success_count, card.attempted_count) == (1, 2)


async def test_a_rate_card_of_a_start_before_the_interval_still_counts(
    mesh: TestMesh, desk: Desk, clock: StoppedClock
) -> None:
    await worked(mesh, desk, clock)
    later = Interval(start_time=stamp(at(60)), end_time=DAY.end_time)
    request = pb.GetScorecardRequest(interval=later)

    assert (await analytics_of(mesh).GetScorecard(request)).scorecard.cost.time_micros == 75_000_000


async def test_a_route_is_compared_with_all_revisions_of_its_plan(
    mesh: TestMesh, desk: Desk, clock: StoppedClock
) -> None:
    await worked(mesh, desk, clock)
    (told_of,) = (
        await analytics_of(mesh).GetPlanAdherence(pb.GetPlanAdherenceRequest(interval=DAY))
    ).routes

    assert (told_of.revision_count, told_of.planned_stop_count) == (1, 3)
    assert (told_of.arrived_stop_count, told_of.distance_meters) == (3, 6_672)


async def test_every_dimension_that_a_metric_lacks_is_named(
    mesh: TestMesh, desk: Desk, clock: StoppedClock
) -> None:
    await planned(desk)
    request = pb.QueryMetricsRequest(
        interval=DAY,
        metrics=[metric_pb2.METRIC_DISTANCE, metric_pb2.METRIC_DELIVERED],
        dimensions=[metric_pb2.DIMENSION_SEGMENT, metric_pb2.DIMENSION_ZONE],
        filters=[
            metric_pb2.MetricFilter(
                dimension=metric_pb2.DIMENSION_INCIDENT_TYPE, values=["STALLED"]
            )
        ],
    )
    with pytest.raises(MeshError) as caught:
        await analytics_of(mesh).QueryMetrics(request)

    assert caught.value.reason == "DIMENSION_UNSUPPORTED"
    assert [one.field for one in caught.value.violations] == [
        "dimensions[0]", "filters[0]", "filters[0]"
    ]  # fmt: skip


def test_every_dimension_is_one_of_some_metric() -> None:
    assert set().union(*(dimensions_of(metric) for metric in Metric)) == set(Dimension)
