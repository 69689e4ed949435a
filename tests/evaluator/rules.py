"""
What rules say at one instant, read off the words of the contract.

Imports nothing of ours. A rule holds where its filter selects the vehicle and its schedule contains
the clock on the wall. A condition holds, fails, or is unknown (None) for want of data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

Words = Mapping[str, Any]
ALLOW, CHARGE, PERMIT, UNKNOWN, DENY = range(5)  # from best to worst
DAY = timedelta(days=1)
NO_EXHAUST = ("ELECTRIC", "HYDROGEN", "MUSCLE")
CHOICES = {
    "categories": "category",
    "fuels": "fuel",
    "bodies": "body",
    "toll_classes": "toll_class",
    "registration_country_codes": "registration_country_code",
}
MEASURES = (
    "max_mass_grams",
    "unladen_mass_grams",
    "height_centimeters",
    "width_centimeters",
    "length_centimeters",
    "axle_mass_grams",
)


@dataclass(frozen=True, slots=True)
class Saying:
    """What the rules of one zone say to one vehicle at one instant."""

    verdict: int
    rule_ids: tuple[str, ...] = ()
    missing: frozenset[str] = frozenset()
    schemes: frozenset[str] = frozenset()
    charges: tuple[Words, ...] = ()  # rules that ask for money


NOTHING = Saying(ALLOW)
UNRECORDED = Saying(UNKNOWN, missing=frozenset({"rules"}))  # no version holds


def saying(version: Words, vehicle: Words, at: datetime) -> Saying:
    """Forbidden before unknown before permit before charge."""
    if version["retired"]:
        return NOTHING
    wall = at.astimezone(ZoneInfo(version["time_zone"]))
    told = []
    for rule in version["rules"]:
        truth, missing = selects(rule["filter"], vehicle, wall.date())
        if in_force(rule, wall, version["holidays"]):
            told.append((rule, truth, missing))
        elif truth is not False and _may_be_in_force(rule, wall, version["holidays"]):
            told.append((rule, None, [*missing, "holidays"]))
    holding = [rule for rule, truth, _ in told if truth]
    of_kind = {
        kind: [rule for rule in holding if rule["effect"]["kind"] == kind]
        for kind in ("prohibition", "permit", "charge")
    }
    if of_kind["prohibition"]:
        return Saying(DENY, _ids(of_kind["prohibition"]))
    charges = tuple(of_kind["charge"])
    unsure = [(rule, missing) for rule, truth, missing in told if truth is None]
    if unsure:
        names = frozenset(name for _, missing in unsure for name in missing)
        return Saying(UNKNOWN, _ids([rule for rule, _ in unsure]), names, charges=charges)
    if of_kind["permit"]:
        schemes = frozenset(rule["effect"]["scheme"] for rule in of_kind["permit"])
        return Saying(PERMIT, _ids(of_kind["permit"]), schemes=schemes, charges=charges)
    return Saying(CHARGE, _ids(charges), charges=charges) if charges else NOTHING


def _ids(rules: Sequence[Words]) -> tuple[str, ...]:
    return tuple(rule["rule_id"] for rule in rules)


def in_force(rule: Words, wall: datetime, holidays: Sequence[date]) -> bool:
    """Whether the rule's schedule contains what the wall shows."""
    today = wall.date()
    if rule["start"] is not None and today < rule["start"]:
        return False
    if rule["end"] is not None and today >= rule["end"]:
        return False
    if any(_same_day(excepted, today) for excepted in rule["excepted"]):
        return False
    seconds = wall.hour * 3_600 + wall.minute * 60 + wall.second
    return not rule["spans"] or any(
        _spans(span, today, seconds, holidays) for span in rule["spans"]
    )


def _may_be_in_force(rule: Words, wall: datetime, holidays: Sequence[date]) -> bool:
    """Whether it is on a holiday only, and nobody listed the holidays of that year."""
    unlisted = [
        day
        for day in (wall.date() - DAY, wall.date())
        if day.year not in [holiday.year for holiday in holidays]
    ]
    only = [span for span in rule["spans"] if span["holidays"] == "ONLY"]
    return bool(only) and in_force({**rule, "spans": only}, wall, unlisted)


def _same_day(excepted: tuple[int, int, int], today: date) -> bool:
    year, month, day = excepted
    return (month, day) == (today.month, today.day) and year in (0, today.year)


def _spans(span: Words, today: date, seconds: int, holidays: Sequence[date]) -> bool:
    start, end = span["start"], span["end"]
    if start < end:
        return start <= seconds < end and _starts_on(span, today, holidays)
    if seconds >= start:
        return _starts_on(span, today, holidays)
    return seconds < end and _starts_on(span, today - DAY, holidays)


def _starts_on(span: Words, day: date, holidays: Sequence[date]) -> bool:
    festive = day in holidays
    if span["holidays"] == "ONLY":
        return festive
    if span["holidays"] == "EXCLUDED" and festive:
        return False
    return not span["days"] or day.weekday() in span["days"]


def selects(wanted: Words, vehicle: Words, day: date) -> tuple[bool | None, list[str]]:
    """Whether the filter selects the vehicle; unknown only if no condition fails."""
    told = list(_conditions(wanted, vehicle, day))
    if any(truth is False for _, truth in told):
        return False, []
    missing = [name for name, truth in told if truth is None]
    return (None if missing else True), missing


def _conditions(wanted: Words, vehicle: Words, day: date) -> Iterator[tuple[str, bool | None]]:
    for field, name in CHOICES.items():
        if wanted.get(field):
            own = vehicle.get(name)
            yield name, None if own is None else own in wanted[field]
    if wanted.get("excluded_fuels"):
        own = vehicle.get("fuel")
        yield "fuel", None if own is None else own not in wanted["excluded_fuels"]
    if "euro_class" in wanted:
        yield "euro_class", _euro(wanted["euro_class"], vehicle)
    for name in MEASURES:
        if name in wanted:
            yield name, _between(wanted[name], vehicle.get(name))
    for scheme, bounds in wanted.get("stickers", {}).items():
        yield f"stickers.{scheme}", _between(bounds, vehicle["stickers"].get(scheme))
    if "first_registration" in wanted:
        yield "first_registration_date", _registered(wanted, vehicle)
    for scheme in wanted.get("lacking_permits", ()):
        held = holds(vehicle, scheme, day)
        yield f"permits.{scheme}", None if held is None else not held
    for scheme in wanted.get("held_permits", ()):
        yield f"permits.{scheme}", holds(vehicle, scheme, day)
    if "auto_pay" in wanted:
        own = vehicle.get("auto_pay")
        yield "auto_pay", None if own is None else own == wanted["auto_pay"]


def _euro(bounds: tuple[int | None, int | None], vehicle: Words) -> bool | None:
    """What has no exhaust is cleaner than every class."""
    if vehicle.get("fuel") in NO_EXHAUST:
        return bounds[1] is None
    return _between(bounds, vehicle.get("euro_class"))


def _between(bounds: tuple[int | None, int | None], own: int | None) -> bool | None:
    """Both ends are included."""
    if own is None:
        return None
    low, high = bounds
    return (low is None or own >= low) and (high is None or own <= high)


def _registered(wanted: Words, vehicle: Words) -> bool | None:
    """The first day is included, the last is not."""
    own, (start, end) = vehicle.get("first_registration_date"), wanted["first_registration"]
    if own is None:
        return None
    return (start is None or own >= start) and (end is None or own < end)


def holds(vehicle: Words, scheme: str, day: date) -> bool | None:
    """Whether a permit is held on a local day; unknown when the scheme is not listed."""
    listed = [permit for permit in vehicle["permits"] if permit["scheme"] == scheme]
    if not listed:
        return False if vehicle["permits_complete"] else None
    return any(
        permit["held"]
        and (permit["start"] is None or day >= permit["start"])
        and (permit["end"] is None or day < permit["end"])
        for permit in listed
    )
