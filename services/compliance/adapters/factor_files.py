"""The factor sets that come with the service, from the files under `data/`."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import groupby
from pathlib import Path

from services.compliance.domain.factors import SUFFIXES, Factor, FactorSet

DATA = Path(__file__).parents[1] / "data"
MILLIGRAMS_PER_KILOGRAM = 1_000_000
TITLE = "UK Government GHG conversion factors for company reporting (DESNZ/Defra) {year}"
LICENSE = "Open Government Licence v3.0"  # see data/README.md


def builtin_sets() -> Mapping[str, FactorSet]:
    """Every built-in factor set by its id."""
    return {factors.factor_set_id: factors for factors in _desnz()}


def _desnz() -> Iterator[FactorSet]:
    with (DATA / "desnz_factors.csv").open(newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["year"])
    for year, of_year in groupby(rows, key=lambda row: row["year"]):
        listed = list(of_year)
        yield FactorSet(
            factor_set_id=f"desnz-{year}",
            title=TITLE.format(year=year),
            country_code="GB",
            year=int(year),
            source=listed[0]["source"],
            license=LICENSE,
            factors=tuple(_factor(row) for row in listed),
            builtin=True,
        )


def _factor(row: Mapping[str, str]) -> Factor:
    factor_id = row["factor_id"]
    return Factor(
        factor_id,
        SUFFIXES[factor_id.rpartition(".")[2]],
        _milligrams(row["ttw_kgco2e"]),
        _milligrams(row["wtt_kgco2e"]),
        row["title"],
        row["note"],
    )


def _milligrams(kilograms: str) -> int | None:
    return int(Decimal(kilograms) * MILLIGRAMS_PER_KILOGRAM) if kilograms else None
