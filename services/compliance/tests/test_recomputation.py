"""
The carbon ledger of a day is made again from the event log alone, to the milligram.

Method: random days of tracking's facts, with retries and with a factor set that was loaded at noon,
told to one store as the day went and to an empty one a month later.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from doorstep.compliance.v1 import emission_pb2, factor_pb2
from doorstep.compliance.v1 import emissions_service_pb2_grpc as pb_grpc
from doorstep.tracking.v1 import event_pb2 as tracking_pb
from doorstep.tracking.v1 import vehicle_pb2 as tracking_vehicle_pb2
from meshkit.client import raising
from meshkit.clock import StoppedClock
from meshkit.pgtest import PostgresForTests
from meshkit.postgres import Database
from meshkit.testing import Role, TestMesh
from services.compliance.__main__ import idling, ledger, prices, rates
from services.compliance.config import ComplianceSettings
from services.compliance.convert.factors import factor_set_from_proto
from services.compliance.convert.moments import moment_from_proto, moment_to_proto
from services.compliance.convert.tracking import vehicle_from_tracking
from services.compliance.domain.footprint import Allocation
from services.compliance.domain.ledger import EmissionRecord
from services.compliance.domain.vehicle import Category
from services.compliance.ports import RecordFilter
from services.compliance.servicer.facts import taking_in
from services.compliance.tests.carbon import NOON, german, report
from services.compliance.tests.places import MIGRATIONS
from services.compliance.usecases.factor_sets import create_factor_set

pytestmark = pytest.mark.pg

EVERY = RecordFilter(with_replaced=True)
LEGS, ROUTES = 40, 6


@pytest.fixture
def emissions(mesh: TestMesh) -> Any:
    return raising(pb_grpc.EmissionsServiceStub(mesh.channel(Role.PLATFORM)))


@pytest.fixture
async def empty(postgres: PostgresForTests, clock: StoppedClock) -> AsyncIterator[Database]:
    """Another ledger in which nothing stands."""
    async with postgres.fresh("compliance", MIGRATIONS, clock=clock) as db:
        yield db


def facts(seed: int) -> list[tracking_pb.Change]:
    """A day of routes: loaded legs, empty ones between, failed attempts, metered and not."""
    draw = random.Random(seed)
    changes = []
    for number in range(LEGS):
        route = f"rte_{draw.randrange(ROUTES)}"
        start = NOON - timedelta(hours=4) + timedelta(minutes=12 * number)
        change = tracking_pb.Change(
            tenant="acme", leg_completed=driven(draw, f"{route}.{number}", route, start)
        )
        changes.append(change)
        if draw.random() < 0.2:
            changes.append(change)  # told twice
    return changes


def driven(draw: random.Random, name: str, route: str, start: datetime) -> tracking_pb.LegCompleted:
    aboard = draw.randrange(0, 9)
    made = tracking_pb.LegCompleted(
        leg_id=name,
        route_id=route,
        start_time=moment_to_proto(start),
        end_time=moment_to_proto(start + timedelta(minutes=draw.randrange(2, 11))),
        distance_meters=draw.randrange(0, 5_000),
        empty=not aboard,
        vehicle=tracking_vehicle_pb2.VehicleAttributes(
            vehicle_id=route,
            kind=tracking_vehicle_pb2.VEHICLE_KIND_VAN,
            fuel=draw.choice(
                [tracking_vehicle_pb2.FUEL_ELECTRIC, tracking_vehicle_pb2.FUEL_DIESEL]
            ),
            unladen_mass_grams=draw.choice([0, 2_100_000]),
        ),
        shares=[
            tracking_pb.LegShare(
                delivery_id=f"d{n}",
                task_id=f"t{n}",
                mass_grams=draw.randrange(30_000),
                item_count=draw.randrange(4),
                great_circle_distance_meters=draw.choice([0, draw.randrange(9_000)]),
            )
            for n in range(aboard)
        ],
    )
    if made.vehicle.fuel == tracking_vehicle_pb2.FUEL_ELECTRIC and draw.random() < 0.5:
        made.energy_watt_hours = draw.randrange(1, 900)
    return made


def ended(change: tracking_pb.Change) -> datetime:
    return moment_from_proto(change.leg_completed.end_time)


async def told(
    db: Database, clock: StoppedClock, changes: Sequence[tracking_pb.Change], **knobs: Any
) -> None:
    """What the feed tells, one transaction each, by a service in Germany."""
    settings = ComplianceSettings(country_code="DE", **knobs)
    take_in = taking_in(ledger, rates(settings), clock, idling, prices(settings))
    for change in changes:
        async with db.transaction(change.tenant) as tx:
            await take_in(tx, change)


async def loaded(db: Database, factors: factor_pb2.FactorSet, now: datetime) -> None:
    async with db.transaction("acme") as tx:
        made = factor_set_from_proto(factors)
        await create_factor_set(ledger(tx), rates(ComplianceSettings()), made, now)


async def entries(db: Database) -> list[EmissionRecord]:
    async with db.transaction("acme") as tx:
        return list(await ledger(tx).records(EVERY, "", 1_000))


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_the_ledger_of_a_day_is_made_again_from_the_facts_alone(
    db: Database, empty: Database, clock: StoppedClock, seed: int
) -> None:
    changes = facts(seed)
    await told(db, clock, [change for change in changes if ended(change) < NOON])
    await loaded(db, german(), NOON)
    await told(db, clock, [change for change in changes if ended(change) >= NOON])
    clock.advance(timedelta(days=30))
    await loaded(empty, german(), NOON)
    await told(empty, clock, changes)
    first, again = await entries(db), await entries(empty)

    assert [record.entry for record in first] == [record.entry for record in again]
    assert len(first) == LEGS
    used = {record.entry.footprint.basis.factor_set_ids for record in first}
    assert ("ember-2024",) in used, "the set that was loaded at noon counted"


async def test_what_deliveries_are_charged_with_is_what_was_emitted(
    db: Database, clock: StoppedClock, emissions: Any
) -> None:
    await told(db, clock, facts(4))
    found = await emissions.GetEmissionReport(report(emission_pb2.REPORT_DIMENSION_DELIVERY))
    recorded = await entries(db)
    whole = sum(record.entry.footprint.co2e.wtw_milligrams for record in recorded)

    assert found.total.co2e.wtw_milligrams == whole
    assert sum(row.co2e.wtw_milligrams for row in found.rows) == whole


async def test_a_parcel_network_may_share_what_the_feed_tells_by_item(
    db: Database, clock: StoppedClock
) -> None:
    await told(db, clock, facts(5), allocation=Allocation.ITEM)
    loaded = [record.entry for record in await entries(db) if len(record.entry.shares) > 1]

    for entry in loaded:
        items = [max(share.item_count, 1) for share in entry.shares]
        each = entry.footprint.co2e.ttw_milligrams / sum(items)
        pairs = zip(entry.shares, items, strict=True)
        off = [abs(share.co2e.ttw_milligrams - each * count) for share, count in pairs]
        assert max(off) < 1, "but for what cannot be divided"
        assert entry.footprint.basis.allocation is Allocation.ITEM


@pytest.mark.parametrize(
    ("paper", "kind", "grams", "category"),
    [
        ("N1", tracking_vehicle_pb2.VEHICLE_KIND_UNSPECIFIED, 0, Category.N1),
        ("L2e", tracking_vehicle_pb2.VEHICLE_KIND_CARGO_BIKE, 0, Category.L),
        ("", tracking_vehicle_pb2.VEHICLE_KIND_TRUCK, 7_500_000, Category.N2),
        ("", tracking_vehicle_pb2.VEHICLE_KIND_TRUCK, 18_000_000, Category.N3),
        ("?", tracking_vehicle_pb2.VEHICLE_KIND_CARGO_BIKE, 0, Category.CYCLE),
        ("", tracking_vehicle_pb2.VEHICLE_KIND_UNSPECIFIED, 0, None),
    ],
)
def test_the_papers_say_what_a_vehicle_is_before_its_kind(
    paper: str, kind: Any, grams: int, category: Category | None
) -> None:
    told_of = tracking_vehicle_pb2.VehicleAttributes(
        vehicle_category=paper, kind=kind, gross_mass_grams=grams
    )

    assert vehicle_from_tracking(told_of).category is category


def test_a_vehicle_of_the_feed_is_known_by_its_country() -> None:
    told_of = tracking_vehicle_pb2.VehicleAttributes(registration_country_code="FI")

    assert vehicle_from_tracking(told_of).registration_country == "FI"
