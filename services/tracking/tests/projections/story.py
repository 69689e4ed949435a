"""
Events in the words of a story: each function is one thing that happened, at minutes after nine.

Deliveries, tasks and stops are numbers, as in `town`; attempt 2 of delivery 1 is task 11.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from services.tracking.domain.event import (
    Charge,
    Crew,
    DistanceBasis,
    LegCompleted,
    OutcomeRecorded,
    Quote,
    RouteCompleted,
    RouteStarted,
    StopArrived,
)
from services.tracking.domain.heard import (
    AttemptPlanned,
    DeliveryCancelled,
    DeliveryKnown,
    Digest,
    EmissionRecorded,
    Parcel,
    ParcelsHeld,
    RoutePlaced,
    RouteWithdrawn,
    StopNear,
)
from services.tracking.domain.route import RateCard, Window
from services.tracking.domain.words import (
    FailureReason,
    Handover,
    Milestone,
    Outcome,
    Source,
    TaskKind,
)
from services.tracking.tests.town import VAN, at

PROMISE = Window(at(0), at(120))
GRAMS = 2_000


def crew(route: str = "rte_1", revision: int = 1, **changes: str) -> Crew:
    """Who drives."""
    base = Crew(route, revision, "shf_1", "driver-1", "van-1", depot_id="plc_1")
    return replace(base, **changes)  # type: ignore[arg-type]


def charges(*numbers: int) -> tuple[Charge, ...]:
    """Tasks with their deliveries; task 11 is the second attempt at delivery 1."""
    return tuple(Charge(f"tsk_{n}", f"del_{n % 10}", GRAMS) for n in numbers)


def known(number: int, minutes: float = -60, **changes: object) -> DeliveryKnown:
    """Dispatch accepted a delivery."""
    told: dict[str, object] = {"promise": PROMISE, "parcels": (Parcel(f"pcl_{number}"),), **changes}
    digest = Digest(f"del_{number % 10}", f"tsk_{number}", 1 + number // 10, **told)  # type: ignore[arg-type]
    return DeliveryKnown(digest, at(minutes), new=number < 10)


def attempt(number: int, minutes: float, kind: TaskKind = TaskKind.DELIVERY) -> AttemptPlanned:
    """Dispatch made a task."""
    return AttemptPlanned(
        f"del_{number % 10}", f"tsk_{number}", 1 + number // 10, kind, at(minutes)
    )


def cancelled(number: int, minutes: float, *, returning: bool = False) -> DeliveryCancelled:
    """Dispatch called a delivery off."""
    return DeliveryCancelled(f"del_{number}", f"tsk_{number}", at(minutes), returning)


def placed(
    *numbers: int,
    by: Crew | None = None,
    added: tuple[int, ...] | None = None,
    removed: tuple[int, ...] = (),
    minutes: float = -30,
) -> RoutePlaced:
    """A route binds."""
    tasks = charges(*numbers)
    new = tasks if added is None else charges(*added)
    return RoutePlaced(by or crew(), at(minutes), tasks, new, charges(*removed))


def withdrawn(*numbers: int, by: Crew | None = None, minutes: float = -20) -> RouteWithdrawn:
    """Dispatch took a route back."""
    return RouteWithdrawn(by or crew(), at(minutes), charges(*numbers))


def started(
    *numbers: int, minutes: float = 0, by: Crew | None = None, rates: RateCard | None = None
) -> RouteStarted:
    """A route left."""
    return RouteStarted(by or crew(), at(minutes), charges(*numbers), rates)


def near(number: int, minutes: float, by: Crew | None = None) -> StopNear:
    """A vehicle comes near."""
    return StopNear(by or crew(), f"stp_{number}", at(minutes), charges(number))


def arrived(
    number: int, minutes: float, planned: float | None = None, **changes: object
) -> StopArrived:
    """A vehicle reached a stop."""
    due = None if planned is None else at(planned)
    told: dict[str, object] = {"planned_at": due, **changes}
    return StopArrived(
        crew(),
        f"stp_{number}",
        at(minutes),
        Source.DRIVER,
        charges(number),
        **told,  # type: ignore[arg-type]
    )


def outcome(number: int, minutes: float, **changes: object) -> OutcomeRecorded:
    """An attempt succeeded."""
    (task,) = charges(number)
    base = OutcomeRecorded(
        crew=crew(),
        task=task,
        kind=TaskKind.DELIVERY,
        stop_id=f"stp_{number}",
        attempt_number=1 + number // 10,
        outcome=Outcome.SUCCEEDED,
        at=at(minutes),
        source=Source.DRIVER,
        handover=Handover.RECIPIENT,
        promise=PROMISE,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def failure(
    number: int, minutes: float, reason: FailureReason = FailureReason.NOT_HOME, **changes: object
) -> OutcomeRecorded:
    """An attempt failed."""
    told: dict[str, object] = {"handover": Handover.UNSPECIFIED, **changes}
    return outcome(number, minutes, outcome=Outcome.FAILED, reason=reason, **told)


def held(number: int, minutes: float, milestone: Milestone) -> ParcelsHeld:
    """Parcels wait, were collected, or are back."""
    return ParcelsHeld(milestone, f"del_{number}", f"tsk_{number}", at(minutes), Source.DRIVER)


def leg(
    rank: int, start: float, end: float, meters: int, *numbers: int, **changes: object
) -> LegCompleted:
    """A leg that carried these tasks; none: an empty one."""
    aboard = charges(*numbers)
    base = LegCompleted(
        crew=crew(),
        leg_rank=rank,
        from_stop_id="",
        to_stop_id="",
        start=at(start),
        end=at(end),
        meters=meters,
        basis=DistanceBasis.ODOMETER,
        planned_meters=meters,
        planned_seconds=None,
        watt_hours=None,
        mass_grams=sum(task.mass_grams for task in aboard),
        vehicle=VAN,
        shares=aboard,
        empty=not aboard,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def completed(start: float, end: float, by: Crew | None = None) -> RouteCompleted:
    """A route ended."""
    return RouteCompleted(by or crew(), at(start), at(end), 0, 0, 0, 0, 0)


def emission(rank: int, grams: float, minutes: float = 60, **changes: object) -> EmissionRecorded:
    """Compliance computed what a leg emitted."""
    base = EmissionRecorded(
        record_id=f"emr_{rank}",
        leg_id=f"rte_1.{rank}",
        route_id="rte_1",
        at=at(minutes),
        milligrams=round(grams * 1_000),
        factor_set_id="uk-2026",
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def quote(told: float, p10: float, p50: float, p90: float) -> Quote:
    """An expectation that was told."""
    return Quote(at(told), at(p10), at(p50), at(p90))


def seconds(count: float) -> timedelta:
    """A span."""
    return timedelta(seconds=count)


def on(day: int, hour: int = 9, minute: int = 0) -> datetime:
    """A moment of another day of May."""
    return at(0).replace(day=day, hour=hour, minute=minute)
