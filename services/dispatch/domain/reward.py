"""
Rewards: a thank-you to a recipient for a choice that spares carbon, or for a fault of ours. Pure.

A delivery earns each reason once, so that nobody is thanked twice for one choice. The code is worth
money to whoever holds it, so it stays out of `repr`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from meshkit.errors import Invalid, NotReady
from services.dispatch.domain.carrier import require_future
from services.dispatch.domain.delivery import Delivery
from services.dispatch.domain.values import Money, check


class RewardReason(StrEnum):
    """What a reward is for."""

    GREEN_WINDOW = "GREEN_WINDOW"
    PUDO = "PUDO"
    CONSOLIDATED = "CONSOLIDATED"
    GOODWILL = "GOODWILL"


@dataclass(frozen=True, slots=True)
class RewardCode:
    """A reward; without a value it is worth whatever the shop makes of it."""

    delivery_id: str
    reason: RewardReason
    reward_code_id: str = ""
    value: Money | None = None
    code: str = field(default="", repr=False)
    expire_time: datetime | None = None
    create_time: datetime | None = None

    def __post_init__(self) -> None:
        check(self.value is None or self.value.micros > 0, "a reward is worth something")


def require_earned(delivery: Delivery, reason: RewardReason) -> None:
    """Raises NotReady `REWARD_NOT_EARNED` where the delivery does not tell of such a choice."""
    choices = {
        RewardReason.GREEN_WINDOW: delivery.chose_green_window,
        RewardReason.PUDO: delivery.chose_pudo,
    }
    if not choices.get(reason, True):
        raise NotReady(
            "REWARD_NOT_EARNED",
            f"delivery {delivery.delivery_id!r} tells of no choice for {reason.value}",
            delivery_id=delivery.delivery_id,
            reward_reason=reason.value,
        )


def granted(
    asked: RewardCode, reward_code_id: str, code: str, currency_code: str, now: datetime
) -> RewardCode:
    """The reward as it is granted. Raises Invalid `CURRENCY_WRONG` or `EXPIRY_PAST`."""
    if asked.value is not None and asked.value.currency_code != currency_code:
        raise Invalid(
            "CURRENCY_WRONG", f"rewards are in {currency_code}", currency_code=currency_code
        )
    if asked.expire_time is not None:
        require_future(asked.expire_time, now)
    return replace(asked, reward_code_id=reward_code_id, code=code, create_time=now)
