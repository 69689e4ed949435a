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
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from services.compliance.convert.imports.hours import hours_of
from services.compliance.convert.imports.osm_conditions import MEASURES, Clause, clauses, over
from services.compliance.domain.faults import Unsound
from services.compliance.domain.filter import EVERY_VEHICLE, VehicleFilter
from services.compliance.domain.rule import Effect, PermitDemand, Prohibition, Rule
from services.compliance.domain.schedule import ALWAYS, Schedule
from services.compliance.domain.vehicle import Category
from services.compliance.domain.zone import ZoneKind

LETS_IN = {
    "yes", "permissive", "designated", "destination", "delivery", "public", "official", "loading",
    "discouraged", "dismount", "opposite",
}  # fmt: skip
KEEPS_OUT = {"no", "agricultural", "forestry", "emergency", "military", "psv", "bus", "taxi", "hov"}
HOUSE = "who lives there decides"
THEIRS = {
    **dict.fromkeys(("private", "customers", "customer", "residents", "permit"), HOUSE),
    "use_sidepath": "the way beside it is within the strip",
}
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
METRIC = re.compile(r"(\d+(?:\.\d+)?)\s*(t|m|)")
IMPERIAL = re.compile(r"(\d+)'\s*(?:(\d+(?:\.\d+)?)\")?")
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
        implied = tags.get("highway") == "pedestrian" and Category.CYCLE not in categories
        base, told = ("no" if implied else "yes"), "highway=pedestrian"
        layers: list[tuple[str, Clause]] = []
        for key in keys:
            if key in tags:
                base, told, layers = tags[key], f"{key}={tags[key]}", []
            if key + CONDITIONAL in tags:
                layers += [(key, clause) for clause in clauses(tags[key + CONDITIONAL])]
        wanted = VehicleFilter(categories=categories)
        lets_in = _lets_in(base)
        if lets_in is None:
            if base in THEIRS:
                street.notices.append(f"{told}: {THEIRS[base]}; left out")
            else:
                street.notices.append(f"{told}: not read here; the answer is unknown")
                yield _unknown(wanted, told)
        elif lets_in:
            yield from _bans_at(wanted, layers, street)
        else:
            yield from _bans_but(wanted, told, layers, street)


def _lets_in(value: str) -> bool | None:
    """Whether the value lets a delivery in; None when that is not the map's to say."""
    words = {word.strip() for word in value.split(";")}
    if words & LETS_IN:
        return True
    return False if words <= KEEPS_OUT else None


Layers = Sequence[tuple[str, Clause]]


def _bans_at(wanted: VehicleFilter, layers: Layers, street: Street) -> Iterator[Ban]:
    """Everybody may enter but at the times of the clauses that keep out."""
    for key, clause in layers:
        title = f"{key}{CONDITIONAL}={clause.text}"
        lets_in = _lets_in(clause.value)
        if clause.unread and lets_in is not True:
            street.notices.append(f"{title}: not read here; the answer is unknown")
            yield _unknown(wanted, title)
        elif lets_in is False:
            schedule = clause.when().schedule()
            if clause.above is None:
                yield Ban(wanted, schedule, Prohibition(), title)
            elif clause.is_above:
                yield Ban(_with(clause.above, wanted), schedule, Prohibition(), title)
            else:
                street.notices.append(f"{title}: it keeps out the small ones; unknown for all")
                yield _unknown(wanted, title)


def _bans_but(wanted: VehicleFilter, told: str, layers: Layers, street: Street) -> Iterator[Ban]:
    """Nobody may enter but at the times of the clauses that let in."""
    open_hours, titles = [], [told]
    for key, clause in layers:
        title = f"{key}{CONDITIONAL}={clause.text}"
        if clause.unread:
            street.notices.append(f"{title}: not read here; it lets nobody in")
        elif _lets_in(clause.value) and clause.above is None:
            open_hours.append(clause.hours or "24/7")
            titles.append(title)
        elif _lets_in(clause.value) and clause.above is not None and not clause.is_above:
            yield Ban(_with(clause.above, wanted), ALWAYS, Prohibition(), f"{told}; {title}")
            open_hours.append(clause.hours or "24/7")
            titles.append(title)
    schedule = _closed(open_hours, titles, street)
    if schedule is not None:
        yield Ban(wanted, schedule, Prohibition(), "; ".join(titles))


def _closed(open_hours: Sequence[str], titles: Sequence[str], street: Street) -> Schedule | None:
    """When it is closed: always, but for the open hours; None when never."""
    if not open_hours:
        return ALWAYS
    if "24/7" in open_hours:
        return None
    try:
        text = open_hours[0] if len(open_hours) == 1 else ", ".join(open_hours)
        return hours_of(text).otherwise()
    except Unsound as fault:
        street.notices.append(f"{'; '.join(titles)}: {fault}; it lets nobody in")
        return ALWAYS


def _with(above: VehicleFilter, wanted: VehicleFilter) -> VehicleFilter:
    return replace(above, categories=wanted.categories)


def _unknown(wanted: VehicleFilter, title: str) -> Ban:
    demand = PermitDemand(UNREAD, f"OpenStreetMap says: {title}"[:500])
    return Ban(replace(wanted, lacking_permits=(UNREAD,)), ALWAYS, demand, title)


def _limit_bans(tags: Mapping[str, str], street: Street) -> Iterator[Ban]:
    for key, word in LIMIT_KEYS.items():
        name, unit = MEASURES[word]
        lifted = False
        for clause in clauses(tags.get(key + CONDITIONAL, "")):
            lifted |= yield from _conditional_limit(key, clause, name, unit, street)
        if key in tags and not lifted:
            wanted = _limited(tags[key], name, unit, f"{key}={tags[key]}", street)
            if wanted is not None:
                yield Ban(wanted, ALWAYS, Prohibition(), f"{key}={tags[key]}")
    for key in sorted(tags):
        if key.startswith(tuple(f"{limit}:" for limit in LIMIT_KEYS)) and not key.endswith(
            CONDITIONAL
        ):
            street.notices.append(f"{key}={tags[key]}: limits of one mode are not read; left out")


def _conditional_limit(
    key: str, clause: Clause, name: str, unit: int, street: Street
) -> Generator[Ban, None, bool]:
    """A limit at some times; returns whether the plain limit is lifted for deliveries."""
    title = f"{key}{CONDITIONAL}={clause.text}"
    always = not (clause.hours or clause.above or clause.unread)
    if clause.value in UNLIMITED and always:
        return True
    wanted = None if clause.unread else _limited(clause.value, name, unit, title, street)
    if wanted is None or clause.above is not None:
        street.notices.append(f"{title}: not read here; the plain limit holds")
        return False
    yield Ban(wanted, clause.when().schedule(), Prohibition(), title)
    return False


def _limited(value: str, name: str, unit: int, title: str, street: Street) -> VehicleFilter | None:
    """Those above a limit."""
    bound = None
    if (metric := METRIC.fullmatch(value.strip())) is not None:
        bound = int(Decimal(metric[1]) * unit)
    elif (feet := IMPERIAL.fullmatch(value.strip())) is not None and unit == 100:
        inches = Decimal(feet[1]) * 12 + Decimal(feet[2] or 0)
        bound = int(inches * CENTIMETERS_PER_INCH)
    if bound is None:
        if value not in UNLIMITED:
            street.notices.append(f"{title}: not read here; left out")
        return None
    return replace(over(name, bound + 1), categories=MOTOR)
