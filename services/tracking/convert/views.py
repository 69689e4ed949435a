"""What audiences see: deliveries, timelines, routes and fleets, to the wire."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from doorstep.tracking.v1 import eta_pb2, milestone_pb2, risk_pb2, timeline_pb2
from doorstep.tracking.v1 import tracking_event_pb2 as words_pb
from doorstep.tracking.v1 import tracking_link_pb2 as link_pb
from doorstep.tracking.v1 import tracking_pb2 as pb
from services.tracking.convert.etas import eta_to_proto, risk_to_proto
from services.tracking.convert.proofs import proof_to_proto
from services.tracking.convert.wire import duration, interval, latlng, number, stamp
from services.tracking.domain.event import Eta, MilestoneReached, RiskLevel
from services.tracking.domain.fix import Fix, RecordedFix
from services.tracking.domain.incident import IncidentType
from services.tracking.domain.note import Comment
from services.tracking.domain.progress import RunState, StopState
from services.tracking.domain.replan import PlanChange
from services.tracking.domain.risk import RANK
from services.tracking.domain.route import Stop
from services.tracking.domain.view import View, shown_point
from services.tracking.ports import Driven
from services.tracking.projections.deliveries import failure_of

SILENT_AFTER = timedelta(minutes=10)


def view_to_proto(view: View) -> pb.Tracking:
    """A delivery as its audience sees it."""
    one, recipient = view.delivery, view.link is not None
    message = pb.Tracking(
        delivery_id=one.delivery_id,
        state=number(milestone_pb2.TrackingState, one.state),
        milestone=number(milestone_pb2.Milestone, one.milestone),
        promise_window=interval(one.promise),
        remaining_stop_count=view.remaining_stops,
        remaining_distance_meters=view.remaining_meters,
        destination=latlng(one.location),
        encoded_polyline=view.polyline,
        entries=[
            entry_to_proto(
                entry,
                [one for one in view.comments if one.entry_id == entry.entry_id],
                recipient=recipient,
            )
            for entry in view.entries
        ],
        proofs=[proof_to_proto(proof, personal=not recipient) for proof in view.proofs],
        failure_reason=number(words_pb.FailureReason, failure_of(one)),
        attempt_number=one.attempt_number,
        survey_open=view.survey_open,
        view_time=stamp(view.at),
    )
    if one.outcome is not None:
        message.outcome = number(words_pb.TaskOutcome, one.outcome)
        message.outcome_time.CopyFrom(stamp(one.outcome_at))
    _write_vehicle(view, message)
    _write_audience(view, message)
    return message


def _write_vehicle(view: View, message: pb.Tracking) -> None:
    if view.fix is not None:
        message.vehicle_position.CopyFrom(
            pb.VehiclePosition(
                location=latlng(shown_point(view)),
                heading_degrees=view.fix.heading_degrees,
                device_time=stamp(view.fix.at),
                age_duration=duration(max(timedelta(), view.at - view.fix.at)),
            )
        )


def _write_audience(view: View, message: pb.Tracking) -> None:
    """Ids and risks are for those who run the work; scopes for the holder of a link."""
    if view.eta is not None:
        message.eta.CopyFrom(_eta(view.eta, recipient=view.link is not None))
    if view.link is not None:
        scopes = [number(link_pb.LinkScope, scope) for scope in view.link.scopes]
        message.scopes.extend(scopes)
        return
    message.route_id, message.stop_id = view.delivery.route_id, view.delivery.stop_id
    message.task_id = view.delivery.task_id
    if view.risk is not None:
        message.risk.CopyFrom(risk_to_proto(view.risk))


def _eta(eta: Eta, *, recipient: bool) -> eta_pb2.Eta:
    message = eta_to_proto(eta)
    if recipient:
        for name in ("stop_id", "route_id", "remaining_stop_count", "remaining_distance_meters"):
            message.ClearField(name)
    return message


def entry_to_proto(
    entry: MilestoneReached, comments: Sequence[Comment] = (), *, recipient: bool = False
) -> timeline_pb2.TimelineEntry:
    """An entry of a timeline."""
    return timeline_pb2.TimelineEntry(
        entry_id=entry.entry_id,
        delivery_id=entry.delivery_id,
        task_id="" if recipient else entry.task_id,
        route_id="" if recipient else entry.route_id,
        stop_id="" if recipient else entry.stop_id,
        milestone=number(milestone_pb2.Milestone, entry.milestone),
        event_time=stamp(entry.at),
        record_time=stamp(entry.recorded_at),
        source=number(words_pb.EventSource, entry.source),
        failure_reason=number(words_pb.FailureReason, entry.reason),
        handover=number(words_pb.Handover, entry.handover),
        event_id="" if recipient else entry.event_id,
        late=entry.late,
        comments=[comment_to_proto(comment, recipient=recipient) for comment in comments],
        plan_change=_plan_change(entry.plan_change) if not recipient else None,
    )


def _plan_change(change: PlanChange | None) -> timeline_pb2.PlanChange | None:
    if change is None:
        return None
    return timeline_pb2.PlanChange(
        cause=number(timeline_pb2.PlanChangeCause, change.cause),
        route_revision=change.revision,
        previous_arrival_time=stamp(change.previous_arrival),
        arrival_time=stamp(change.arrival),
        previous_route_id=change.previous_route_id,
        added_delivery_ids=change.added,
        removed_delivery_ids=change.removed,
    )


def comment_to_proto(comment: Comment, *, recipient: bool = False) -> timeline_pb2.Comment:
    """A comment; who wrote it is for those who run the work."""
    return timeline_pb2.Comment(
        comment_id=comment.comment_id,
        entry_id=comment.entry_id,
        author="" if recipient else comment.author,
        text=comment.text,
        audience=number(timeline_pb2.CommentAudience, comment.audience),
        create_time=stamp(comment.create_time),
    )


def progress_to_proto(driven: Driven) -> pb.RouteProgress:
    """A route as driven so far."""
    route, progress = driven.route, driven.progress
    etas = {eta.stop_id: eta for eta in driven.etas}
    return pb.RouteProgress(
        route_id=route.route_id,
        route_revision=route.revision,
        state=number(pb.RouteProgressState, progress.state),
        start_time=stamp(progress.started_at),
        end_time=stamp(progress.ended_at),
        stops=[_stop(driven, stop, etas) for stop in route.stops],
        distance_meters=progress.meters,
        shift_id=route.shift_id,
        vehicle_id=route.vehicle.vehicle_id,
        driver_id=route.driver_id,
        carrier_id=route.carrier_id,
    )


def _stop(driven: Driven, stop: Stop, etas: Mapping[str, Eta]) -> pb.StopProgress:
    visit, eta = driven.progress.visit(stop.stop_id), etas.get(stop.stop_id)
    state = visit.state
    if state is StopState.PENDING and stop.stop_id == next_stop(driven):
        state = StopState.EN_ROUTE
    return pb.StopProgress(
        stop_id=stop.stop_id,
        task_ids=[task.task_id for task in stop.tasks],
        state=number(pb.StopState, state),
        planned_arrival_time=stamp(stop.arrival),
        planned_departure_time=stamp(stop.departure),
        arrival_time=stamp(visit.arrived_at),
        departure_time=stamp(visit.departed_at),
        eta=eta_to_proto(eta) if eta and visit.arrived_at is None else None,
    )


def next_stop(driven: Driven) -> str:
    """Where a vehicle under way goes next; empty when it stands, or has nothing left."""
    if driven.progress.state is not RunState.ACTIVE or driven.progress.at_stop:
        return ""
    pending = (
        stop.stop_id
        for stop in driven.route.stops
        if not driven.progress.visit(stop.stop_id).arrived_at
        and not driven.progress.visit(stop.stop_id).skipped
    )
    return next(pending, "")


def vehicle_to_proto(driven: Driven, now: datetime) -> pb.FleetVehicle:
    """A vehicle on a route."""
    route, progress = driven.route, driven.progress
    waiting = [stop for stop in route.stops if not progress.visit(stop.stop_id).over]
    goal = next_stop(driven)
    eta = next((one for one in driven.etas if one.stop_id == goal), None)
    message = pb.FleetVehicle(
        vehicle_id=route.vehicle.vehicle_id or route.route_id,
        driver_id=route.driver_id,
        carrier_id=route.carrier_id,
        route_id=route.route_id,
        state=number(pb.FleetState, _fleet_state(driven, now)),
        next_stop_id=goal,
        next_eta=eta_to_proto(eta) if eta else None,
        risk_level=number(risk_pb2.RiskLevel, _worst(progress.levels.values())),
        remaining_stop_count=len(waiting),
    )
    if progress.fix is not None:
        _write_fix(progress.fix, message)
    return message


def idle_to_proto(recorded: RecordedFix) -> pb.FleetVehicle:
    """A device on no route."""
    message = pb.FleetVehicle(
        vehicle_id=recorded.vehicle_id or recorded.device_id,
        driver_id=recorded.driver_id,
        state=pb.FLEET_STATE_IDLE,
    )
    _write_fix(recorded.fix, message)
    return message


def _write_fix(fix: Fix, message: pb.FleetVehicle) -> None:
    message.location.CopyFrom(latlng(fix.point))
    message.device_time.CopyFrom(stamp(fix.at))
    if fix.heading_degrees is not None:
        message.heading_degrees = fix.heading_degrees
    if fix.speed_centimeters_per_second is not None:
        message.speed_centimeters_per_second = fix.speed_centimeters_per_second
    if fix.charge_ratio is not None:
        message.state_of_charge_ratio = fix.charge_ratio


def _fleet_state(driven: Driven, now: datetime) -> str:
    progress = driven.progress
    if progress.broken_down:
        return "BROKEN_DOWN"
    if progress.state is not RunState.ACTIVE:
        return "IDLE"
    if progress.at_stop:
        return "AT_STOP"
    if any(key.startswith(f"{IncidentType.STALLED}.") for key in progress.alarms):
        return "STALLED"
    silent = progress.fix is not None and now - progress.fix.at > SILENT_AFTER
    return "SILENT" if silent else "EN_ROUTE"


def _worst(levels: Iterable[RiskLevel]) -> RiskLevel:
    return max(levels, key=lambda level: RANK[level], default=RiskLevel.LOW)
