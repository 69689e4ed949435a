"""
The day's score: the last line of `make run ONCE=1`, and the invariants that decide its exit code.

Service rates are taken over the deliveries that no scripted incident touches; the totals are over
all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from clients.day.carbon import Carbon
from clients.day.ledger import Balance
from clients.day.wire import MICROS, moment
from doorstep.dispatch.v1 import delivery_pb2
from doorstep.tracking.v1 import scorecard_pb2
from doorstep.tracking.v1.tracking_event_pb2 import FailureReason

DELIVERED_SHARE_MIN = 0.95
ON_TIME_SHARE_MIN = 0.90
MILLIGRAMS_PER_GRAM = 1000
HOURS_BASIS = "shift and break of the plan; duty is recorded, no law is applied yet"

CANCELLED = (delivery_pb2.DELIVERY_STATE_CANCELLED,)
DELIVERED = (delivery_pb2.DELIVERY_STATE_DELIVERED, delivery_pb2.DELIVERY_STATE_COLLECTED)
FAILED = (
    delivery_pb2.DELIVERY_STATE_ATTEMPT_FAILED,
    delivery_pb2.DELIVERY_STATE_RETURNING,
    delivery_pb2.DELIVERY_STATE_RETURNED,
    delivery_pb2.DELIVERY_STATE_LOST,
    delivery_pb2.DELIVERY_STATE_DAMAGED,
)


@dataclass(frozen=True, slots=True)
class Rates:
    """Service to the recipients that no script touched."""

    count: int
    delivered: int
    on_time: int

    @property
    def delivered_share(self) -> float:
        return self.delivered / self.count if self.count else 0.0

    @property
    def on_time_share(self) -> float:
        return self.on_time / self.delivered if self.delivered else 0.0


def rates(deliveries: Sequence[delivery_pb2.Delivery], touched: frozenset[str]) -> Rates:
    spared = [delivery for delivery in deliveries if delivery.delivery_id not in touched]
    done = [delivery for delivery in spared if delivery.state in DELIVERED]
    return Rates(len(spared), len(done), sum(map(on_time, done)))


def on_time(delivery: delivery_pb2.Delivery) -> bool:
    """Whether it was delivered inside the window promised, half-open as everywhere."""
    window = delivery.promise_window
    return moment(window.start_time) <= moment(delivery.delivered_time) < moment(window.end_time)


@dataclass(frozen=True, slots=True)
class Findings:
    """What the day saw, from the services' own lists."""

    deliveries: Sequence[delivery_pb2.Delivery]
    touched: frozenset[str]
    scorecard: scorecard_pb2.Scorecard
    carbon: Carbon
    statement: bytes  # the carbon report as PDF
    balance: Balance
    plan_violations: int
    unassigned: int  # what the plan left out from the beginning
    denied: int
    charged: int
    skill_refusals: int
    vehicles: int
    feed_gaps: int
    wall_seconds: float
    trace_id: str


def last_line(found: Findings) -> dict[str, Any]:
    """The result as one JSON object, in the order in which it is read."""
    card = found.scorecard
    states = [delivery.state for delivery in found.deliveries]
    delivered, failed = count(states, DELIVERED), count(states, FAILED)
    return {
        "deliveries": len(states),
        "delivered": delivered,
        "failed": failed,
        "unserved": unserved(states),
        "dropped": max(0, unserved(states) - found.unassigned),  # planned, and served by nobody
        "on_time_rate": round(card.on_time_ratio, 4),
        "first_attempt_rate": round(card.first_attempt_ratio, 4),
        "cost_per_drop_micros": card.cost_per_drop_micros,
        "co2e_grams_per_drop": round(card.co2e_milligrams_per_drop / MILLIGRAMS_PER_GRAM, 1),
        "plan_violations": found.plan_violations,
        "lost_events": found.balance.lost,
        "duplicate_events": found.balance.doubled,
        "carbon": asdict(found.carbon),
        "denied": found.denied,
        "charged": found.charged,
        "skill_refusals": found.skill_refusals,
        "invariants": invariants(found),
        "untouched": asdict(rates(found.deliveries, found.touched)),
        "cancelled": count(states, CANCELLED),
        "vehicles": found.vehicles,
        "events_sent": found.balance.sent,
        "wall_seconds": round(found.wall_seconds, 1),
        "trace_id": found.trace_id,
    }


def told(found: Findings) -> dict[str, object]:
    """The scorecard for people."""
    card, line = found.scorecard, last_line(found)
    failures = {reason(f.reason): f.count for f in card.failures}
    lines = ("deliveries", "delivered", "unserved", "cancelled", "on_time_rate")
    return {
        **{name: line[name] for name in lines},
        "failed_attempts": ", ".join(f"{name} {n}" for name, n in failures.items()) or "none",
        "first_attempt_rate": line["first_attempt_rate"],
        "cost_per_drop": f"{card.cost_per_drop_micros / MICROS:.2f} {card.cost.currency_code}",
        "co2e_per_drop": f"{line['co2e_grams_per_drop']} g",
        "co2e_per_kilogram": f"{card.co2e_milligrams_per_kilogram / MILLIGRAMS_PER_GRAM:.1f} g",
        "driven": f"{card.distance_meters / 1000:.1f} km, "
        f"planned {card.planned_distance_meters / 1000:.1f} km",
        "stops_within_plan": f"{card.timely_stop_count} of {card.arrived_stop_count}",
        "vehicles": found.vehicles,
        "denied_charged_skill_refusals": (found.denied, found.charged, found.skill_refusals),
        "events_sent_lost_doubled": tuple(asdict(found.balance).values()),
        "carbon": str(found.carbon),
        "carbon_factors": ", ".join(card.factor_set_versions),
        "notes": " ".join(card.notes) or "none",
        "hours": HOURS_BASIS,
        "broken_invariants": ", ".join(n for n, holds in invariants(found).items() if not holds)
        or "none",
        "trace": found.trace_id,
    }


def reason(value: FailureReason.ValueType) -> str:
    return FailureReason.Name(value).removeprefix("FAILURE_REASON_").lower()


def count(states: Sequence[int], among: Sequence[int]) -> int:
    return sum(state in among for state in states)


def unserved(states: Sequence[int]) -> int:
    """How many were neither tried nor cancelled."""
    return len(states) - count(states, (*DELIVERED, *FAILED, *CANCELLED))


def invariants(found: Findings) -> Mapping[str, bool]:
    """What must hold on every day, whatever the seed."""
    service = rates(found.deliveries, found.touched)
    card, states = found.scorecard, [delivery.state for delivery in found.deliveries]
    return {
        "untouched_delivered_95_percent": service.delivered_share >= DELIVERED_SHARE_MIN,
        "untouched_on_time_90_percent": service.on_time_share >= ON_TIME_SHARE_MIN,
        "no_plan_violation": found.plan_violations == 0,
        "no_lost_event": found.balance.lost == 0,
        "no_duplicate_event": found.balance.doubled == 0,
        "feeds_without_gaps": found.feed_gaps == 0,
        "a_denial": found.denied > 0,
        "a_charge": found.charged > 0,
        "a_skill_refusal": found.skill_refusals > 0,
        "services_agree_on_delivered": card.delivered_count == count(states, DELIVERED),
        "every_leg_has_its_carbon": card.unaccounted_leg_count == 0,
        "carbon_adds_up_from_legs_to_parcels": found.carbon.adds_up,
    }
