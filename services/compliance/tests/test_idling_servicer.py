"""
Idling across the wire: its rules, checks at a place, and episodes from tracking's feed.

Method: a real server on a real port over the embedded PostgreSQL; tracking's changes are taken in
as the follower does, in a transaction of the tenant.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.type.interval_pb2 import Interval
from google.type.latlng_pb2 import LatLng

from doorstep.compliance.v1 import check_service_pb2_grpc as check_grpc
from doorstep.compliance.v1 import decision_pb2, emission_pb2, event_pb2, idling_pb2
from doorstep.compliance.v1 import emissions_service_pb2 as emissions_pb
from doorstep.compliance.v1 import emissions_service_pb2_grpc as emissions_grpc
from doorstep.compliance.v1 import zone_service_pb2 as pb
from doorstep.compliance.v1 import zone_service_pb2_grpc as zone_grpc
from doorstep.tracking.v1 import event_pb2 as tracking_pb
from doorstep.tracking.v1 import vehicle_pb2 as tracking_vehicle_pb2
from meshkit.client import raising
from meshkit.clock import StoppedClock
from meshkit.errors import AlreadyExists, Conflict, Invalid, NotFound
from meshkit.postgres import Database, Transaction
from meshkit.testing import Role, TestMesh
from services.compliance.__main__ import idling, ledger, prices, rates
from services.compliance.config import ComplianceSettings
from services.compliance.convert.moments import moment_to_proto
from services.compliance.domain.vehicle import Fuel
from services.compliance.servicer.facts import taking_in
from services.compliance.tests.places import at
from services.compliance.tests.street_wire import (
    MIDDLE,
    check_idling,
    create_idling,
    idling_rule,
)
from services.compliance.tests.wire import ELECTRIC, polygon, request_id
from services.compliance.tests.wire import VAN as DIESEL

pytestmark = pytest.mark.pg

LOADING_DEVICE = idling_pb2.IDLING_EXCUSE_LOADING_DEVICE
ALLOW, DENY = decision_pb2.VERDICT_ALLOW, decision_pb2.VERDICT_DENY
UNKNOWN = decision_pb2.VERDICT_UNKNOWN
VAN = tracking_vehicle_pb2.VehicleAttributes(
    vehicle_id="van",
    kind=tracking_vehicle_pb2.VEHICLE_KIND_VAN,
    fuel=tracking_vehicle_pb2.FUEL_DIESEL,
)
TakeIn = Callable[[Transaction, tracking_pb.Change], Awaitable[None]]


@pytest.fixture
def zones(mesh: TestMesh) -> Any:
    return raising(zone_grpc.ZoneServiceStub(mesh.channel(Role.PLATFORM)))


@pytest.fixture
def checks(mesh: TestMesh) -> Any:
    return raising(check_grpc.CheckServiceStub(mesh.channel(Role.PLATFORM)))


@pytest.fixture
def emissions(mesh: TestMesh) -> Any:
    return raising(emissions_grpc.EmissionsServiceStub(mesh.channel(Role.PLATFORM)))


@pytest.fixture
def take_in(clock: StoppedClock) -> TakeIn:
    settings = ComplianceSettings(
        fuel_prices={Fuel.DIESEL: 1_600_000}, fuel_price_currency="EUR", country_code="GB"
    )
    return taking_in(ledger, rates(settings), clock, idling, prices(settings))


def idled(
    event_id: str = "evt-1",
    seconds: int = 600,
    vehicle: tracking_vehicle_pb2.VehicleAttributes | None = VAN,
    start: str = "2026-05-12 08:00",
    **more: Any,
) -> tracking_pb.Change:
    fact = tracking_pb.IdlingEnded(
        vehicle_id="van",
        route_id="rte_1",
        start_time=moment_to_proto(at(start)),
        idling_duration=Duration(seconds=seconds),
        location=MIDDLE,
        vehicle=vehicle,
        **more,
    )
    return tracking_pb.Change(event_id=event_id, tenant="acme", idling_ended=fact)


async def listed(emissions: Any, **asked: Any) -> list[idling_pb2.IdlingEpisode]:
    request = emissions_pb.ListIdlingEpisodesRequest(**asked)
    return list((await emissions.ListIdlingEpisodes(request)).idling_episodes)


def hours(episodes: Iterable[idling_pb2.IdlingEpisode]) -> list[int]:
    return [episode.interval.start_time.ToDatetime().hour for episode in episodes]


def update(rule: idling_pb2.IdlingRule, *paths: str, etag: str) -> pb.UpdateIdlingRuleRequest:
    mask = FieldMask(paths=paths)
    return pb.UpdateIdlingRuleRequest(
        request_id=request_id(), idling_rule=rule, update_mask=mask, etag=etag
    )


async def test_a_created_rule_is_answered_as_it_was_written_and_once(zones: Any) -> None:
    request = create_idling(idling_rule())
    made = (await zones.CreateIdlingRule(request)).idling_rule
    again = (await zones.CreateIdlingRule(request)).idling_rule
    read = await zones.GetIdlingRule(pb.GetIdlingRuleRequest(idling_rule_id="city"))

    assert made == again == read.idling_rule
    assert (made.areas, made.filter) == (idling_rule().areas, idling_rule().filter)
    assert (made.limit.seconds, made.penalty_micros, made.etag) == (180, 350_000_000, "1")


async def test_an_id_is_given_once_and_what_is_absent_is_not_found(zones: Any) -> None:
    await zones.CreateIdlingRule(create_idling(idling_rule()))
    with pytest.raises(AlreadyExists) as exists:
        await zones.CreateIdlingRule(create_idling(idling_rule()))
    with pytest.raises(NotFound) as unknown:
        await zones.GetIdlingRule(pb.GetIdlingRuleRequest(idling_rule_id="none"))

    assert exists.value.reason == "IDLING_RULE_EXISTS"
    assert unknown.value.reason == "IDLING_RULE_UNKNOWN"


async def test_a_change_holds_for_the_very_next_check_and_needs_the_etag(
    zones: Any, checks: Any
) -> None:
    await zones.CreateIdlingRule(create_idling(idling_rule()))
    before = (await checks.CheckIdling(check_idling(2))).verdict
    stricter = idling_rule(seconds=60)
    made = (await zones.UpdateIdlingRule(update(stricter, "limit", etag="1"))).idling_rule
    after = (await checks.CheckIdling(check_idling(2))).verdict
    with pytest.raises(Conflict) as caught:
        await zones.UpdateIdlingRule(update(stricter, "limit", etag="1"))

    assert (before, after) == (ALLOW, DENY)
    assert (made.etag, made.excuses) == ("2", [LOADING_DEVICE])
    assert caught.value.reason == "ETAG_STALE"


async def test_rules_are_listed_page_by_page_in_the_order_of_ids(zones: Any) -> None:
    for name in ("c", "a", "b"):
        await zones.CreateIdlingRule(create_idling(idling_rule(name)))
    first = await zones.ListIdlingRules(pb.ListIdlingRulesRequest(page_size=2))
    request = pb.ListIdlingRulesRequest(page_size=2, page_token=first.next_page_token)
    second = await zones.ListIdlingRules(request)

    found = [rule.idling_rule_id for page in (first, second) for rule in page.idling_rules]
    assert (found, second.next_page_token) == (["a", "b", "c"], "")


async def test_all_faults_of_a_rule_are_told_at_once_and_where(zones: Any) -> None:
    rule = idling_rule()
    rule.limit.seconds = -1
    rule.currency_code = ""
    rule.areas[0].outer.points[0].latitude = 91
    with pytest.raises(Invalid) as caught:
        await zones.CreateIdlingRule(create_idling(rule))

    found = [(v.field.partition("]")[0], v.reason) for v in caught.value.violations]
    assert found == [
        ("idling_rule.areas[0", "GEOMETRY_INVALID"),
        ("idling_rule.limit", "FIELD_INVALID"),
        ("idling_rule.currency_code", "FIELD_INVALID"),
    ]


@pytest.mark.parametrize(
    ("asked", "verdict", "broken"),
    [
        (check_idling(1), ALLOW, []),
        (check_idling(2), DENY, ["school"]),
        (check_idling(4), DENY, ["school", "city"]),
        (check_idling(4, LOADING_DEVICE), ALLOW, []),
        (check_idling(4, idling_pb2.IDLING_EXCUSE_TRAFFIC), DENY, ["school", "city"]),
        (check_idling(4, vehicle=ELECTRIC), ALLOW, []),
    ],
)
async def test_the_strictest_rule_of_the_place_binds(
    zones: Any, checks: Any, asked: Any, verdict: Any, broken: list[str]
) -> None:
    await zones.CreateIdlingRule(create_idling(idling_rule()))
    school = idling_rule("school", seconds=60)
    school.areas[0].CopyFrom(polygon(59.999, 24.999, 0.002))
    away = idling_rule("away", seconds=0)
    away.areas[0].CopyFrom(polygon(61.0, 24.999, 0.002))
    for rule in (school, away):
        await zones.CreateIdlingRule(create_idling(rule))
    answer = await checks.CheckIdling(asked)

    assert (answer.verdict, list(answer.idling_rule_ids)) == (verdict, broken)


async def test_what_is_needed_and_not_stated_is_named(zones: Any, checks: Any) -> None:
    await zones.CreateIdlingRule(create_idling(idling_rule()))
    request = check_idling(4)
    request.vehicle.ClearField("fuel")
    answer = await checks.CheckIdling(request)

    assert (answer.verdict, list(answer.missing_attributes)) == (UNKNOWN, ["fuel"])


async def test_a_bad_question_is_told_all_that_is_wrong(checks: Any) -> None:
    request = check_idling(1)
    request.interval.ClearField("end_time")
    request.point.CopyFrom(LatLng(latitude=0, longitude=0))
    with pytest.raises(Invalid) as caught:
        await checks.CheckIdling(request)

    assert {violation.reason for violation in caught.value.violations} == {
        "GEOMETRY_INVALID",
        "INTERVAL_INVALID",
    }


async def test_a_fact_of_tracking_makes_one_episode_however_often_it_is_told(
    zones: Any, emissions: Any, db: Database, take_in: TakeIn, mesh: TestMesh
) -> None:
    await zones.CreateIdlingRule(create_idling(idling_rule()))
    for _ in range(2):
        async with db.transaction("acme") as tx:
            await take_in(tx, idled())
    (episode,) = await listed(emissions)

    assert (episode.verdict, episode.idling_rule_id) == (DENY, "city")
    assert (episode.penalty_micros, episode.penalty_currency_code) == (350_000_000, "USD")
    assert episode.fuel_milliliters == 107  # 0.17 gal/h for ten minutes
    assert (episode.fuel_cost_micros, episode.currency_code) == (171_200, "EUR")
    assert episode.co2e_milligrams == round(0.17 * 3.785411784 / 6 * (2_570_820 + 611_010))
    assert episode.basis.method == emission_pb2.EMISSION_METHOD_IDLING_RATE
    length = episode.interval.end_time.ToDatetime() - episode.interval.start_time.ToDatetime()
    assert length == timedelta(minutes=10)
    reader: Any = raising(check_grpc.CheckServiceStub(mesh.channel_with(mesh.tokens("tracking"))))
    request = event_pb2.WatchEventsRequest(types=["idling_detected"])
    batch = await anext(aiter(reader.WatchEvents(request)))
    assert [change.idling_detected.episode for change in batch.changes] == [episode]


@pytest.mark.parametrize(
    ("change", "verdict", "excuse", "missing"),
    [
        (idled(seconds=180), ALLOW, 0, []),
        (idled(seconds=181), DENY, 0, []),
        (idled(seconds=181, auxiliary_needed=True), ALLOW, LOADING_DEVICE, []),
        (idled(seconds=180, auxiliary_needed=True), ALLOW, 0, []),
        (idled(seconds=181, vehicle=None), UNKNOWN, 0, ["fuel"]),
    ],
)
async def test_an_episode_is_judged_by_the_rules_of_its_place(
    zones: Any,
    emissions: Any,
    db: Database,
    take_in: TakeIn,
    change: Any,
    verdict: Any,
    excuse: Any,
    missing: list[str],
) -> None:
    await zones.CreateIdlingRule(create_idling(idling_rule()))
    async with db.transaction("acme") as tx:
        await take_in(tx, change)
    (episode,) = await listed(emissions)

    assert (episode.verdict, episode.excuse) == (verdict, excuse)
    assert list(episode.missing_attributes) == missing
    assert episode.HasField("basis") == change.idling_ended.HasField("vehicle")


async def test_a_fine_is_not_charged_while_an_excuse_of_the_rule_is_unknown(
    zones: Any, emissions: Any, db: Database, take_in: TakeIn
) -> None:
    excuses = [LOADING_DEVICE, idling_pb2.IDLING_EXCUSE_TEMPERATURE]
    cold = idling_pb2.IdlingRule()
    cold.CopyFrom(idling_rule())
    cold.excuses[:] = excuses
    await zones.CreateIdlingRule(create_idling(cold))
    async with db.transaction("acme") as tx:
        await take_in(tx, idled())
    (episode,) = await listed(emissions)

    assert (episode.verdict, list(episode.missing_attributes)) == (UNKNOWN, ["temperature"])
    assert (episode.idling_rule_id, episode.penalty_micros) == ("", 0)


async def test_idling_adds_nothing_to_the_ledger(
    emissions: Any, db: Database, take_in: TakeIn
) -> None:
    async with db.transaction("acme") as tx:
        await take_in(tx, idled())
    records = await emissions.ListEmissionRecords(emissions_pb.ListEmissionRecordsRequest())

    assert not records.records


async def test_episodes_are_listed_newest_first_by_vehicle_and_time(
    emissions: Any, db: Database, take_in: TakeIn
) -> None:
    async with db.transaction("acme") as tx:
        for hour in (6, 8, 7):
            await take_in(tx, idled(f"evt-{hour}", start=f"2026-05-12 0{hour}:00"))
    bounds = Interval(
        start_time=moment_to_proto(at("2026-05-12 06:30")),
        end_time=moment_to_proto(at("2026-05-12 08:00")),
    )
    request = emissions_pb.ListIdlingEpisodesRequest(page_size=2, vehicle_id="van")
    first = await emissions.ListIdlingEpisodes(request)
    request.page_token = first.next_page_token
    second = await emissions.ListIdlingEpisodes(request)

    assert [hours(page.idling_episodes) for page in (first, second)] == [[8, 7], [6]]
    assert hours(await listed(emissions, interval=bounds)) == [7]
    assert await listed(emissions, vehicle_id="other") == []


async def test_other_tenants_see_neither_rules_nor_episodes(
    mesh: TestMesh, zones: Any, db: Database, take_in: TakeIn
) -> None:
    await zones.CreateIdlingRule(create_idling(idling_rule()))
    async with db.transaction("acme") as tx:
        await take_in(tx, idled())
    channel = mesh.channel(Role.PLATFORM, tenant="other")
    strange = raising(emissions_grpc.EmissionsServiceStub(channel))
    check = await raising(check_grpc.CheckServiceStub(channel)).CheckIdling(
        check_idling(9, vehicle=DIESEL)
    )

    assert check.verdict == ALLOW
    assert await listed(strange) == []
