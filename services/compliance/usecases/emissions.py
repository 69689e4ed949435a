"""The carbon ledger: estimates, records exactly once per leg and hub operation, outlooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from meshkit.errors import AlreadyExists, NotReady
from meshkit.ids import NewId
from services.compliance.domain.energy import Conditions
from services.compliance.domain.factors import FactorSet
from services.compliance.domain.footprint import (
    Allocation,
    Setting,
    footprint,
    grid_footprint,
)
from services.compliance.domain.ledger import (
    EmissionRecord,
    Entry,
    HubOperation,
    Leg,
    Outcome,
    entry,
    estimates,
    hub_entry,
    subject_id,
)
from services.compliance.domain.outlook import Outlook, outlook
from services.compliance.domain.vehicle import Vehicle
from services.compliance.ports import LedgerStore
from services.compliance.usecases.factor_sets import Rates, factor_set, loaded_in_force

Subject = Leg | HubOperation
NAMED_MAX = 20  # ids that one error names


async def settings_of(
    store: LedgerStore,
    rates: Rates,
    subjects: Sequence[Subject],
    factor_set_id: str,
    known_by: datetime,
) -> list[Setting]:
    """By which factors each is counted; raises NotFound `FACTOR_SET_UNKNOWN`."""
    if factor_set_id:
        named = await factor_set(store, rates, factor_set_id)
        return [rates.by_set(named, rates.country_of(s), s.end.year) for s in subjects]
    places = {(rates.country_of(subject), subject.end.year) for subject in subjects}
    loaded = {
        (country, year): await loaded_in_force(store, country, year, known_by)
        for country, year in places
    }
    return [_in_force(rates, subject, loaded) for subject in subjects]


def _in_force(
    rates: Rates, subject: Subject, loaded: Mapping[tuple[str, int], Sequence[FactorSet]]
) -> Setting:
    country, year = rates.country_of(subject), subject.end.year
    return rates.in_force(country, year, loaded[country, year])


def estimate(
    legs: Sequence[Leg], settings: Sequence[Setting], allocation: Allocation
) -> list[Entry]:
    """What planned legs would emit, shared among their deliveries."""
    require_factors(legs, settings)
    return estimates(legs, settings, allocation)


async def record_leg(
    store: LedgerStore, rates: Rates, leg: Leg, now: datetime, new_id: NewId
) -> EmissionRecord | None:
    """
    The record of a leg that tracking told of; None when it has one, whoever told of it.

    It counts by the factor sets that were loaded when the leg ended, so that the same facts told
    again to an empty ledger give the same numbers, whenever that is.
    """
    if await store.of_subject(leg.leg_id) is not None:
        return None
    (setting,) = await settings_of(store, rates, [leg], "", leg.end)
    made = await _entry(store, leg, setting, rates.allocation)
    return await _add(store, made, "", now, new_id)


async def record_outcome(store: LedgerStore, outcome: Outcome) -> None:
    """How an attempt ended: what reports divide by."""
    await store.add_outcome(outcome)


@dataclass(frozen=True, slots=True)
class Actuals:
    """Legs that were driven and hubs that worked, by facts that no feed carries."""

    legs: tuple[Leg, ...]
    factor_set_id: str
    correction: bool
    allocation: Allocation = Allocation.MASS_DISTANCE
    hub_operations: tuple[HubOperation, ...] = ()

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """All of them in order, legs first."""
        return (*self.legs, *self.hub_operations)


async def record_actuals(
    store: LedgerStore, rates: Rates, actuals: Actuals, now: datetime, new_id: NewId
) -> list[EmissionRecord]:
    """One record per leg and hub, in order: a new one, the same one again, or a correction."""
    settings = await settings_of(store, rates, actuals.subjects, actuals.factor_set_id, now)
    require_factors(actuals.subjects, settings)
    known = [await store.of_subject(subject_id(subject)) for subject in actuals.subjects]
    if not actuals.correction:
        _require_same(actuals.subjects, known)
    asked = list(zip(actuals.subjects, settings, known, strict=True))
    # Empty legs last: what their route carries may stand behind them in the request.
    order = sorted(range(len(asked)), key=lambda rank: not asked[rank][0].loads)
    made = {rank: await _record(store, *asked[rank], actuals, now, new_id) for rank in order}
    return [made[rank] for rank in range(len(asked))]


def _require_same(subjects: Sequence[Subject], known: Sequence[EmissionRecord | None]) -> None:
    other = [
        subject_id(subject)
        for subject, record in zip(subjects, known, strict=True)
        if record is not None and record.entry.subject != subject
    ]
    if other:
        named = ", ".join(other[:NAMED_MAX])
        raise AlreadyExists("LEG_RECORDED", f"recorded otherwise: {named}", leg_id=named)


async def _record(
    store: LedgerStore,
    subject: Subject,
    setting: Setting,
    known: EmissionRecord | None,
    actuals: Actuals,
    now: datetime,
    new_id: NewId,
) -> EmissionRecord:
    if known is not None and not actuals.correction:
        return known
    made = await _entry(store, subject, setting, actuals.allocation)
    if known is not None and known.entry == made:
        return known
    replaced = "" if known is None else known.emission_record_id
    return await _add(store, made, replaced, now, new_id)


async def _entry(
    store: LedgerStore, subject: Subject, setting: Setting, allocation: Allocation
) -> Entry:
    if isinstance(subject, HubOperation):
        return hub_entry(subject, setting, allocation)
    carried = () if subject.loads else await store.carried(subject.route_id)
    return entry(subject, carried, setting, allocation)


async def _add(
    store: LedgerStore, made: Entry, replaced: str, now: datetime, new_id: NewId
) -> EmissionRecord:
    record = EmissionRecord(new_id("emr"), made, now, replaced)
    await store.add(record)
    return record


def require_factors(subjects: Sequence[Subject], settings: Sequence[Setting]) -> None:
    """Raises NotReady `FACTOR_MISSING` with everything that cannot be counted, if there is any."""
    lacks = [
        (subject_id(subject), lack)
        for subject, setting in zip(subjects, settings, strict=True)
        if (lack := _lack(subject, setting)) is not None
    ]
    if not lacks:
        return
    told = [f"{name}: {lack}" for name, lack in lacks[:NAMED_MAX]]
    missing = dict.fromkeys(lack.metadata["missing"] for _, lack in lacks[:NAMED_MAX])
    raise NotReady(
        "FACTOR_MISSING",
        "; ".join(told),
        factor_set_id=lacks[0][1].metadata["factor_set_id"],
        leg_ids=",".join(name for name, _ in lacks[:NAMED_MAX]),
        missing=",".join(missing),
    )


def _lack(subject: Subject, setting: Setting) -> NotReady | None:
    try:
        if isinstance(subject, HubOperation):
            grid_footprint(subject.grid_watt_hours, setting)
        else:
            footprint(subject.vehicle, subject.effort, setting)
    except NotReady as lack:
        return lack
    return None


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a planner asks about: a vehicle under some conditions, in a country."""

    vehicle: Vehicle
    conditions: Conditions
    country_code: str = ""
    factor_set_id: str = ""


async def foresee(store: LedgerStore, rates: Rates, asked: Foreseen, now: datetime) -> Outlook:
    """The vehicle's energy and emissions per kilometer, hour and stop."""
    country = asked.country_code or rates.country_code
    if asked.factor_set_id:
        setting = rates.by_set(
            await factor_set(store, rates, asked.factor_set_id), country, now.year
        )
    else:
        loaded = await loaded_in_force(store, country, now.year, now)
        setting = rates.in_force(country, now.year, loaded)
    return outlook(asked.vehicle, asked.conditions, setting)
