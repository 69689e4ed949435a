"""Broken rules in words for people."""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.plan import Violation
from services.planner.domain.reason import Reason

SECONDS_PER_MINUTE = 60
WORDS: dict[Reason, str] = {
    Reason.CAPACITY: "the goods do not fit",
    Reason.WINDOW: "service starts outside its windows",
    Reason.SKILL: "the shift lacks a skill, or holds one that is refused",
    Reason.SHIFT: "the route does not lie within its shift",
    Reason.BREAK: "a break is not held as it must be",
    Reason.DUTY: "a limit of the driver is passed",
    Reason.ZONE: "the vehicle may not be there then",
    Reason.ACCESS_UNKNOWN: "what is known of the vehicle does not tell whether it may be there",
    Reason.REACHABLE: "no way leads there for this vehicle",
    Reason.TERRITORY: "the task lies outside the territories of the shift",
    Reason.EXCLUDED: "the task keeps this shift or vehicle out",
    Reason.LOCK: "what was decided is not kept",
    Reason.PAIRING: "pickup and delivery do not go together as they must",
    Reason.GOODS: "goods are on board that may not be together",
    Reason.UNLOADING: "goods do not leave in the order that the shift demands",
    Reason.CHARGE: "the battery does not last",
    Reason.DISTANCE: "the route is too long",
    Reason.STOP_LIMIT: "the route has too many stops",
    Reason.SERVICE: "service or setup does not last as long as it must",
    Reason.COVERAGE: "not every task is served or reported once",
    Reason.TRAVEL: "the times do not follow from the travel times",
    Reason.COST: "the cost is not what its terms add up to",
    Reason.NO_ROOM: "there is no room left in any route",
    Reason.TOO_DEAR: "serving it costs more than its penalty",
    Reason.TIME: "the search ended before it was placed",
    Reason.RELOAD: "the route reloads outside its windows, or too often",
    Reason.RELEASE: "the vehicle leaves before its goods are ready",
    Reason.BALANCE: "the plan is not as even as it says",
}


def sentence(violation: Violation) -> str:
    """What is broken, by whom or what, by how much, and what else there is to say."""
    return ", ".join(parts(violation))


def parts(violation: Violation) -> Iterator[str]:
    """The parts of its sentence."""
    words = WORDS[violation.reason]
    if not violation.hard and violation.reason is Reason.WINDOW:
        words = "service starts outside the preferred part of its window"
    yield f"{words}: {violation.subject}" if violation.subject else words
    if violation.excess_seconds:
        yield f"by {-(-violation.excess_seconds // SECONDS_PER_MINUTE)} min"
    if violation.excess_amount:
        yield f"by {violation.excess_amount}"
    if violation.message:
        yield violation.message
