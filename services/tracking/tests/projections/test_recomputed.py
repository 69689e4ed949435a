"""
Metrics against a count by hand.

Goal: what `query` says is what anybody would count in the journal who knows the definitions and
nothing of the code. Method: days driven by the real domain, stamped as recording does it; every
number is counted again by a loop of a few lines, whole and by group.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

import pytest

from services.tracking.domain.delivery import Delivery
from services.tracking.domain.event import LegCompleted, OutcomeRecorded, StopArrived, StopDeparted
from services.tracking.domain.heard import DeliveryKnown, Digest
from services.tracking.domain.journal import Event, moment
from services.tracking.domain.metric import Dimension, Granularity, Metric
from services.tracking.domain.stamping import stamped
from services.tracking.domain.words import Outcome, TaskKind
from services.tracking.projections import deliveries
from services.tracking.projections.metrics import query
from services.tracking.projections.scorecard import tallied
from services.tracking.tests.projections.story import PROMISE
from services.tracking.tests.projections.test_replay import events_of, journal
from services.tracking.tests.town import at, place

Pair = tuple[int, int]
SEGMENTS = {"del_1": "shop", "del_2": "web", "del_3": "shop"}


def day_of(seed: int) -> list[Event]:
    """A day of a seed as recording keeps it: told of by dispatch, then stamped one by one."""
    known: dict[str, Delivery] = {}
    kept = []
    told_of = [one for one in events_of(journal(seed)) if not isinstance(one, DeliveryKnown)]
    for event in [*_news(), *told_of]:
        told = stamped(event, known)
        for name in deliveries.named(told):
            known[name] = deliveries.apply(known.get(name) or Delivery(name), told)
        kept.append(told)
    return kept


def _news() -> Iterator[Event]:
    for number in (1, 2, 3):
        name = f"del_{number}"
        digest = Digest(
            name, f"tsk_{number}", 1, PROMISE, place(number), segment=SEGMENTS[name], region="FI"
        )
        yield DeliveryKnown(digest, at(-60), new=True)


def _is_drop(one: OutcomeRecorded) -> bool:
    return one.kind in (TaskKind.DELIVERY, TaskKind.PUDO_DROP, TaskKind.UNSPECIFIED)


def delivered(events: Sequence[Event]) -> Iterator[tuple[Event, Pair]]:
    """Attempts that succeeded."""
    for one in events:
        if isinstance(one, OutcomeRecorded) and _is_drop(one) and one.outcome is Outcome.SUCCEEDED:
            yield one, (1, 1)


def failed(events: Sequence[Event]) -> Iterator[tuple[Event, Pair]]:
    """Attempts that did not."""
    for one in events:
        if isinstance(one, OutcomeRecorded) and _is_drop(one) and one.outcome is Outcome.FAILED:
            yield one, (1, 1)


def on_time(events: Sequence[Event]) -> Iterator[tuple[Event, Pair]]:
    """Successes inside the promise of those that had one."""
    for one, _ in delivered(events):
        window = getattr(one, "promise", None)
        if window:
            yield one, (int(window.start <= moment(one) < window.end), 1)


def dwell(events: Sequence[Event]) -> Iterator[tuple[Event, Pair]]:
    """Seconds at stops."""
    for one in events:
        if isinstance(one, StopDeparted) and one.arrived_at:
            yield one, (round((one.at - one.arrived_at).total_seconds()), 1)


def empty(events: Sequence[Event]) -> Iterator[tuple[Event, Pair]]:
    """Meters without a parcel aboard."""
    for one in events:
        if isinstance(one, LegCompleted):
            yield one, (one.meters * (not one.shares or one.empty), one.meters)


def sequence(events: Sequence[Event]) -> Iterator[tuple[Event, Pair]]:
    """Stops in order."""
    for one in events:
        if isinstance(one, StopArrived):
            yield one, (int(one.in_sequence), 1)


COUNTS: dict[Metric, Callable[[Sequence[Event]], Iterator[tuple[Event, Pair]]]] = {
    Metric.DELIVERED: delivered,
    Metric.FAILED_ATTEMPTS: failed,
    Metric.ON_TIME_PROMISE: on_time,
    Metric.DWELL: dwell,
    Metric.EMPTY_DISTANCE: empty,
    Metric.SEQUENCE_ADHERENCE: sequence,
}
GROUPS: dict[Dimension, Callable[[Event], str]] = {
    Dimension.HOUR: lambda one: f"{moment(one):%Y-%m-%dT%H}",
    Dimension.ROUTE: lambda one: str(getattr(one, "crew").route_id),  # noqa: B009
    Dimension.SEGMENT: lambda one: SEGMENTS.get(_delivery(one), ""),
    Dimension.REGION: lambda _: "FI",
}


def _delivery(one: Event) -> str:
    tasks = getattr(one, "tasks", None) or (getattr(one, "task"),)  # noqa: B009
    return str(tasks[0].delivery_id)


@pytest.fixture(scope="module", params=range(12), ids=lambda seed: f"seed {seed}")
def day(request: pytest.FixtureRequest) -> list[Event]:
    """The day of a seed."""
    return day_of(request.param)


@pytest.mark.parametrize("metric", COUNTS)
@pytest.mark.parametrize("by", GROUPS)
def test_a_metric_is_what_anybody_would_count(
    metric: Metric, by: Dimension, day: list[Event]
) -> None:
    if metric is Metric.EMPTY_DISTANCE and by in (Dimension.SEGMENT, Dimension.REGION):
        return  # a leg is nobody's
    counted: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for event, (numerator, denominator) in COUNTS[metric](day):
        counted[GROUPS[by](event)][0] += numerator
        counted[GROUPS[by](event)][1] += denominator
    over_one = metric in (Metric.DELIVERED, Metric.FAILED_ATTEMPTS)
    found = query(day, [metric], [by], [], Granularity.TOTAL)

    assert {one.group[0]: (one.numerator, one.denominator) for one in found} == {
        key: (numerator, 1 if over_one else denominator)
        for key, (numerator, denominator) in counted.items()
    }


def test_metrics_and_scorecard_say_the_same(day: list[Event]) -> None:
    card = tallied(day)
    sums = {one.metric: one for one in query(day, tuple(Metric), [], [], Granularity.TOTAL)}

    def pair(metric: Metric) -> Pair:
        one = sums.get(metric)
        return (one.numerator, one.denominator) if one else (0, 0)

    assert pair(Metric.ATTEMPTS)[0] == card.attempts
    assert pair(Metric.FIRST_ATTEMPT_SUCCESS) == (card.first_attempt_successes, card.attempted)
    assert pair(Metric.DISTANCE)[0] == card.meters
    assert pair(Metric.EMPTY_DISTANCE) == (card.empty_meters, card.meters)
    assert pair(Metric.COST_PER_DROP)[0] == card.total_micros
    assert pair(Metric.CO2E_PER_DROP)[0] == card.co2e_milligrams
    assert pair(Metric.STOPS)[0] == card.arrivals
    assert pair(Metric.WINDOW_ACCURACY) == (card.inside_quotes, card.quoted_arrivals)


def test_an_edit_of_everything_changes_nothing(day: list[Event]) -> None:
    edits = [
        DeliveryKnown(
            Digest(name, f"tsk_{name[-1]}", 1, None, place(9), segment="other", region="SE"),
            at(300),
            new=False,
        )
        for name in SEGMENTS
    ]
    by = [Dimension.ZONE, Dimension.SEGMENT, Dimension.REGION]
    before = query(day, tuple(Metric), by, [], Granularity.HOUR)

    assert query([*day, *edits], tuple(Metric), by, [], Granularity.HOUR) == before
