"""Expected arrivals and risks, to the wire."""

from __future__ import annotations

from datetime import datetime

from doorstep.tracking.v1 import eta_pb2, risk_pb2
from services.tracking.convert.wire import duration, interval, number, stamp
from services.tracking.domain.event import Eta, Risk


def eta_to_proto(eta: Eta, arrived: datetime | None = None) -> eta_pb2.Eta:
    """An expected arrival."""
    age = eta.computed_at - eta.fix_at if eta.fix_at else None
    return eta_pb2.Eta(
        stop_id=eta.stop_id,
        route_id=eta.route_id,
        arrival_p10_time=stamp(eta.p10),
        arrival_p50_time=stamp(eta.p50),
        arrival_p90_time=stamp(eta.p90),
        basis=number(eta_pb2.EtaBasis, eta.basis),
        compute_time=stamp(eta.computed_at),
        position_age_duration=duration(age),
        remaining_stop_count=eta.remaining_stops,
        remaining_distance_meters=eta.remaining_meters,
        planned_arrival_time=stamp(eta.planned_at),
        arrival_time=stamp(arrived),
    )


def risk_to_proto(risk: Risk) -> risk_pb2.Risk:
    """The risk of one promise."""
    return risk_pb2.Risk(
        delivery_id=risk.task.delivery_id,
        task_id=risk.task.task_id,
        stop_id=risk.stop_id,
        route_id=risk.route_id,
        late_probability=risk.probability,
        expected_late_duration=duration(risk.late_seconds),
        level=number(risk_pb2.RiskLevel, risk.level),
        promise_window=interval(risk.promise),
        eta=eta_to_proto(risk.eta),
        compute_time=stamp(risk.eta.computed_at),
        priority=risk.priority,
        stake=risk.stake,
        failure_probability=risk.eta.failure,
        weather_slowed=risk.eta.slowed,
    )
