"""
EmissionsService on a real port over a real store, and what tracking's feed leaves in the ledger.

Method: a small route of three legs and two deliveries, one of which fails; every sum is known.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from google.type.interval_pb2 import Interval

from doorstep.compliance.v1 import check_service_pb2_grpc as check_grpc
from doorstep.compliance.v1 import emission_pb2, event_pb2, vehicle_pb2
from doorstep.compliance.v1 import emissions_service_pb2 as pb
from doorstep.compliance.v1 import emissions_service_pb2_grpc as pb_grpc
from doorstep.tracking.v1 import event_pb2 as tracking_pb
from doorstep.tracking.v1 import tracking_event_pb2
from doorstep.tracking.v1 import vehicle_pb2 as tracking_vehicle_pb2
from meshkit.client import raising
from meshkit.clock import StoppedClock
from meshkit.errors import AlreadyExists, Invalid, NotFound, NotReady
from meshkit.postgres import Database, Transaction
from meshkit.testing import Role, TestMesh
from services.compliance.__main__ import idling, ledger, prices, rates
from services.compliance.config import ComplianceSettings
from services.compliance.convert.moments import moment_to_proto
from services.compliance.servicer.facts import taking_in
from services.compliance.tests import wire
from services.compliance.tests.places import at

pytestmark = pytest.mark.pg

NOON = at("2026-05-12 09:00")
TakeIn = Callable[[Transaction, tracking_pb.Change], Awaitable[None]]
DAY = Interval(
    start_time=moment_to_proto(at("2026-05-12 00:00")),
    end_time=moment_to_proto(at("2026-05-13 00:00")),
)
VAN = vehicle_pb2.Vehicle(
    vehicle_id="van",
    category=vehicle_pb2.VEHICLE_CATEGORY_N1,
    fuel=vehicle_pb2.FUEL_DIESEL,
    unladen_mass_grams=2_000_000,
)


@pytest.fixture
def emissions(mesh: TestMesh) -> Any:
    return raising(pb_grpc.EmissionsServiceStub(mesh.channel(Role.PLATFORM)))


@pytest.fixture
def take_in(clock: StoppedClock) -> TakeIn:
    settings = ComplianceSettings()
    return taking_in(ledger, rates(settings), clock, idling, prices(settings))


def leg(name: str, *masses: int, meters: int = 10_000) -> emission_pb2.EmissionLeg:
    """A leg of the route `r`; delivery `d0` weighs the first mass, and so on."""
    return emission_pb2.EmissionLeg(
        leg_id=name,
        route_id="r",
        stop_id=f"stop-{name}",
        vehicle=VAN,
        country_code="GB",
        interval=Interval(
            start_time=moment_to_proto(NOON),
            end_time=moment_to_proto(NOON + timedelta(minutes=10)),
        ),
        distance_meters=meters,
        loads=[
            emission_pb2.DeliveryLoad(delivery_id=f"d{n}", task_id=f"t{n}", mass_grams=mass)
            for n, mass in enumerate(masses)
        ],
    )


def record(*legs: emission_pb2.EmissionLeg, correction: bool = False) -> pb.RecordActualsRequest:
    return pb.RecordActualsRequest(request_id=wire.request_id(), legs=legs, correction=correction)


def completed(name: str, *masses: int, empty: bool = False) -> tracking_pb.Change:
    return tracking_pb.Change(
        tenant="acme",
        leg_completed=tracking_pb.LegCompleted(
            leg_id=name,
            route_id="r",
            to_stop_id=f"stop-{name}",
            start_time=moment_to_proto(NOON),
            end_time=moment_to_proto(NOON + timedelta(minutes=10)),
            distance_meters=10_000,
            empty=empty,
            vehicle=tracking_vehicle_pb2.VehicleAttributes(
                vehicle_id="van",
                kind=tracking_vehicle_pb2.VEHICLE_KIND_VAN,
                fuel=tracking_vehicle_pb2.FUEL_DIESEL,
                unladen_mass_grams=2_000_000,
            ),
            shares=[
                tracking_pb.LegShare(delivery_id=f"d{n}", task_id=f"t{n}", mass_grams=mass)
                for n, mass in enumerate(masses)
            ],
        ),
    )


def ended(number: int, outcome: Any, mass: int) -> tracking_pb.Change:
    return tracking_pb.Change(
        tenant="acme",
        task_outcome_recorded=tracking_pb.TaskOutcomeRecorded(
            task_id=f"t{number}",
            delivery_id=f"d{number}",
            route_id="r",
            stop_id=f"stop-{number}",
            vehicle_id="van",
            outcome=outcome,
            mass_grams=mass,
            outcome_time=moment_to_proto(NOON),
        ),
    )


async def feed(db: Database, take_in: TakeIn, *changes: tracking_pb.Change) -> None:
    for change in changes:
        async with db.transaction(change.tenant) as tx:
            await take_in(tx, change)


async def play(db: Database, take_in: TakeIn) -> None:
    """Out with two parcels, one delivered, one refused; back empty."""
    await feed(
        db,
        take_in,
        completed("r.1", 3_000, 1_000),
        ended(0, tracking_event_pb2.TASK_OUTCOME_SUCCEEDED, 3_000),
        completed("r.2", 0, 1_000),
        ended(1, tracking_event_pb2.TASK_OUTCOME_FAILED, 1_000),
        completed("r.3", 3_000, 1_000, empty=True),
    )


def report(dimension: Any, **asked: Any) -> pb.GetEmissionReportRequest:
    return pb.GetEmissionReportRequest(interval=DAY, dimension=dimension, **asked)


async def test_an_estimate_is_the_distance_times_the_factor(emissions: Any) -> None:
    response = await emissions.EstimateEmissions(
        pb.EstimateEmissionsRequest(legs=[leg("a", 3_000, 1_000, meters=85_000)])
    )
    (estimate,) = response.estimates

    assert estimate.co2e.wtw_milligrams == 29_396_400  # 23.6963 + 5.7001 kg
    assert [share.co2e.wtw_milligrams for share in estimate.shares] == [22_047_300, 7_349_100]
    assert response.total == estimate.co2e
    assert estimate.basis.factor_set_id == "desnz-2025"
    assert not estimate.basis.country_mismatch


async def test_what_is_unknown_about_factors_is_refused(emissions: Any) -> None:
    with pytest.raises(NotFound) as unknown:
        await emissions.EstimateEmissions(
            pb.EstimateEmissionsRequest(legs=[leg("a")], factor_set_id="nobody-1990")
        )
    with pytest.raises(NotReady) as missing:
        await emissions.EstimateEmissions(
            pb.EstimateEmissionsRequest(legs=[leg("a")], factor_set_id="desnz-2026")
        )

    assert unknown.value.reason == "FACTOR_SET_UNKNOWN"
    assert missing.value.reason == "FACTOR_MISSING"


async def test_a_leg_is_recorded_once(emissions: Any) -> None:
    first = await emissions.RecordActuals(record(leg("a", 1_000)))
    again = await emissions.RecordActuals(record(leg("a", 1_000)))

    assert first == again
    with pytest.raises(AlreadyExists) as caught:
        await emissions.RecordActuals(record(leg("a", 2_000)))
    assert caught.value.reason == "LEG_RECORDED"


async def test_the_way_to_the_first_load_is_recorded_as_it_was_estimated(emissions: Any) -> None:
    legs = [leg("r.1"), leg("r.2", 3_000, 1_000)]
    foreseen = await emissions.EstimateEmissions(pb.EstimateEmissionsRequest(legs=legs))
    made = await emissions.RecordActuals(record(*legs))

    assert [own.leg.leg_id for own in made.records] == ["r.1", "r.2"]
    assert len(made.records[0].shares) == 2
    assert [own.shares for own in made.records] == [own.shares for own in foreseen.estimates]


async def test_a_correction_replaces_and_keeps_the_old_record(emissions: Any) -> None:
    old = (await emissions.RecordActuals(record(leg("a", 1_000)))).records[0]
    metered = leg("a", 1_000)
    metered.fuel_milliliters = 900
    new = (await emissions.RecordActuals(record(metered, correction=True))).records[0]
    counted = await emissions.ListEmissionRecords(pb.ListEmissionRecordsRequest())
    every = await emissions.ListEmissionRecords(
        pb.ListEmissionRecordsRequest(replaced_included=True)
    )

    assert new.replaced_record_id == old.emission_record_id
    assert new.basis.data_quality == emission_pb2.DATA_QUALITY_PRIMARY
    assert list(counted.records) == [new]
    assert list(every.records) == [old, new]


async def test_a_leg_that_stands_twice_in_a_request_is_refused(emissions: Any) -> None:
    with pytest.raises(Invalid) as caught:
        await emissions.RecordActuals(record(leg("a"), leg("a")))
    assert caught.value.reason == "ID_REPEATED"


async def test_facts_of_tracking_become_records_exactly_once(
    emissions: Any, db: Database, take_in: TakeIn
) -> None:
    await play(db, take_in)
    await play(db, take_in)
    records = (await emissions.ListEmissionRecords(pb.ListEmissionRecordsRequest())).records

    assert [found.leg.leg_id for found in records] == ["r.1", "r.2", "r.3"]
    assert all(found.basis.country_mismatch for found in records)  # nobody said where
    assert all(found.basis.data_quality == emission_pb2.DATA_QUALITY_DEFAULT for found in records)
    assert records[2].leg.loads == []
    assert len(records[2].shares) == 2


@pytest.mark.parametrize(
    "dimension",
    [
        number
        for number in emission_pb2.ReportDimension.values()
        if number != emission_pb2.REPORT_DIMENSION_UNSPECIFIED
    ],
)
async def test_the_rows_of_a_report_add_up_to_its_total_exactly(
    emissions: Any, db: Database, take_in: TakeIn, dimension: int
) -> None:
    await play(db, take_in)
    await emissions.RecordActuals(record(leg("alone")))
    found = await emissions.GetEmissionReport(report(dimension))

    for stage in ("wtw_milligrams", "wtt_milligrams", "ttw_milligrams"):
        rows = sum(getattr(row.co2e, stage) for row in found.rows)
        assert rows == getattr(found.total.co2e, stage)
    assert sum(row.delivered_count for row in found.rows) == found.total.delivered_count == 1


async def test_a_failed_attempt_is_charged_to_its_delivery(
    emissions: Any, db: Database, take_in: TakeIn
) -> None:
    await play(db, take_in)
    found = await emissions.GetEmissionReport(report(emission_pb2.REPORT_DIMENSION_DELIVERY))
    delivered, failed = found.rows

    assert (delivered.key, delivered.delivered_count, delivered.failed_attempt_count) == (
        "d0",
        1,
        0,
    )
    assert (failed.key, failed.delivered_count, failed.failed_attempt_count) == ("d1", 0, 1)
    assert failed.co2e.wtw_milligrams > 0
    assert failed.co2e_milligrams_per_drop == 0


async def test_the_total_divides_everything_by_what_was_delivered(
    emissions: Any, db: Database, take_in: TakeIn
) -> None:
    await play(db, take_in)
    total = (await emissions.GetEmissionReport(report(emission_pb2.REPORT_DIMENSION_ROUTE))).total

    assert (total.distance_meters, total.empty_distance_meters) == (30_000, 10_000)
    assert total.co2e.wtw_milligrams == 10_375_200  # 30 x 0.34584 kg
    assert total.co2e_milligrams_per_drop == 10_375_200
    assert total.co2e_milligrams_per_kilogram == 3_458_400


async def test_a_report_says_what_its_reader_must_know(
    emissions: Any, db: Database, take_in: TakeIn
) -> None:
    await play(db, take_in)
    found = await emissions.GetEmissionReport(report(emission_pb2.REPORT_DIMENSION_MONTH))

    assert [row.key for row in found.rows] == ["2026-05"]
    assert "desnz-2025 were made for another country" in found.notices[0]
    assert [basis.factor_set_id for basis in found.bases] == ["desnz-2025"]


async def test_a_report_is_given_page_by_page(
    emissions: Any, db: Database, take_in: TakeIn
) -> None:
    await play(db, take_in)
    stop = emission_pb2.REPORT_DIMENSION_STOP
    first = await emissions.GetEmissionReport(report(stop, page_size=2))
    rest = await emissions.GetEmissionReport(
        report(stop, page_size=2, page_token=first.next_page_token)
    )
    keys = [row.key for row in (*first.rows, *rest.rows)]

    assert keys == sorted(set(keys))
    assert first.total == rest.total


async def test_a_record_is_told_on_the_feed(
    emissions: Any, db: Database, take_in: TakeIn, mesh: TestMesh
) -> None:
    await play(db, take_in)
    reader: Any = raising(check_grpc.CheckServiceStub(mesh.channel_with(mesh.tokens("tracking"))))
    request = event_pb2.WatchEventsRequest(types=["emission_recorded"])
    batch = await anext(aiter(reader.WatchEvents(request)))
    told = [change.emission_recorded.record.leg.leg_id for change in batch.changes]

    assert told == ["r.1", "r.2", "r.3"]


async def test_factor_sets_are_listed_with_licence_and_rows(emissions: Any) -> None:
    sets = (await emissions.ListFactorSets(pb.ListFactorSetsRequest(country_code="GB"))).factor_sets

    assert [found.factor_set_id for found in sets] == ["desnz-2025", "desnz-2026"]
    assert sets[0].license == "Open Government Licence v3.0"
    assert sets[0].builtin
    assert (
        await emissions.ListFactorSets(pb.ListFactorSetsRequest(country_code="FI"))
    ).factor_sets == []


async def test_legs_of_the_feed_are_shared_by_mass_and_distance_and_say_by_which(
    emissions: Any, db: Database, take_in: TakeIn
) -> None:
    plain, far = completed("r.1", 2_000, 1_000), completed("r.2", 2_000, 1_000)
    for rank, share in enumerate(far.leg_completed.shares, 1):
        share.great_circle_distance_meters = 3_000 * rank
    await feed(db, take_in, plain, far)
    found = await emissions.ListEmissionRecords(pb.ListEmissionRecordsRequest(interval=DAY))
    by_mass, by_both = found.records

    parts = [[share.co2e.wtw_milligrams for share in one.shares] for one in (by_mass, by_both)]
    assert parts[0] == [2 * parts[0][1], parts[0][1]]
    assert parts[1][0] == parts[1][1], "half as heavy, twice as far"
    assert "by mass alone" in by_mass.basis.assumptions[-1]
    assert "great-circle" in by_both.basis.assumptions[-1]
    assert by_both.leg.loads[0].great_circle


async def test_metered_energy_of_tracking_is_used(
    emissions: Any, db: Database, take_in: TakeIn
) -> None:
    change = completed("r.1", 1_000)
    change.leg_completed.energy_watt_hours = 1_800
    change.leg_completed.vehicle.fuel = tracking_vehicle_pb2.FUEL_ELECTRIC
    await feed(db, take_in, change)
    (found,) = (await emissions.ListEmissionRecords(pb.ListEmissionRecordsRequest())).records

    assert found.basis.method == emission_pb2.EMISSION_METHOD_METERED_ENERGY
    assert found.grid_energy_watt_hours == 2_000
    assert found.co2e.wtw_milligrams == 490_800  # 2 kWh x 0.2454
