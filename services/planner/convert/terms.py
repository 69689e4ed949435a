"""Costs and charges: domain to wire."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from doorstep.planner.v1 import plan_pb2 as pb
from services.planner.domain.plan import Costs, Route


def costs_to_proto(costs: Costs) -> list[pb.CostTerm]:
    """The terms of a cost."""
    return [
        pb.CostTerm(kind=pb.CostKind.Value(f"COST_KIND_{kind.value}"), cost_micros=micros)
        for kind, micros in costs
    ]


def access_charges(route: Route, firsts: Sequence[int]) -> list[pb.AccessCharge]:
    """What zones charge a route; `firsts` are the first visits of its stops."""
    return [
        pb.AccessCharge(
            zone_id=charge.zone_id,
            rule_id=charge.rule_id,
            amount_micros=charge.amount_micros,
            currency_code=charge.currency_code,
            presence_rank=presence_of_stop(charge.presence, len(route.visits), firsts),
        )
        for charge in route.charges
    ]


def presence_of_stop(presence: int, visits: int, firsts: Sequence[int]) -> int:
    """A leg or stay among visits as one among stops."""
    if presence // 2 >= visits:
        return 2 * len(firsts)
    stop = bisect_right(firsts, presence // 2) - 1
    return 2 * stop + presence % 2
