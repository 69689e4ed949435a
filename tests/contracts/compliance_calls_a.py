"""
One good and one bad request for every rpc of compliance about curbs and idling, in the order in
which they are called: an update names the revision that the creation before it made.
"""

from __future__ import annotations

from doorstep.compliance.v1 import check_service_pb2 as check_pb
from doorstep.compliance.v1 import curb_pb2
from doorstep.compliance.v1 import emissions_service_pb2 as emissions_pb
from doorstep.compliance.v1 import zone_service_pb2 as pb
from services.compliance.tests.street_wire import (
    bay,
    check_idling,
    create_curb,
    create_idling,
    find,
    idling_rule,
    interval,
)
from services.compliance.tests.wire import request_id
from tests.contracts.live import Call

NOBODY = "nobody"
FIRST, STALE = "1", "0"


def contradiction() -> curb_pb2.CurbZone:
    """A bay where one policy forbids what its equal allows."""
    zone = bay("contradiction")
    forbidden = curb_pb2.CurbRule(activity=curb_pb2.CURB_ACTIVITY_NO_STOPPING, user_classes=["van"])
    zone.policies.add(policy_id="closed", priority=1, rules=[forbidden])
    return zone


def update_curb(etag: str) -> pb.UpdateCurbZoneRequest:
    """Moves the bay."""
    return pb.UpdateCurbZoneRequest(request_id=request_id(), curb_zone=bay("bay", 1), etag=etag)


def update_idling(etag: str) -> pb.UpdateIdlingRuleRequest:
    """Makes the rule stricter."""
    return pb.UpdateIdlingRuleRequest(
        request_id=request_id(), idling_rule=idling_rule(seconds=60), etag=etag
    )


def endless() -> check_pb.CheckIdlingRequest:
    """Idling that has no end."""
    request = check_idling(1)
    request.interval.ClearField("end_time")
    return request


def backwards() -> emissions_pb.ListIdlingEpisodesRequest:
    """Episodes of an interval that ends before it starts."""
    bounds = interval("2026-05-12 09:00", -1)
    return emissions_pb.ListIdlingEpisodesRequest(interval=bounds)


CALLS = (
    Call(
        "CreateCurbZone",
        lambda known: create_curb(bay()),
        create_curb(contradiction()),
        "FIELD_INVALID",
    ),
    Call(
        "GetCurbZone",
        lambda known: pb.GetCurbZoneRequest(curb_zone_id="bay"),
        pb.GetCurbZoneRequest(curb_zone_id=NOBODY),
        "CURB_ZONE_UNKNOWN",
    ),
    Call(
        "ListCurbZones",
        lambda known: pb.ListCurbZonesRequest(page_size=1),
        pb.ListCurbZonesRequest(page_token="none of ours"),
        "PAGE_TOKEN_INVALID",
    ),
    Call(
        "UpdateCurbZone",
        lambda known: update_curb(FIRST),
        update_curb(STALE),
        "ETAG_STALE",
    ),
    Call(
        "FindCurbZones",
        lambda known: find(),
        find(count=-1),
        "INTERVAL_INVALID",
    ),
    Call(
        "CreateIdlingRule",
        lambda known: create_idling(idling_rule()),
        create_idling(idling_rule("negative", seconds=-1)),
        "FIELD_INVALID",
    ),
    Call(
        "GetIdlingRule",
        lambda known: pb.GetIdlingRuleRequest(idling_rule_id="city"),
        pb.GetIdlingRuleRequest(idling_rule_id=NOBODY),
        "IDLING_RULE_UNKNOWN",
    ),
    Call(
        "ListIdlingRules",
        lambda known: pb.ListIdlingRulesRequest(page_size=1),
        pb.ListIdlingRulesRequest(page_token="none of ours"),
        "PAGE_TOKEN_INVALID",
    ),
    Call(
        "UpdateIdlingRule",
        lambda known: update_idling(FIRST),
        update_idling(STALE),
        "ETAG_STALE",
    ),
    Call(
        "CheckIdling",
        lambda known: check_idling(4),
        endless(),
        "INTERVAL_INVALID",
    ),
    Call(
        "ListIdlingEpisodes",
        lambda known: emissions_pb.ListIdlingEpisodesRequest(page_size=1),
        backwards(),
        "INTERVAL_INVALID",
    ),
)
