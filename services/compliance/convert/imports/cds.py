"""
The Curb Data Specification, Curbs API: zones and their policies -> curb zones.

Zones and policies stand in one file, as `data.zones` and `data.policies`. Rates are left out: what
a place costs does not decide whether a vehicle may stand there.

Source: openmobilityfoundation/curb-data-specification, curbs/README.md, release 1.0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from services.compliance.convert.curbs import curb_zone_content
from services.compliance.convert.documents import hold_to_contract
from services.compliance.convert.faults import Faults
from services.compliance.convert.given import (
    items,
    items_or_none,
    number,
    one_of,
    shown,
    text,
    text_or_empty,
    whole,
)
from services.compliance.convert.imports.cds_times import schedule_of
from services.compliance.convert.imports.features import area_of, read_json, unreadable
from services.compliance.convert.imports.means import Means, tell
from services.compliance.domain.civil import zone_of
from services.compliance.domain.curb import Activity, CurbPolicy, CurbRule
from services.compliance.domain.curb_zone import CurbZone
from services.compliance.domain.faults import Unsound, check, inside
from services.compliance.domain.schedule import Schedule
from services.compliance.domain.zone_import import ZONES_MAX, Harvest, Read, ZoneImport, too_many

ACTIVITIES = {activity.value: activity for activity in Activity}
UNITS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400, "week": 7 * 86_400}
SECONDS_MAX = 366 * UNITS["day"]  # of a stay, or of the time until the next
MILLISECONDS_MAX = 32_503_680_000_000  # from 1970 to the year 3000
SILENT = {  # of a zone: who published it, what is painted where; it says nothing of access
    "curb_zone_id", "geometry", "curb_policy_ids", "prev_policies", "published_date",
    "last_updated_date", "start_date", "end_date", "location_references", "name", "user_zone_id",
    "street_name", "cross_street_start_name", "cross_street_end_name", "length",
    "available_space_lengths", "availability_time", "width", "parking_angle", "num_spaces",
    "street_side", "median", "entire_roadway", "curb_area_ids", "curb_space_ids", "curb_objects",
}  # fmt: skip
POLICY = {
    "curb_policy_id", "published_date", "priority", "rules", "time_spans",
    "data_source_operator_id", "name",
}  # fmt: skip
RULE = {"activity", "max_stay", "max_stay_unit", "no_return", "no_return_unit", "user_classes"}
RATE = {"rate", "rate_unit", "rate_unit_period"}


@dataclass(frozen=True, slots=True)
class Curbs:
    """A file: its clock, and its policies by their ids."""

    time_zone: str
    holidays: tuple[date, ...]
    policies: Mapping[str, CurbPolicy]
    source: str


def refuse_no_curbs(content: bytes) -> None:
    """Raises Invalid unless the file is an answer of the Curbs API."""
    document = read_json(content)
    data = document.get("data") if isinstance(document, dict) else None
    if not isinstance(data, dict) or not ({"zones", "policies"} & set(data)):
        raise unreadable("the content has no `data` with `zones` and `policies`")


def read(means: Means, own: ZoneImport, content: bytes) -> Harvest:
    """One curb zone per zone."""
    harvest, faults, document = Harvest(), Faults(), read_json(content)
    data = document.get("data") if isinstance(document, dict) else None
    if not isinstance(data, dict):
        harvest.fault("data", "must be an object with `zones` and `policies`")
        return harvest
    for name in sorted(set(data) - {"zones", "policies"}):
        harvest.notice(f"data.{name}", "only zones and policies are read")
    time_zone = faults.take("time_zone", _time_zone, document.get("time_zone"))
    author = faults.take("author", text_or_empty, document.get("author"))
    if time_zone is not None:
        policies = _policies(means, time_zone, data, harvest, faults)
        holidays = _holidays(means, time_zone, faults)
        curbs = Curbs(time_zone, holidays, policies, own.source or author or "")
        for path, item in _items(data.get("zones", []), "data.zones", faults):
            _read_zone(curbs, item, path, harvest, faults)
    tell(harvest, faults)
    return harvest


def _time_zone(given: Any) -> str:
    zone_of(text(given))
    return str(given)


def _holidays(means: Means, time_zone: str, faults: Faults) -> tuple[date, ...]:
    country = means.country(time_zone)
    return (faults.take("time_zone", means.calendar, country) if country else None) or ()


def _policies(
    means: Means, time_zone: str, data: Mapping[str, Any], harvest: Harvest, faults: Faults
) -> dict[str, CurbPolicy]:
    policies: dict[str, CurbPolicy] = {}
    for path, item in _items(data.get("policies", []), "data.policies", faults):
        policy = _policy(item, path, harvest, faults)
        if policy is not None and policy.policy_id in policies:
            faults.add(f"{path}.curb_policy_id", f"{policy.policy_id!r} stands twice")
        elif policy is not None:
            policies[policy.policy_id] = policy
        asks = policy is not None and policy.schedule.asks_for_holidays
        if asks and not means.country(time_zone):
            faults.add(f"{path}.time_spans", f"no holidays are known of {time_zone!r}")
    return policies


def _items(given: Any, path: str, faults: Faults) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for index, item in enumerate(faults.take(path, _bounded, given) or ()):
        if isinstance(item, dict):
            yield f"{path}[{index}]", item
        else:
            faults.add(f"{path}[{index}]", f"must be an object, not {shown(item)}")


def _bounded(given: Any) -> list[Any]:
    listed = items(given)
    check(len(listed) <= ZONES_MAX, too_many(len(listed), "items"))
    return listed


def _policy(
    item: Mapping[str, Any], path: str, harvest: Harvest, faults: Faults
) -> CurbPolicy | None:
    for name in sorted(set(item) - POLICY):
        harvest.notice(f"{path}.{name}", "the specification has no such field here")
    policy_id = faults.take(f"{path}.curb_policy_id", _id, item.get("curb_policy_id"))
    priority = faults.take(f"{path}.priority", whole, item.get("priority"))
    schedule = schedule_of(item.get("time_spans"), f"{path}.time_spans", faults)
    given = list(_items(item.get("rules"), f"{path}.rules", faults))
    rules = [_rule(rule, place, harvest, faults) for place, rule in given]
    if policy_id is None or priority is None or schedule is None or None in rules:
        return None
    return CurbPolicy(priority, tuple(rule for rule in rules if rule), schedule, policy_id)


def _rule(item: Mapping[str, Any], path: str, harvest: Harvest, faults: Faults) -> CurbRule | None:
    for name in sorted(set(item) - RULE):
        said = "what it costs is not read" if name in RATE else "no such field is known"
        harvest.notice(f"{path}.{name}", said)
    activity = faults.take(f"{path}.activity", one_of, item.get("activity"), ACTIVITIES)
    classes = faults.take(f"{path}.user_classes", _classes, item.get("user_classes"))
    lengths = [
        faults.take(f"{path}.{name}", _length, item, name) for name in ("max_stay", "no_return")
    ]
    if activity is None or classes is None or None in lengths:
        return None
    stay, away = (length or None for length in lengths)
    return CurbRule(activity, classes, stay, away)


def _classes(given: Any) -> frozenset[str]:
    named = [inside(f"[{i}]", text, name) for i, name in enumerate(items_or_none(given))]
    return frozenset(name.lower().replace("-", "_").replace(" ", "_") for name in named)


def _length(item: Mapping[str, Any], name: str) -> timedelta:
    """A length of time; none at all where it is not stated."""
    if item.get(name) is None:
        return timedelta()
    unit = one_of(item.get(f"{name}_unit", "minute"), UNITS, "the unit ")
    seconds = round(number(item[name]) * unit)
    check(seconds > 0, "a length of time is positive")
    check(seconds <= SECONDS_MAX, "it is longer than a year")
    return timedelta(seconds=seconds)


def _read_zone(
    curbs: Curbs, item: Mapping[str, Any], path: str, harvest: Harvest, faults: Faults
) -> None:
    for name in sorted(set(item) - SILENT):
        harvest.notice(f"{path}.{name}", "the field has no meaning here")
    zone_id = faults.take(f"{path}.curb_zone_id", _id, item.get("curb_zone_id"))
    span = _validity(item, path, curbs.time_zone, faults)
    named = faults.take(f"{path}.curb_policy_ids", items_or_none, item.get("curb_policy_ids"))
    policies = [
        faults.take(f"{path}.curb_policy_ids[{i}]", _known, curbs, policy_id, span or (None, None))
        for i, policy_id in enumerate(named or ())
    ]
    titles = [
        faults.take(f"{path}.{name}", text_or_empty, item.get(name))
        for name in ("name", "street_name")
    ]
    area = area_of(item, path, harvest, 0)
    if len(area) > 1:
        faults.add(f"{path}.geometry", "a curb zone is one polygon")
    if len(area) != 1 or zone_id is None or span is None or named is None or None in policies:
        return
    title = next(filter(None, titles), "")
    zone = faults.take(path, _zone, curbs, zone_id, title, area[0], [p for p in policies if p])
    if zone is not None:
        before = len(faults.found)
        hold_to_contract(curb_zone_content(zone), path, faults)
        if len(faults.found) == before:
            harvest.zones.append(Read(path, zone))


def _zone(
    curbs: Curbs, name: str, title: str, polygon: Any, policies: list[CurbPolicy]
) -> CurbZone:
    asks = any(policy.schedule.asks_for_holidays for policy in policies)
    holidays = curbs.holidays if asks else ()
    return CurbZone(name, title, polygon, curbs.time_zone, tuple(policies), holidays, curbs.source)


def _id(given: Any) -> str:
    return text(given).lower()


def _known(curbs: Curbs, policy_id: Any, span: tuple[date | None, date | None]) -> CurbPolicy:
    """The policy as it holds on the days of the zone."""
    policy = curbs.policies.get(text(policy_id).lower())
    if policy is None:
        raise Unsound(f"no policy of the file is named {shown(policy_id)}")
    own = policy.schedule
    start = max(filter(None, (own.start, span[0])), default=None)
    end = min(filter(None, (own.end, span[1])), default=None)
    schedule = Schedule(start, end, own.spans, own.excepted)
    return CurbPolicy(policy.priority, policy.rules, schedule, policy.policy_id)


def _validity(
    item: Mapping[str, Any], path: str, time_zone: str, faults: Faults
) -> tuple[date | None, date | None] | None:
    """The local days on which a zone is there: it begins and ends with the day that is named."""
    before = len(faults.found)
    start, end = (
        faults.take(f"{path}.{name}", _local_day, item.get(name), time_zone)
        for name in ("start_date", "end_date")
    )
    return (start, end) if len(faults.found) == before else None


def _local_day(given: Any, time_zone: str) -> date | None:
    if given is None:
        return None
    sound = isinstance(given, int) and not isinstance(given, bool)
    check(sound, "must be a time in milliseconds since 1970")
    check(abs(given) < MILLISECONDS_MAX, "must be a time before the year 3000, in milliseconds")
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=given)
    return moment.astimezone(ZoneInfo(time_zone)).date()
