"""Why a stay at a curb is not allowed, in one English sentence for people."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.compliance.domain.civil import zone_of
from services.compliance.domain.curb import Why
from services.compliance.domain.curb_zone import CurbFinding

UNITS = ((timedelta(days=1), "d"), (timedelta(hours=1), "h"), (timedelta(minutes=1), "min"))


def sentence(finding: CurbFinding) -> str:
    """The sentence; empty when the stay is allowed."""
    answer, stay = finding.answer, finding.stay
    if answer.allowed or answer.at is None:
        return ""
    doing, when = stay.activity.capitalize(), _wall(finding, answer.at)
    longest = answer.rule.max_stay if answer.rule else None
    match answer.reason:
        case Why.MAX_STAY:
            return f"{doing} is allowed for {_length(longest)}, until {when}."
        case Why.NO_RETURN:
            return f"The vehicle may return from {_wall(finding, _return(finding))} on."
        case Why.USER_CLASSES:
            return f"{doing} is for {_classes(finding)} only."
        case Why.TIME_SPAN if answer.at > stay.start:
            return f"The vehicle must leave by {when}."
        case Why.TIME_SPAN:
            return f"{doing} is not allowed at {when}."
        case Why.ACTIVITY:
            return f"No policy allows {stay.activity} here at {when}."
    forbidden, later = _forbidden(answer.reason), answer.at > stay.start
    return f"{forbidden} from {when} on." if later else f"{forbidden} at {when}."


def _forbidden(activity: str) -> str:
    return activity.capitalize() if activity.startswith("no ") else f"A lane for {activity}"


def _return(finding: CurbFinding) -> datetime:
    rule, left = finding.answer.rule, finding.stay.left
    away = rule.no_return if rule and rule.no_return else timedelta()
    return (left or finding.stay.start) + away


def _classes(finding: CurbFinding) -> str:
    rule = finding.answer.rule
    return " and ".join(sorted(rule.user_classes)) if rule else "others"


def _wall(finding: CurbFinding, at: datetime) -> str:
    """What the clock on the wall shows there; the day too, where it is not that of the arrival."""
    zone = zone_of(finding.version.zone.time_zone)
    local, arrival = at.astimezone(zone), finding.stay.start.astimezone(zone)
    return f"{local:%H:%M}" if local.date() == arrival.date() else f"{local:%H:%M on %Y-%m-%d}"


def _length(length: timedelta | None) -> str:
    """Such as `1 h 30 min`; seconds only when there are some."""
    parts, rest = [], length or timedelta()
    for unit, name in UNITS:
        count, rest = divmod(rest, unit)
        parts += [f"{count} {name}"] if count else []
    parts += [f"{rest.total_seconds():g} s"] if rest else []
    return " ".join(parts)
