"""
Bounds along a route by which most insertions are told hopeless without timing them.

Forward: the earliest departure after each visit. Backward: the latest start of each service from
which the rest can still hold. Whoever fails them fails for certain; who passes is timed exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from services.planner.domain.instance import Node
from services.planner.search import rested
from services.planner.search.course import last_open
from services.planner.search.late import open_at
from services.planner.search.stay import Stay
from services.planner.search.view import ShiftView


@dataclass(frozen=True, slots=True)
class Slack:
    """Per position 0..n: where the vehicle is, when it can leave, and the latest it can start."""

    places: tuple[int, ...]
    """The start, each visit, and the end."""
    departures: tuple[int, ...]
    """After the start and each visit, at the earliest."""
    latest_starts: tuple[int, ...]
    """Service at each visit, and the arrival at the end, at the latest."""
    setups: tuple[int, ...]
    """What each visit spends when the vehicle comes from another place; 0 at the end."""


def slack_of(view: ShiftView, nodes: Sequence[Node]) -> Slack:
    """The bounds of a sequence."""
    stays = [view.stay(node) for node in nodes]
    places = [view.start_place, *(stay.place for stay in stays)]
    ends = (*places, view.end_of(places[-1]))
    leave = view.ready_second + view.shift.loading_left_seconds
    after = (*(stay.setup_seconds for stay in stays), 0)
    if view.breaks:
        way = way_of(view, stays, ends)
        departures, latest = rested.earliest_departures(way, leave), rested.latest_starts(view, way)
        return Slack(ends, tuple(departures), tuple(latest), after)
    now, found = leave, [leave]
    for here, stay in zip(places, stays, strict=False):
        setup = stay.setup_seconds if stay.place != here else 0
        start, _ = open_at(stay.windows, now + view.seconds(here, stay.place) + setup)
        now = start + stay.service_seconds
        found.append(now)
    return Slack(ends, tuple(found), latest_starts(view, stays, places), after)


def way_of(view: ShiftView, stays: Sequence[Stay], ends: Sequence[int]) -> rested.Way:
    """The legs of a sequence between its places."""
    moves = [one != other for one, other in pairwise(ends)]
    setups = [stay.setup_seconds if moved else 0 for stay, moved in zip(stays, moves, strict=False)]
    return rested.Way(stays, [view.seconds(*leg) for leg in pairwise(ends)], setups, view.breaks)


def latest_starts(view: ShiftView, stays: Sequence[Stay], places: Sequence[int]) -> tuple[int, ...]:
    """From the end of the shift backward: the latest arrival at the end and start of each stay."""
    there, setup = view.end_of(places[-1]), 0
    latest = [view.shift.end_second - view.shift.unloading_seconds]
    for here, stay in zip(reversed(places[:-1]), reversed(stays), strict=True):
        depart = latest[-1] - setup - view.seconds(stay.place, there)
        start = last_open(stay.windows, depart - stay.service_seconds)
        latest.append(depart - stay.service_seconds if start is None else start)
        there, setup = stay.place, stay.setup_seconds if stay.place != here else 0
    return tuple(reversed(latest))
