"""
Read models against the journal.

Goal: whatever reads the journal may read it twice, from an older place, or in batches of any size,
and shows the same. Method: a day is driven by the real domain, from a seed, with much that can go
wrong; its journal is folded in several ways, through the store's own codec too.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.tracking.adapters.codec import EVENT_TYPES, pack, unpack, unpack_event
from services.tracking.domain.delivery import Delivery
from services.tracking.domain.event import MilestoneReached
from services.tracking.domain.journal import Event, moment
from services.tracking.domain.legs import settle
from services.tracking.domain.metric import Dimension, Granularity, Metric
from services.tracking.domain.observing import observe
from services.tracking.domain.run import Run
from services.tracking.domain.thresholds import Thresholds
from services.tracking.domain.ticking import tick
from services.tracking.domain.words import FailureReason, Milestone, Source, TaskKind
from services.tracking.projections import deliveries, metrics, scorecard, timeline
from services.tracking.tests.domain.noise import noisy
from services.tracking.tests.projections.story import (
    attempt,
    crew,
    emission,
    held,
    known,
    placed,
    withdrawn,
)
from services.tracking.tests.town import (
    NINE,
    Drive,
    at,
    delivered,
    failed,
    place,
    route,
    run,
)

LATE = timedelta(minutes=5)
Journal = list[tuple[Event, datetime]]


def journal(seed: int) -> Journal:
    """A day with its moments of record: news, a drive through noise, a failed attempt, a return."""
    dice, one, drive = random.Random(seed), run(), Drive()
    events: list[Event] = [known(n) for n in (1, 2, 3)]
    events += [placed(1, 2), withdrawn(1, 2), placed(1, 2, 3, minutes=-5)]
    _drive(one, drive, dice)
    events += one.events
    events += [known(2, 40), attempt(11, 50, dice.choice([TaskKind.DELIVERY, TaskKind.RETURN]))]
    events += [placed(11, by=crew("rte_2"), minutes=55), held(3, 60, Milestone.COLLECTED)]
    events += [emission(rank, 100 * rank) for rank in (1, 2, 3, 4)]
    recorded = [(one, moment(one) + timedelta(minutes=dice.choice([0, 0, 9]))) for one in events]
    told = timeline.replayed(recorded, LATE).values()
    return [*recorded, *((entry, entry.recorded_at) for entry in told)]


def _drive(one: Run, drive: Drive, dice: random.Random) -> None:
    for number in (1, 2, 3):
        for fix in noisy([*drive.to(place(number), 120), *drive.stand(60)], dice):
            observe(one, fix)
        tick(one, drive.at, Thresholds())
        minutes = (drive.at - NINE) / timedelta(minutes=1)
        fails = number == 1 or dice.random() < 0.3
        end = (
            failed(number, minutes, FailureReason.REFUSED) if fails else delivered(number, minutes)
        )
        one.close(end)
    one.end(drive.at + timedelta(minutes=20))
    one.real_now += timedelta(minutes=1)
    settle(one, tracked=True)


def folded(batches: Iterable[Sequence[Event]]) -> dict[str, Delivery]:
    """Deliveries as the store has them, after each batch was read, folded and kept as JSON."""
    store: dict[str, str] = {}
    for batch in batches:
        names = {name for event in batch for name in deliveries.named(event)}
        changed = {
            name: unpack(store[name], Delivery) if name in store else Delivery(name)
            for name in names
        }
        for event in batch:
            for name in deliveries.named(event):
                changed[name] = deliveries.apply(changed[name], event)
        store |= {name: pack(one) for name, one in changed.items()}
    return {name: unpack(text, Delivery) for name, text in store.items()}


def cut(events: Sequence[Event], size: int) -> list[Sequence[Event]]:
    """The events in batches."""
    return [events[n : n + size] for n in range(0, len(events), size)]


@pytest.fixture(scope="module", params=range(6), ids=lambda seed: f"seed {seed}")
def day(request: pytest.FixtureRequest) -> Journal:
    """The journal of a seed."""
    return journal(request.param)


def events_of(day: Journal) -> list[Event]:
    """The events of a journal, without their moments of record."""
    return [event for event, _ in day]


def test_the_day_has_something_of_everything(day: Journal) -> None:
    kinds = {type(event).__name__ for event in events_of(day)}

    assert kinds >= {
        "RouteStarted", "StopArrived", "StopDeparted", "OutcomeRecorded", "LegCompleted",
        "RouteCompleted", "EtaChanged", "StopNear", "MilestoneReached", "AttemptPlanned",
    }  # fmt: skip


@pytest.mark.parametrize("size", [1, 2, 7, 50, 1_000])
def test_batches_of_any_size_give_the_same_deliveries(day: Journal, size: int) -> None:
    events = events_of(day)

    assert folded(cut(events, size)) == deliveries.replayed(events)


def test_a_journal_read_twice_gives_the_same_deliveries(day: Journal) -> None:
    events = events_of(day)

    assert deliveries.replayed([*events, *events]) == deliveries.replayed(events)


def test_a_journal_read_again_from_any_place_gives_the_same_deliveries(day: Journal) -> None:
    events = events_of(day)
    once = deliveries.replayed(events)

    for back in range(0, len(events), 9):
        assert deliveries.replayed([*events, *events[back:]]) == once, back


def test_a_journal_read_twice_gives_the_same_timeline(day: Journal) -> None:
    assert timeline.replayed([*day, *day], LATE) == timeline.replayed(day, LATE)


def test_entries_that_stand_in_the_journal_are_those_that_a_replay_makes(day: Journal) -> None:
    kept = {event.entry_id: event for event, _ in day if isinstance(event, MilestoneReached)}
    made = timeline.replayed(((e, r) for e, r in day if not isinstance(e, MilestoneReached)), LATE)

    assert made == kept


def test_a_journal_read_twice_and_shuffled_gives_the_same_scorecard(day: Journal) -> None:
    events = events_of(day)
    twice = [*events, *events]
    random.Random(1).shuffle(twice)

    assert scorecard.tallied(twice) == scorecard.tallied(events)


def test_metrics_do_not_depend_on_the_order_of_the_journal(day: Journal) -> None:
    events = events_of(day)
    shuffled = random.Random(2).sample(events, k=len(events))
    asked = tuple(Metric), (Dimension.ROUTE, Dimension.HOUR), (), Granularity.HOUR

    assert metrics.query(shuffled, *asked) == metrics.query(events, *asked)


def test_every_event_comes_back_from_the_store_as_it_went_in(day: Journal) -> None:
    for event in events_of(day):
        assert unpack_event(type(event).__name__, pack(event)) == event


def test_every_kind_of_event_has_a_name_in_the_store() -> None:
    known_types = {*metrics.MEASURED, *scorecard.COUNTS, *deliveries.FOLDS, *timeline.MAKERS}

    assert {kind.__name__ for kind in known_types} <= set(EVENT_TYPES)


def test_a_run_that_was_stored_after_every_word_goes_on_as_one_that_was_not() -> None:
    kept, stored = run(), run()
    for one in (kept, stored):
        for number in (1, 2, 3):
            one.arrive(f"stp_{number}", at(5 * number), Source.DRIVER)
            if one is stored:
                one.progress = unpack(pack(one.progress), type(one.progress))
                one.route = unpack(pack(one.route), type(one.route))
            one.close(delivered(number, 5 * number + 2))
        one.end(at(30))

    assert stored.events == kept.events
    assert stored.progress == kept.progress
    assert stored.route == route()
    assert replace(stored.progress) == stored.progress
