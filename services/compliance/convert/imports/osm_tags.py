"""
Tags of a way in OpenStreetMap -> rules of the street.

Keys go from general to special (access, vehicle, motor_vehicle, then goods, hgv, ...): the most
special one decides, its conditional values over its plain one. `private` and its like are left
out, for who lives there lets us in; `destination` and `delivery` are ours. A limit of the actual
mass is held against the permissible one, which is the only one that papers state.

Source: https://wiki.openstreetmap.org/wiki/Key:access and /wiki/Conditional_restrictions
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from services.compliance.convert.imports.osm_access import NOT_READ, Access, Closing
from services.compliance.convert.imports.osm_conditions import (
    CENTIMETERS_PER_METER,
    MEASURES,
    NUMBER,
    Clause,
    clauses,
    over,
)
from services.compliance.domain.filter import EVERY_VEHICLE, VehicleFilter
from services.compliance.domain.rule import Effect, PermitDemand, Prohibition, Rule
from services.compliance.domain.schedule import Schedule
from services.compliance.domain.vehicle import Category
from services.compliance.domain.zone import ZoneKind

MOTOR = (
    Category.L,
    Category.M1,
    Category.M2,
    Category.M3,
    Category.N1,
    Category.N2,
    Category.N3,
)
GENERAL = ("access", "vehicle", "motor_vehicle")
CHAINS: tuple[tuple[tuple[Category, ...], tuple[str, ...]], ...] = (
    ((Category.L,), (*GENERAL, "motorcycle")),
    ((Category.M1,), (*GENERAL, "motorcar")),
    ((Category.M2, Category.M3), (*GENERAL, "bus")),
    ((Category.N1,), (*GENERAL, "goods")),
    ((Category.N2, Category.N3), (*GENERAL, "hgv")),
    ((Category.CYCLE,), ("access", "vehicle", "bicycle")),
)
ACCESS_KEYS = frozenset(key for _, keys in CHAINS for key in keys)
LIMIT_KEYS = {f"max{word}": word for word in MEASURES}
UNLIMITED = {"none", "default", "below_default", "no_sign", "unsigned", "no_indications"}
METRIC = re.compile(rf"({NUMBER})\s*(t|m|)")
IMPERIAL = re.compile(rf"(\d{{1,3}})'\s*(?:({NUMBER})\")?")
CENTIMETERS_PER_INCH = Decimal("2.54")
CONDITIONAL = ":conditional"
UNREAD = "osm-condition"  # a permit that nobody has: who cannot show it is not known to be let in


@dataclass
class Street:
    """What the tags of one way say."""

    rules: list[Rule] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    kind: ZoneKind = ZoneKind.OTHER


@dataclass(frozen=True, slots=True)
class Ban:
    """Who is kept out, when, and by which tags."""

    wanted: VehicleFilter
    schedule: Schedule
    effect: Effect
    title: str


def street_of(tags: Mapping[str, str]) -> Street:
    """The rules of a way; without rules everybody may drive there."""
    street = Street()
    bans = [*_access_bans(tags, street), *_limit_bans(tags, street)]
    street.rules = [_rule(number, ban) for number, ban in enumerate(_merged(bans), 1)]
    street.kind = _kind(tags, street.rules)
    return street


def _rule(number: int, ban: Ban) -> Rule:
    return Rule(f"osm-{number}", ban.effect, ban.wanted, ban.schedule, ban.title[:500])


def _merged(bans: Sequence[Ban]) -> Iterator[Ban]:
    """Categories that are kept out alike stand in one rule."""
    alike: dict[Ban, set[Category]] = {}
    for ban in bans:
        key = replace(ban, wanted=replace(ban.wanted, categories=()))
        alike.setdefault(key, set()).update(ban.wanted.categories)
    for ban, categories in alike.items():
        wanted = replace(ban.wanted, categories=tuple(sorted(categories)))
        yield replace(ban, wanted=wanted)


def _kind(tags: Mapping[str, str], rules: Sequence[Rule]) -> ZoneKind:
    if "school_street" in tags or any("SH" in rule.title for rule in rules):
        return ZoneKind.SCHOOL_STREET
    if tags.get("highway") == "pedestrian":
        return ZoneKind.PEDESTRIAN
    heavy = {Category.N2, Category.N3}
    if all(set(r.filter.categories) <= heavy or _measures(r.filter) for r in rules):
        return ZoneKind.WEIGHT_SIZE
    return ZoneKind.LIMITED_TRAFFIC


def _measures(wanted: VehicleFilter) -> bool:
    return replace(wanted, categories=()) != EVERY_VEHICLE


def _access_bans(tags: Mapping[str, str], street: Street) -> Iterator[Ban]:
    for categories, keys in CHAINS:
        access = Access(VehicleFilter(categories=categories), street.notices)
        if tags.get("highway") == "pedestrian" and Category.CYCLE not in categories:
            access.close("highway=pedestrian")
        plain = max((number for number, key in enumerate(keys) if key in tags), default=0)
        for key in keys[plain:]:
            if key in tags:
                access.start(tags[key], f"{key}={tags[key]}")
            for title, clause in _clauses(tags, key):
                access.take(clause, title)
        yield from map(_ban, access.closings)


def _clauses(tags: Mapping[str, str], key: str) -> Iterator[tuple[str, Clause]]:
    """The conditional values of a key, each with what it is called."""
    for clause in clauses(tags.get(key + CONDITIONAL, "")):
        yield f"{key}{CONDITIONAL}={clause.text}", clause


def _ban(closing: Closing) -> Ban:
    if closing.is_known:
        return Ban(closing.wanted, closing.schedule(), Prohibition(), closing.title)
    demand = PermitDemand(UNREAD, f"OpenStreetMap says: {closing.title}"[:500])
    wanted = replace(closing.wanted, lacking_permits=(UNREAD,))
    return Ban(wanted, closing.schedule(), demand, closing.title)


def _limit_bans(tags: Mapping[str, str], street: Street) -> Iterator[Ban]:
    for key, word in LIMIT_KEYS.items():
        access = Access(VehicleFilter(categories=MOTOR), street.notices)
        if key in tags:
            _limit(access, tags[key], f"{key}={tags[key]}", word)
        for title, clause in _clauses(tags, key):
            _conditional_limit(access, clause, title, word)
        yield from map(_ban, access.closings)
    for key in sorted(tags):
        limit, _, more = key.partition(":")
        if limit in LIMIT_KEYS and more and f":{more}" != CONDITIONAL:
            street.notices.append(f"{key}={tags[key]}: limits of one mode are not read; left out")


def _limit(access: Access, value: str, title: str, word: str) -> None:
    above = _limited(value, word)
    if above is not None:
        access.close(title, above=above)
    elif value not in UNLIMITED:
        access.doubt(title, NOT_READ)


def _conditional_limit(access: Access, clause: Clause, title: str, word: str) -> None:
    """A limit at some times, which until then takes the place of the others."""
    above = _limited(clause.value, word)
    if above is None and clause.value not in UNLIMITED:
        clause = replace(clause, unread=clause.text)
    access.open(clause, title)
    if clause.unread or (above is not None and clause.above is not None):
        access.doubt(title, NOT_READ)
    elif above is not None:
        access.close(title, clause.when(), above)


def _limited(value: str, word: str) -> VehicleFilter | None:
    """Those above a limit; None when it is none that can be read."""
    name, unit = MEASURES[word]
    if (metric := METRIC.fullmatch(value.strip())) is not None:
        return over(name, int(Decimal(metric[1]) * unit) + 1)
    feet = IMPERIAL.fullmatch(value.strip())
    if feet is None or unit != CENTIMETERS_PER_METER:
        return None
    inches = Decimal(feet[1]) * 12 + Decimal(feet[2] or 0)
    return over(name, int(inches * CENTIMETERS_PER_INCH) + 1)
