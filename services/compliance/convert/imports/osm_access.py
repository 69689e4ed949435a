"""
The values of a way in OpenStreetMap, plain and conditional, in order -> who is kept out when.

What comes later wins: a clause that lets in takes its hours, and the vehicles below its measure,
away from what kept out before it. Where nobody can read what a clause says, or for whom, the
answer is unknown at those hours, with a notice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from services.compliance.convert.imports.hours import Hours, always, together
from services.compliance.convert.imports.osm_conditions import MEASURES, Clause
from services.compliance.domain.faults import Unsound, check
from services.compliance.domain.filter import Bounds, VehicleFilter
from services.compliance.domain.schedule import Schedule

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
NOT_READ = "not read here"
SPANS_MAX = 50  # of a schedule, by the contract
CLOSINGS_MAX = 8  # of one kind of vehicles: what says more is not read


@dataclass(frozen=True, slots=True)
class Closing:
    """Vehicles that are kept out at some hours; not known: of whom it is not known then."""

    wanted: VehicleFilter
    hours: tuple[Hours, ...]
    title: str
    is_known: bool = True

    def schedule(self) -> Schedule:
        """The hours."""
        return together(self.hours)


def lets_in(value: str) -> bool | None:
    """Whether the value lets a delivery in; None when that is not the map's to say."""
    words = {word.strip() for word in value.split(";")}
    if words & LETS_IN:
        return True
    return False if words <= KEEPS_OUT else None


class Access:
    """Who is kept out of a way when, of some kind of vehicles, as far as its tags were read."""

    def __init__(self, wanted: VehicleFilter, notices: list[str]) -> None:
        self.closings: list[Closing] = []
        self._wanted, self._notices = wanted, notices

    def start(self, value: str, title: str) -> None:
        """The plain value, which more general ones give way to."""
        self.closings = []
        open_to_us = lets_in(value)
        if value in THEIRS:
            self._notices.append(f"{title}: {THEIRS[value]}; left out")
        elif open_to_us is None:
            self.doubt(title, NOT_READ)
        elif not open_to_us:
            self.close(title)

    def take(self, clause: Clause, title: str) -> None:
        """A conditional value."""
        open_to_us = lets_in(clause.value)
        if open_to_us or clause.value in THEIRS:
            self.open(clause, title, THEIRS.get(clause.value, ""))
        elif open_to_us is None:
            self.open(clause, title, NOT_READ)
            self.close_at(clause, title, NOT_READ)
        else:
            self.close_at(clause, title)

    def open(self, clause: Clause, title: str, doubt: str = "") -> None:
        """Lets those in whom a clause is about; it may do so, where there is a doubt."""
        if not self.closings:
            return
        if not doubt and clause.above is not None and clause.is_above:
            doubt = "it lets in the large ones"
        self.closings = [
            part for own in self.closings for part in self._less(own, clause, title, doubt)
        ]
        if len(self.closings) > CLOSINGS_MAX:
            self.closings = []
            self.doubt(title, "there are too many clauses")

    def close_at(self, clause: Clause, title: str, doubt: str = "") -> None:
        """Keeps those out whom a clause is about, or may do so."""
        small = clause.above is not None and not clause.is_above
        doubt = NOT_READ if clause.unread else doubt or ("it keeps out the small ones" * small)
        hours = always() if clause.unread else clause.when()
        if doubt:
            self.doubt(title, doubt, hours)
        else:
            self.close(title, hours, clause.above)

    def close(
        self, title: str, hours: Hours | None = None, above: VehicleFilter | None = None
    ) -> None:
        """Keeps them out, at some hours and above some measure where these are stated."""
        wanted = self._wanted if above is None else both(self._wanted, above)
        self._add(Closing(wanted, (hours or always(),), title))

    def doubt(self, title: str, why: str, hours: Hours | None = None) -> None:
        """May keep them out; says so."""
        if self._add(Closing(self._wanted, (hours or always(),), title, is_known=False)):
            self._tell(title, why)

    def _add(self, closing: Closing) -> bool:
        """Adds one, unless nobody gets in anyway."""
        whole = Closing(self._wanted, (always(),), "")
        if any(replace(own, title="") == whole for own in self.closings):
            return False
        self.closings.append(closing)
        return True

    def _tell(self, title: str, why: str) -> None:
        self._notices.append(f"{title}: {why}; the answer is unknown")

    def _less(self, own: Closing, clause: Clause, title: str, doubt: str) -> Iterator[Closing]:
        """What is left of a closing beside a clause that lets in."""
        left: tuple[Hours, ...] = ()
        try:
            check(not clause.unread, NOT_READ)
            left = _minus(own.hours, clause.when())
        except Unsound as fault:
            doubt = str(fault)
        if left == own.hours:
            yield own
            return
        told = f"{own.title}; {title}"
        if left:
            yield replace(own, hours=left, title=told)
        if doubt:
            self._tell(title, doubt)
            yield replace(own, title=told, is_known=False)
        elif clause.above is not None:
            yield replace(own, wanted=both(own.wanted, clause.above), title=told)


def _minus(hours: tuple[Hours, ...], away: Hours) -> tuple[Hours, ...]:
    left = tuple(part for own in hours for part in own.minus(away))
    count = sum(len(part.spans) for part in left)
    check(count <= SPANS_MAX, f"what is left takes more than {SPANS_MAX} spans")
    return left


def both(one: VehicleFilter, other: VehicleFilter) -> VehicleFilter:
    """The vehicles of one filter that are above the measures of another one, too."""
    bounds = {}
    for name, _ in MEASURES.values():
        lows = [low for f in (one, other) if (low := getattr(f, name).min) is not None]
        bounds[name] = Bounds(max(lows, default=None))
    return replace(one, **bounds)  # type: ignore[arg-type]
