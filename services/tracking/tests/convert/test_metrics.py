"""
Numbers on the wire, and what is asked for.

Goal: a ratio without a denominator is unset and not zero, and counts keep their sums.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from doorstep.tracking.v1 import metric_pb2
from doorstep.tracking.v1 import tracking_event_pb2 as words_pb
from services.tracking.convert import metrics as wire
from services.tracking.convert.wire import stamp
from services.tracking.domain.metric import Dimension, Granularity, Metric, Number
from services.tracking.domain.route import Window
from services.tracking.domain.scorecard import Scorecard
from services.tracking.projections.scorecard import tallied
from services.tracking.tests.projections.story import completed
from services.tracking.tests.projections.test_scorecard import DAY, EURO
from services.tracking.tests.town import NINE, at

SPAN = Window(at(0), at(720))


def test_the_day_is_told_as_it_was_reckoned_by_hand() -> None:
    card = wire.scorecard_to_proto(tallied(DAY), SPAN, NINE, events=17, positions=4)

    assert card.cost.total_micros == 92 * EURO
    assert card.cost_per_drop_micros == 46 * EURO
    assert card.co2e_milligrams_per_drop == 4_500_000
    assert card.co2e_milligrams_per_kilogram == 2_250_000
    assert card.first_attempt_ratio == pytest.approx(2 / 3)
    assert card.on_time_ratio == 1
    assert (card.event_count, card.position_count) == (17, 4)
    assert [(one.reason, one.count) for one in card.failures] == [
        (words_pb.FAILURE_REASON_NOT_HOME, 1)
    ]


def test_the_parts_of_a_cost_add_up_to_the_whole() -> None:
    cost = wire.scorecard_to_proto(tallied(DAY), SPAN, NINE, events=0, positions=0).cost

    parts = [value for field, value in cost.ListFields() if field.name.endswith("_micros")]
    assert sum(parts) == 2 * cost.total_micros


def test_a_day_without_drops_has_no_ratio_and_no_cost_per_drop() -> None:
    card = wire.scorecard_to_proto(Scorecard(time_micros=5), SPAN, NINE, events=0, positions=0)

    ratios = {name for name in card.DESCRIPTOR.fields_by_name if "ratio" in name}
    shown = {field.name for field, _ in card.ListFields()}
    assert not shown & {*ratios, "cost_per_drop_micros", "co2e_milligrams_per_drop"}
    assert not card.HasField("co2e_milligrams_per_kilogram")
    assert card.cost.total_micros == 5


def test_a_drop_without_mass_has_a_cost_and_no_carbon_by_the_kilogram() -> None:
    light = Scorecard(delivered=2, co2e_milligrams=3, delivered_grams=0)
    card = wire.scorecard_to_proto(light, SPAN, NINE, events=0, positions=0)

    assert card.co2e_milligrams_per_drop == 2  # rounded to the nearest even, of 1.5
    assert not card.HasField("co2e_milligrams_per_kilogram")


@pytest.mark.parametrize(
    ("numerator", "denominator", "ratio"), [(1, 4, 0.25), (0, 4, 0.0), (7, 0, None)]
)
def test_a_point_has_both_numbers_and_a_ratio_where_there_is_one(
    numerator: int, denominator: int, ratio: float | None
) -> None:
    one = Number(Metric.DWELL, None, (), numerator, denominator)

    told = wire.point_to_proto(one, (), Granularity.TOTAL, SPAN)

    assert (told.numerator, told.denominator) == (numerator, denominator)
    assert (told.ratio if told.HasField("ratio") else None) == ratio


@pytest.mark.parametrize(
    ("cut", "start", "end"),
    [
        (Granularity.TOTAL, None, at(720)),
        (Granularity.HOUR, at(60), at(120)),
        (Granularity.DAY, at(0), at(0) + timedelta(days=1)),
    ],
)
def test_a_point_covers_its_slice_and_without_one_the_whole_span(
    cut: Granularity, start: object, end: object
) -> None:
    one = Number(Metric.DWELL, start, (), 1, 1)  # type: ignore[arg-type]

    told = wire.point_to_proto(one, (), cut, SPAN)

    assert told.interval.start_time == stamp(start or SPAN.start)  # type: ignore[arg-type]
    assert told.interval.end_time == stamp(end)  # type: ignore[arg-type]


def test_values_stand_in_the_order_of_the_dimensions_asked_for() -> None:
    one = Number(Metric.DWELL, None, ("rte_1", ""), 1, 1)
    by = Dimension.ROUTE, Dimension.CARRIER

    told = wire.point_to_proto(one, by, Granularity.TOTAL, SPAN)

    assert [(value.dimension, value.value) for value in told.dimensions] == [
        (metric_pb2.DIMENSION_ROUTE, "rte_1"),
        (metric_pb2.DIMENSION_CARRIER, ""),
    ]


def test_what_is_asked_for_is_taken_in_the_order_asked() -> None:
    asked = metric_pb2.METRIC_DWELL, metric_pb2.METRIC_UNSPECIFIED, metric_pb2.METRIC_DELIVERED
    by = metric_pb2.DIMENSION_HOUR, metric_pb2.DIMENSION_UNSPECIFIED, metric_pb2.DIMENSION_ROUTE

    assert wire.metrics(asked) == (Metric.DWELL, Metric.DELIVERED)
    assert wire.dimensions(by) == (Dimension.HOUR, Dimension.ROUTE)


@pytest.mark.parametrize(
    ("value", "cut"),
    [
        (metric_pb2.GRANULARITY_UNSPECIFIED, Granularity.TOTAL),
        (metric_pb2.GRANULARITY_TOTAL, Granularity.TOTAL),
        (metric_pb2.GRANULARITY_HOUR, Granularity.HOUR),
        (metric_pb2.GRANULARITY_DAY, Granularity.DAY),
    ],
)
def test_time_is_not_cut_unless_it_is_said(value: int, cut: Granularity) -> None:
    assert wire.granularity(value) is cut


def test_plan_and_drive_are_compared_over_the_arrivals_that_had_a_plan() -> None:
    arrivals = [(True, 600.0), (False, -601.0), (True, None)]

    told = wire.adherence_to_proto(completed(0, 90), arrivals, 3, 4)

    assert (told.arrived_stop_count, told.sequenced_stop_count) == (3, 2)
    assert (told.timely_stop_count, told.mean_deviation_seconds) == (1, 0)
    assert (told.actual_seconds, told.revision_count, told.planned_stop_count) == (5_400, 3, 4)
