"""What a subscription is told. Method: one piece of news; subscriptions differ in one thing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from services.tracking.domain.subscription import Channel, News, Notice, Subscription
from services.tracking.domain.words import Milestone
from services.tracking.tests.town import NINE

REACHED = News(
    "milestone_reached",
    "del_1",
    "evt_1",
    0,
    1,
    NINE,
    NINE,
    milestone=Milestone.DELIVERED,
    delivery_id="del_1",
    carrier_id="carrier-1",
)
STOPPED = replace(REACHED, type="stop_arrived", milestone=Milestone.UNSPECIFIED)
RISKY = replace(STOPPED, type="risk_changed")
PLAIN = Subscription("shop", url="https://example.org/")
NOTICE = Subscription("people", notice=Notice(Channel.SMS))


@pytest.mark.parametrize(
    ("subscription", "news", "told"),
    [
        (PLAIN, REACHED, True),
        (PLAIN, STOPPED, False),
        (replace(PLAIN, event_types=("stop_arrived",)), STOPPED, True),
        (replace(PLAIN, event_types=("stop_arrived",)), REACHED, False),
        (replace(PLAIN, milestones=(Milestone.DELIVERED,)), REACHED, True),
        (replace(PLAIN, milestones=(Milestone.ARRIVED,)), REACHED, False),
        (
            replace(PLAIN, milestones=(Milestone.ARRIVED,), event_types=("stop_arrived",)),
            STOPPED,
            True,
        ),
        (replace(PLAIN, carrier_id="carrier-1"), REACHED, True),
        (replace(PLAIN, carrier_id="carrier-2"), REACHED, False),
        (replace(PLAIN, event_types=("risk_changed",)), RISKY, True),
        (
            replace(
                PLAIN,
                event_types=("risk_changed",),
                carrier_id="carrier-1",
                owner_carrier_id="carrier-1",
            ),
            RISKY,
            False,
        ),
        (PLAIN, replace(REACHED, late=True), True),
        (NOTICE, REACHED, True),
        (NOTICE, replace(REACHED, late=True), False),  # nobody is told of yesterday
        (replace(NOTICE, event_types=("stop_arrived",)), STOPPED, False),
    ],
)
def test_a_subscription_is_told_what_it_asked_for(
    subscription: Subscription, news: News, told: bool
) -> None:
    assert subscription.wants(news) is told


@pytest.mark.parametrize(("minutes", "told"), [(9, False), (10, True), (-10, True), (-9, False)])
def test_a_change_counts_from_what_was_told_last(minutes: int, told: bool) -> None:
    changed = replace(REACHED, milestone=Milestone.ETA_CHANGED, arrival=NINE)
    before = NINE + timedelta(minutes=minutes)

    assert PLAIN.moved(before, changed) is told
    assert PLAIN.moved(None, changed)
