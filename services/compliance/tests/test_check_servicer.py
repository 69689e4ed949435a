"""
CheckService on a real port over a real store.

Method: zones are made through ZoneService, then asked about, as planner and dispatch do.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.type.interval_pb2 import Interval

from doorstep.compliance.v1 import access_rule_pb2, decision_pb2, event_pb2
from doorstep.compliance.v1 import check_service_pb2 as pb
from doorstep.compliance.v1 import check_service_pb2_grpc as pb_grpc
from doorstep.compliance.v1 import zone_service_pb2 as zone_pb
from doorstep.compliance.v1 import zone_service_pb2_grpc as zone_grpc
from meshkit.client import raising
from meshkit.clock import StoppedClock
from meshkit.errors import Denied, Invalid, NotFound
from meshkit.testing import Role, TestMesh
from services.compliance.convert.moments import moment_to_proto
from services.compliance.tests import wire
from services.compliance.tests.places import at, crossing, standing

pytestmark = pytest.mark.pg


@pytest.fixture
def zones(mesh: TestMesh) -> Any:
    return raising(zone_grpc.ZoneServiceStub(mesh.channel(Role.DISPATCHER)))


@pytest.fixture
def checks(mesh: TestMesh) -> Any:
    return raising(pb_grpc.CheckServiceStub(mesh.channel(Role.DISPATCHER)))


async def test_a_planner_learns_verdict_rule_money_and_version(zones: Any, checks: Any) -> None:
    created = (await zones.CreateZone(wire.create(wire.day_fee()))).zone
    response = await checks.CheckAccess(wire.check())
    (answer,) = response.answers
    (finding,) = answer.findings

    assert response.rules_version == 1
    assert (answer.query_id, answer.verdict) == ("q", decision_pb2.VERDICT_ALLOW_WITH_CHARGE)
    assert [(t.currency_code, t.amount_micros) for t in answer.totals] == [("EUR", 5_000_000)]
    assert (finding.zone_id, list(finding.rule_ids)) == ("centre", ["fee"])
    assert finding.rule_set_id == created.rule_set_id
    assert finding.inside_interval.start_time == moment_to_proto(at("2026-05-12 09:10"))
    assert finding.charges[0].unit == access_rule_pb2.CHARGE_UNIT_DAY


async def test_a_vehicle_that_says_nothing_is_unknown_and_never_allowed(
    zones: Any, checks: Any
) -> None:
    await zones.CreateZone(wire.create(wire.diesel_ban()))
    request = wire.check()
    request.vehicles[0].ClearField("fuel")
    (answer,) = (await checks.CheckAccess(request)).answers

    assert answer.verdict == decision_pb2.VERDICT_UNKNOWN
    assert list(answer.findings[0].missing_attributes) == ["fuel"]


async def test_without_zones_everything_is_allowed(checks: Any) -> None:
    response = await checks.CheckAccess(wire.check(vehicle=wire.ELECTRIC))

    assert response.answers[0].verdict == decision_pb2.VERDICT_ALLOW
    assert response.rules_version == 0


async def test_a_change_of_rules_holds_for_the_next_check(zones: Any, checks: Any) -> None:
    await zones.CreateZone(wire.create(wire.diesel_ban()))
    before = await checks.CheckAccess(wire.check(crossing("2026-05-12 10:00")))
    await zones.UpdateZone(
        zone_pb.UpdateZoneRequest(
            request_id=wire.request_id(),
            zone=wire.zone(),
            update_mask=FieldMask(paths=["rules"]),
            etag="1",
        )
    )
    after = await checks.CheckAccess(wire.check(crossing("2026-05-12 10:00")))

    assert before.answers[0].verdict == decision_pb2.VERDICT_DENY
    assert after.answers[0].verdict == decision_pb2.VERDICT_ALLOW
    assert (before.rules_version, after.rules_version) == (1, 2)


async def test_a_check_as_of_earlier_does_not_know_later_rules(
    zones: Any, checks: Any, clock: StoppedClock
) -> None:
    clock.advance(timedelta(hours=1))
    await zones.CreateZone(wire.create(wire.diesel_ban()))
    request = wire.check()
    request.as_of_time.CopyFrom(moment_to_proto(clock.now() - timedelta(minutes=1)))

    assert (await checks.CheckAccess(request)).answers[0].verdict == decision_pb2.VERDICT_ALLOW


async def test_every_fault_of_a_batch_is_told_at_once(checks: Any) -> None:
    request = wire.check()
    request.queries.append(
        pb.AccessQuery(vehicle_id="stranger", presence=request.queries[0].presence)
    )
    request.queries.append(
        pb.AccessQuery(vehicle_id=wire.VAN.vehicle_id, presence=wire.broken_presence())
    )

    with pytest.raises(Invalid) as caught:
        await checks.CheckAccess(request)
    assert [(v.field, v.reason) for v in caught.value.violations] == [
        ("queries[1].vehicle_id", "VEHICLE_UNDESCRIBED"),
        ("queries[2].presence", "FIELD_INVALID"),
    ]


async def test_a_gate_stores_one_decision_per_route_once(zones: Any, checks: Any) -> None:
    await zones.CreateZone(wire.create(wire.day_fee()))
    request = wire.evaluate("2026-05-12 09:00", "2026-05-12 10:00")
    first, again = await checks.EvaluateRoutes(request), await checks.EvaluateRoutes(request)
    listed = await checks.ListDecisions(pb.ListDecisionsRequest(route_plan_id="rpl_1"))

    assert first == again
    assert len(listed.decisions) == 2
    assert [(t.currency_code, t.amount_micros) for t in first.totals] == [("EUR", 5_000_000)]
    assert first.decisions[1].totals == []  # the same van has paid for that day
    assert first.decisions[0].presences[0] == request.routes[0].presences[0]


async def test_a_trial_stores_nothing(zones: Any, checks: Any) -> None:
    await zones.CreateZone(wire.create(wire.diesel_ban()))
    answer = await checks.EvaluateRoutes(wire.evaluate("2026-05-12 09:00", validate_only=True))

    assert answer.verdict == decision_pb2.VERDICT_DENY
    assert answer.decisions[0].decision_id == ""
    assert (await checks.ListDecisions(pb.ListDecisionsRequest())).decisions == []


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (pb.ListDecisionsRequest(zone_id="centre"), 1),
        (pb.ListDecisionsRequest(zone_id="elsewhere"), 0),
        (pb.ListDecisionsRequest(verdicts=[decision_pb2.VERDICT_DENY]), 1),
        (pb.ListDecisionsRequest(verdicts=[decision_pb2.VERDICT_ALLOW]), 0),
        (pb.ListDecisionsRequest(vehicle_id="van"), 1),
        (pb.ListDecisionsRequest(route_id="rte_1"), 0),
    ],
)
async def test_decisions_are_found_by_what_they_are_about(
    zones: Any, checks: Any, asked: pb.ListDecisionsRequest, found: int
) -> None:
    await zones.CreateZone(wire.create(wire.diesel_ban()))
    await checks.EvaluateRoutes(wire.evaluate("2026-05-12 09:00"))

    assert len((await checks.ListDecisions(asked)).decisions) == found


async def test_decisions_are_listed_newest_first_page_by_page(
    checks: Any, clock: StoppedClock
) -> None:
    for _ in range(3):
        clock.advance(timedelta(minutes=1))
        await checks.EvaluateRoutes(wire.evaluate("2026-05-12 09:00"))
    first = await checks.ListDecisions(pb.ListDecisionsRequest(page_size=2))
    rest = await checks.ListDecisions(
        pb.ListDecisionsRequest(page_size=2, page_token=first.next_page_token)
    )
    times = [d.decide_time.seconds for d in (*first.decisions, *rest.decisions)]

    assert len(times) == 3
    assert times == sorted(times, reverse=True)


async def test_an_old_decision_is_explained_by_the_rules_of_then(zones: Any, checks: Any) -> None:
    await zones.CreateZone(wire.create(wire.diesel_ban(), wire.day_fee()))
    decided = (await checks.EvaluateRoutes(wire.evaluate("2026-05-12 09:00"))).decisions[0]
    await zones.UpdateZone(
        zone_pb.UpdateZoneRequest(request_id=wire.request_id(), zone=wire.zone(), etag="1")
    )
    explained = await checks.ExplainDecision(
        pb.ExplainDecisionRequest(decision_id=decided.decision_id)
    )

    assert explained.decision == decided
    assert explained.reproduced_verdict == decision_pb2.VERDICT_DENY
    assert [(rule.rule_id, rule.truth) for rule in explained.rules] == [
        ("ban", decision_pb2.TRUTH_HOLDS),
        ("fee", decision_pb2.TRUTH_HOLDS),
    ]
    conditions = {c.attribute: c.actual for c in explained.rules[0].conditions}
    assert conditions["fuel"] == "DIESEL"
    assert "was denied" in explained.text


async def test_an_unknown_decision_is_not_found(checks: Any) -> None:
    with pytest.raises(NotFound) as caught:
        await checks.ExplainDecision(pb.ExplainDecisionRequest(decision_id="dec_x"))
    assert caught.value.reason == "DECISION_UNKNOWN"


async def test_areas_tell_when_which_verdict_holds(zones: Any, checks: Any) -> None:
    ban = wire.diesel_ban()
    span = ban.schedule.spans.add()
    span.start.hours, span.end.hours = 11, 15
    await zones.CreateZone(wire.create(ban, wire.day_fee()))
    interval = Interval(
        start_time=moment_to_proto(at("2026-05-12 06:00")),  # 09:00 in Helsinki
        end_time=moment_to_proto(at("2026-05-12 15:00")),
    )
    request = pb.ListAccessAreasRequest(vehicle=wire.VAN, interval=interval)
    (area,) = (await checks.ListAccessAreas(request)).areas

    assert area.areas == [wire.polygon()]
    assert [(s.verdict, s.interval.start_time.ToJsonString()[11:16]) for s in area.spans] == [
        (decision_pb2.VERDICT_ALLOW_WITH_CHARGE, "06:00"),
        (decision_pb2.VERDICT_DENY, "08:00"),
        (decision_pb2.VERDICT_ALLOW_WITH_CHARGE, "12:00"),
    ]
    assert area.spans[0].charges[0].amount_micros == 5_000_000
    request.vehicle.CopyFrom(wire.ELECTRIC)
    assert (await checks.ListAccessAreas(request)).areas == []


@pytest.mark.parametrize("hours", [-1, 24 * 8 + 1])
async def test_areas_need_a_short_interval_that_runs_forward(checks: Any, hours: int) -> None:
    start = at("2026-05-12 06:00")
    interval = Interval(
        start_time=moment_to_proto(start), end_time=moment_to_proto(start + timedelta(hours=hours))
    )

    with pytest.raises(Invalid) as caught:
        await checks.ListAccessAreas(pb.ListAccessAreasRequest(vehicle=wire.VAN, interval=interval))
    assert caught.value.reason == "INTERVAL_INVALID"


async def test_the_feed_tells_rules_and_decisions_in_order(
    zones: Any, checks: Any, mesh: TestMesh
) -> None:
    await zones.CreateZone(wire.create(wire.diesel_ban()))
    await checks.EvaluateRoutes(wire.evaluate("2026-05-12 09:00"))
    reader: Any = raising(pb_grpc.CheckServiceStub(mesh.channel_with(mesh.tokens("tracking"))))
    changes: list[event_pb2.Change] = []
    async for batch in reader.WatchEvents(event_pb2.WatchEventsRequest()):
        changes.extend(batch.changes)
        if len(changes) >= 2:
            break

    assert [change.WhichOneof("event") for change in changes] == [
        "rule_set_published",
        "decision_stored",
    ]
    assert changes[1].decision_stored.verdict == decision_pb2.VERDICT_DENY
    assert [change.tenant for change in changes] == ["acme", "acme"]


async def test_a_dispatcher_may_not_read_the_feed(checks: Any) -> None:
    watch = checks.WatchEvents(event_pb2.WatchEventsRequest())

    with pytest.raises(Denied):
        await anext(aiter(watch))


async def test_a_stop_inside_is_checked_for_its_whole_stay(zones: Any, checks: Any) -> None:
    ban = wire.diesel_ban()
    ban.schedule.spans.add().start.hours = 12
    await zones.CreateZone(wire.create(ban))

    async def verdict(minutes: int) -> int:
        request = wire.check(standing("2026-05-12 08:50", minutes))  # from 11:50
        return int((await checks.CheckAccess(request)).answers[0].verdict)

    assert await verdict(10) == decision_pb2.VERDICT_ALLOW  # gone at 12:00
    assert await verdict(11) == decision_pb2.VERDICT_DENY
