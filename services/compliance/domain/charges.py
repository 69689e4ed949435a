"""
What becomes due: once per day, per entry, per passage; capped per day; zones added up.

Pure. Day charges are due once per vehicle, rule and local day of presence; the caps of a zone bound
what one vehicle pays to it on one local day, in the order in which it becomes due.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import chain

from services.compliance.domain.atlas import Stay
from services.compliance.domain.civil import day_start, local_day, local_days
from services.compliance.domain.rule import Charge, ChargeUnit, Rule
from services.compliance.domain.timeline import Timeline
from services.compliance.domain.verdict import Outcome, Span


@dataclass(frozen=True, slots=True)
class ChargeDue:
    """An amount that becomes due, in millionths of its currency."""

    zone_id: str
    rule_id: str
    amount_micros: int
    currency_code: str
    unit: ChargeUnit
    day: date  # local to the zone
    at: datetime
    cap_micros: int = 0  # of that day; 0 is none


@dataclass(frozen=True, slots=True)
class ChargeTotal:
    """A sum in one currency."""

    currency_code: str
    amount_micros: int


def due(
    zone_id: str, time_zone: str, timeline: Timeline, stay: Stay, spans: Sequence[Span]
) -> Iterator[ChargeDue]:
    """What one stay makes due; `spans` are its outcomes, absolute, at least one."""
    start, end = spans[0].start, spans[-1].end
    for span in spans:
        for rule in _of_unit(span.outcome, ChargeUnit.DAY):
            for day in local_days(span.start, span.end, time_zone):
                yield _due(zone_id, rule, day, max(span.start, day_start(time_zone, day)))
    if stay.enters:
        yield from _crossed(zone_id, time_zone, timeline, start, ChargeUnit.ENTRY)
        yield from _crossed(zone_id, time_zone, timeline, start, ChargeUnit.PASSAGE)
    if stay.leaves:
        yield from _crossed(zone_id, time_zone, timeline, end, ChargeUnit.PASSAGE)


def _crossed(
    zone_id: str, time_zone: str, timeline: Timeline, at: datetime, unit: ChargeUnit
) -> Iterator[ChargeDue]:
    for rule in _of_unit(timeline.outcome(at), unit):
        yield _due(zone_id, rule, local_day(at, time_zone), at)


def _of_unit(outcome: Outcome, unit: ChargeUnit) -> Iterator[Rule]:
    for rule in outcome.charges:
        if isinstance(rule.effect, Charge) and rule.effect.unit is unit:
            yield rule


def _due(zone_id: str, rule: Rule, day: date, at: datetime) -> ChargeDue:
    charge = rule.effect
    if not isinstance(charge, Charge):
        raise TypeError(f"rule {rule.rule_id!r} charges nothing")
    return ChargeDue(
        zone_id,
        rule.rule_id,
        charge.amount_micros,
        charge.currency_code,
        charge.unit,
        day,
        at,
        charge.daily_cap_micros,
    )


def pay(owed: Sequence[Sequence[ChargeDue]]) -> list[tuple[ChargeDue, ...]]:
    """
    What of each list is still due when all of them are one vehicle's, in the order of time.

    The caps of a day are known before the first amount of it is paid: the highest one holds.
    """
    caps: dict[_Purse, int] = defaultdict(int)
    for charge in chain.from_iterable(owed):
        caps[_purse(charge)] = max(caps[_purse(charge)], charge.cap_micros)
    paid: list[list[ChargeDue]] = [[] for _ in owed]
    spent: dict[_Purse, int] = defaultdict(int)
    for number, charge in _once(owed):
        purse = _purse(charge)
        left = caps[purse] - spent[purse] if caps[purse] else charge.amount_micros
        amount = min(charge.amount_micros, left)
        spent[purse] += amount
        if amount:
            paid[number].append(replace(charge, amount_micros=amount))
    return [tuple(charges) for charges in paid]


_Purse = tuple[str, date, str]  # a cap is one zone's, of one local day, in one currency


def _purse(charge: ChargeDue) -> _Purse:
    return charge.zone_id, charge.day, charge.currency_code


def _once(owed: Sequence[Sequence[ChargeDue]]) -> Iterator[tuple[int, ChargeDue]]:
    """Every charge with the number of its list, in the order of time; a day's only once."""
    days: set[tuple[str, str, date]] = set()
    every = [(number, charge) for number, charges in enumerate(owed) for charge in charges]
    for number, charge in sorted(every, key=lambda one: one[1].at):
        day = (charge.zone_id, charge.rule_id, charge.day)
        if charge.unit is not ChargeUnit.DAY or day not in days:
            yield number, charge
        if charge.unit is ChargeUnit.DAY:
            days.add(day)


def totals(charges: Iterable[ChargeDue]) -> tuple[ChargeTotal, ...]:
    """The sums per currency, in the order of currency codes."""
    sums: dict[str, int] = defaultdict(int)
    for charge in charges:
        sums[charge.currency_code] += charge.amount_micros
    return tuple(ChargeTotal(code, sums[code]) for code in sorted(sums))
