"""
The sweep: least cost by departure, stay after stay, then the way back to the moments that had it.

One curve per number of breaks taken. See `schedule` for the law.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.planner.domain.money import WATT_HOURS_PER_KILOWATT_HOUR
from services.planner.domain.plan import Route
from services.planner.search.course import BreakTimes, Course, Held, route_of
from services.planner.search.curve import (
    FOREVER,
    Curve,
    cheapest,
    cut,
    lower,
    moved,
    summed,
    waited,
)
from services.planner.search.stay import Stay
from services.planner.search.view import ShiftView

TIE_WEIGHT = 1 << 17  # seconds: more than a day; unpaid time only decides between equal costs


@dataclass(frozen=True, slots=True)
class Price:
    """What time costs a shift, scaled as curves are."""

    slope: int
    """Per second between start and end, positive."""
    weight: int
    """By which curves are multiplied, so that a slope of 1 only breaks ties."""
    overtime_slope: int
    """On top, per second after `overtime_after`."""
    overtime_after: int
    began_second: int | None
    """When the route began; None: where it is put."""

    @property
    def has_overtime(self) -> bool:
        """Whether overtime depends on where the start is put."""
        return bool(self.overtime_slope) and self.began_second is None

    def overtime_seconds(self, route: Route) -> int:
        """By how much a route is longer than what is paid as usual; negative where it is not."""
        return route.end_second - route.start_second - self.overtime_after

    def with_overtime(self) -> Price:
        """As if all of the time were paid as overtime is: less than the truth, or equal to it."""
        return replace(self, slope=self.slope + self.overtime_slope, overtime_slope=0)


def price_of(view: ShiftView) -> Price:
    """What time costs a shift, the energy that time takes included."""
    rates, shift = view.costs, view.shift
    slope = rates.hour_micros
    if shift.vehicle.battery is not None:
        hour = shift.vehicle.energy_model.hour_watt_hours
        slope += rates.kilowatt_hour_micros * hour // WATT_HOURS_PER_KILOWATT_HOUR
    weight = 1 if slope else TIE_WEIGHT
    has_overtime = rates.overtime_after_seconds is not None
    state = shift.start_state
    return Price(
        slope or 1,
        weight,
        rates.overtime_hour_micros * weight if has_overtime else 0,
        rates.overtime_after_seconds or 0,
        None if state is None else state.route_start_second or view.ready_second,
    )


def swept(course: Course, latest: Sequence[int], price: Price) -> Route | None:
    """The cheapest route that keeps windows and breaks; None where none does."""
    layers = [start_layer(course, price)]
    for leg, stay in enumerate(course.stays):
        setup, service = course.setups[leg], stay.service_seconds
        reached = after_leg(course, layers[-1], leg, latest[leg] - setup)
        own = stay_curve(stay, latest[leg], price.weight)
        layer = [onward(one, setup, own, service) for one in reached]
        if not any(layer):
            return None
        layers.append(layer)
    reached = after_leg(course, layers[-1], len(course.stays), course.over_second)
    ends = []
    for count, one in enumerate(reached):
        own = summed(cut(one, 0, last_over(course, count)), end_curve(course, price))
        least = cheapest(own)
        if least is not None:
            ends.append((*least, count))
    if not ends:
        return None
    _, over, count = min(ends)
    return traced(course, layers, over, count)


def onward(reached: Curve, setup: int, own: Curve, service: int) -> Curve:
    """From the completion of a leg to the departure from its stay."""
    if not reached:
        return reached
    return moved(summed(moved(reached, setup) if setup else reached, own), service)


def start_layer(course: Course, price: Price) -> list[Curve]:
    """No break is taken; each second later saves what a second costs."""
    first, last = course.leave_second, course.over_second
    own = [(first, last, 0, -price.slope)]
    if course.view.shift.is_under_way:
        own = [(first, first, 0, 0)]
    return [own, *([] for _ in course.breaks)]


def end_curve(course: Course, price: Price) -> Curve:
    """What an end of the last leg costs."""
    first = course.leave_second
    own = (first, FOREVER, 0, price.slope)
    if price.began_second is None or not price.overtime_slope:
        return [own]
    kink = price.began_second + price.overtime_after - course.unloading_seconds
    slope = price.slope + price.overtime_slope
    if kink <= first:
        return [(first, FOREVER, price.overtime_slope * (first - kink), slope)]
    return [(first, kink - 1, 0, price.slope), (kink, FOREVER, price.slope * (kink - first), slope)]


def last_over(course: Course, count: int) -> int:
    """The latest end of the last leg with so many breaks held: the others must still follow it."""
    if count == len(course.breaks):
        return course.over_second
    return min(course.over_second, course.breaks[count][2] - course.unloading_seconds)


def stay_curve(stay: Stay, latest: int, weight: int) -> Curve:
    """What a start of service costs, up to the latest from which the rest can hold."""
    if stay.curve is None:
        return [(first, min(last, latest), 0, 0) for first, last in stay.windows if first <= latest]
    own = cut(stay.curve, 0, latest)
    if weight == 1:
        return own
    return [(first, last, value * weight, slope * weight) for first, last, value, slope in own]


def after_leg(course: Course, layer: Sequence[Curve], leg: int, until: int) -> list[Curve]:
    """The least cost by completion of a leg, by the number of breaks taken."""
    travel = course.travels[leg]
    found: list[Curve] = [[] for _ in layer]
    for before, own in enumerate(layer):
        if not own:
            continue
        # A break not taken yet must still be able to start: in a later leg, or after the end.
        due = course.breaks[before][2] if before < len(course.breaks) else FOREVER
        free = cut(moved(waited(own), travel), 0, min(until, due))
        found[before] = lower(found[before], free)
        for after in range(before + 1, len(layer)):
            way = leeway(course.breaks[before:after])
            if way is None or way[1] > until:
                break
            departing = waited(cut(own, 0, way[0]))
            reached = cut(moved(departing, travel + way[2]), way[1], until)
            found[after] = lower(found[after], reached)
    return found


def leeway(held: Sequence[BreakTimes]) -> tuple[int, int, int] | None:
    """
    The latest departure of a leg that holds some breaks, its earliest completion, their length.

    None where one break leaves the next no time.
    """
    latest, earliest, total = FOREVER, 0, 0
    for _, first, last, length in held:
        earliest = max(earliest, first)
        if earliest > last:
            return None
        latest = min(latest, last - total)
        earliest, total = earliest + length, total + length
    return latest, earliest, total


def traced(course: Course, layers: Sequence[Sequence[Curve]], over: int, count: int) -> Route:
    """The route whose last leg is over at a moment with so many breaks held."""
    begun, held, ready = [over], list[Held](), over
    depart = over
    for leg in range(len(course.stays), -1, -1):
        before, depart = departure(course, layers[leg], leg, ready, count)
        held[:0] = placed(course, leg, depart, course.breaks[before:count])
        count = before
        if leg:
            begun.insert(0, depart - course.stays[leg - 1].service_seconds)
            ready = begun[0] - course.setups[leg - 1]
    return route_of(course, depart - course.loading_seconds, begun, held)


def departure(
    course: Course, layer: Sequence[Curve], leg: int, ready: int, count: int
) -> tuple[int, int]:
    """How many breaks were taken before a leg, and when it is left, at the least cost."""
    found = []
    for before in range(count, -1, -1):
        way = leeway(course.breaks[before:count])
        if way is None or way[1] > ready:
            continue
        limit = min(way[0], ready - course.travels[leg] - way[2])
        least = cheapest(cut(layer[before], 0, limit))
        if least is not None:
            found.append((least[0], -before, least[1]))
    _, negative, second = min(found)
    return -negative, second


def placed(course: Course, leg: int, depart: int, held: Sequence[BreakTimes]) -> list[Held]:
    """Breaks of a leg at their moments: each when its window is open, driving until then."""
    now, left, found = depart, course.travels[leg], list[Held]()
    for rule, first, _, length in held:
        driven = min(left, max(0, first - now))
        begin, left = max(now + driven, first), left - driven
        found.append(Held(rule, begin, length, leg, FOREVER))
        now = begin + length
    return found
