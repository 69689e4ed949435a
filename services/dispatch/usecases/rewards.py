"""Rewards: granted once per delivery and reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from meshkit.ids import NewId
from services.dispatch.domain.reward import RewardCode, granted, require_earned
from services.dispatch.ports import Stores
from services.dispatch.usecases.access import require_tenant
from services.dispatch.usecases.common import required

NewCode = Callable[[], str]  # a code that nobody has and nobody guesses


async def grant(
    stores: Stores,
    tenant_id: str,
    asked: RewardCode,
    now: datetime,
    new_id: NewId,
    new_code: NewCode,
) -> RewardCode:
    """
    A reward with its code.

    Raises AlreadyExists `REWARD_CODE_EXISTS` for a second one, NotReady `REWARD_NOT_EARNED` without
    the choice that it is for.
    """
    found = await stores.deliveries.find(asked.delivery_id)
    delivery = required(found, "DELIVERY_UNKNOWN", asked.delivery_id)
    require_earned(delivery, asked.reason)
    tenant = await require_tenant(stores, tenant_id)
    made = granted(asked, new_id("rwd"), new_code(), tenant.currency_code, now)
    await stores.reward_codes.add(made)
    return made
