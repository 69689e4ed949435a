"""What tracking's feed tells, taken in once each: our side of a feed is an edge like an rpc."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from doorstep.tracking.v1 import event_pb2 as pb
from meshkit.clock import Clock
from meshkit.ids import new_id
from meshkit.postgres import Transaction
from services.compliance.convert.tracking import leg_from_tracking, outcome_from_tracking
from services.compliance.ports import LedgerStore
from services.compliance.usecases.emissions import Rates, record_leg

CONSUMER = "compliance.tracking"
TYPES = ("leg_completed", "task_outcome_recorded")


def taking_in(
    store: Callable[[Transaction], LedgerStore], rates: Rates, clock: Clock
) -> Callable[[Transaction, pb.Change], Awaitable[None]]:
    """The effect of one change, inside the transaction that moves our cursor past it."""

    async def take_in(tx: Transaction, change: pb.Change) -> None:
        match change.WhichOneof("event"):
            case "leg_completed":
                leg = leg_from_tracking(change.leg_completed)
                await record_leg(store(tx), rates, leg, clock.now(), new_id)
            case "task_outcome_recorded":
                outcome = outcome_from_tracking(change.task_outcome_recorded)
                await store(tx).add_outcome(outcome)

    return take_in
