"""Swap savings: wire <-> domain."""

from __future__ import annotations

from datetime import datetime

from doorstep.compliance.v1 import emission_pb2, vehicle_pb2
from doorstep.compliance.v1 import emissions_service_pb2 as pb
from services.compliance.convert.emissions import co2e_to_proto
from services.compliance.convert.faults import Faults, accepted
from services.compliance.convert.moments import enum_to_proto, interval_from_proto
from services.compliance.convert.reports import PERIOD_MAX
from services.compliance.convert.vehicle import vehicle_to_proto
from services.compliance.domain.swap import Saving


def swap_period(request: pb.ListSwapSavingsRequest) -> tuple[datetime, datetime]:
    """The period to look at; raises Invalid."""
    faults = Faults()
    taken = faults.take("interval", interval_from_proto, request.interval, PERIOD_MAX)
    return accepted(faults, taken)


def saving_to_proto(saving: Saving) -> emission_pb2.SwapSaving:
    """What one replacement would have saved in one zone."""
    return emission_pb2.SwapSaving(
        zone_id=saving.zone_id,
        used_fuel=enum_to_proto(vehicle_pb2.Fuel, "FUEL_", saving.fuel),
        replacement=vehicle_to_proto(saving.replacement),
        saved_co2e=co2e_to_proto(saving.co2e),
        saved_charges=[
            emission_pb2.SavedCharge(
                currency_code=total.currency_code, amount_micros=total.amount_micros
            )
            for total in saving.charges
        ],
        route_count=saving.route_count,
    )
