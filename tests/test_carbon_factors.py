"""
The shared table of factors: what we ship is all of DESNZ in it, and the rest loads as a pack.

Method: every row by its figures; the rows of Ember through a set as a tenant would load it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from decimal import Decimal

import pytest

from services.compliance.adapters.factor_files import builtin_sets
from services.compliance.domain.factors import (
    Factor,
    FactorSet,
    FactorUnit,
    electricity,
    national,
)
from tests import shared

pytestmark = pytest.mark.shared

EMBER = "Electricity (Ember annual average, lifecycle)"
UNITS = {
    "vehicle.km": FactorUnit.VEHICLE_KILOMETER,
    "tonne.km": FactorUnit.TONNE_KILOMETER,
    "kWh": FactorUnit.KILOWATT_HOUR,
    "litre": FactorUnit.LITER,
}


def rows(*, ember: bool) -> Iterator[dict[str, str]]:
    with shared.path("cases/carbon_factors.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            if (row["family"] == EMBER) is ember:
                yield row


def milligrams(kilograms: str) -> int | None:
    return int(Decimal(kilograms) * 1_000_000) if kilograms else None


def test_every_row_of_desnz_is_built_in_with_its_unit_and_year() -> None:
    known = {
        (one.year, row.unit, row.ttw_milligrams, row.wtt_milligrams)
        for one in builtin_sets().values()
        for row in one.factors
    }
    wanted = [
        (
            int(row["year"]),
            UNITS[row["unit"]],
            milligrams(row["ttw_kgco2e"]),
            milligrams(row["wtt_kgco2e"]),
        )
        for row in rows(ember=False)
    ]

    assert len(wanted) == sum(len(one.factors) for one in builtin_sets().values())
    assert [row for row in wanted if row not in known] == []


def test_electricity_of_many_countries_loads_as_one_pack() -> None:
    factors = tuple(
        Factor(national(row["vehicle_class"]), UNITS["kWh"], milligrams(row["ttw_kgco2e"]) or 0, 0)
        for row in rows(ember=True)
    )
    pack = FactorSet("ember-2024", EMBER, "", 2024, "", "CC BY-SA 4.0", factors)

    assert len(factors) == 31
    for row in rows(ember=True):
        (found,) = electricity([pack], row["vehicle_class"])
        assert found.factor.ttw_milligrams == milligrams(row["ttw_kgco2e"])
