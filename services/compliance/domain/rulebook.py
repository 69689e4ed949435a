"""
All rules of one tenant as they were known at one moment, ready to be asked.

Pure. Made once per change of the rules and kept: its timelines and its atlas are what makes a batch
cheap.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from services.compliance.domain.atlas import Atlas, Stay
from services.compliance.domain.budget import KEPT_MAX, Budget
from services.compliance.domain.filter import VehicleFilter, conditions
from services.compliance.domain.presence import Presence
from services.compliance.domain.shapes import Shape
from services.compliance.domain.timeline import Timeline
from services.compliance.domain.truth import Truth, every
from services.compliance.domain.vehicle import Vehicle
from services.compliance.domain.zone import Closure, RuleSet, Tenure, tenures

TIMELINES_MAX = 4_096  # kept per rule book: areas x what their rules say to vehicles
STANDINGS_MAX = 1_024  # kept per rule book: vehicles, as many as one request may describe
ANY_DAY = date(2000, 1, 1)  # for vehicles whose permits are the same on all days


Selected = tuple[Truth, tuple[str, ...]]  # whether a filter selects, and what it lacks to say


@dataclass(frozen=True, slots=True)
class Ground:
    """One geometry and the versions that hold on it: a zone whose area never moved has one."""

    tenures: tuple[Tenure, ...]
    history: tuple[Tenure, ...] = ()  # of the zone, on all its grounds; a closure has none

    @property
    def rule_set(self) -> RuleSet:
        """Any of its versions: id and geometry are alike in all."""
        return self.tenures[-1].rule_set


class RuleBook:
    """Zones and closures of one tenant at one moment of knowledge."""

    def __init__(
        self,
        rules_version: int,
        versions: Sequence[RuleSet],
        closures: Sequence[Closure] = (),
        kept_max: int = KEPT_MAX,
    ) -> None:
        self.rules_version = rules_version
        self.grounds = (*_zone_grounds(versions), *_closure_grounds(closures, rules_version))
        self._atlas = Atlas([ground.rule_set.zone.area for ground in self.grounds])
        self._filters: dict[VehicleFilter, int] = {}
        self._asked = [self._filters_of(ground) for ground in self.grounds]
        self._timelines: dict[Hashable, Timeline] = {}
        self._standings: dict[Vehicle, Standing] = {}
        self._budget = Budget(kept_max, self._forget)

    def stays(self, presences: Sequence[Presence]) -> list[list[Stay]]:
        """For every presence its stays; `Stay.area_index` counts `grounds`."""
        return self._atlas.stays(presences)

    def touching(self, shape: Shape) -> list[int]:
        """The grounds that have a point in common with a shape."""
        return self._atlas.touching(shape)

    def rule_set(self, index: int, at: datetime) -> RuleSet:
        """The version that holds on a ground at an instant, or the last one."""
        ground = self.grounds[index]
        if len(ground.tenures) == 1:
            return ground.rule_set
        return next((t.rule_set for t in ground.tenures if t.contains(at)), ground.rule_set)

    def standing(self, vehicle: Vehicle) -> Standing:
        """How the vehicle stands with the rules; kept for the next time it is asked about."""
        found = self._standings.get(vehicle)
        if found is None:
            if len(self._standings) >= STANDINGS_MAX:
                self._standings.clear()
            found = self._standings[vehicle] = Standing(self, vehicle)
        return found

    def asked_on(self, index: int) -> tuple[tuple[int, VehicleFilter], ...]:
        """The filters of a ground, each with a number that equal filters share."""
        return self._asked[index]

    def timeline(self, index: int, alike: Hashable, vehicle: Vehicle) -> Timeline:
        """The timeline of all vehicles that are `alike` to the rules of a ground."""
        key = index, alike
        found = self._timelines.get(key)
        if found is None:
            if len(self._timelines) >= TIMELINES_MAX:
                self._forget()
            ground = self.grounds[index]
            found = Timeline(ground.tenures, vehicle, ground.history, self._budget)
            self._timelines[key] = found
        return found

    def _forget(self) -> None:
        self._timelines.clear()
        self._standings.clear()  # which hold timelines too

    def _filters_of(self, ground: Ground) -> tuple[tuple[int, VehicleFilter], ...]:
        rules = (rule for tenure in ground.tenures for rule in tenure.rule_set.zone.rules)
        filters = dict.fromkeys(rule.filter for rule in rules)
        return tuple((self._filters.setdefault(f, len(self._filters)), f) for f in filters)


class Standing:
    """
    One vehicle before the rules of one book: which timeline is about it on which ground.

    Rules see no more of a vehicle than whether their filters select it: vehicles that are alike in
    that share a timeline. Only permits that begin or end make a vehicle one of its own.
    """

    def __init__(self, book: RuleBook, vehicle: Vehicle) -> None:
        self._book = book
        self._vehicle = vehicle
        self._selected: dict[int, Selected] = {}
        self._timelines: dict[int, Timeline] = {}

    def timeline(self, index: int) -> Timeline:
        """What the rules of a ground say to the vehicle over time."""
        found = self._timelines.get(index)
        if found is None:
            alike = self._vehicle if self._vehicle.has_dated_permits else self._alike(index)
            found = self._book.timeline(index, alike, self._vehicle)
            self._timelines[index] = found
        return found

    def _alike(self, index: int) -> tuple[Selected, ...]:
        return tuple(self._selects(number, f) for number, f in self._book.asked_on(index))

    def _selects(self, number: int, wanted: VehicleFilter) -> Selected:
        found = self._selected.get(number)
        if found is None:
            asked = tuple(conditions(wanted, self._vehicle, ANY_DAY))
            unknown = tuple(c.attribute for c in asked if c.truth is Truth.UNKNOWN)
            found = self._selected[number] = every(c.truth for c in asked), unknown
        return found


def _zone_grounds(versions: Sequence[RuleSet]) -> list[Ground]:
    """One ground per zone and geometry, in the order of zone ids."""
    found = []
    ordered = sorted(versions, key=lambda v: (v.zone.zone_id, v.version))
    for _, history in groupby(ordered, key=lambda v: v.zone.zone_id):
        held = tenures(history)
        areas = dict.fromkeys(tenure.rule_set.zone.area for tenure in held)
        for area in areas:
            own = tuple(tenure for tenure in held if tenure.rule_set.zone.area == area)
            found.append(Ground(own, held))
    return found


def _closure_grounds(closures: Sequence[Closure], version: int) -> list[Ground]:
    found = []
    for closure in sorted(closures, key=lambda c: c.closure_id):
        rule_set = closure.as_rule_set(closure.start, version)
        found.append(Ground((Tenure(rule_set, closure.start, closure.end),)))
    return found
