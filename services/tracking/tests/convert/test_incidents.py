"""
Incidents from a caller, and back to whoever watches them.

Goal: nobody reports in another's name, and what is kept is told whole.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from google.type.latlng_pb2 import LatLng

from doorstep.tracking.v1 import incident_pb2 as pb
from doorstep.tracking.v1 import incident_service_pb2 as service_pb
from meshkit.caller import Caller, Role
from services.tracking.convert.incidents import alarm, incident_to_proto
from services.tracking.convert.wire import stamp
from services.tracking.domain.incident import (
    About,
    Alarm,
    IncidentType,
    Resolution,
    Severity,
    acknowledged,
    ended,
    opened,
)
from services.tracking.domain.playbook import PLAYBOOKS
from services.tracking.tests.town import DEPOT, NINE, at

DRIVER = Caller("driver-1", Role.DRIVER, "tenant", driver_id="driver-1")
CARRIER = Caller("car-1", Role.CARRIER, "tenant", carrier_id="car-1")
PLATFORM = Caller("platform", Role.PLATFORM, "tenant")
ABOUT = About("del_1", "tsk_1", "stp_1", "rte_1", "van-1", "driver-1", "car-1")
ALARM = Alarm(
    IncidentType.ACCIDENT,
    ABOUT,
    "a bump",
    at(3),
    Severity.WARNING,
    "mine",
    "no one hurt",
    DEPOT,
    "inc_0",
)


def asked(**fields: Any) -> service_pb.ReportIncidentRequest:
    """A report with everything said, but for what is changed."""
    told: dict[str, Any] = {
        "type": pb.INCIDENT_TYPE_ACCIDENT,
        "severity": pb.INCIDENT_SEVERITY_WARNING,
        "delivery_id": "del_1",
        "task_id": "tsk_1",
        "stop_id": "stp_1",
        "route_id": "rte_1",
        "vehicle_id": "van-1",
        "driver_id": "driver-9",
        "summary": "a bump",
        "note": "no one hurt",
        "event_time": stamp(at(3)),
        "dedupe_key": "mine",
        "previous_incident_id": "inc_0",
        "location": LatLng(latitude=DEPOT.latitude, longitude=DEPOT.longitude),
        **fields,
    }
    return service_pb.ReportIncidentRequest(**{k: v for k, v in told.items() if v is not None})


def test_a_report_comes_through_whole() -> None:
    about = replace(ABOUT, driver_id="driver-9", carrier_id="")

    assert alarm(asked(), PLATFORM, NINE) == replace(ALARM, about=about)


def test_nobody_reports_in_anothers_name() -> None:
    assert alarm(asked(), DRIVER, NINE).about.driver_id == "driver-1"
    assert alarm(asked(), CARRIER, NINE).about.carrier_id == "car-1"


def test_what_began_at_no_moment_began_now() -> None:
    assert alarm(asked(event_time=None), PLATFORM, NINE).event_time == NINE


def test_what_was_foreseen_says_when_it_is_expected() -> None:
    foreseen = opened(replace(ALARM, expect_time=at(40)), "inc_1", at(4))

    assert incident_to_proto(foreseen).expect_time == stamp(at(40))


@pytest.mark.parametrize("kind", sorted(set(IncidentType) - {IncidentType.UNSPECIFIED}))
def test_every_kind_of_incident_has_a_team_of_the_contract(kind: IncidentType) -> None:
    told = incident_to_proto(opened(replace(ALARM, type=kind), "inc_1", at(4)))

    assert told.team != pb.INCIDENT_TEAM_UNSPECIFIED
    assert kind in PLAYBOOKS or kind is IncidentType.OTHER


def test_an_incident_is_told_whole_at_each_of_its_states() -> None:
    first = opened(ALARM, "inc_1", at(4))
    taken = acknowledged(first, "disp-1", at(5))
    over = ended(taken, "disp-1", at(9), Resolution.REASSIGNED, "the other van")

    told = incident_to_proto(over)

    assert told == pb.Incident(
        incident_id="inc_1",
        type=pb.INCIDENT_TYPE_ACCIDENT,
        state=pb.INCIDENT_STATE_RESOLVED,
        severity=pb.INCIDENT_SEVERITY_WARNING,
        dedupe_key="mine",
        delivery_id="del_1",
        task_id="tsk_1",
        stop_id="stp_1",
        route_id="rte_1",
        vehicle_id="van-1",
        driver_id="driver-1",
        carrier_id="car-1",
        summary="a bump",
        note="no one hurt",
        event_time=stamp(at(3)),
        open_time=stamp(at(4)),
        acknowledge_time=stamp(at(5)),
        acknowledged_by="disp-1",
        end_time=stamp(at(9)),
        ended_by="disp-1",
        resolution=pb.INCIDENT_RESOLUTION_REASSIGNED,
        resolution_note="the other van",
        previous_incident_id="inc_0",
        occurrence_count=1,
        location=LatLng(latitude=DEPOT.latitude, longitude=DEPOT.longitude),
        etag="3",
        team=pb.INCIDENT_TEAM_SAFETY,
        playbook=[
            pb.PLAYBOOK_STEP_SEND_HELP,
            pb.PLAYBOOK_STEP_CALL_DRIVER,
            pb.PLAYBOOK_STEP_REASSIGN,
        ],
    )
    assert incident_to_proto(first).state == pb.INCIDENT_STATE_OPEN
    assert not incident_to_proto(first).HasField("acknowledge_time")
