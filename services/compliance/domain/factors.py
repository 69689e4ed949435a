"""
Emission factors: what one kilometer, kilowatt hour or liter emits.

Pure. Milligrams of CO2 equivalent per unit, by life-cycle stage: WTT well to tank, TTW tank to
wheel. A row that lacks a stage cannot be used, and never counts as zero.

Rows are found by their ids, so sets of different publishers can be mixed. Of vehicles and fuels:
`van-3.diesel.km`, `fuel.diesel.liter`. Of electricity: `electricity.generation.kwh`, to which
`electricity.losses.kwh` is added where the set has it, is that of the set's country;
`electricity.fr.kwh` is that of France in a set of many countries, all counted in. A figure of a
whole life cycle stands as TTW, with WTT zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from services.compliance.domain.faults import check


class FactorUnit(StrEnum):
    """Per what a factor is."""

    VEHICLE_KILOMETER = "VEHICLE_KILOMETER"
    TONNE_KILOMETER = "TONNE_KILOMETER"
    KILOWATT_HOUR = "KILOWATT_HOUR"
    LITER = "LITER"


SUFFIXES = {  # a row that ends so is read as this unit
    "km": FactorUnit.VEHICLE_KILOMETER,
    "tkm": FactorUnit.TONNE_KILOMETER,
    "kwh": FactorUnit.KILOWATT_HOUR,
    "liter": FactorUnit.LITER,
}
GENERATION, LOSSES = "electricity.generation.kwh", "electricity.losses.kwh"


@dataclass(frozen=True, slots=True)
class Factor:
    """One row of a factor set."""

    factor_id: str
    unit: FactorUnit
    ttw_milligrams: int | None
    wtt_milligrams: int | None
    title: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        stated = self.ttw_milligrams is not None or self.wtt_milligrams is not None
        check(stated, "states neither tank to wheel nor well to tank")
        unit = SUFFIXES.get(self.factor_id.rpartition(".")[2], self.unit)
        check(unit is self.unit, f"an id that ends so is per {unit.name.lower()}")

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
    create_time: datetime | None = None  # when a tenant loaded it
    _rows: dict[str, Factor] = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        rows = {factor.factor_id: factor for factor in self.factors}
        check(len(rows) == len(self.factors), "a factor id stands twice", "ID_REPEATED")
        object.__setattr__(self, "_rows", rows)

    def row(self, factor_id: str) -> Factor | None:
        """The row of that id, whether or not it can be used."""
        return self._rows.get(factor_id)

    def usable(self, factor_id: str) -> Factor | None:
        """The row of that id, if it states both stages."""
        row = self.row(factor_id)
        return row if row is not None and row.complete else None

    def fits(self, country_code: str) -> bool:
        """Whether it was made for that country, or for no one country."""
        return self.country_code in ("", country_code)


@dataclass(frozen=True, slots=True)
class Used:
    """A row with the set that it stands in."""

    factor_set: FactorSet
    factor: Factor

    def named(self, within: str) -> str:
        """Its id; with its set where that is not the one in question."""
        own = self.factor_set.factor_set_id
        return self.factor.factor_id if own == within else f"{own}/{self.factor.factor_id}"


def in_force(
    sets: Iterable[FactorSet], country_code: str, year: int, default: FactorSet
) -> tuple[FactorSet, ...]:
    """
    The sets that count for a country and a year, best first; the default one closes the list.

    A set of the country goes before one of no one country, a set that a tenant loaded before a
    built-in one, and the latest year that is not after the asked one before all other years.
    """

    def rank(one: FactorSet) -> tuple[bool, bool, bool, int, str]:
        later = one.year > year
        return (not one.country_code, later, one.builtin, abs(year - one.year), one.factor_set_id)

    fitting = sorted((s for s in sets if s.fits(country_code)), key=rank)
    ids = {one.factor_set_id: one for one in (*fitting, default)}
    return tuple(ids.values())


def found(sets: Sequence[FactorSet], *factor_ids: str) -> tuple[Used, ...]:
    """The rows of the first set that has all of them, usable; empty when none has."""
    for one in sets:
        rows = [one.usable(factor_id) for factor_id in factor_ids]
        used = tuple(Used(one, row) for row in rows if row is not None)
        if len(used) == len(factor_ids):
            return used
    return ()


def electricity(sets: Sequence[FactorSet], country_code: str) -> tuple[Used, ...]:
    """What a kilowatt hour from the grid of a country is made of, by the first set that says."""
    for one in sets:
        own = found([one], national(country_code)) if country_code else ()
        rows = own or found([one], GENERATION, LOSSES) or found([one], GENERATION)
        holed = one.row(LOSSES) is not None and len(rows) == 1 and not own
        if rows and not holed:
            return rows
    return ()


def national(country_code: str) -> str:
    """The id of a country's electricity in a set of many countries."""
    return f"electricity.{country_code.lower()}.kwh"


def holes(sets: Iterable[FactorSet], factor_ids: Iterable[str]) -> Iterator[str]:
    """Rows that stand in a set and lack a stage: whoever passes over them says so."""
    wanted = tuple(factor_ids)
    for one in sets:
        for factor_id in wanted:
            row = one.row(factor_id)
            if row is not None and not row.complete:
                stage = "tank to wheel" if row.ttw_milligrams is None else "well to tank"
                yield f"{one.factor_set_id} does not state {stage} of {factor_id}"


def lacking(sets: Sequence[FactorSet], factor_ids: Sequence[str]) -> str:
    """Why nothing could be counted, for people: the rows that would do, and their holes."""
    names = ", ".join(one.factor_set_id for one in sets)
    told = (f"no usable {' or '.join(factor_ids)} in {names}", *holes(sets, factor_ids))
    return "; ".join(told)


def ages(rows: Iterable[Used], year: int) -> Iterator[str]:
    """Of sets of other years than the one that is asked about; 0 asks about none."""
    sets = {used.factor_set.factor_set_id: used.factor_set for used in rows}
    for name, one in sets.items():
        if year and one.year != year:
            yield f"{name} is of {one.year}, not of {year}"


def doubts(rows: Iterable[Used]) -> Iterator[str]:
    """What whoever uses the rows must say."""
    for used in rows:
        if used.factor.doubted:
            yield f"{used.factor.factor_id}: {used.factor.note}"
