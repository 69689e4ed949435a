"""What tracking's feed tells, taken in once each: our side of a feed is an edge like an rpc."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from doorstep.tracking.v1 import event_pb2 as pb
from meshkit.clock import Clock
from meshkit.ids import new_id
from meshkit.postgres import Transaction
from services.compliance.convert.tracking import (
    idling_from_tracking,
    leg_from_tracking,
    outcome_from_tracking,
)
from services.compliance.domain.idle_fuel import FuelPrices
from services.compliance.ports import LedgerStore
from services.compliance.usecases.emissions import record_leg, record_outcome
from services.compliance.usecases.factor_sets import Rates
from services.compliance.usecases.idling import Stores, record_idling, setting_of

CONSUMER = "compliance.tracking"
TYPES = ("leg_completed", "task_outcome_recorded", "idling_ended")


def taking_in(
    store: Callable[[Transaction], LedgerStore],
    rates: Rates,
    clock: Clock,
    idling: Callable[[Transaction], Stores],
    prices: FuelPrices,
) -> Callable[[Transaction, pb.Change], Awaitable[None]]:
    """The effect of one change, inside the transaction that moves our cursor past it."""

    async def take_in(tx: Transaction, change: pb.Change) -> None:
        match change.WhichOneof("event"):
            case "leg_completed":
                leg = leg_from_tracking(change.leg_completed)
                await record_leg(store(tx), rates, leg, clock.now(), new_id)
            case "task_outcome_recorded":
                outcome = outcome_from_tracking(change.task_outcome_recorded)
                await record_outcome(store(tx), outcome)
            case "idling_ended":
                fact = idling_from_tracking(change.event_id, change.idling_ended)
                setting = await setting_of(store(tx), rates, fact)
                await record_idling(idling(tx), fact, setting, prices, clock.now(), new_id)

    return take_in
