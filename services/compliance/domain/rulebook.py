"""
All rules of one tenant as they were known at one moment, ready to be asked.

Pure. Made once per change of the rules and kept: its timelines and its atlas are what makes a batch
cheap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import groupby

from services.compliance.domain.atlas import Atlas, Stay
from services.compliance.domain.presence import Presence
from services.compliance.domain.shapes import Shape
from services.compliance.domain.timeline import Timeline
from services.compliance.domain.vehicle import Vehicle
from services.compliance.domain.zone import Closure, RuleSet, Tenure, tenures

TIMELINES_MAX = 4_096  # kept per rule book: areas x vehicles


@dataclass(frozen=True, slots=True)
class Ground:
    """One geometry and the versions that hold on it: a zone whose area never moved has one."""

    tenures: tuple[Tenure, ...]
    history: tuple[Tenure, ...] = ()  # of the zone, on all its grounds; a closure has none

    def is_recorded(self, at: datetime) -> bool:
        """Whether some version of the zone holds at an instant, here or where it moved."""
        return not self.history or any(tenure.contains(at) for tenure in self.history)

    @property
    def rule_set(self) -> RuleSet:
        """Any of its versions: id and geometry are alike in all."""
        return self.tenures[-1].rule_set


class RuleBook:
    """Zones and closures of one tenant at one moment of knowledge."""

    def __init__(
        self, rules_version: int, versions: Sequence[RuleSet], closures: Sequence[Closure] = ()
    ) -> None:
        self.rules_version = rules_version
        self.grounds = (*_zone_grounds(versions), *_closure_grounds(closures, rules_version))
        self._atlas = Atlas([ground.rule_set.zone.area for ground in self.grounds])
        self.timeline = lru_cache(TIMELINES_MAX)(self._timeline)

    def stays(self, presences: Sequence[Presence]) -> list[list[Stay]]:
        """For every presence its stays; `Stay.area_index` counts `grounds`."""
        return self._atlas.stays(presences)

    def touching(self, shape: Shape) -> list[int]:
        """The grounds that have a point in common with a shape."""
        return self._atlas.touching(shape)

    def rule_set(self, index: int, at: datetime) -> RuleSet:
        """The version that holds on a ground at an instant, or the last one."""
        ground = self.grounds[index]
        return next((t.rule_set for t in ground.tenures if t.contains(at)), ground.rule_set)

    def _timeline(self, index: int, vehicle: Vehicle) -> Timeline:
        return Timeline(self.grounds[index].tenures, vehicle)


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
