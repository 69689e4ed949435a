"""
From events to the feed: each as the field of `Change.event` that the contract has for it.

Events that nobody else needs (what was heard from others, nearness, zone charges) become no change.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from google.protobuf.message import Message

from doorstep.tracking.v1 import (
    event_pb2 as pb,
)
from doorstep.tracking.v1 import geofence_pb2, milestone_pb2, proof_pb2, risk_pb2, vehicle_pb2
from doorstep.tracking.v1 import tracking_event_pb2 as words_pb
from meshkit.feed import Draft
from services.tracking.convert.etas import eta_to_proto, risk_to_proto
from services.tracking.convert.facts_out import write_contact, write_scan
from services.tracking.convert.incidents import incident_to_proto
from services.tracking.convert.surveys import response_to_proto
from services.tracking.convert.wire import duration, interval, latlng, money, number, stamp
from services.tracking.domain import customer as said
from services.tracking.domain import event as told
from services.tracking.domain.journal import Event, moment
from services.tracking.domain.route import Vehicle

Made = tuple[str, str, Message]  # the field's name, the subject, the message


def draft(event: Event) -> Draft | None:
    """The change that tells an event; None when the feed does not tell it."""
    make = MAKERS.get(type(event))
    if make is None:
        return None
    name, subject, message = make(event)
    return Draft(name, subject, moment(event), message.SerializeToString())


def _crew(crew: told.Crew) -> dict[str, Any]:
    return {
        "route_id": crew.route_id,
        "route_revision": crew.revision,
        "driver_id": crew.driver_id,
        "vehicle_id": crew.vehicle_id,
        "carrier_id": crew.carrier_id,
    }


def _started(event: told.RouteStarted) -> Made:
    message = pb.RouteStarted(
        **_crew(event.crew),
        shift_id=event.crew.shift_id,
        start_time=stamp(event.at),
        delivery_ids=_deliveries(event.tasks),
    )
    return "route_started", event.crew.route_id, message


def _arrived(event: told.StopArrived) -> Made:
    message = pb.StopArrived(
        **_crew(event.crew),
        stop_id=event.stop_id,
        task_ids=[task.task_id for task in event.tasks],
        delivery_ids=_deliveries(event.tasks),
        arrival_time=stamp(event.at),
        planned_arrival_time=stamp(event.planned_at),
        source=number(words_pb.EventSource, event.source),
    )
    return "stop_arrived", event.stop_id, message


def _departed(event: told.StopDeparted) -> Made:
    dwell = event.at - event.arrived_at if event.arrived_at else None
    message = pb.StopDeparted(
        **_crew(event.crew),
        stop_id=event.stop_id,
        task_ids=[task.task_id for task in event.tasks],
        departure_time=stamp(event.at),
        planned_departure_time=stamp(event.planned_at),
        dwell_duration=duration(dwell),
        source=number(words_pb.EventSource, event.source),
    )
    return "stop_departed", event.stop_id, message


def _outcome(event: told.OutcomeRecorded) -> Made:
    message = pb.TaskOutcomeRecorded(
        **_crew(event.crew),
        task_id=event.task.task_id,
        delivery_id=event.task.delivery_id,
        stop_id=event.stop_id,
        attempt_number=event.attempt_number,
        outcome=number(words_pb.TaskOutcome, event.outcome),
        failure_reason=number(words_pb.FailureReason, event.reason),
        handover=number(words_pb.Handover, event.handover),
        outcome_time=stamp(event.at),
        promise_window=interval(event.promise),
        on_time=event.on_time,
        parcel_ids=event.parcel_ids,
        reported_event_id=event.event_id,
        proof_id=event.proof_id,
        mass_grams=event.task.mass_grams,
    )
    return "task_outcome_recorded", event.task.task_id, message


def _leg(event: told.LegCompleted) -> Made:
    message = pb.LegCompleted(
        leg_id=event.leg_id,
        route_id=event.crew.route_id,
        route_revision=event.crew.revision,
        leg_rank=event.leg_rank,
        from_stop_id=event.from_stop_id,
        to_stop_id=event.to_stop_id,
        start_time=stamp(event.start),
        end_time=stamp(event.end),
        distance_meters=event.meters,
        distance_basis=number(pb.DistanceBasis, event.basis),
        planned_distance_meters=event.planned_meters,
        planned_duration=duration(event.planned_seconds),
        energy_watt_hours=event.watt_hours,
        mass_on_board_grams=event.mass_grams,
        vehicle=_vehicle(event.vehicle),
        shares=[
            pb.LegShare(
                task_id=s.task_id,
                delivery_id=s.delivery_id,
                mass_grams=s.mass_grams,
                item_count=s.item_count,
                great_circle_distance_meters=s.great_circle_meters,
            )
            for s in event.shares
        ],
        start_location=latlng(event.start_point),
        end_location=latlng(event.end_point),
        shift_id=event.crew.shift_id,
        driver_id=event.crew.driver_id,
        carrier_id=event.crew.carrier_id,
        empty=event.empty,
        encoded_polyline=event.polyline,
    )
    return "leg_completed", event.leg_id, message


def _vehicle(one: Vehicle) -> vehicle_pb2.VehicleAttributes:
    return vehicle_pb2.VehicleAttributes(
        vehicle_id=one.vehicle_id,
        kind=number(vehicle_pb2.VehicleKind, one.kind),
        fuel=number(vehicle_pb2.Fuel, one.fuel),
        emission_class=one.emission_class,
        unladen_mass_grams=one.unladen_grams,
        gross_mass_grams=one.gross_grams,
        payload_grams=one.payload_grams,
        watt_hours_per_kilometer=one.watt_hours_per_kilometer,
        milliliters_per_hundred_kilometers=one.milliliters_per_hundred_kilometers,
        battery_watt_hours=one.battery_watt_hours,
        vehicle_category=one.category,
        registration_country_code=one.country,
    )


def _completed(event: told.RouteCompleted) -> Made:
    message = pb.RouteCompleted(
        **_crew(event.crew),
        shift_id=event.crew.shift_id,
        start_time=stamp(event.start),
        end_time=stamp(event.end),
        distance_meters=event.meters,
        planned_distance_meters=event.planned_meters,
        succeeded_count=event.succeeded,
        failed_count=event.failed,
        unattempted_count=event.unattempted,
    )
    return "route_completed", event.crew.route_id, message


def _eta(event: told.EtaChanged) -> Made:
    message = pb.EtaChanged(
        eta=eta_to_proto(event.eta),
        previous_arrival_time=stamp(event.previous),
        delivery_ids=_deliveries(event.tasks),
        reason=number(pb.EtaReason, event.reason),
        wider=event.wider,
    )
    return "eta_changed", event.eta.stop_id, message


def _risk(event: told.RiskChanged) -> Made:
    level = number(risk_pb2.RiskLevel, event.previous)
    message = pb.RiskChanged(risk=risk_to_proto(event.risk), previous_level=level)
    return "risk_changed", event.risk.task.task_id, message


def _opened(event: told.IncidentOpened) -> Made:
    shown = _without_words(incident_to_proto(event.incident))
    return (
        "incident_opened",
        event.incident.incident_id,
        pb.IncidentOpened(incident=shown),
    )


def _acknowledged(event: told.IncidentAcknowledged) -> Made:
    shown = _without_words(incident_to_proto(event.incident))
    message = pb.IncidentAcknowledged(incident=shown)
    return "incident_acknowledged", event.incident.incident_id, message


def _resolved(event: told.IncidentResolved) -> Made:
    shown = _without_words(incident_to_proto(event.incident))
    return (
        "incident_resolved",
        event.incident.incident_id,
        pb.IncidentResolved(incident=shown),
    )


def _without_words(incident: Any) -> Any:
    """People's own words stay in tracking: they may name persons."""
    incident.ClearField("note")
    incident.ClearField("resolution_note")
    return incident


def _proof(event: told.ProofAccepted) -> Made:
    shown = proof_pb2.Proof(
        proof_id=event.proof_id,
        task_id=event.task_id,
        delivery_id=event.delivery_id,
        capture_time=stamp(event.captured_at),
        accept_time=stamp(event.at),
        state=proof_pb2.PROOF_STATE_ACCEPTED,
        items=[proof_pb2.ProofItem(kind=number(proof_pb2.ProofKind, kind)) for kind in event.kinds],
    )
    message = pb.ProofAccepted(proof=shown, delivery_id=event.delivery_id)
    return "proof_accepted", event.proof_id, message


def _milestone(event: told.MilestoneReached) -> Made:
    message = pb.MilestoneReached(
        delivery_id=event.delivery_id,
        milestone=number(milestone_pb2.Milestone, event.milestone),
        task_id=event.task_id,
        route_id=event.route_id,
        stop_id=event.stop_id,
        failure_reason=number(words_pb.FailureReason, event.reason),
        source=number(words_pb.EventSource, event.source),
        entry_id=event.entry_id,
        late=event.late,
        eta=eta_to_proto(event.eta) if event.eta else None,
    )
    return "milestone_reached", event.delivery_id, message


def _scan(event: told.ParcelScanned) -> Made:
    message = pb.ParcelScanned(
        delivery_id=event.delivery_id, route_id=event.crew.route_id, stop_id=event.stop_id
    )
    write_scan(event.scan, message.scan)
    return "parcel_scanned", event.scan.parcel_id or event.delivery_id, message


def _collected(event: told.AmountCollected) -> Made:
    message = pb.AmountCollected(
        delivery_id=event.task.delivery_id,
        task_id=event.task.task_id,
        amount=money(event.amount),
        method=number(words_pb.PaymentMethod, event.method),
        driver_id=event.crew.driver_id,
        route_id=event.crew.route_id,
        due_amount=money(event.due),
        total_amount=money(event.total),
        payment_state=number(pb.PaymentState, event.state),
    )
    return "amount_collected", event.task.delivery_id, message


def _idling(event: told.IdlingEnded) -> Made:
    message = pb.IdlingEnded(
        vehicle_id=event.crew.vehicle_id,
        driver_id=event.crew.driver_id,
        route_id=event.crew.route_id,
        start_time=stamp(event.start),
        idling_duration=duration(event.seconds),
        location=latlng(event.location),
        auxiliary_needed=event.auxiliary_needed,
        vehicle=_vehicle(event.vehicle),
        carrier_id=event.crew.carrier_id,
    )
    return "idling_ended", event.crew.vehicle_id or event.crew.route_id, message


def _charged(event: told.VehicleCharged) -> Made:
    message = pb.VehicleCharged(
        vehicle_id=event.crew.vehicle_id,
        energy_watt_hours=event.watt_hours,
        start_time=stamp(event.start),
        end_time=stamp(event.end),
        place_id=event.place_id,
        route_id=event.crew.route_id,
    )
    return "vehicle_charged", event.crew.vehicle_id or event.crew.route_id, message


def _commented(event: told.CommentAdded) -> Made:
    message = pb.CommentAdded(
        comment_id=event.comment_id, entry_id=event.entry_id, delivery_id=event.delivery_id
    )
    return "comment_added", event.delivery_id, message


def _answered(event: said.SurveyAnswered) -> Made:
    message = pb.SurveyAnswered(response=response_to_proto(event))
    return "survey_answered", event.attempt.task.task_id, message


def _contacted(event: said.CustomerContacted) -> Made:
    message = pb.CustomerContacted(delivery_id=event.delivery_id, route_id=event.crew.route_id)
    write_contact(event.contact, message.contact)
    return "customer_contacted", event.delivery_id, message


def _deliveries(tasks: tuple[told.Charge, ...]) -> list[str]:
    return list(dict.fromkeys(task.delivery_id for task in tasks))


def _passed(event: told.FencePassed) -> Made:
    stay = event.at - event.since if event.since else None
    message = pb.GeofencePassed(
        **_crew(event.crew),
        geofence_id=event.fence_id,
        passage=number(geofence_pb2.GeofencePassage, event.passage),
        passage_time=stamp(event.at),
        stay_duration=duration(stay),
    )
    return "geofence_passed", event.crew.vehicle_id or event.crew.route_id, message


MAKERS: dict[type, Callable[[Any], Made]] = {
    told.RouteStarted: _started,
    told.StopArrived: _arrived,
    told.StopDeparted: _departed,
    told.OutcomeRecorded: _outcome,
    told.LegCompleted: _leg,
    told.RouteCompleted: _completed,
    told.EtaChanged: _eta,
    told.RiskChanged: _risk,
    told.IncidentOpened: _opened,
    told.IncidentAcknowledged: _acknowledged,
    told.IncidentResolved: _resolved,
    told.ProofAccepted: _proof,
    told.MilestoneReached: _milestone,
    told.ParcelScanned: _scan,
    told.AmountCollected: _collected,
    told.IdlingEnded: _idling,
    told.VehicleCharged: _charged,
    told.CommentAdded: _commented,
    told.FencePassed: _passed,
    said.SurveyAnswered: _answered,
    said.CustomerContacted: _contacted,
}
