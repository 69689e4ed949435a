"""Scorecards and metrics, to the wire; what is asked for, from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from doorstep.tracking.v1 import metric_pb2, scorecard_pb2
from doorstep.tracking.v1 import tracking_event_pb2 as words_pb
from services.tracking.convert.wire import interval, number, stamp
from services.tracking.domain.event import RouteCompleted
from services.tracking.domain.metric import Dimension, Granularity, Metric, Number
from services.tracking.domain.route import Window
from services.tracking.domain.scorecard import Scorecard

GRAMS_A_KILOGRAM = 1_000
LENGTHS = {Granularity.HOUR: timedelta(hours=1), Granularity.DAY: timedelta(days=1)}


def scorecard_to_proto(
    card: Scorecard, span: Window, now: datetime, *, events: int, positions: int
) -> scorecard_pb2.Scorecard:
    """The day in numbers."""
    message = scorecard_pb2.Scorecard(
        interval=interval(span),
        delivery_count=card.deliveries,
        delivered_count=card.delivered,
        failed_count=card.failed,
        unserved_count=card.unserved,
        cancelled_count=card.cancelled,
        attempt_count=card.attempts,
        failures=[
            scorecard_pb2.FailureCount(
                reason=number(words_pb.FailureReason, reason),
                count=count,
            )
            for reason, count in card.failures
        ],
        promised_count=card.promised,
        on_time_count=card.on_time,
        on_time_ratio=_ratio(card.on_time, card.promised),
        attempted_count=card.attempted,
        first_attempt_success_count=card.first_attempt_successes,
        first_attempt_ratio=_ratio(card.first_attempt_successes, card.attempted),
        cost=_cost(card),
        delivered_mass_grams=card.delivered_grams,
        event_count=events,
        position_count=positions,
        notes=card.notes,
        compute_time=stamp(now),
    )
    _write_per_drop(card, message)
    _write_work(card, message)
    return message


def _cost(card: Scorecard) -> scorecard_pb2.CostBreakdown:
    return scorecard_pb2.CostBreakdown(
        total_micros=card.total_micros,
        time_micros=card.time_micros,
        distance_micros=card.distance_micros,
        fixed_micros=card.fixed_micros,
        failed_attempt_micros=card.attempt_micros,
        energy_micros=card.energy_micros,
        zone_charge_micros=card.zone_micros,
        carrier_micros=card.carrier_micros,
        toll_micros=card.toll_micros,
        currency_code=card.currency_code,
    )


def _write_per_drop(card: Scorecard, message: scorecard_pb2.Scorecard) -> None:
    message.co2e_milligrams = card.co2e_milligrams
    if card.delivered:
        message.cost_per_drop_micros = round(card.total_micros / card.delivered)
        message.co2e_milligrams_per_drop = round(card.co2e_milligrams / card.delivered)
    if card.delivered_grams:
        kilograms = card.delivered_grams / GRAMS_A_KILOGRAM
        message.co2e_milligrams_per_kilogram = round(card.co2e_milligrams / kilograms)


def _write_work(card: Scorecard, message: scorecard_pb2.Scorecard) -> None:
    message.unaccounted_leg_count = card.unaccounted_legs
    message.factor_set_versions.extend(card.factor_sets)
    message.distance_meters = card.meters
    message.empty_distance_meters = card.empty_meters
    message.planned_distance_meters = card.planned_meters
    message.route_count = card.routes
    message.completed_route_count = card.completed_routes
    message.arrived_stop_count = card.arrivals
    message.timely_stop_count = card.timely_arrivals
    message.mean_deviation_seconds = round(card.deviation_seconds / max(1, card.arrivals))
    message.quoted_arrival_count = card.quoted_arrivals
    message.inside_quote_count = card.inside_quotes
    message.incident_count = card.incidents
    message.ended_incident_count = card.ended_incidents
    message.proof_count = card.proofs


def _ratio(numerator: int, denominator: int) -> float | None:
    return numerator / denominator if denominator else None


def metrics(values: Iterable[int]) -> tuple[Metric, ...]:
    """Metrics asked for, without those this release does not know."""
    names = (metric_pb2.Metric.Name(v).removeprefix("METRIC_") for v in values)  # type: ignore[arg-type]
    return tuple(Metric(name) for name in names if name in Metric.__members__)


def dimensions(values: Iterable[int]) -> tuple[Dimension, ...]:
    """Dimensions asked for."""
    names = (metric_pb2.Dimension.Name(v).removeprefix("DIMENSION_") for v in values)  # type: ignore[arg-type]
    return tuple(Dimension(name) for name in names if name in Dimension.__members__)


def granularity(value: int) -> Granularity:
    """How fine time is cut; not at all when nothing is said."""
    name = metric_pb2.Granularity.Name(value).removeprefix("GRANULARITY_")  # type: ignore[arg-type]
    return Granularity(name) if name in Granularity.__members__ else Granularity.TOTAL


def point_to_proto(
    one: Number, by: Sequence[Dimension], cut: Granularity, span: Window
) -> metric_pb2.MetricPoint:
    """One number."""
    start = one.slice_start
    covered = Window(start, start + LENGTHS[cut]) if start else span
    return metric_pb2.MetricPoint(
        metric=number(metric_pb2.Metric, one.metric),
        dimensions=[
            metric_pb2.DimensionValue(
                dimension=number(metric_pb2.Dimension, dimension),
                value=value,
            )
            for dimension, value in zip(by, one.group, strict=True)
        ],
        interval=interval(covered),
        numerator=one.numerator,
        denominator=one.denominator,
        ratio=_ratio(one.numerator, one.denominator),
    )


def adherence_to_proto(
    done: RouteCompleted,
    arrivals: Sequence[tuple[bool, float | None]],
    revisions: int,
    planned_stops: int,
) -> metric_pb2.PlanAdherence:
    """A route as planned and as driven; `arrivals` are (in sequence, seconds after the plan)."""
    off = [seconds for _, seconds in arrivals if seconds is not None]
    return metric_pb2.PlanAdherence(
        route_id=done.crew.route_id,
        planned_distance_meters=done.planned_meters,
        distance_meters=done.meters,
        planned_seconds=done.planned_seconds,
        actual_seconds=round((done.end - done.start).total_seconds()),
        arrived_stop_count=len(arrivals),
        sequenced_stop_count=sum(in_sequence for in_sequence, _ in arrivals),
        timely_stop_count=sum(abs(seconds) <= 600 for seconds in off),
        mean_deviation_seconds=round(sum(off) / max(1, len(off))),
        revision_count=revisions,
        planned_stop_count=planned_stops,
    )
