"""
A report as JSON in the shape of iLEAP 1.0.0 (ShipmentFootprint, TCE, TOC, HOC).

Source: iLEAP Technical Specifications of 2025-05-27, https://sine-fdn.github.io/ileap-extension/,
sections 6.1 to 6.6. Numbers are decimals in strings: kilograms, kilometers, ton kilometers. What
is around these objects is ours: the period, the method, and what could not be allocated, so that a
reader can add everything up to the total. It is no PACT `ProductFootprint`: we do not know the ids
of the companies that it asks for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from services.compliance.domain.chain import Category, DistanceBasis, Element, Operations
from services.compliance.domain.energy_carrier import EnergyCarrier
from services.compliance.domain.footprint import Co2e
from services.compliance.domain.statement import STANDARD, Statement
from services.compliance.formats.figures import plain, stamp

VERSION = "1.0.0"
MILLIGRAMS, GRAMS, METERS = 1_000_000, 1_000, 1_000  # per kilogram, kilogram, kilometer
GRAM_METERS = 1_000_000_000  # per ton kilometer
GRAMS_PER_TON = 1_000_000
KG_PLACES, TKM_PLACES, INTENSITY_PLACES = 6, 9, 9
DISTANCES = {  # GlecDistance, section 6.2
    DistanceBasis.SHORTEST: "sfd",
    DistanceBasis.GREAT_CIRCLE: "gcd",
    DistanceBasis.ACTUAL: "actual",
}
NO_CARRIER = "{name}: no energy carrier is known, which iLEAP asks for."
NO_FACTOR = "{name}: the factor sets state no factor per unit of its energy, which iLEAP asks for."


def write(statement: Statement) -> bytes:
    """The file."""
    chains = statement.chains
    roads = [one for one in chains.operations if not one.category.hub_id]
    hubs = [one for one in chains.operations if one.category.hub_id]
    document = {
        "ileapVersion": VERSION,
        "reportId": statement.report_id,
        "tenant": statement.tenant,
        "periodStart": stamp(statement.order.start),
        "periodEnd": stamp(statement.order.end),
        "statedAt": stamp(statement.stated_time),
        "method": _method(statement),
        "shipmentFootprints": list(_footprints(statement)),
        "tocs": [_toc(one, statement) for one in roads],
        "hocs": [_hoc(one, statement) for one in hubs],
        "unallocated": _co2e(chains.unallocated),
        "total": _co2e(statement.report.total.co2e),
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _method(statement: Statement) -> dict[str, Any]:
    lacks = [lack for one in statement.chains.operations if (lack := _lack(one, statement))]
    shares = statement.quality_permille.items()
    return {
        "standard": STANDARD,
        "boundary": "WTW",
        "allocations": [one.value for one in statement.allocations],
        "factorSets": [
            {"id": one.factor_set_id, "source": one.source, "license": one.license}
            for one in statement.publications
        ],
        "dataQualityShares": {tier.value: plain(part, 1_000, 3) for tier, part in shares},
        "notices": [*statement.report.notices, *lacks],
    }


def _footprints(statement: Statement) -> Iterator[dict[str, Any]]:
    elements = statement.chains.elements
    for delivery_id, group in groupby(elements, key=lambda element: element.delivery_id):
        own = list(group)
        yield {
            "mass": plain(max(element.mass_grams for element in own), GRAMS, 3),
            "shipmentId": delivery_id,
            "tces": [_tce(element) for element in own],
        }


def _tce(element: Element) -> dict[str, Any]:
    kind = "hocId" if element.category.hub_id else "tocId"
    distance = DISTANCES[element.basis]
    return {
        "tceId": element.element_id,
        "prevTceIds": [element.previous_id] if element.previous_id else [],
        kind: element.category.category_id,
        "shipmentId": element.delivery_id,
        "mass": plain(element.mass_grams, GRAMS, 3),
        "distance": {distance: plain(element.distance_meters, METERS, 3)},
        "transportActivity": plain(element.gram_meters, GRAM_METERS, TKM_PLACES),
        "departureAt": stamp(element.start),
        "arrivalAt": stamp(element.end),
        **_co2e(element.co2e),
    }


def _toc(done: Operations, statement: Statement) -> dict[str, Any]:
    category = done.category
    empty = plain(done.empty_distance_meters, max(done.distance_meters, 1), 6)
    named = ", ".join(part for part in (category.fuel, category.country_code) if part)
    return {
        "tocId": category.category_id,
        "description": f"road, {category.vehicle_category}, {named}, delivery rounds",
        "mode": "Road",
        "emptyDistanceFactor": empty,
        "truckLoadingSequence": "LTL",
        **_carriers(category, statement),
        **_intensity(done.co2e, done.gram_meters, GRAM_METERS),
        "transportActivityUnit": "tkm",
    }


def _hoc(done: Operations, statement: Statement) -> dict[str, Any]:
    return {
        "hocId": done.category.category_id,
        "description": "depot or hub, electricity",
        "hubType": "Transshipment",
        **_carriers(done.category, statement),
        **_intensity(done.co2e, done.mass_grams, GRAMS_PER_TON),
        "hubActivityUnit": "tonnes",
    }


def _carriers(category: Category, statement: Statement) -> dict[str, Any]:
    carrier = statement.energy_carrier_of(category)
    if carrier is None:
        return {}
    return {"energyCarriers": [{**_carrier(carrier), "relativeShare": "1"}]}


def _carrier(carrier: EnergyCarrier) -> dict[str, Any]:
    if carrier.factor is None:
        return {"energyCarrier": carrier.name}
    factor = carrier.factor
    return {
        "energyCarrier": carrier.name,
        "energyConsumptionUnit": carrier.unit,
        "emissionFactorWTW": plain(factor.wtw_milligrams, MILLIGRAMS, KG_PLACES),
        "emissionFactorTTW": plain(factor.ttw_milligrams, MILLIGRAMS, KG_PLACES),
    }


def _lack(done: Operations, statement: Statement) -> str:
    carrier, name = statement.energy_carrier_of(done.category), done.category.category_id
    if carrier is None:
        return NO_CARRIER.format(name=name)
    return NO_FACTOR.format(name=name) if carrier.factor is None else ""


def _intensity(co2e: Co2e, activity: int, per: int) -> dict[str, str]:
    """Kilograms per ton kilometer, or per ton; 0 where nothing moved."""
    parts = max(activity, 1) * MILLIGRAMS
    wtw = co2e.wtw_milligrams if activity else 0
    ttw = co2e.ttw_milligrams if activity else 0
    return {
        "co2eIntensityWTW": plain(wtw * per, parts, INTENSITY_PLACES),
        "co2eIntensityTTW": plain(ttw * per, parts, INTENSITY_PLACES),
    }


def _co2e(co2e: Co2e) -> dict[str, str]:
    return {
        "co2eWTW": plain(co2e.wtw_milligrams, MILLIGRAMS, KG_PLACES),
        "co2eTTW": plain(co2e.ttw_milligrams, MILLIGRAMS, KG_PLACES),
    }
