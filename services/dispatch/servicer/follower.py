"""
Tracking's feed, taken in: each change in the transaction in which our cursor moves.

`meshkit.follow` brings the changes, retries, and after five tries puts one that cannot be taken in
aside, so that those behind it go on.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable
from datetime import datetime
from typing import Any

from doorstep.tracking.v1 import tracking_service_pb2, tracking_service_pb2_grpc
from doorstep.tracking.v1.event_pb2 import Change
from meshkit.clock import Clock
from meshkit.postgres import Transaction
from services.dispatch.convert import leaves
from services.dispatch.convert.tracking import outcome_from_tracking
from services.dispatch.ports import Stores
from services.dispatch.usecases import fold

CONSUMER = "dispatch.tracking"
TYPES = (
    "stop_arrived",
    "stop_departed",
    "task_outcome_recorded",
    "route_started",
    "route_completed",
)


class TrackingFollower:
    """What `meshkit.follow` needs: how to watch, and what to do with a change."""

    def __init__(
        self,
        stub: tracking_service_pb2_grpc.TrackingServiceAsyncStub,
        stores: Callable[[Transaction], Stores],
        clock: Clock,
    ) -> None:
        self._stub = stub
        self._stores = stores
        self._clock = clock

    def watch(self, cursor: str) -> AsyncIterable[Any]:
        """Tracking's feed from a cursor on."""
        request = tracking_service_pb2.WatchEventsRequest(cursor=cursor, types=TYPES)
        watched: AsyncIterable[Any] = self._stub.WatchEvents(request)
        return watched

    async def take_in(self, tx: Transaction, change: Change) -> None:
        """The effect of one change."""
        await take(self._stores(tx), change, self._clock.now())


async def take(stores: Stores, change: Change, now: datetime) -> None:
    """Folds one change of tracking's feed."""
    match change.WhichOneof("event"):
        case "task_outcome_recorded":
            told = outcome_from_tracking(change.task_outcome_recorded)
            if told is not None:
                await fold.take_outcome(stores, told, now)
        case "route_started":
            started = change.route_started
            await fold.take_start(stores, started.route_id, started.delivery_ids, now)
        case "stop_arrived":
            stop = change.stop_arrived
            at = leaves.moment(stop.arrival_time)
            where = (stop.route_id, stop.stop_id)
            await fold.take_arrival(stores, *where, stop.delivery_ids, at, now)
        case "stop_departed":
            left = change.stop_departed
            at = leaves.moment(left.departure_time)
            await fold.take_departure(stores, left.route_id, left.stop_id, at)
        case "route_completed":
            await fold.take_completion(stores, change.route_completed.route_id, now)
