"""
Emission factors: what one kilometer, kilowatt hour or liter emits.

Pure. Milligrams of CO2 equivalent per unit, by life-cycle stage: WTT well to tank, TTW tank to
wheel. A row that lacks a stage cannot be used, and never counts as zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from services.compliance.domain.faults import check


class FactorUnit(StrEnum):
    """Per what a factor is."""

    VEHICLE_KILOMETER = "VEHICLE_KILOMETER"
    TONNE_KILOMETER = "TONNE_KILOMETER"
    KILOWATT_HOUR = "KILOWATT_HOUR"
    LITER = "LITER"


@dataclass(frozen=True, slots=True)
class Factor:
    """One row of a factor set."""

    factor_id: str
    unit: FactorUnit
    ttw_milligrams: int | None
    wtt_milligrams: int | None
    title: str = ""
    note: str = ""

    @property
    def complete(self) -> bool:
        """Whether both stages are stated."""
        return self.ttw_milligrams is not None and self.wtt_milligrams is not None

    @property
    def doubted(self) -> bool:
        """Whether whoever uses the row must say so."""
        return self.note.startswith("unverified")


@dataclass(frozen=True, slots=True)
class FactorSet:
    """A published table of one year; never changed."""

    factor_set_id: str
    title: str
    country_code: str
    year: int
    source: str
    license: str
    factors: tuple[Factor, ...]
    builtin: bool = False

    def __post_init__(self) -> None:
        ids = [factor.factor_id for factor in self.factors]
        check(len(ids) == len(set(ids)), "a factor id stands twice", "ID_REPEATED")

    def usable(self, factor_id: str) -> Factor | None:
        """The row of that id, if it states both stages."""
        row = next((f for f in self.factors if f.factor_id == factor_id), None)
        return row if row is not None and row.complete else None
