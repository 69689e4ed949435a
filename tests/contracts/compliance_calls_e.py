"""
One good and one bad request for every rpc of compliance about zones, rules, closures and checks, in
the order in which they are called. What an answer names is kept by `learn` for those that follow.
"""

from __future__ import annotations

from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask
from google.type.interval_pb2 import Interval

from doorstep.compliance.v1 import access_rule_pb2, closure_pb2, event_pb2, zone_pb2
from doorstep.compliance.v1 import check_service_pb2 as check_pb
from doorstep.compliance.v1 import zone_service_pb2 as pb
from services.compliance.convert.moments import moment_to_proto
from services.compliance.tests import wire
from services.compliance.tests.places import at
from services.compliance.tests.wire import request_id
from tests.contracts.live import Call

NOBODY, FOREIGN, STALE = "nobody", "none of ours", "0"
ZONE, CLOSURE, RULE = "live", "live-works", "fee"
DAY = Interval(
    start_time=moment_to_proto(at("2026-05-12 00:00")),
    end_time=moment_to_proto(at("2026-05-13 00:00")),
)
LEARNED = {"rule_set_id": "rls_nobody", "decision_id": "dec_nobody"}


def learn(rpc: str, answer: Any) -> None:
    """Keeps what later calls name."""
    if rpc == "ListRuleSets":
        LEARNED["rule_set_id"] = answer.rule_sets[0].rule_set_id
    if rpc == "EvaluateRoutes":
        LEARNED["decision_id"] = answer.decisions[0].decision_id


def update_zone(etag: str) -> pb.UpdateZoneRequest:
    """Another title."""
    zone = wire.zone(zone_id=ZONE)
    return pb.UpdateZoneRequest(
        request_id=request_id(), zone=zone, update_mask=FieldMask(paths=["title"]), etag=etag
    )


def create_rule(zone_id: str) -> pb.CreateAccessRuleRequest:
    """A fee besides the ban."""
    return pb.CreateAccessRuleRequest(
        request_id=request_id(), zone_id=zone_id, access_rule=wire.day_fee(), etag="2"
    )


def update_rule(etag: str) -> pb.UpdateAccessRuleRequest:
    """A dearer fee."""
    rule: access_rule_pb2.AccessRule = wire.day_fee(7_000_000)
    return pb.UpdateAccessRuleRequest(
        request_id=request_id(), zone_id=ZONE, access_rule=rule, etag=etag
    )


def works(area: zone_pb2.Polygon) -> closure_pb2.StreetClosure:
    """Roadworks on one day."""
    return closure_pb2.StreetClosure(closure_id=CLOSURE, title="Works", area=area, interval=DAY)


def bow_tie() -> zone_pb2.Polygon:
    """An area whose border crosses itself."""
    area = wire.polygon()
    points = list(area.outer.points)
    del area.outer.points[:]
    area.outer.points.extend([points[0], points[2], points[1], points[3]])
    return area


def close(area: zone_pb2.Polygon) -> pb.CreateStreetClosureRequest:
    """To close an area."""
    return pb.CreateStreetClosureRequest(request_id=request_id(), street_closure=works(area))


def reopen(etag: str) -> pb.UpdateStreetClosureRequest:
    """The same again."""
    closure = works(wire.polygon())
    return pb.UpdateStreetClosureRequest(request_id=request_id(), street_closure=closure, etag=etag)


def stranger_check() -> check_pb.CheckAccessRequest:
    """Asks about a vehicle that nobody described."""
    request = wire.check()
    request.queries[0].vehicle_id = NOBODY
    return request


def doubled() -> check_pb.EvaluateRoutesRequest:
    """A plan with one route twice."""
    request = wire.evaluate(wire.NOON, wire.NOON)
    request.routes[1].route_id = request.routes[0].route_id
    return request


CALLS = (
    Call(
        "CreateZone",
        lambda known: wire.create(wire.diesel_ban(), zone_id=ZONE),
        wire.create(wire.diesel_ban(), wire.diesel_ban(), zone_id="doubled"),
        "ID_REPEATED",
    ),
    Call(
        "GetZone",
        lambda known: pb.GetZoneRequest(zone_id=ZONE),
        pb.GetZoneRequest(zone_id=NOBODY),
        "ZONE_UNKNOWN",
    ),
    Call(
        "ListZones",
        lambda known: pb.ListZonesRequest(page_size=1),
        pb.ListZonesRequest(page_token=FOREIGN),
        "PAGE_TOKEN_INVALID",
    ),
    Call("UpdateZone", lambda known: update_zone("1"), update_zone(STALE), "ETAG_STALE"),
    Call("CreateAccessRule", lambda known: create_rule(ZONE), create_rule(NOBODY), "ZONE_UNKNOWN"),
    Call(
        "GetAccessRule",
        lambda known: pb.GetAccessRuleRequest(zone_id=ZONE, rule_id=RULE),
        pb.GetAccessRuleRequest(zone_id=ZONE, rule_id=NOBODY),
        "RULE_UNKNOWN",
    ),
    Call(
        "ListAccessRules",
        lambda known: pb.ListAccessRulesRequest(zone_id=ZONE),
        pb.ListAccessRulesRequest(zone_id=NOBODY),
        "ZONE_UNKNOWN",
    ),
    Call("UpdateAccessRule", lambda known: update_rule("3"), update_rule(STALE), "ETAG_STALE"),
    Call(
        "ListRuleSets",
        lambda known: pb.ListRuleSetsRequest(zone_id=ZONE),
        pb.ListRuleSetsRequest(page_token=FOREIGN),
        "PAGE_TOKEN_INVALID",
    ),
    Call(
        "GetRuleSet",
        lambda known: pb.GetRuleSetRequest(rule_set_id=LEARNED["rule_set_id"]),
        pb.GetRuleSetRequest(rule_set_id="rls_nobody"),
        "RULE_SET_UNKNOWN",
    ),
    Call(
        "CreateStreetClosure",
        lambda known: close(wire.polygon()),
        close(bow_tie()),
        "GEOMETRY_INVALID",
    ),
    Call(
        "GetStreetClosure",
        lambda known: pb.GetStreetClosureRequest(closure_id=CLOSURE),
        pb.GetStreetClosureRequest(closure_id=NOBODY),
        "CLOSURE_UNKNOWN",
    ),
    Call(
        "ListStreetClosures",
        lambda known: pb.ListStreetClosuresRequest(page_size=1),
        pb.ListStreetClosuresRequest(page_token=FOREIGN),
        "PAGE_TOKEN_INVALID",
    ),
    Call("UpdateStreetClosure", lambda known: reopen("1"), reopen(STALE), "ETAG_STALE"),
    Call("CheckAccess", lambda known: wire.check(), stranger_check(), "VEHICLE_UNDESCRIBED"),
    Call("EvaluateRoutes", lambda known: wire.evaluate(wire.NOON), doubled(), "ID_REPEATED"),
    Call(
        "ListAccessAreas",
        lambda known: check_pb.ListAccessAreasRequest(vehicle=wire.VAN, interval=DAY),
        check_pb.ListAccessAreasRequest(
            vehicle=wire.VAN,
            interval=Interval(start_time=DAY.end_time, end_time=DAY.start_time),
        ),
        "INTERVAL_INVALID",
    ),
    Call(
        "ListDecisions",
        lambda known: check_pb.ListDecisionsRequest(
            touching_rule_set_id=LEARNED["rule_set_id"], page_size=1
        ),
        check_pb.ListDecisionsRequest(touching_rule_set_id="rls_nobody"),
        "RULE_SET_UNKNOWN",
    ),
    Call(
        "ExplainDecision",
        lambda known: check_pb.ExplainDecisionRequest(decision_id=LEARNED["decision_id"]),
        check_pb.ExplainDecisionRequest(decision_id="dec_nobody"),
        "DECISION_UNKNOWN",
    ),
    Call(
        "WatchEvents",
        lambda known: event_pb2.WatchEventsRequest(),
        event_pb2.WatchEventsRequest(cursor=FOREIGN),
        "CURSOR_INVALID",
    ),
)
