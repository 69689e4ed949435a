"""Incidents, both ways."""

from __future__ import annotations

from datetime import datetime

from doorstep.tracking.v1 import incident_pb2 as pb
from doorstep.tracking.v1 import incident_service_pb2 as service_pb
from meshkit.caller import Caller
from services.tracking.convert.wire import latlng, moment, number, point_or_none, stamp, word
from services.tracking.domain.incident import About, Alarm, Incident, IncidentType, Severity
from services.tracking.domain.playbook import playbook_of


def alarm(request: service_pb.ReportIncidentRequest, caller: Caller, now: datetime) -> Alarm:
    """What a caller reports."""
    about = About(
        delivery_id=request.delivery_id,
        task_id=request.task_id,
        stop_id=request.stop_id,
        route_id=request.route_id,
        vehicle_id=request.vehicle_id,
        driver_id=caller.driver_id or request.driver_id,
        carrier_id=caller.carrier_id,
    )
    began = moment(request.event_time) if request.HasField("event_time") else now
    return Alarm(
        type=word(pb.IncidentType, request.type, IncidentType),
        about=about,
        summary=request.summary,
        event_time=began,
        severity=word(pb.IncidentSeverity, request.severity, Severity),
        dedupe_key=request.dedupe_key,
        note=request.note,
        location=point_or_none(request, "location"),
        previous_incident_id=request.previous_incident_id,
    )


def incident_to_proto(one: Incident) -> pb.Incident:
    """An incident as kept."""
    about, (team, steps) = one.about, playbook_of(one.type)
    return pb.Incident(
        incident_id=one.incident_id,
        type=number(pb.IncidentType, one.type),
        state=number(pb.IncidentState, one.state),
        severity=number(pb.IncidentSeverity, one.severity),
        dedupe_key=one.dedupe_key,
        delivery_id=about.delivery_id,
        task_id=about.task_id,
        stop_id=about.stop_id,
        route_id=about.route_id,
        vehicle_id=about.vehicle_id,
        driver_id=about.driver_id,
        carrier_id=about.carrier_id,
        summary=one.summary,
        note=one.note,
        event_time=stamp(one.event_time),
        open_time=stamp(one.open_time),
        acknowledge_time=stamp(one.acknowledge_time),
        acknowledged_by=one.acknowledged_by,
        end_time=stamp(one.end_time),
        ended_by=one.ended_by,
        resolution=number(pb.IncidentResolution, one.resolution),
        resolution_note=one.resolution_note,
        previous_incident_id=one.previous_incident_id,
        occurrence_count=one.occurrence_count,
        location=latlng(one.location),
        etag=str(one.revision),
        expect_time=stamp(one.expect_time),
        team=number(pb.IncidentTeam, team),
        playbook=[number(pb.PlaybookStep, step) for step in steps],
    )
