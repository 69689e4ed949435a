"""
The single-route scheduler: fixes the times of one sequence exactly, breaks included.

Label setting over the legs: a label is how many breaks are taken, its value the earliest departure;
driving keeps its order (who leaves earlier arrives no later), so the earliest departure per number
of breaks is enough. Then the start is moved as late as the end allows, which leaves no needless
waiting. A sequence that cannot hold its windows is timed all the same, late where it must be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.planner.domain.instance import Node
from services.planner.domain.plan import Break, Route, Visit
from services.planner.search.view import FOREVER, ShiftView, Stay, Windows

BreakTimes = tuple[int, int, int, int]  # rank among the shift's breaks, first, last, length


@dataclass(slots=True)
class Label:
    """The best way to have taken some number of breaks up to a departure."""

    late_seconds: int
    departed_second: int
    before: Label | None
    taken_in_leg: int

    @property
    def taken(self) -> tuple[int, ...]:
        """How many breaks each leg so far holds."""
        held, label = [], self
        while label.before is not None:
            held.append(label.taken_in_leg)
            label = label.before
        return tuple(reversed(held))


@dataclass(frozen=True, slots=True)
class Timing:
    """The times of a sequence."""

    route: Route
    late_seconds: int
    """By how much windows and breaks are missed, added up."""


def schedule(view: ShiftView, nodes: Sequence[Node]) -> Timing:
    """Times a sequence: as early as possible at its end, then as late as possible at its start."""
    stays = [view.stay(node) for node in nodes]
    best = earliest(view, stays)
    start = view.ready_second
    if not view.shift.is_under_way and not best.late_seconds:
        start = latest_start(view, stays, best)
    return timed(view, nodes, stays, best, start)


def earliest(view: ShiftView, stays: Sequence[Stay]) -> Label:
    """The label at the end that is least late, then earliest, with every break held that is due."""
    count = len(view.breaks) if stays else 0
    leave = view.ready_second + view.shift.loading_left_seconds
    labels: list[Label | None] = [Label(0, leave, None, 0), *([None] * count)]
    here = view.start_place
    for stay in stays:
        labels = after_leg(view, labels, view.seconds(here, stay.place), stay, here)
        here = stay.place
    ends = after_leg(view, labels, view.seconds(here, view.end_of(here)), None, here)
    return min(
        (end for number, end in enumerate(ends) if end and is_free(view, end, number, count)),
        key=lambda end: (end.late_seconds, end.departed_second),
    )


def is_free(view: ShiftView, end: Label, number: int, count: int) -> bool:
    """Whether the breaks not taken can follow the route: it is over while they may still start."""
    over = end.departed_second + view.shift.unloading_seconds
    return number == count or over <= view.breaks[number][2]


def after_leg(
    view: ShiftView, labels: Sequence[Label | None], travel: int, stay: Stay | None, here: int
) -> list[Label | None]:
    """The best labels when a leg and its stay are over, by the number of breaks taken."""
    found: list[Label | None] = [None] * len(labels)
    for before, label in enumerate(labels):
        if label is None:
            continue
        for number in range(before, len(labels)):
            ready, late = advance(label.departed_second, travel, view.breaks[before:number])
            start, over = ready, ready
            if stay is not None:
                start, missed = open_at(stay.windows, ready + setup_of(stay, here))
                over, late = start + stay.service_seconds, late + missed
            late += label.late_seconds
            best = found[number]
            if best is None or (late, over) < (best.late_seconds, best.departed_second):
                found[number] = Label(late, over, label, number - before)
            if stay is not None and waits_better(view, number, start, over):
                break
    return found


def waits_better(view: ShiftView, number: int, start: int, over: int) -> bool:
    """
    Whether the next break is better held after a stay than before it.

    It is when it cannot begin before the stay does, and still can when the stay is over: held
    before, it would push the stay back, held after, it ends no later.
    """
    if number == len(view.breaks):
        return True
    _, first, last, _ = view.breaks[number]
    return first >= start and over <= last


def setup_of(stay: Stay, here: int) -> int:
    """Setup is spent when the vehicle comes from another place."""
    return stay.setup_seconds if stay.place != here else 0


def advance(depart: int, travel: int, breaks: Sequence[BreakTimes]) -> tuple[int, int]:
    """
    When a leg is over that holds some breaks, and by how much they are late.

    Driving fills the time until a break's window opens; a break then interrupts it.
    """
    now, left, late = depart, travel, 0
    for _, first, last, length in breaks:
        driven = min(left, max(0, first - now))
        now, left = max(now + driven, first), left - driven
        late += max(0, now - last)
        now += length
    return now + left, late


def open_at(windows: Windows, second: int) -> tuple[int, int]:
    """The earliest start at or after a moment, and by how much it is late where none is left."""
    for first, last in windows:
        if second <= last:
            return max(second, first), 0
    return second, second - windows[-1][1] if windows else FOREVER


def latest_start(view: ShiftView, stays: Sequence[Stay], best: Label) -> int:
    """The latest start of loading that ends no later, with the same breaks in the same legs."""
    place = stays[-1].place if stays else view.start_place
    travel = view.seconds(place, view.end_of(place))
    taken = best.taken
    number, limit = sum(taken), best.departed_second
    for rank in range(len(stays), -1, -1):
        held = taken[rank]
        depart = latest_departure(limit, travel, view.breaks[number - held : number])
        number -= held
        if rank == 0:
            return max(view.ready_second, depart - view.shift.loading_left_seconds)
        stay = stays[rank - 1]
        here = stays[rank - 2].place if rank > 1 else view.start_place
        start = last_open(stay.windows, depart - stay.service_seconds)
        limit, travel = start - setup_of(stay, here), view.seconds(here, stay.place)
    return view.ready_second


def latest_departure(limit: int, travel: int, breaks: Sequence[BreakTimes]) -> int:
    """The latest departure of a leg that is over at `limit` and holds some breaks."""
    depart, lengths = limit - travel - sum(one[3] for one in breaks), 0
    for _, _, last, length in breaks:
        depart = min(depart, last - lengths)
        lengths += length
    return depart


def last_open(windows: Windows, second: int) -> int:
    """The latest start at or before a moment; the moment itself where there is none."""
    for first, last in reversed(windows):
        if first <= second:
            return min(last, second)
    return second


def timed(
    view: ShiftView, nodes: Sequence[Node], stays: Sequence[Stay], best: Label, start: int
) -> Timing:
    """The route with all times, from a start and with the given breaks in each leg."""
    visits: list[Visit] = []
    breaks: list[Break] = []
    here, number, late, taken = view.start_place, 0, 0, best.taken
    now = start + view.shift.loading_left_seconds
    for rank, (node, stay) in enumerate(zip(nodes, stays, strict=True)):
        held = view.breaks[number : number + taken[rank]]
        number += len(held)
        leg = drive(now, view.seconds(here, stay.place), held, rank)
        breaks += leg.breaks
        begun, missed = open_at(stay.windows, leg.over_second + setup_of(stay, here))
        late += missed + leg.late_seconds
        ready = begun - setup_of(stay, here)
        arrival = ready if stay.holds_before else leg.arrival_second
        now, here = begun + stay.service_seconds, stay.place
        visits.append(Visit(*node, arrival, ready, begun, now))
    leg = drive(
        now,
        view.seconds(here, view.end_of(here)),
        view.breaks[number : sum(taken)],
        len(stays),
    )
    breaks += leg.breaks
    late += leg.late_seconds
    end = leg.over_second + view.shift.unloading_seconds
    route = Route(view.rank, start, end, leg.arrival_second, tuple(visits), tuple(breaks))
    return Timing(route, late)


@dataclass(frozen=True, slots=True)
class Driven:
    """One leg with its breaks fixed."""

    arrival_second: int
    over_second: int
    breaks: tuple[Break, ...]
    late_seconds: int


def drive(depart: int, travel: int, held: Sequence[BreakTimes], rank: int) -> Driven:
    """Drives a leg as `advance` does, and says when its breaks are and when the wheels stop."""
    now, left, late = depart, travel, 0
    arrival = depart if not travel else None
    breaks = []
    for rule, first, last, length in held:
        driven = min(left, max(0, first - now))
        if left and driven == left:
            arrival = now + driven
        now, left = max(now + driven, first), left - driven
        late += max(0, now - last)
        breaks.append(Break(rule, now, rank))
        now += length
    over = now + left
    return Driven(over if arrival is None or left else arrival, over, tuple(breaks), late)
