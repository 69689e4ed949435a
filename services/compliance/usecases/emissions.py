"""The carbon ledger: estimates, records exactly once per leg, reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from meshkit.errors import AlreadyExists, NotFound
from meshkit.ids import NewId
from services.compliance.domain.factors import FactorSet
from services.compliance.domain.footprint import Setting
from services.compliance.domain.ledger import (
    EmissionRecord,
    Entry,
    Leg,
    entry,
    estimates,
)
from services.compliance.ports import FactorShelf, LedgerStore


@dataclass(frozen=True, slots=True)
class Rates:
    """By which factors legs are counted, where nobody says otherwise."""

    factors: FactorShelf
    factor_set_id: str
    country_code: str
    charging_permille: int

    def setting(self, leg: Leg, factor_set_id: str = "") -> Setting:
        """What applies to a leg; raises NotFound `FACTOR_SET_UNKNOWN`."""
        factors = self.factor_set(factor_set_id or self.factor_set_id)
        return Setting(factors, leg.country_code or self.country_code, self.charging_permille)

    def factor_set(self, factor_set_id: str) -> FactorSet:
        """A factor set by its id."""
        found = self.factors.get(factor_set_id)
        if found is None:
            raise NotFound(
                "FACTOR_SET_UNKNOWN",
                f"no factor set {factor_set_id!r}",
                factor_set_id=factor_set_id,
            )
        return found


def estimate(rates: Rates, legs: Sequence[Leg], factor_set_id: str) -> list[Entry]:
    """What planned legs would emit, shared among their deliveries."""
    return estimates(legs, [rates.setting(leg, factor_set_id) for leg in legs])


async def record_leg(
    store: LedgerStore, rates: Rates, leg: Leg, now: datetime, new_id: NewId
) -> EmissionRecord | None:
    """The record of a leg that tracking told of; None when it has one, whoever told of it."""
    if await store.of_leg(leg.leg_id) is not None:
        return None
    return await _add(store, rates, leg, "", "", now, new_id)


@dataclass(frozen=True, slots=True)
class Actuals:
    """Legs that were driven, by facts that no feed carries."""

    legs: tuple[Leg, ...]
    factor_set_id: str
    correction: bool


async def record_actuals(
    store: LedgerStore, rates: Rates, actuals: Actuals, now: datetime, new_id: NewId
) -> list[EmissionRecord]:
    """One record per leg, in order: a new one, the same one again, or a correction."""
    return [await _record(store, rates, leg, actuals, now, new_id) for leg in actuals.legs]


async def _record(
    store: LedgerStore,
    rates: Rates,
    leg: Leg,
    actuals: Actuals,
    now: datetime,
    new_id: NewId,
) -> EmissionRecord:
    known = await store.of_leg(leg.leg_id)
    if known is not None and known.entry.leg == leg:
        return known
    if known is not None and not actuals.correction:
        raise AlreadyExists(
            "LEG_RECORDED", f"leg {leg.leg_id!r} was recorded otherwise", leg_id=leg.leg_id
        )
    replaced = "" if known is None else known.emission_record_id
    return await _add(store, rates, leg, actuals.factor_set_id, replaced, now, new_id)


async def _add(
    store: LedgerStore,
    rates: Rates,
    leg: Leg,
    factor_set_id: str,
    replaced: str,
    now: datetime,
    new_id: NewId,
) -> EmissionRecord:
    carried = () if leg.loads else await store.carried(leg.route_id)
    made = entry(leg, carried, rates.setting(leg, factor_set_id))
    record = EmissionRecord(new_id("emr"), made, now, replaced)
    await store.add(record)
    return record
