"""
Requests in words of the use-cases: what is unset has its default, and what contradicts itself is
refused with its path.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from doorstep.dispatch.v1 import (
    delivery_pb2,
    delivery_service_pb2,
    dispatch_service_pb2,
    fleet_service_pb2,
    tender_pb2,
    tender_service_pb2,
)
from meshkit.errors import Invalid
from services.dispatch.convert import requests
from services.dispatch.domain.carrier import Price, QuoteState
from services.dispatch.domain.delivery import DeliveryState
from services.dispatch.domain.events import DeclineReason
from services.dispatch.domain.fleet import PlaceKind, ShiftState
from services.dispatch.domain.route import RevisionCause, RouteState
from services.dispatch.domain.route_plan import RoutePlanState
from services.dispatch.domain.task import TaskState
from services.dispatch.domain.tender import TenderDeclineReason, TenderState, TenderStrategy
from services.dispatch.domain.values import Money, Window
from services.dispatch.ports import DeliveryFilter, RouteFilter, ShiftFilter, TaskFilter
from services.dispatch.tests.convert.samples import of
from services.dispatch.usecases.plans import Wanted
from services.dispatch.usecases.scene import Base, Change, TaskMove

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
AN_HOUR = {"start_time": {"seconds": 0}, "end_time": {"seconds": 3_600}}
HOUR = Window(EPOCH, EPOCH + timedelta(hours=1))
BACKWARD = {"start_time": {"seconds": 9}, "end_time": {"seconds": 5}}


def paths(error: pytest.ExceptionInfo[Invalid]) -> list[str]:
    return [violation.field for violation in error.value.violations]


def test_a_list_without_a_filter_is_of_everything() -> None:
    assert requests.delivery_filter(
        of(delivery_service_pb2.ListDeliveriesRequest), ""
    ) == DeliveryFilter(delivery_ids=[])
    assert requests.task_filter(of(delivery_service_pb2.ListTasksRequest), "") == TaskFilter(
        delivery_ids=[]
    )
    assert requests.shift_filter(of(fleet_service_pb2.ListShiftsRequest), "") == ShiftFilter()
    assert (
        requests.route_filter(of(dispatch_service_pb2.ListRoutesRequest), "", "") == RouteFilter()
    )
    assert requests.plan_states(of(dispatch_service_pb2.ListRoutePlansRequest)) == ()
    assert requests.place_kinds(of(fleet_service_pb2.ListPlacesRequest)) == []
    assert requests.tender_states(of(tender_service_pb2.ListTendersRequest)) == ()
    assert requests.quote_state(of(tender_service_pb2.ListQuotesRequest)) is None


def test_deliveries_are_listed_by_state_promise_origin_and_name() -> None:
    asked = of(
        delivery_service_pb2.ListDeliveriesRequest,
        states=["DELIVERY_STATE_CREATED", "DELIVERY_STATE_ON_HOLD"],
        promise_start_interval=AN_HOUR,
        origin_place_id="depot",
        delivery_ids=["d1"],
    )

    assert requests.delivery_filter(asked, "bikes") == DeliveryFilter(
        states=(DeliveryState.CREATED, DeliveryState.ON_HOLD),
        promise_start=HOUR,
        origin_place_id="depot",
        delivery_ids=["d1"],
        carrier_id="bikes",
    )


def test_tasks_are_listed_by_delivery_route_and_state() -> None:
    asked = of(
        delivery_service_pb2.ListTasksRequest,
        delivery_ids=["d1"],
        route_id="r",
        state="TASK_STATE_OPEN",
    )

    assert requests.task_filter(asked, "bikes") == TaskFilter(
        delivery_ids=["d1"], route_id="r", state=TaskState.OPEN, carrier_id="bikes"
    )


@pytest.mark.parametrize(("own", "listed"), [("", "bob"), ("ada", "ada")])
def test_a_driver_lists_its_own_shifts_whoever_it_asks_for(own: str, listed: str) -> None:
    asked = of(
        fleet_service_pb2.ListShiftsRequest,
        interval=AN_HOUR,
        driver_id="bob",
        states=["SHIFT_STATE_ENDED"],
    )

    assert requests.shift_filter(asked, own) == ShiftFilter(HOUR, listed, (ShiftState.ENDED,))


@pytest.mark.parametrize(("own", "listed"), [("", "bikes"), ("vans", "vans")])
def test_a_carrier_lists_its_own_routes_whoever_it_asks_for(own: str, listed: str) -> None:
    asked = of(
        dispatch_service_pb2.ListRoutesRequest,
        route_plan_id="plan",
        shift_id="s",
        carrier_id="bikes",
        states=["ROUTE_STATE_ACTIVE"],
    )

    assert requests.route_filter(asked, "ada", own) == RouteFilter(
        route_plan_id="plan",
        states=(RouteState.ACTIVE,),
        shift_id="s",
        carrier_id=listed,
        driver_id="ada",
    )


def test_states_and_kinds_are_listed_as_asked() -> None:
    plans = of(dispatch_service_pb2.ListRoutePlansRequest, states=["ROUTE_PLAN_STATE_CHECKED"])
    places = of(fleet_service_pb2.ListPlacesRequest, kinds=["PLACE_KIND_LOCKER", "PLACE_KIND_PUDO"])
    tenders = of(tender_service_pb2.ListTendersRequest, states=["TENDER_STATE_OFFERED"])
    quotes = of(tender_service_pb2.ListQuotesRequest, state="QUOTE_STATE_SUBMITTED")

    assert requests.plan_states(plans) == (RoutePlanState.CHECKED,)
    assert requests.place_kinds(places) == [PlaceKind.LOCKER.value, PlaceKind.PUDO.value]
    assert requests.tender_states(tenders) == (TenderState.OFFERED,)
    assert requests.quote_state(quotes) is QuoteState.SUBMITTED


def test_an_interval_that_ends_before_it_starts_is_refused_with_its_name() -> None:
    asked = of(delivery_service_pb2.ListDeliveriesRequest, promise_start_interval=BACKWARD)

    with pytest.raises(Invalid) as caught:
        requests.delivery_filter(asked, "")

    assert paths(caught) == ["promise_start_interval"]


def test_a_moment_that_is_unset_has_its_default() -> None:
    unset = of(fleet_service_pb2.StartShiftRequest)
    told = of(fleet_service_pb2.StartShiftRequest, start_time={"seconds": 60})

    assert requests.moment_or(unset, "start_time", EPOCH) == EPOCH
    assert requests.moment_or(told, "start_time", EPOCH) == EPOCH + timedelta(minutes=1)


def test_a_plan_is_drafted_for_what_is_named_and_searched_as_long_as_asked() -> None:
    asked = of(
        dispatch_service_pb2.DraftRoutePlanRequest,
        interval=AN_HOUR,
        shift_ids=["s"],
        task_ids=["t"],
        depot_place_id="depot",
    )

    assert requests.wanted(asked) == Wanted(HOUR, ["s"], ["t"], "depot")
    assert requests.search(asked) == timedelta(seconds=10)
    asked.search_duration.seconds = 3
    assert requests.search(asked) == timedelta(seconds=3)


@pytest.mark.parametrize(
    ("sequences", "sound"),
    [
        ({"s1": ["t1", "t2"], "s2": ["t3"]}, True),
        ({"s1": ["t1", "t2"], "s2": ["t2"]}, False),
        ({"s1": ["t1", "t1"]}, False),
    ],
)
def test_no_task_stands_on_two_routes(sequences: dict[str, list[str]], sound: bool) -> None:
    asked = of(
        dispatch_service_pb2.CreateRoutePlanRequest,
        routes=[{"shift_id": s, "task_ids": t} for s, t in sequences.items()],
    )
    if sound:
        assert requests.sequences(asked) == sequences
        return
    with pytest.raises(Invalid) as caught:
        requests.sequences(asked)
    assert paths(caught) == ["routes"]


def test_no_shift_drives_two_routes_of_a_plan() -> None:
    routes: list[Any] = [{"shift_id": "s", "task_ids": [t]} for t in ("t1", "t2")]

    with pytest.raises(Invalid):
        requests.sequences(of(dispatch_service_pb2.CreateRoutePlanRequest, routes=routes))


def test_tasks_move_to_a_rank_to_the_cheapest_place_or_off_their_route() -> None:
    asked = of(
        dispatch_service_pb2.ReassignStopsRequest,
        routes=[{"route_id": "r1", "base_revision": 3}, {"route_id": "r2", "base_revision": 1}],
        moves=[
            {"task_id": "t1", "exact": {"route_id": "r1", "rank": 2}},
            {"task_id": "t2", "cheapest": {"route_ids": ["r2"]}},
            {"task_id": "t3", "cheapest": {}},
            {"task_id": "t4", "removal": {}},
        ],
        cause="REVISION_CAUSE_RISK",
        allow_partial=True,
    )

    assert requests.change(asked) == Change(
        bases=(Base("r1", 3), Base("r2", 1)),
        moves=(
            TaskMove("t1", route_id="r1", rank=2),
            TaskMove("t2", route_ids=("r2",), cheapest=True),
            TaskMove("t3", cheapest=True),
            TaskMove("t4"),
        ),
        cause=RevisionCause.RISK,
        allow_partial=True,
    )


def test_a_change_without_a_cause_is_a_dispatcher_s() -> None:
    asked = of(
        dispatch_service_pb2.ReassignStopsRequest, routes=[{"route_id": "r1", "base_revision": 3}]
    )

    assert requests.change(asked).cause is RevisionCause.DISPATCHER


def test_a_route_stands_once_in_a_change() -> None:
    bases: list[Any] = [{"route_id": "r1", "base_revision": n} for n in (1, 2)]

    with pytest.raises(Invalid) as caught:
        requests.change(of(dispatch_service_pb2.ReassignStopsRequest, routes=bases))

    assert paths(caught) == ["routes"]


def test_a_route_in_another_order_is_each_task_at_its_rank() -> None:
    asked = of(
        dispatch_service_pb2.ResequenceRouteRequest,
        route_id="r",
        base_revision=4,
        task_ids=["t2", "t1"],
    )

    assert requests.reorder(asked) == Change(
        (Base("r", 4),),
        (TaskMove("t2", route_id="r", rank=0), TaskMove("t1", route_id="r", rank=1)),
        RevisionCause.DISPATCHER,
    )


@pytest.mark.parametrize(
    ("units", "nanos", "refused"),
    [(0, 0, False), (9, 500_000_000, False), (-1, 0, True), (0, -1_000, True), (0, 1, True)],
)
def test_a_price_is_exact_and_not_negative(units: int, nanos: int, refused: bool) -> None:
    asked = of(
        tender_service_pb2.SubmitQuoteRequest,
        price={"currency_code": "EUR", "units": units, "nanos": nanos},
        expire_time={"seconds": 60},
        note="by bike",
    )
    if refused:
        with pytest.raises(Invalid) as caught:
            requests.price(asked)
        assert paths(caught) == ["price"]
        return
    amount = Money("EUR", units * 1_000_000 + nanos // 1_000)
    assert requests.price(asked) == Price(amount, EPOCH + timedelta(minutes=1), None, "by bike")


def test_a_price_says_when_the_goods_would_be_fetched() -> None:
    asked = of(
        tender_service_pb2.SubmitQuoteRequest,
        price={"currency_code": "EUR"},
        expire_time={"seconds": 60},
        pickup_time={"seconds": 5},
    )

    assert requests.price(asked).pickup_time == EPOCH + timedelta(seconds=5)


@pytest.mark.parametrize(
    ("number", "strategy"),
    [
        (0, TenderStrategy.SEQUENTIAL),
        (tender_pb2.TENDER_STRATEGY_SEQUENTIAL, TenderStrategy.SEQUENTIAL),
        (tender_pb2.TENDER_STRATEGY_BROADCAST, TenderStrategy.BROADCAST),
    ],
)
def test_carriers_are_asked_one_after_the_other_unless_said(
    number: int, strategy: TenderStrategy
) -> None:
    asked = of(tender_service_pb2.CreateTenderRequest, strategy=number)

    assert requests.strategy(asked) is strategy


@pytest.mark.parametrize("reason", DeclineReason)
def test_every_reason_of_a_driver_is_known(reason: DeclineReason) -> None:
    asked = of(dispatch_service_pb2.DeclineAssignmentRequest, reason=f"DECLINE_REASON_{reason}")

    assert requests.decline_reason(asked.reason) is reason


@pytest.mark.parametrize("reason", TenderDeclineReason)
def test_every_reason_of_a_carrier_is_known(reason: TenderDeclineReason) -> None:
    asked = of(tender_service_pb2.DeclineTenderRequest, reason=f"TENDER_DECLINE_REASON_{reason}")

    assert requests.tender_decline_reason(asked.reason) is reason


@pytest.mark.parametrize("state", DeliveryState)
def test_every_state_has_its_number(state: DeliveryState) -> None:
    enum = delivery_pb2.DeliveryState
    number = enum.Value(f"DELIVERY_STATE_{state}")

    assert requests.member(DeliveryState, enum, number) is state
    assert requests.member(DeliveryState, enum, 0) is None
