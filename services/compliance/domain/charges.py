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

from services.compliance.domain.atlas import Stay
from services.compliance.domain.civil import local_day, local_days
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
                yield _due(zone_id, rule, day, span.start)
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


class Purse:
    """What one vehicle pays: remembers the day charges and caps of what it has seen."""

    def __init__(self) -> None:
        self._paid_days: set[tuple[str, str, date]] = set()
        self._spent: dict[tuple[str, date], int] = defaultdict(int)
        self._caps: dict[tuple[str, date], int] = defaultdict(int)

    def pay(self, charges: Iterable[ChargeDue]) -> tuple[ChargeDue, ...]:
        """What of the charges, in the order of time, is still due."""
        paid = (self._pay(charge) for charge in sorted(charges, key=lambda c: c.at))
        return tuple(charge for charge in paid if charge is not None)

    def _pay(self, charge: ChargeDue) -> ChargeDue | None:
        if charge.unit is ChargeUnit.DAY:
            day = (charge.zone_id, charge.rule_id, charge.day)
            if day in self._paid_days:
                return None
            self._paid_days.add(day)
        return self._capped(charge)

    def _capped(self, charge: ChargeDue) -> ChargeDue | None:
        key = (charge.zone_id, charge.day)
        self._caps[key] = max(self._caps[key], charge.cap_micros)
        amount = charge.amount_micros
        if self._caps[key]:
            amount = min(amount, self._caps[key] - self._spent[key])
        self._spent[key] += max(amount, 0)
        return replace(charge, amount_micros=amount) if amount > 0 else None


def totals(charges: Iterable[ChargeDue]) -> tuple[ChargeTotal, ...]:
    """The sums per currency, in the order of currency codes."""
    sums: dict[str, int] = defaultdict(int)
    for charge in charges:
        sums[charge.currency_code] += charge.amount_micros
    return tuple(ChargeTotal(code, sums[code]) for code in sorted(sums))
