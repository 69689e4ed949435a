"""
The French schema of low emission zones, `etalab/schema-zfe`, version 1.0.

`vul_critair: "V4"` keeps out light vans with sticker 4, 5 or none (order EL, V1 to V5, NC), at
`vul_horaires`, from `date_debut` to `date_fin`, the last day included. A section of road beats an
area, and of overlapping areas the last in the file wins, while both are in force: what is beaten
is cut out of the area of the one that is.

Source: https://schema.data.gouv.fr/etalab/schema-zfe/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from services.compliance.convert.faults import Faults
from services.compliance.convert.given import one_of, shown, text, text_or_empty
from services.compliance.convert.imports.features import HALFWIDTH_METERS, LINES, area_of, features
from services.compliance.convert.imports.hours import hours_of
from services.compliance.convert.imports.means import Means, keep_zone, tell
from services.compliance.domain.faults import Unsound, check
from services.compliance.domain.filter import Bounds, StickerBounds, VehicleFilter
from services.compliance.domain.geometry import Area
from services.compliance.domain.precedence import Claim, Tenancy, settled
from services.compliance.domain.rule import Prohibition, Rule
from services.compliance.domain.schedule import Schedule, check_start
from services.compliance.domain.vehicle import Category
from services.compliance.domain.zone import Zone, ZoneKind
from services.compliance.domain.zone_import import Harvest, ZoneImport

CALENDAR = "FR"
SCHEME = "fr-critair"
GRADES = ("EL", "V1", "V2", "V3", "V4", "V5", "NC")  # from clean to dirty; a sticker's grade
GRADE_OF = {grade: number for number, grade in enumerate(GRADES)}
CLASSES: Mapping[str, tuple[Category, ...]] = {
    "vp": (Category.M1,),
    "vul": (Category.N1,),
    "pl": (Category.N2, Category.N3),
    "autobus_autocars": (Category.M2, Category.M3),
    "deux_rm": (Category.L,),
}
LINKS = {"url_arrete", "url_site", "url_site_information"}
KNOWN = (
    {"id", "date_debut", "date_fin"}
    | LINKS
    | {f"{name}_{word}" for name in CLASSES for word in ("critair", "horaires")}
)


@dataclass(frozen=True, slots=True)
class Section:
    """One feature: where, when, and the rules without their dates."""

    path: str
    zone_id: str
    area: Area
    is_road: bool
    start: date
    end: date | None
    rules: tuple[Rule, ...]
    source: str


def read(means: Means, own: ZoneImport, content: bytes) -> Harvest:
    """One zone per feature, or several where another one beats it for some time."""
    harvest = Harvest()
    sections = [
        section
        for path, feature in features(content, harvest)
        if (section := _section(own, path, feature, harvest)) is not None
    ]
    if not harvest.faults:
        for section, parts in _settled(sections):
            _keep(means, harvest, section, parts)
    return harvest


def _section(
    own: ZoneImport, path: str, feature: Mapping[str, Any], harvest: Harvest
) -> Section | None:
    properties: Mapping[str, Any] = feature.get("properties") or {}
    place, faults = f"{path}.properties", Faults()
    for name in sorted(set(properties) - KNOWN):
        harvest.notice(f"{place}.{name}", "the schema has no such property")
    zone_id = faults.take(f"{place}.id", _id, properties.get("id"))
    start = faults.take(f"{place}.date_debut", _start, properties.get("date_debut"))
    end = faults.take(f"{place}.date_fin", _after, properties.get("date_fin"), start)
    rules = tuple(_rules(properties, place, faults))
    source = faults.take(f"{place}.url_arrete", text_or_empty, properties.get("url_arrete"))
    area = area_of(feature, path, harvest, HALFWIDTH_METERS)
    tell(harvest, faults)
    if faults.found or not area or zone_id is None or start is None:
        return None
    is_road = feature["geometry"]["type"] in LINES
    return Section(path, zone_id, area, is_road, start, end, rules, own.source or source or "")


def _id(given: Any) -> str:
    return text(given).lower()


def _day(given: Any) -> date:
    try:
        return date.fromisoformat(text(given))
    except ValueError as error:
        raise Unsound(f"{shown(given)} is no date: write 2026-12-25") from error


def _start(given: Any) -> date:
    day = _day(given)
    check_start(day)
    return day


def _after(given: Any, start: date | None) -> date | None:
    """The first day after the last one."""
    if given is None:
        return None
    last = _day(given)
    check(start is None or start <= last, "it ends before it begins")
    return None if last == date.max else last + timedelta(days=1)  # how no end is written


def _rules(properties: Mapping[str, Any], place: str, faults: Faults) -> Iterator[Rule]:
    for name, categories in CLASSES.items():
        grade, hours = (properties.get(f"{name}_{word}") for word in ("critair", "horaires"))
        if grade is None and hours is None:
            continue
        lowest = faults.take(f"{place}.{name}_critair", _grade, grade)
        schedule = faults.take(f"{place}.{name}_horaires", _schedule, hours)
        if lowest is not None and schedule is not None:
            bounds = StickerBounds(SCHEME, Bounds(min=lowest))
            wanted = VehicleFilter(categories=categories, stickers=(bounds,))
            yield Rule(name, Prohibition(), wanted, schedule)


def _grade(given: Any) -> int:
    return one_of(given, GRADE_OF)


def _schedule(given: Any) -> Schedule:
    check(given is not None, "hours are required beside the sticker")
    schedule = hours_of(text(given)).schedule()
    check(schedule.start is None, "dates belong into date_debut and date_fin")
    return schedule


def _settled(sections: list[Section]) -> Iterator[tuple[Section, list[Tenancy]]]:
    """Areas in the order of the file, then roads: each beats those before it."""
    ranked = sorted(sections, key=lambda section: section.is_road)
    claims = [Claim(section.area, section.start, section.end) for section in ranked]
    return zip(ranked, settled(claims), strict=True)


def _keep(means: Means, harvest: Harvest, section: Section, parts: list[Tenancy]) -> None:
    if not parts:
        harvest.notice(section.path, "others beat it everywhere and always: it was left out")
    if not section.rules:
        harvest.notice(section.path, "it keeps nobody out")
    for number, part in enumerate(parts):
        zone = Zone(
            section.zone_id if not number else f"{section.zone_id}.{number + 1}",
            f"ZFE {section.zone_id}",
            ZoneKind.LOW_EMISSION,
            means.time_zone(part.area[0].outer.points[0]),
            part.area,
            tuple(_dated(section.rules, part)),
            CALENDAR,
            means.calendar(CALENDAR),
            section.source,
        )
        keep_zone(harvest, section.path, zone)


def _dated(rules: tuple[Rule, ...], part: Tenancy) -> Iterator[Rule]:
    """Every rule in each span of days in which it is not beaten."""
    for number, (start, end) in enumerate(part.spans):
        for rule in rules:
            name = rule.rule_id if not number else f"{rule.rule_id}.{number + 1}"
            schedule = replace(rule.schedule, start=start, end=end)
            yield replace(rule, rule_id=name, schedule=schedule)
