"""
What a written report says: the sums of a period, how they were found, and by whose factors.

Pure. A statement is of one moment of the ledger, so its rows add up to its total; the same
statement is always written as the same file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.compliance.domain.amounts import rounded
from services.compliance.domain.chain import Category, Chains
from services.compliance.domain.energy_carrier import EnergyCarrier
from services.compliance.domain.factors import FactorSet
from services.compliance.domain.footprint import Allocation, Basis, Co2e, DataQuality, Method
from services.compliance.domain.ledger import Dimension, Report

ROWS_MAX = 20_000  # groups in one file
RECORDS_MAX = 50_000  # records that one file of chains is made of
FILE_BYTES_MAX = 3 << 20  # a message has 4 MiB
PERMILLE = 1_000
STANDARD = "ISO 14083:2023 and GLEC Framework v3"
SCOPE = "well to wheel (WTW): energy provision (well to tank) and vehicle operation (tank to wheel)"


class Format(StrEnum):
    """How a report may be written."""

    CSV = "CSV"
    ILEAP_JSON = "ILEAP_JSON"
    PDF = "PDF"

    @property
    def media_type(self) -> str:
        """As RFC 6838 names it."""
        return MEDIA_TYPES[self]


MEDIA_TYPES = {
    Format.CSV: "text/csv; charset=utf-8; header=present",  # RFC 4180, RFC 7111
    Format.ILEAP_JSON: "application/json",
    Format.PDF: "application/pdf",
}


class State(StrEnum):
    """RUNNING -> DONE, FAILED or CANCELLED."""

    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class Order:
    """What to write: the period `[start, end)`, by what to group, and how."""

    start: datetime
    end: datetime
    dimension: Dimension
    format: Format


@dataclass(frozen=True, slots=True)
class Export:
    """The writing of a report."""

    export_id: str
    order: Order
    create_time: datetime
    state: State = State.RUNNING
    end_time: datetime | None = None
    failure: str = ""
    content: bytes = b""

    @property
    def is_over(self) -> bool:
        """Whether it changes no more."""
        return self.state is not State.RUNNING


class TooLarge(ValueError):
    """A report that no file may hold; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Found:
    """How a part of the emissions was found."""

    method: Method
    data_quality: DataQuality
    factor_set_id: str
    allocation: Allocation
    country_mismatch: bool
    co2e: Co2e
    record_count: int


@dataclass(frozen=True, slots=True)
class Publication:
    """Where factors come from, and on what terms."""

    factor_set_id: str
    title: str
    country_code: str
    year: int
    source: str
    license: str

    @classmethod
    def of(cls, factors: FactorSet) -> Publication:
        """What a factor set says of itself."""
        named = (factors.factor_set_id, factors.title, factors.country_code, factors.year)
        return cls(*named, factors.source, factors.license)


@dataclass(frozen=True, slots=True)
class Statement:
    """Everything that a written report says."""

    report_id: str
    tenant: str
    order: Order
    stated_time: datetime
    report: Report
    found: tuple[Found, ...]
    publications: tuple[Publication, ...]
    chains: Chains
    energy_carriers: Mapping[str, EnergyCarrier]  # by the ids of categories

    @property
    def quality_permille(self) -> dict[DataQuality, int]:
        """The share of each data quality in the emissions, each rounded by itself."""
        whole = max(_sum(self.found), 1)
        return {
            tier: rounded(_sum(f for f in self.found if f.data_quality is tier) * PERMILLE, whole)
            for tier in DataQuality
        }

    @property
    def allocations(self) -> tuple[Allocation, ...]:
        """How emissions were shared among deliveries, every way once."""
        return tuple(sorted({found.allocation for found in self.found}))

    @property
    def factor_set_ids(self) -> tuple[str, ...]:
        """The factor sets that were used."""
        return tuple(one.factor_set_id for one in self.publications)

    def energy_carrier_of(self, category: Category) -> EnergyCarrier | None:
        """What a category runs on."""
        return self.energy_carriers.get(category.category_id)

    @property
    def has_mismatch(self) -> bool:
        """Whether factors of another country were used."""
        return any(found.country_mismatch for found in self.found)


def _sum(found: Iterable[Found]) -> int:
    return sum(one.co2e.wtw_milligrams for one in found)


def factor_set_ids(bases: Iterable[Basis]) -> list[str]:
    """Every set that some bases rest on."""
    named = {one for basis in bases for one in (basis.factor_set_id, *basis.other_set_ids)}
    return sorted(named - {""})
