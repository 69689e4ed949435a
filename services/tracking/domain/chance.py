"""
How likely an attempt fails, and where goods really change hands. Pure.

A share is held back towards that of what it is a part of (beta-binomial): the building towards all,
the slot towards all, the place towards what its buildings and slots would have, the place in a slot
towards the place. How strongly, the spread of the shares themselves says.

Source: Kleinman (1973), Proportions with extraneous variance: single and independent samples.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median

from services.tracking.domain.geo import Point, meters
from services.tracking.domain.past import Try, slot_of
from services.tracking.domain.service_time import Traits

USUAL, USUAL_BELIEF = 0.05, 20.0  # unlearned, one attempt in twenty fails
BELIEF_MIN, BELIEF_MAX = 2.0, 200.0  # attempts that what a group is part of is worth
GROUPS_MIN = 5  # with fewer groups nobody knows how they differ
CHANCE_MIN, CHANCE_MAX = 0.002, 0.95
DROPS_MIN = 3  # confirmed hand-overs from which a place is believed
DROP_METERS_MAX = 150.0  # from their middle; one farther off was confirmed elsewhere


@dataclass(frozen=True, slots=True)
class Count:
    """Attempts, and how many of them failed."""

    tried: int = 0
    failed: int = 0

    def more(self, *, failed: bool) -> Count:
        """One more."""
        return Count(self.tried + 1, self.failed + failed)


@dataclass(frozen=True, slots=True)
class Drop:
    """Where goods change hands: the middle of confirmed hand-overs."""

    point: Point
    count: int


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of one place."""

    count: Count = Count()
    slots: dict[str, Count] = field(default_factory=dict)
    expected: float = 0.0  # what its buildings and slots would have failed
    drop: Drop | None = None


@dataclass(frozen=True, slots=True)
class Chances:
    """What is known of all places together."""

    count: Count = Count()
    buildings: dict[str, Count] = field(default_factory=dict)
    slots: dict[str, Count] = field(default_factory=dict)
    belief: float = 20.0  # of a place in what its building and slot have
    slot_belief: float = 20.0  # of a place's slot in what the place has

    @property
    def usual(self) -> float:
        """Of all."""
        return _held(self.count, USUAL, USUAL_BELIEF)

    def expected(self, building: str, slot: str) -> float:
        """Of a building in a slot, whoever lives there."""
        usual = self.usual
        there = _held(self.buildings.get(building, Count()), usual, self.belief)
        then = _held(self.slots.get(slot, Count()), usual, self.belief)
        return _within(there * then / usual)

    def of(self, traits: Traits, slot: str, past: Past | None) -> float | None:
        """The chance that an attempt fails; None as long as nothing was ever tried."""
        if not self.count.tried:
            return None
        general = self.expected(traits.building, slot)
        if past is None or not past.count.tried:
            return general
        # Its own share over what it should have had, held back, times what this slot should have.
        prior = self.belief * general
        here = _within(general * (past.count.failed + prior) / (past.expected + prior))
        return _within(_held(past.slots.get(slot, Count()), here, self.slot_belief))


def learn_chances(history: Sequence[Try], zone: str = "UTC") -> tuple[Chances, dict[str, Past]]:
    """What a history of attempts says of all places and of each, by slots of a time zone."""
    chances = _together(history, zone)
    places: dict[str, list[Try]] = defaultdict(list)
    for one in history:
        if one.traits.place:
            places[one.traits.place].append(one)
    known = {name: _past(tries, chances, zone) for name, tries in places.items()}
    inside = [count for past in known.values() for count in past.slots.values()]
    return (
        Chances(
            chances.count,
            chances.buildings,
            chances.slots,
            _belief([past.count for past in known.values()], chances.usual),
            _belief(inside, chances.usual),
        ),
        known,
    )


def _together(history: Iterable[Try], zone: str) -> Chances:
    whole, buildings, slots = Count(), dict[str, Count](), dict[str, Count]()
    for one in history:
        building, slot = one.traits.building, slot_of(one.at, zone)
        whole = whole.more(failed=one.failed)
        buildings[building] = buildings.get(building, Count()).more(failed=one.failed)
        slots[slot] = slots.get(slot, Count()).more(failed=one.failed)
    return Chances(whole, buildings, slots)


def _past(tries: Sequence[Try], chances: Chances, zone: str) -> Past:
    whole, slots, expected = Count(), dict[str, Count](), 0.0
    for one in tries:
        slot = slot_of(one.at, zone)
        whole = whole.more(failed=one.failed)
        slots[slot] = slots.get(slot, Count()).more(failed=one.failed)
        expected += chances.expected(one.traits.building, slot)
    drops = [one.drop for one in tries if one.drop is not None and not one.failed]
    return Past(whole, slots, expected, drop_of(drops))


def drop_of(drops: Sequence[Point]) -> Drop | None:
    """The middle of hand-overs, each coordinate by itself, once those far off are left out."""
    if len(drops) < DROPS_MIN:
        return None
    middle = _middle(drops)
    near = [one for one in drops if meters(one, middle) <= DROP_METERS_MAX]
    return Drop(_middle(near), len(near)) if len(near) >= DROPS_MIN else None


def _middle(points: Sequence[Point]) -> Point:
    return Point(median(p.latitude for p in points), median(p.longitude for p in points))


def _held(count: Count, towards: float, belief: float) -> float:
    return (count.failed + belief * towards) / (count.tried + belief)


def _belief(groups: Sequence[Count], mean: float) -> float:
    """From how much more the shares of groups differ than chance makes them (by moments)."""
    seen = [one for one in groups if one.tried > 1]
    if len(seen) < GROUPS_MIN:
        return USUAL_BELIEF
    pairs = sum(one.tried * (one.tried - 1) for one in seen)
    both = sum(one.failed * (one.failed - 1) for one in seen) / pairs  # two of a group both failed
    alike = (both - mean**2) / (mean * (1 - mean))  # correlation of two attempts of a group
    return BELIEF_MAX if alike <= 0 else min(BELIEF_MAX, max(BELIEF_MIN, 1 / alike - 1))


def _within(value: float) -> float:
    return min(CHANCE_MAX, max(CHANCE_MIN, value))
