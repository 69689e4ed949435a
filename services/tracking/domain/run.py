"""
A route while something happens to it: what is said and seen becomes progress and events. Pure.

The first word on anything wins: a second arrival at a stop, a second outcome of a task changes
nothing. What was not said is inferred from what was: who serves a stop has arrived there, who
arrives at the next has left the last.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from services.tracking.domain import geofence, load, track
from services.tracking.domain.event import (
    Charge,
    Crew,
    Quote,
    RouteCompleted,
    RouteStarted,
    StopArrived,
    StopDeparted,
)
from services.tracking.domain.fact import Fact, Failure, Success, Telemetry
from services.tracking.domain.geo import Point, meters
from services.tracking.domain.halt import Halt, after, standing
from services.tracking.domain.incident import Alarm, AllClear
from services.tracking.domain.journal import Event
from services.tracking.domain.progress import Note, OpenLeg, Progress, RunState, Visit
from services.tracking.domain.route import Route, Stop, Task
from services.tracking.domain.wording import charge, contradiction, crew, failed, recorded
from services.tracking.domain.words import Outcome, Source

PROPOSAL_HOLDS = timedelta(minutes=30)  # how long a fence's arrival waits for the driver's word
EARLY_QUOTE = timedelta(minutes=30)  # features: on_time_eta looks at the quote 30 min before


class Run:
    """One route, its progress, and what came of it since it was loaded."""

    def __init__(self, route: Route, progress: Progress, real_now: datetime) -> None:
        self.route = route
        self.progress = progress
        self.real_now = real_now
        self.events: list[Event] = []
        self.alarms: list[Alarm | AllClear] = []

    # What is said.

    def start(self, at: datetime, telemetry: Telemetry | None = None) -> None:
        """The vehicle leaves the depot with its load."""
        self.read(at, telemetry)
        if self.progress.started_at:
            return
        self._become(state=RunState.ACTIVE, started_at=at, left_at=at)
        self._promise()
        charges = tuple(charge(task) for task in self.route.tasks)
        rates, access = self.route.rates, self.route.access_charge_micros
        planned = self.route.start_time
        self.events.append(RouteStarted(self.crew, at, charges, rates, access, planned))

    def arrive(
        self, stop_id: str, at: datetime, source: Source, telemetry: Telemetry | None = None
    ) -> None:
        """The vehicle stands at a stop."""
        self.read(at, telemetry)
        stop = self.route.stop(stop_id)
        if stop is not None:
            self._reach(stop, self._arrival(stop, at), source)

    def _reach(self, stop: Stop, at: datetime, source: Source) -> None:
        stop_id, visit = stop.stop_id, self.progress.visit(stop.stop_id)
        if visit.arrived_at or self.progress.ended_at:
            return
        if not self.progress.started_at:
            self.start(at - timedelta(seconds=self._planned_seconds(stop_id)))
        if self.progress.at_stop:
            self.depart(self.progress.at_stop, self._left_before(stop_id, at), Source.SYSTEM)
        at = max(at, self.progress.left_at or at)
        self._close_leg(stop_id, at)
        # Who comes back to a stop after all has not passed it over.
        self._visited(replace(visit, proposed_at=None, arrived_at=at, skipped=False))
        self._settle_at(stop, at)
        self.events.append(self._arrived(stop, at, source))

    def serve(self, stop_id: str, at: datetime, source: Source) -> None:
        """The driver begins to serve."""
        self.arrive(stop_id, at, source)
        visit = self.progress.visit(stop_id)
        if visit.arrived_at and not visit.service_started_at and not visit.over:
            self._visited(replace(visit, service_started_at=max(at, visit.arrived_at)))

    def depart(
        self, stop_id: str, at: datetime, source: Source, telemetry: Telemetry | None = None
    ) -> None:
        """The vehicle leaves a stop."""
        self.read(at, telemetry)
        stop = self.route.stop(stop_id)
        if stop is not None:
            self._reach(stop, self._served_since(stop, at), source)
        visit = self.progress.visit(stop_id)
        if visit.arrived_at is None or visit.over:
            return
        at = max(at, visit.arrived_at)
        self._visited(replace(visit, departed_at=at))
        self._become(at_stop="", last_stop=stop_id, left_at=at, presence=None)
        self.events.append(self._departed(stop_id, at, source, visit.arrived_at))

    def close(self, fact: Fact) -> None:
        """An attempt at a task ended, as a `delivered` or `attempt_failed` fact says."""
        task, stop = self.route.task(fact.task_id), self.route.stop_of(fact.task_id)
        note = self.progress.notes.get(fact.task_id)
        if note is not None:
            self.alarms.extend(contradiction(note, fact))
        elif task is not None and stop is not None:
            begun = self._served_since(stop, fact.event_time)
            self._reach(stop, begun, fact.source)
            self.serve(stop.stop_id, begun, fact.source)
            self._note(task, stop, fact)

    def skip(self, stop_id: str) -> None:
        """A stop is passed over."""
        visit = self.progress.visit(stop_id)
        if self.route.stop(stop_id) and not visit.arrived_at:
            self._visited(replace(visit, skipped=True, proposed_at=None))

    def end(self, at: datetime, telemetry: Telemetry | None = None) -> None:
        """The vehicle is back, or nothing of the route is left."""
        self.read(at, telemetry)
        if not self.progress.started_at or self.progress.ended_at:
            return
        if self.progress.at_stop:
            self.depart(self.progress.at_stop, self._left_before("", at), Source.SYSTEM)
        at = max(at, self.progress.left_at or at)
        if self.route.end is not None:
            self._close_leg("", at)
        self._become(ended_at=at, presence=None)

    def break_down(self, broken: bool) -> None:
        """The vehicle cannot go on, or can again."""
        self._become(broken_down=broken)

    def revise(self, route: Route) -> None:
        """Dispatch changed the route; what was done stays done."""
        self.route = route
        self._become(revision=route.revision)
        if self.progress.started_at:
            self._promise()
        near = self.progress.presence
        if near and not self.progress.at_stop and route.stop(near.stop_id) is None:
            self._become(presence=None)

    def withdraw(self, at: datetime) -> None:
        """Dispatch took the route back."""
        if self.progress.state is not RunState.COMPLETED:
            self._become(state=RunState.WITHDRAWN)
            self._all_clear(at)

    def complete(self) -> None:
        """Tells that the route is over, once every leg is settled."""
        ended_at, active = self.progress.ended_at, self.progress.state is RunState.ACTIVE
        if ended_at is None or self.progress.open_legs or not active:
            return
        self._become(state=RunState.COMPLETED, track=track.Track(), fix=None, samples=())
        self.events.append(self._completed())
        self._all_clear(ended_at)

    def read(self, at: datetime, telemetry: Telemetry | None) -> None:
        """The vehicle's instruments were read."""
        if telemetry:
            odometer, charged = telemetry.odometer_meters, telemetry.charge_ratio
            self._become(track=track.read(self.progress.track, at, odometer, charged))

    # What there is to know.

    @property
    def crew(self) -> Crew:
        """Who drives what."""
        return crew(self.route)

    @property
    def pending(self) -> tuple[Stop, ...]:
        """Stops that nobody has arrived at, in order."""
        return tuple(stop for stop in self.route.stops if self._is_pending(stop))

    @property
    def open_tasks(self) -> tuple[Task, ...]:
        """Tasks without an outcome."""
        return tuple(task for task in self.route.tasks if task.task_id not in self.progress.notes)

    @property
    def served_at(self) -> datetime | None:
        """Since when nothing is left to do at the stop where the vehicle stands."""
        stop = self.route.stop(self.progress.at_stop)
        notes = [self.progress.notes.get(task.task_id) for task in stop.tasks] if stop else []
        ended = [note.at for note in notes if note is not None]
        return max(ended, default=None) if len(ended) == len(notes) else None

    @property
    def aboard(self) -> tuple[Charge, ...]:
        """What the vehicle carries."""
        return load.aboard(self.route, self.progress.notes)

    # How it changes.

    def _become(self, **changes: object) -> None:
        self.progress = replace(self.progress, **changes)  # type: ignore[arg-type]

    def _all_clear(self, at: datetime) -> None:
        """No tick looks at a route that is over: what ticks have raised about it ends here."""
        self.alarms += [AllClear(key, at) for key in self.progress.alarms]
        self._become(alarms=())

    def _visited(self, visit: Visit) -> None:
        self._become(visits={**self.progress.visits, visit.stop_id: visit})

    def _promise(self) -> None:
        """What goes out now is measured by the promise of now, whatever is promised later."""
        promised = {task.task_id: task.promise for task in self.route.tasks}
        self._become(promises=promised | self.progress.promises)

    def propose(self, stop_id: str, at: datetime | None) -> None:
        """A fence says that the vehicle stands at a stop; None takes it back."""
        visit = self.progress.visit(stop_id)
        if not visit.arrived_at:
            self._visited(replace(visit, proposed_at=at))

    def _settle_at(self, stop: Stop, at: datetime) -> None:
        near = self.progress.presence
        if near is not None and near.stop_id != stop.stop_id:
            self.propose(near.stop_id, None)  # the fence meant a neighbour
            near = None
        near = near or geofence.settle(stop, at, self.progress.fix, self._halt(stop, at))
        self._become(at_stop=stop.stop_id, presence=replace(near, settled=True))

    def _arrival(self, stop: Stop, said: datetime) -> datetime:
        """
        The vehicle was seen to come to stand earlier than the driver's hand told it: by the fence,
        or by fixes that were too few to be sure without that word.
        """
        near, seen = self.progress.presence, self.progress.visit(stop.stop_id).proposed_at
        if near is not None and near.settled and near.stop_id == stop.stop_id:
            return min(near.since, said)  # it still stands there
        if seen is None and (halt := self._halt(stop, said)) is not None:
            seen = max(halt.since, self._busy_until() or halt.since)
        return seen if seen and said - PROPOSAL_HOLDS <= seen <= said else said

    def _halt(self, stop: Stop, at: datetime) -> Halt | None:
        """How the vehicle stands near a stop at a moment, as far as fixes tell."""
        near = self.progress.presence
        known = [one for one in self.progress.samples if one.at <= at]
        samples = after(known, self._busy_until() or self.progress.started_at)
        elsewhere = near is not None and near.settled and near.stop_id != stop.stop_id
        halt = standing(
            samples, near.anchor if near and elsewhere else self.progress.stood, said=True
        )
        close = halt is not None and meters(halt.place, stop.location) <= geofence.INNER_METERS
        return halt if close else None

    def _close_leg(self, to_stop: str, at: datetime) -> None:
        progress, rank = self.progress, self.progress.leg_count + 1
        planned = self.route.leg_between(progress.last_stop, to_stop)
        leg = OpenLeg(
            rank=rank,
            from_stop_id=progress.last_stop,
            to_stop_id=to_stop,
            start=progress.left_at or at,
            end=at,
            measured_from=progress.measured_until or progress.left_at or at,
            noted_at=self.real_now,
            aboard=self.aboard,
            attempted=tuple(note.task for note in progress.notes.values()),
            planned_meters=planned.meters if planned else 0,
            planned_seconds=planned.seconds if planned else None,
            polyline=planned.polyline if planned else "",
            start_point=self._point(progress.last_stop, self.route.start),
            end_point=self._point(to_stop, self.route.end),
        )
        legs = (*progress.open_legs, leg)
        self._become(open_legs=legs, leg_count=rank, measured_until=at)
        self._learn_pace(leg)

    def _learn_pace(self, leg: OpenLeg) -> None:
        rank = self.route.rank(leg.to_stop_id)
        paused = any(pause.before_rank == rank for pause in self.route.pauses)
        if leg.planned_seconds and not paused:
            driven = round((leg.end - leg.start).total_seconds())
            planned = self.progress.planned_seconds + leg.planned_seconds
            self._become(
                planned_seconds=planned, driven_seconds=self.progress.driven_seconds + driven
            )

    def _note(self, task: Task, stop: Stop, fact: Fact) -> None:
        outcome = Outcome.SUCCEEDED if isinstance(fact.what, Success) else Outcome.FAILED
        note = Note(charge(task), task.kind, outcome, fact.event_time, stop.stop_id)
        self._become(notes={**self.progress.notes, task.task_id: note})
        promised = self.progress.promises.get(task.task_id, task.promise)
        measured = replace(task, promise=promised)
        told = recorded(self.crew, measured, stop.stop_id, fact)
        self.events.append(replace(told, place_id=stop.place_id))
        if isinstance(fact.what, Failure):
            self.alarms.append(failed(self.route, task, stop, fact))

    # Inferences.

    def _is_pending(self, stop: Stop) -> bool:
        visit = self.progress.visit(stop.stop_id)
        return visit.arrived_at is None and not visit.skipped

    def _planned_seconds(self, stop_id: str) -> int:
        origin = self.progress.at_stop or self.progress.last_stop
        leg = self.route.leg_between(origin, stop_id)
        return leg.seconds if leg else 0

    def _served_since(self, stop: Stop, at: datetime) -> datetime:
        """When service must have begun, for a driver who only tells its end."""
        seen = self._arrival(stop, at)
        if self.progress.visit(stop.stop_id).arrived_at or seen < at:
            return seen
        begun, busy = at - timedelta(seconds=stop.service_seconds), self._busy_until()
        if busy is None:
            return begun
        return min(at, max(begun, busy + timedelta(seconds=self._planned_seconds(stop.stop_id))))

    def _busy_until(self) -> datetime | None:
        """Until when the vehicle was elsewhere for sure."""
        elsewhere = [note.at for note in self.progress.notes.values()]
        known = [*elsewhere, *([self.progress.left_at] if self.progress.left_at else [])]
        return max(known, default=None)

    def _left_before(self, stop_id: str, at: datetime) -> datetime:
        """When the vehicle must have left where it stood, to be elsewhere at a moment."""
        rank = self.progress.at_stop
        leg = self.route.leg_between(rank, stop_id)
        driven = timedelta(seconds=leg.seconds if leg else 0)
        served = [n.at for n in self.progress.notes.values() if n.stop_id == rank]
        visit = self.progress.visit(rank)
        earliest = max([*served, visit.arrived_at or at])
        return min(at, max(earliest, at - driven))

    def _point(self, stop_id: str, depot: Point | None) -> Point | None:
        stop = self.route.stop(stop_id) if stop_id else None
        return stop.location if stop else (None if stop_id else depot)

    # Words for the feed.

    def _arrived(self, stop: Stop, at: datetime, source: Source) -> StopArrived:
        earlier = [one for one in self.pending if one.stop_id != stop.stop_id]
        rank = self.route.rank(stop.stop_id) or 0
        in_sequence = all((self.route.rank(one.stop_id) or 0) > rank for one in earlier)
        told = self.progress.told.get(stop.stop_id)
        return StopArrived(
            crew=self.crew,
            stop_id=stop.stop_id,
            at=at,
            source=source,
            tasks=tuple(charge(task) for task in stop.tasks),
            planned_at=stop.arrival,
            in_sequence=in_sequence,
            last_quote=_before(told.quotes, at) if told else None,
            early_quote=_before(told.quotes, at - EARLY_QUOTE) if told else None,
            marks=self.progress.marks.get(stop.stop_id, ()),
        )

    def _departed(
        self, stop_id: str, at: datetime, source: Source, arrived: datetime
    ) -> StopDeparted:
        stop = self.route.stop(stop_id)
        tasks = tuple(charge(task) for task in stop.tasks) if stop else ()
        planned = stop.departure if stop else None
        told = StopDeparted(self.crew, stop_id, at, source, tasks, planned, arrived)
        if stop is None:
            return told
        return replace(told, opened_at=stop.opening(arrived), place_id=stop.place_id)

    def _completed(self) -> RouteCompleted:
        notes = self.progress.notes.values()
        succeeded = sum(_succeeded(note) for note in notes)
        start, end = self.progress.started_at, self.progress.ended_at
        assert start is not None and end is not None  # noqa: PT018, S101 - `complete` asked
        return RouteCompleted(
            crew=self.crew,
            start=start,
            end=end,
            meters=self.progress.meters,
            planned_meters=self.route.meters,
            succeeded=succeeded,
            failed=len(notes) - succeeded,
            unattempted=len(self.open_tasks),
            planned_seconds=round((self.route.end_time - self.route.start_time).total_seconds()),
        )


def _before(quotes: tuple[Quote, ...], at: datetime) -> Quote | None:
    told = [quote for quote in quotes if quote.told_at <= at]
    return told[-1] if told else None


def _succeeded(note: Note) -> bool:
    return note.outcome is Outcome.SUCCEEDED
