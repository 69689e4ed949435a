"""
Faults to plant into the engine: each is one wrong thought, as one change of its source.

The engine is imported a second time, under the same names, with one text replaced; what was
imported before is put back. So nothing of the engine has to know that it can be wrong.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType
from typing import Any

DOMAIN = "services.compliance.domain"
OURS = "tests.evaluator.ours"


@dataclass(frozen=True, slots=True)
class Fault:
    """`right` stands once in a module of the domain; `wrong` takes its place."""

    name: str
    module: str
    right: str
    wrong: str


FAULTS = (
    Fault(
        "a span holds at its very end",
        "civil",
        "first, last = max(first, self.start), min(last, self.end)",
        "first, last = max(first, self.start), min(last + SECOND, self.end)",
    ),
    Fault(
        "holidays change nothing",
        "schedule",
        "if self.holidays is HolidayEffect.EXCLUDED and day in holidays:",
        "if self.holidays is HolidayEffect.EXCLUDED and not day:",
    ),
    Fault(
        "a holiday span asks for the weekday as well",
        "schedule",
        "            return day in holidays\n",
        "            return day in holidays and (not self.days or day.weekday() in self.days)\n",
    ),
    Fault(
        "a span over midnight belongs to the day on which it ends",
        "schedule",
        "begun_yesterday = span.starts_on(day - timedelta(days=1), holidays)",
        "begun_yesterday = span.starts_on(day, holidays)",
    ),
    Fault(
        "excepted dates are ignored",
        "schedule",
        "return begun and not ended and not any(e.falls_on(day) for e in self.excepted)",
        "return begun and not ended",
    ),
    Fault(
        "an excepted date of one year holds in every year",
        "schedule",
        "== (day.month, day.day) and self.year in (0, day.year)",
        "== (day.month, day.day)",
    ),
    Fault(
        "a rule is law on its end date",
        "schedule",
        "ended = self.end is not None and self.end <= day",
        "ended = self.end is not None and self.end < day",
    ),
    Fault(
        "the wall clock goes on evenly when clocks change",
        "civil",
        "    for start, end in _even(tz, midnight - OFFSET_MAX, midnight + OFFSET_MAX"
        " + timedelta(days=1)):\n",
        "    noon = midnight + timedelta(hours=12) - _offset(tz, midnight)\n"
        "    for start, end in ((noon - 2 * OFFSET_MAX, noon + 2 * OFFSET_MAX),):\n",
    ),
    Fault(
        "unknown data select no vehicle",
        "timeline",
        "found = self._judged[key] = tuple(j for j in judged if j.truth is not Truth.FAILS)",
        "found = self._judged[key] = tuple(j for j in judged if j.truth is Truth.HOLDS)",
    ),
    Fault(
        "a condition that fails does not outweigh one that is unknown",
        "truth",
        "return min(truths, default=Truth.HOLDS)",
        "return min(truths, key=lambda t: t is not Truth.UNKNOWN, default=Truth.HOLDS)",
    ),
    Fault(
        "unknown goes before forbidden",
        "verdict",
        "    if forbidding:\n",
        "    if forbidding and not unsure:\n",
    ),
    Fault(
        "a charge goes before a permit",
        "verdict",
        "    if demanding:\n",
        "    if demanding and not charges:\n",
    ),
    Fault(
        "a permit is held on its end date",
        "vehicle",
        "return self.held and begun and (self.end is None or day < self.end)",
        "return self.held and begun and (self.end is None or day <= self.end)",
    ),
    Fault(
        "a permit that nobody lists is not held",
        "vehicle",
        "if not listed and not self.permits_complete:",
        "if not listed and not listed == []:",
    ),
    Fault(
        "bounds leave out their upper end",
        "filter",
        "return Truth.of(above and (self.max is None or value <= self.max))",
        "return Truth.of(above and (self.max is None or value < self.max))",
    ),
    Fault(
        "electric vehicles have the Euro class of their papers",
        "vehicle",
        "return NO_EXHAUST_EURO if self.fuel in NO_EXHAUST else self.euro_class",
        "return self.euro_class",
    ),
    Fault(
        "a day is paid for at every presence",
        "charges",
        "        if charge.unit is not ChargeUnit.DAY or day not in days:\n",
        "        if charge.unit is not ChargeUnit.DAY or day not in days or number:\n",
    ),
    Fault(
        "the day of a charge is that of UTC",
        "charges",
        "for day in local_days(span.start, span.end, time_zone):",
        "for day in local_days(span.start, span.end, 'UTC'):",
    ),
    Fault(
        "caps are ignored",
        "charges",
        "left = caps[purse] - spent[purse] if caps[purse] else charge.amount_micros",
        "left = charge.amount_micros",
    ),
    Fault(
        "the first cap of a day holds and not the highest",
        "charges",
        "caps[_purse(charge)] = max(caps[_purse(charge)], charge.cap_micros)",
        "caps[_purse(charge)] = caps[_purse(charge)] or charge.cap_micros",
    ),
    Fault(
        "only ways in are passages",
        "charges",
        "    if stay.leaves:\n",
        "    if stay.leaves and stay.enters and not stay.end:\n",
    ),
    Fault(
        "a passage costs by the hour of the entry",
        "charges",
        "yield from _crossed(zone_id, time_zone, timeline, end, ChargeUnit.PASSAGE)",
        "yield from _crossed(zone_id, time_zone, timeline, start, ChargeUnit.PASSAGE)",
    ),
    Fault(
        "a stop after a leg that ended inside is an entry",
        "joints",
        "stay = replace(stay, enters=stay.area_index not in came)",
        "stay = replace(stay, enters=True)",
    ),
    Fault(
        "borders do not belong to areas that a vehicle stands in",
        "atlas",
        'numbers, areas = self._tree.query(shapes, predicate="intersects")',
        'numbers, areas = self._tree.query(shapes, predicate="within")',
    ),
    Fault(
        "a line that touches an area was not there",
        "atlas",
        "return inside | (ends - starts < TOUCH)",
        "return inside & (ends - starts >= TOUCH)",
    ),
    Fault(
        "instants of entry are rounded to the nearest second",
        "atlas",
        "first = np.floor(np.round(bundle.seconds(lines, starts), NOISE_DIGITS))",
        "first = np.round(bundle.seconds(lines, starts))",
    ),
    Fault(
        "a degree of longitude is as long as one of latitude",
        "bundle",
        "east = steps[:, 0] * np.cos(np.radians(self._corners[:, 1] - steps[:, 1] / 2))",
        "east = steps[:, 0]",
    ),
    Fault(
        "stated times along a line are ignored",
        "bundle",
        "            if presence.offsets_seconds:\n",
        "            if presence.offsets_seconds and number < 0:\n",
    ),
    Fault(
        "a later version does not end an earlier one",
        "zone",
        "held = [rest for tenure in held for rest in _without(tenure, own)] + [own]",
        "held = [*held, own]",
    ),
    Fault(
        "the next allowed time forgets how long the stay is",
        "timeline",
        "            if span.end - begun >= length:\n",
        "            if span.end > begun:\n",
    ),
    Fault(
        "the next allowed time suits one zone only",
        "checking",
        "        for case in cases:\n            suits",
        "        for case in cases[:1]:\n            suits",
    ),
)


class _Planter(MetaPathFinder):
    """Finds one module of the domain, with one text of it replaced."""

    def __init__(self, fault: Fault) -> None:
        self._fault = fault

    def find_spec(self, name: str, path: Any, target: Any = None) -> ModuleSpec | None:
        if name != f"{DOMAIN}.{self._fault.module}":
            return None
        spec = PathFinder.find_spec(name, path)
        if spec is None or not isinstance(spec.loader, SourceFileLoader):
            return None
        spec.loader = _Loader(name, spec.loader.path, self._fault)
        return spec


class _Loader(SourceFileLoader):
    def __init__(self, name: str, path: str, fault: Fault) -> None:
        super().__init__(name, path)
        self._fault = fault

    def get_code(self, fullname: str) -> Any:
        source = self.get_data(self.path).decode()
        if source.count(self._fault.right) != 1:
            raise LookupError(f"{self._fault.right!r} does not stand once in {self.path}")
        return compile(source.replace(self._fault.right, self._fault.wrong), self.path, "exec")


@contextmanager
def planted(fault: Fault) -> Iterator[ModuleType]:
    """The engine with one fault, as `ours` asks it."""
    kept = {n: m for n, m in sys.modules.items() if n == OURS or n.startswith(DOMAIN)}
    planter = _Planter(fault)
    for name in kept:
        del sys.modules[name]
    sys.meta_path.insert(0, planter)
    try:
        yield import_module(OURS)
    finally:
        sys.meta_path.remove(planter)
        for name in [n for n in sys.modules if n == OURS or n.startswith(DOMAIN)]:
            del sys.modules[name]
        sys.modules.update(kept)
