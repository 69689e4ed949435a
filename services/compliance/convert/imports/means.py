"""What every reader of files is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from doorstep.compliance.v1 import zone_pb2
from meshkit.errors import Invalid
from services.compliance.convert.documents import hold_to_contract
from services.compliance.convert.faults import Faults
from services.compliance.convert.zones import zone_content, zone_from_proto
from services.compliance.domain.geometry import Point
from services.compliance.domain.template import ZoneTemplate
from services.compliance.domain.zone import Zone
from services.compliance.domain.zone_import import Harvest, Read


@dataclass(frozen=True, slots=True)
class Means:
    """The world of a reader: it asks nobody else."""

    template: Callable[[str], ZoneTemplate | None]
    calendar: Callable[[str], tuple[date, ...]]
    time_zone: Callable[[Point], str]
    country: Callable[[str], str]
    """The country of a time zone, by which its holidays go; empty when it is not known."""


def keep(harvest: Harvest, path: str, message: zone_pb2.Zone) -> None:
    """Keeps a zone as if it had been sent by CreateZone, or tells every fault of it."""
    faults = Faults()
    hold_to_contract(message, path, faults)
    tell(harvest, faults)
    if faults.found:
        return
    try:
        harvest.zones.append(Read(path, zone_from_proto(message, path)))
    except Invalid as error:
        for violation in error.violations:
            harvest.fault(violation.field, violation.description)


def keep_zone(harvest: Harvest, path: str, zone: Zone) -> None:
    """Keeps a zone that was made here, if it is within the contract's bounds."""
    faults = Faults()
    hold_to_contract(zone_content(zone), path, faults)
    tell(harvest, faults)
    if not faults.found:
        harvest.zones.append(Read(path, zone))


def tell(harvest: Harvest, faults: Faults) -> None:
    """Faults of a request become faults of the file."""
    for violation in faults.found:
        harvest.fault(violation.field, violation.description)
