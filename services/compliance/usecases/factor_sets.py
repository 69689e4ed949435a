"""Factor sets: built-in ones, those that a tenant loads, and which are in force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from heapq import merge

from meshkit.errors import AlreadyExists, NotFound
from services.compliance.domain.factors import FactorSet, in_force
from services.compliance.domain.footprint import Allocation, Setting
from services.compliance.domain.ledger import HubOperation, Leg
from services.compliance.ports import FactorSetStore, FactorShelf

IN_FORCE_MAX = 20  # sets of a tenant that are asked for one country and year


@dataclass(frozen=True, slots=True)
class Rates:
    """By which factors is counted where nobody says otherwise, and the built-in sets."""

    factors: FactorShelf
    factor_set_id: str
    country_code: str
    charging_permille: int
    allocation: Allocation = Allocation.MASS_DISTANCE  # of legs that the feed tells

    def country_of(self, subject: Leg | HubOperation) -> str:
        """Where it was driven, or stands."""
        return subject.country_code or self.country_code

    def setting(self, leg: Leg) -> Setting:
        """What applies to a leg by the sets that come with the service."""
        return self.in_force(self.country_of(leg), leg.end.year, ())

    def in_force(self, country_code: str, year: int, loaded: Sequence[FactorSet]) -> Setting:
        """What applies in a country and year, by those sets and the tenant's."""
        default = self.factors.get(self.factor_set_id)
        if default is None:
            raise NotFound("FACTOR_SET_UNKNOWN", f"no factor set {self.factor_set_id!r}")
        every = (*loaded, *self.factors.list(""))
        first, *others = in_force(every, country_code, year, default)
        return replace(self.by_set(first, country_code, year), others=tuple(others))

    def by_set(self, named: FactorSet, country_code: str, year: int) -> Setting:
        """What applies when somebody names a set: that one, and no other stands in for it."""
        return Setting(named, country_code, self.charging_permille, year=year)


async def create_factor_set(
    store: FactorSetStore, rates: Rates, factors: FactorSet, now: datetime
) -> FactorSet:
    """Keeps a set for ever; raises AlreadyExists `FACTOR_SET_EXISTS`."""
    name = factors.factor_set_id
    taken = rates.factors.get(name) or await store.factor_set(name)
    if taken is not None:
        raise AlreadyExists("FACTOR_SET_EXISTS", f"factor set {name!r} exists", factor_set_id=name)
    made = replace(factors, builtin=False, create_time=now)
    await store.add_factor_set(made)
    return made


async def factor_set(store: FactorSetStore, rates: Rates, factor_set_id: str) -> FactorSet:
    """A set by its id; raises NotFound `FACTOR_SET_UNKNOWN`."""
    known = rates.factors.get(factor_set_id) or await store.factor_set(factor_set_id)
    if known is None:
        raise NotFound(
            "FACTOR_SET_UNKNOWN", f"no factor set {factor_set_id!r}", factor_set_id=factor_set_id
        )
    return known


async def list_factor_sets(
    store: FactorSetStore, rates: Rates, country_code: str, after: str, limit: int
) -> list[FactorSet]:
    """Built-in and loaded ones, in the order of ids after one."""
    builtin = [s for s in rates.factors.list(country_code) if s.factor_set_id > after]
    loaded = await store.factor_sets(country_code, after, limit)
    return list(merge(builtin, loaded, key=lambda factors: factors.factor_set_id))[:limit]


async def loaded_in_force(
    store: FactorSetStore, country_code: str, year: int, known_by: datetime
) -> Sequence[FactorSet]:
    """The tenant's sets that may count for a country and year, loaded by a moment."""
    return await store.factor_sets_for(country_code, year, known_by, IN_FORCE_MAX)
