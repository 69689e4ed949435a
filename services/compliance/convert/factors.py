"""Factor sets and energy coefficients: wire <-> domain."""

from __future__ import annotations

from doorstep.compliance.v1 import emissions_service_pb2 as pb
from doorstep.compliance.v1 import factor_pb2
from services.compliance.convert.emissions import basis_to_proto
from services.compliance.convert.faults import Faults, accepted
from services.compliance.convert.moments import enum_from_proto, enum_to_proto, moment_to_proto
from services.compliance.convert.vehicle import vehicle_from_proto
from services.compliance.domain.amounts import rounded
from services.compliance.domain.energy import USUAL_CELSIUS, Conditions
from services.compliance.domain.factors import Factor, FactorSet, FactorUnit
from services.compliance.domain.faults import check
from services.compliance.domain.outlook import Outlook
from services.compliance.usecases.emissions import Foreseen

UNIT = "FACTOR_UNIT_"
MILLI = 1_000


def factor_set_from_proto(message: factor_pb2.FactorSet) -> FactorSet:
    """The set to load; raises Invalid with everything that is wrong."""
    faults = Faults()
    seen: set[str] = set()
    factors = []
    for number, row in enumerate(message.factors):
        path = f"factor_set.factors[{number}]"
        if row.factor_id in seen:
            faults.add(f"{path}.factor_id", f"{row.factor_id!r} stands twice", "ID_REPEATED")
        seen.add(row.factor_id)
        factors.append(faults.take(path, _factor, row))
    faults.refuse()
    return FactorSet(
        factor_set_id=message.factor_set_id,
        title=message.title,
        country_code=message.country_code,
        year=message.year,
        source=message.source,
        license=message.license,
        factors=tuple(factor for factor in factors if factor is not None),
    )


def factor_set_to_proto(factors: FactorSet) -> factor_pb2.FactorSet:
    """A factor set with its rows."""
    loaded = factors.create_time
    return factor_pb2.FactorSet(
        factor_set_id=factors.factor_set_id,
        title=factors.title,
        country_code=factors.country_code,
        year=factors.year,
        source=factors.source,
        license=factors.license,
        factors=[_factor_to_proto(factor) for factor in factors.factors],
        builtin=factors.builtin,
        create_time=moment_to_proto(loaded) if loaded else None,
    )


def foreseen_from_proto(request: pb.GetEnergyCoefficientsRequest) -> Foreseen:
    """What is asked about; raises Invalid."""
    faults = Faults()
    vehicle = accepted(faults, faults.take("vehicle", vehicle_from_proto, request.vehicle))
    stated = request.HasField("temperature_celsius")
    conditions = Conditions(
        request.load_grams,
        request.temperature_celsius if stated else USUAL_CELSIUS,
        request.cruising_kilometers_per_hour,
    )
    return Foreseen(vehicle, conditions, request.country_code, request.factor_set_id)


def outlook_to_proto(found: Outlook) -> pb.GetEnergyCoefficientsResponse:
    """The coefficients of a vehicle."""
    energy = found.energy
    return pb.GetEnergyCoefficientsResponse(
        watt_hours_per_kilometer=rounded(energy.kilometer, MILLI),
        watt_hours_per_hour=rounded(energy.hour, MILLI),
        watt_hours_per_stop=rounded(energy.stop, MILLI),
        basis=basis_to_proto(found.basis),
        co2e_milligrams_per_kilometer=found.kilometer_milligrams,
        co2e_milligrams_per_hour=found.hour_milligrams,
        co2e_milligrams_per_stop=found.stop_milligrams,
        milliwatt_hours_per_kilometer=energy.kilometer,
        milliwatt_hours_per_hour=energy.hour,
        milliwatt_hours_per_stop=energy.stop,
    )


def _factor(message: factor_pb2.Factor) -> Factor:
    unit = enum_from_proto(FactorUnit, factor_pb2.FactorUnit, UNIT, message.unit)
    check(unit is not None, "a factor is per some unit")
    return Factor(
        message.factor_id,
        unit or FactorUnit.VEHICLE_KILOMETER,
        message.ttw_milligrams if message.HasField("ttw_milligrams") else None,
        message.wtt_milligrams if message.HasField("wtt_milligrams") else None,
        message.title,
        message.note,
    )


def _factor_to_proto(factor: Factor) -> factor_pb2.Factor:
    return factor_pb2.Factor(
        factor_id=factor.factor_id,
        unit=enum_to_proto(factor_pb2.FactorUnit, UNIT, factor.unit),
        ttw_milligrams=factor.ttw_milligrams,
        wtt_milligrams=factor.wtt_milligrams,
        title=factor.title,
        note=factor.note,
    )
