"""Facts as drafts of the feed."""

from __future__ import annotations

from doorstep.dispatch.v1 import event_pb2
from services.dispatch.convert.events import draft, field_name
from services.dispatch.domain.events import Fact, RouteClosed, RoutePlanCompleted
from services.dispatch.tests.domain.samples import at


def test_a_fact_is_told_with_its_name_its_subject_and_its_time() -> None:
    made = draft(Fact("r", at(5), RouteClosed("r", 3)))

    assert (made.type, made.subject, made.event_time) == ("route_closed", "r", at(5))
    assert event_pb2.RouteClosed.FromString(made.payload) == event_pb2.RouteClosed(
        route_id="r", revision=3
    )


def test_a_name_of_several_words_keeps_them_apart() -> None:
    assert field_name(RoutePlanCompleted) == "route_plan_completed"
