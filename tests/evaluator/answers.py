"""
An evaluator of access rules that steps through time, to hold the engine against.

Imports nothing of ours: it takes plain words and numbers and is made to be seen through, not to be
fast. A case names its grain: every rule of it begins and ends on a multiple of so many seconds, so
what holds at one instant holds until the next multiple. Presences may begin at any second.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.evaluator.rules import (
    ALLOW,
    CHARGE,
    DENY,
    NOTHING,
    UNRECORDED,
    Saying,
    Words,
    saying,
)
from tests.evaluator.stays import Stay, crossings, stays

UNITS = ("DAY", "ENTRY", "PASSAGE")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATER = "later"  # than the case's horizon


@dataclass(frozen=True, slots=True)
class Ground:
    """A zone, or a closure, with one of the geometries it had."""

    name: str
    closure: bool
    area: Any
    versions: tuple[Words, ...]


@dataclass(slots=True)
class Due:
    """An amount that one stay makes due."""

    at: datetime
    zone_id: str
    rule: Words
    day: date
    paid: int = 0


@dataclass(slots=True)
class Told:
    """What one ground says about one stay."""

    ground: Ground
    subject_id: str
    start: datetime
    end: datetime
    stay: Stay
    verdict: int
    sayings: list[Saying]
    due: list[Due] = field(default_factory=list)

    @property
    def is_recorded(self) -> bool:
        """Whether a version of the zone holds throughout the stay."""
        return UNRECORDED not in self.sayings

    @property
    def is_told(self) -> bool:
        """That a vehicle is simply allowed goes without saying."""
        return self.verdict != ALLOW


class Evaluator:
    """The zones and closures of one case."""

    def __init__(self, case: Words) -> None:
        self._grain = timedelta(seconds=case["grain"])
        self._horizon = timedelta(days=case["horizon_days"])
        self.grounds = [*_zones(case["zones"]), *_closures(case["closures"])]
        self._said: dict[tuple[int, int, datetime], Saying] = {}

    def check(self, vehicle: Words, presence: Words) -> dict[str, Any]:
        """One presence by itself."""
        own = [stays(ground.area, presence) for ground in self.grounds]
        told = self._told(vehicle, presence, own)
        _pay([told])
        findings = [self._finding(vehicle, one) for one in told if one.is_told]
        verdict = max((finding["verdict"] for finding in findings), default=ALLOW)
        suits = None
        if verdict > CHARGE:
            all_of_them = [
                (ground, one.start, one.end)
                for ground, several in zip(self.grounds, own, strict=True)
                for one in several
            ]
            suits = self._first_allowed(vehicle, presence["entry"], all_of_them)
        return {
            "verdict": verdict,
            "findings": findings,
            "totals": _totals(told),
            "next_allowed": suits,
        }

    def routes(self, routes: Sequence[Words]) -> list[dict[str, Any]]:
        """Routes together: a vehicle pays once for what is due once."""
        told = [self._route(route) for route in routes]
        by_vehicle: dict[str, list[list[Told]]] = defaultdict(list)
        beginnings = sorted(range(len(routes)), key=lambda n: routes[n]["presences"][0]["entry"])
        for number in beginnings:
            by_vehicle[routes[number]["vehicle"]["vehicle_id"]].append(told[number])
        for own in by_vehicle.values():
            _pay(own)
        return [
            self._route_answer(route["vehicle"], own)
            for route, own in zip(routes, told, strict=True)
        ]

    def _route(self, route: Words) -> list[Told]:
        presences = route["presences"]
        own = [[stays(ground.area, p) for ground in self.grounds] for p in presences]
        told = []
        for number, presence in enumerate(presences):
            joined = [
                list(crossings([steps[ground] for steps in own], number))
                for ground in range(len(self.grounds))
            ]
            told += self._told(route["vehicle"], presence, joined)
        return told

    def _route_answer(self, vehicle: Words, told: Sequence[Told]) -> dict[str, Any]:
        findings = [self._finding(vehicle, one) for one in told if one.is_told]
        return {
            "verdict": max((finding["verdict"] for finding in findings), default=ALLOW),
            "findings": findings,
            "totals": _totals(told),
        }

    def _told(self, vehicle: Words, presence: Words, own: Sequence[Sequence[Stay]]) -> list[Told]:
        told = []
        for ground, several in zip(self.grounds, own, strict=True):
            for stay in several:
                start = presence["entry"] + timedelta(seconds=stay.start)
                end = presence["entry"] + timedelta(seconds=stay.end)
                steps = list(self._steps(start, end))
                sayings = [self._saying(ground, vehicle, at) for at in steps]
                verdict = max(said.verdict for said in sayings)
                one = Told(ground, presence["subject_id"], start, end, stay, verdict, sayings)
                if verdict != DENY and not ground.closure:
                    one.due = list(self._due(ground, vehicle, one, steps))
                if verdict <= CHARGE:
                    one.verdict = CHARGE if one.due else ALLOW
                told.append(one)
        return told

    def _steps(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """The start, and every multiple of the grain before the end."""
        yield start
        at = self._floor(start) + self._grain
        while at < end:
            yield at
            at += self._grain

    def _floor(self, at: datetime) -> datetime:
        return at - (at - EPOCH) % self._grain

    def _saying(self, ground: Ground, vehicle: Words, at: datetime) -> Saying:
        step = self._floor(at)
        key = (id(ground), id(vehicle), step)
        if key not in self._said:
            self._said[key] = _said(ground, vehicle, step)
        return self._said[key]

    def _due(
        self, ground: Ground, vehicle: Words, told: Told, steps: Sequence[datetime]
    ) -> Iterator[Due]:
        """Day charges at every step, entries and passages where the boundary is crossed."""
        zone = ZoneInfo(ground.versions[0]["time_zone"])
        for at, said in zip(steps, told.sayings, strict=True):
            yield from _of_unit("DAY", ground, said, at, zone)
        crossed = []
        if told.stay.enters:
            crossed += [("ENTRY", told.start), ("PASSAGE", told.start)]
        if told.stay.leaves:
            crossed += [("PASSAGE", told.end)]
        for unit, at in crossed:
            yield from _of_unit(unit, ground, self._saying(ground, vehicle, at), at, zone)

    def _finding(self, vehicle: Words, told: Told) -> dict[str, Any]:
        ground, verdict = told.ground, told.verdict
        deciding = [said for said in told.sayings if said.verdict == verdict]
        names = {name for said in deciding for name in said.rule_ids}
        if verdict == CHARGE:
            names |= {due.rule["rule_id"] for due in told.due}
        seconds = told.stay.end - told.stay.start
        suits = None
        if verdict > CHARGE:
            suits = self._first_allowed(vehicle, told.start, [(ground, 0, seconds)])
        return {
            "zone_id": "" if ground.closure else ground.name,
            "closure_id": ground.name if ground.closure else "",
            "subject_id": told.subject_id,
            "entry": told.start,
            "exit": told.end,
            "verdict": verdict,
            "rule_ids": [] if ground.closure else _in_order(ground, names),
            "missing": sorted({name for said in deciding for name in said.missing}),
            "schemes": sorted({name for said in deciding for name in said.schemes}),
            "charges": sorted(_charge(due) for due in told.due if due.paid),
            "next_allowed": suits,
            "version": _version(ground, told.start),
            "recorded": told.is_recorded,
        }

    def _first_allowed(
        self, vehicle: Words, entry: datetime, asked: Sequence[tuple[Ground, int, int]]
    ) -> datetime | str | None:
        """The first instant from which every stay, `[start, end)` after it, would be let in."""
        blocked = entry - self._grain
        for at in self._candidates(entry, {start for _, start, _ in asked}):
            if at <= blocked:
                continue
            for ground, start, end in asked:
                begun = at + timedelta(seconds=start)
                kept_out = self._kept_out(ground, vehicle, begun, end - start)
                if kept_out is not None:  # as is every stay that begins up to then and lasts on
                    blocked = max(kept_out - timedelta(seconds=start), at)
                    break
            else:
                return at
        return LATER

    def _candidates(self, entry: datetime, offsets: Iterable[int]) -> Iterator[datetime]:
        """The entry, and whenever a stay would begin on a multiple of the grain."""
        yield entry
        shifts = sorted((-timedelta(seconds=offset)) % self._grain for offset in offsets)
        step = self._floor(entry)
        while step <= entry + self._horizon:
            for shift in dict.fromkeys(shifts):
                if entry < step + shift <= entry + self._horizon:
                    yield step + shift
            step += self._grain

    def _kept_out(
        self, ground: Ground, vehicle: Words, at: datetime, seconds: int
    ) -> datetime | None:
        """The last step of a stay at which the vehicle may not be there."""
        for step in reversed(list(self._steps(at, at + timedelta(seconds=seconds)))):
            if self._saying(ground, vehicle, step).verdict > CHARGE:
                return step
        return None


def _said(ground: Ground, vehicle: Words, at: datetime) -> Saying:
    """What the version of that instant says, if it lies here."""
    version = _holding(ground.versions, at)
    if version is None and not ground.closure:
        return UNRECORDED
    if version is None or version["areas"] != ground.area:
        return NOTHING
    return saying(version, vehicle, at)


def _version(ground: Ground, at: datetime) -> int | None:
    """The version that is applied from an instant on; None where none holds here."""
    holding = _holding(ground.versions, at)
    applies = holding is not None and holding["areas"] == ground.area
    return holding["version"] if holding is not None and applies else None


def _holding(versions: Sequence[Words], at: datetime) -> Words | None:
    """Of the versions that hold, the last one."""
    holding = [
        version
        for version in versions
        if (version["from"] is None or version["from"] <= at)
        and (version["to"] is None or at < version["to"])
    ]
    return max(holding, key=lambda version: version["version"], default=None)


def _zones(zones: Sequence[Words]) -> Iterator[Ground]:
    for zone in sorted(zones, key=lambda zone: zone["zone_id"]):
        areas: list[Any] = []
        for version in zone["versions"]:
            if version["areas"] not in areas:
                areas.append(version["areas"])
        for area in areas:
            yield Ground(zone["zone_id"], False, area, tuple(zone["versions"]))


def _closures(closures: Sequence[Words]) -> Iterator[Ground]:
    for closure in sorted(closures, key=lambda closure: closure["closure_id"]):
        rule = {
            "rule_id": "closed",
            "filter": closure["filter"],
            "start": None,
            "end": None,
            "spans": [],
            "excepted": [],
            "effect": {"kind": "prohibition"},
        }
        version = {
            "version": 0,
            "from": closure["from"],
            "to": closure["to"],
            "time_zone": "UTC",
            "areas": closure["areas"],
            "holidays": [],
            "rules": [rule],
            "retired": False,
        }
        yield Ground(closure["closure_id"], True, closure["areas"], (version,))


def _of_unit(
    unit: str, ground: Ground, said: Saying, at: datetime, zone: ZoneInfo
) -> Iterator[Due]:
    for rule in said.charges:
        if rule["effect"]["unit"] == unit:
            yield Due(at, ground.name, rule, at.astimezone(zone).date())


def _pay(routes: Sequence[Sequence[Told]]) -> None:
    """In the order of time; a day once, and no more than the highest cap of the zone's day."""
    everything = [due for told in routes for one in told for due in _by_unit(one.due)]
    caps: dict[Any, int] = defaultdict(int)
    for due in everything:
        caps[_purse(due)] = max(caps[_purse(due)], due.rule["effect"]["cap"])
    spent: dict[Any, int] = defaultdict(int)
    days = set()
    for due in sorted(everything, key=lambda due: due.at):
        if due.rule["effect"]["unit"] == "DAY":
            day = (due.zone_id, due.rule["rule_id"], due.day)
            if day in days:
                continue
            days.add(day)
        amount, cap = due.rule["effect"]["amount"], caps[_purse(due)]
        due.paid = min(amount, cap - spent[_purse(due)]) if cap else amount
        spent[_purse(due)] += due.paid


def _by_unit(due: Sequence[Due]) -> list[Due]:
    return sorted(due, key=lambda one: UNITS.index(one.rule["effect"]["unit"]))


def _purse(due: Due) -> tuple[str, date, str]:
    return due.zone_id, due.day, due.rule["effect"]["currency"]


def _totals(told: Sequence[Told]) -> dict[str, int]:
    sums: dict[str, int] = defaultdict(int)
    for one in told:
        for due in one.due:
            if due.paid:
                sums[due.rule["effect"]["currency"]] += due.paid
    return dict(sums)


def _charge(due: Due) -> tuple[Any, ...]:
    effect = due.rule["effect"]
    return (due.rule["rule_id"], effect["unit"], due.day, due.at, due.paid, effect["currency"])


def _in_order(ground: Ground, names: Iterable[str]) -> list[str]:
    """Rule ids in the order in which the zone lists them, over all versions that lie here."""
    here = [version for version in ground.versions if version["areas"] == ground.area]
    ranks = dict.fromkeys(rule["rule_id"] for version in here for rule in version["rules"])
    return [name for name in ranks if name in set(names)]
