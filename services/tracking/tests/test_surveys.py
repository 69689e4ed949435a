"""What customers say: surveys by link, once per attempt, and contacts; both as metrics."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from google.type.interval_pb2 import Interval

from doorstep.tracking.v1 import (
    analytics_service_pb2,
    metric_pb2,
    survey_pb2,
    tracking_event_pb2,
    tracking_link_pb2,
    tracking_service_pb2,
)
from meshkit.errors import AlreadyExists, Invalid, NotFound, NotReady
from meshkit.testing import Role, TestMesh
from services.tracking.convert.wire import stamp
from services.tracking.servicer.common import Desk
from services.tracking.tests.calls import analytics_of, planned, reported, tracking_of
from services.tracking.tests.town import at
from services.tracking.tests.wire import event, failure, told

pytestmark = pytest.mark.pg

DAY = Interval(start_time=stamp(at(-600)), end_time=stamp(at(800)))
YES, NO = survey_pb2.SURVEY_ANSWER_YES, survey_pb2.SURVEY_ANSWER_NO


async def link_to(mesh: TestMesh, delivery_id: str, *scopes: str) -> str:
    request = tracking_service_pb2.CreateTrackingLinkRequest(
        request_id=str(uuid.uuid4()),
        delivery_id=delivery_id,
        scopes=[tracking_link_pb2.LinkScope.Value(f"LINK_SCOPE_{scope}") for scope in scopes],
    )
    return str((await tracking_of(mesh).CreateTrackingLink(request)).token)


async def answered(mesh: TestMesh, token: str, **answers: Any) -> survey_pb2.SurveyResponse:
    request = tracking_service_pb2.SubmitSurveyResponseRequest(
        request_id=str(uuid.uuid4()), token=token, response=survey_pb2.SurveyResponse(**answers)
    )
    kept = await tracking_of(mesh, None).SubmitSurveyResponse(request)
    return kept.response  # type: ignore[no-any-return]


async def listed(mesh: TestMesh, **page: Any) -> Any:
    request = analytics_service_pb2.ListSurveyResponsesRequest(interval=DAY, **page)
    return await analytics_of(mesh).ListSurveyResponses(request)


async def measured(mesh: TestMesh, *metrics: str) -> dict[str, tuple[int, int]]:
    request = analytics_service_pb2.QueryMetricsRequest(
        metrics=[metric_pb2.Metric.Value(f"METRIC_{metric}") for metric in metrics], interval=DAY
    )
    points = (await analytics_of(mesh).QueryMetrics(request)).points
    names = [metric_pb2.Metric.Name(one.metric).removeprefix("METRIC_") for one in points]
    return {n: (one.numerator, one.denominator) for n, one in zip(names, points, strict=True)}


async def test_an_answer_is_joined_to_its_attempt_and_hides_from_its_giver_who_drove(
    mesh: TestMesh, desk: Desk
) -> None:
    await planned(desk)
    await reported(mesh, event(4, "delivered", 1))
    told_back = await answered(
        mesh, await link_to(mesh, "del_1"), driver_courteous=YES, recommend_score=9, comment="nice"
    )
    (response,) = (await listed(mesh)).responses

    assert (told_back.task_id, told_back.comment) == ("tsk_1", "nice")
    assert not told_back.route_id + told_back.driver_id + told_back.carrier_id
    assert (response.route_id, response.driver_id) == ("rte_1", "driver-1")
    assert response.outcome == tracking_event_pb2.TASK_OUTCOME_SUCCEEDED
    assert response.outcome_time == stamp(at(4))
    assert (response.attempt_number, response.comment) == (1, "nice")


async def test_the_first_answer_of_an_attempt_stays(mesh: TestMesh, desk: Desk) -> None:
    await planned(desk)
    await reported(mesh, failure(4, 1, "NOT_HOME"))
    token = await link_to(mesh, "del_1")
    await answered(mesh, token, recommend_score=2)
    with pytest.raises(AlreadyExists) as caught:
        await answered(mesh, token, recommend_score=10)

    assert caught.value.reason == "SURVEY_ANSWERED"
    assert [one.recommend_score for one in (await listed(mesh)).responses] == [2]


async def test_a_page_says_whether_the_survey_can_be_answered(mesh: TestMesh, desk: Desk) -> None:
    await planned(desk)
    token = await link_to(mesh, "del_1", "TRACK", "SURVEY")
    open_then = [await is_open(mesh, token)]
    await reported(mesh, event(4, "delivered", 1))
    open_then.append(await is_open(mesh, token))
    await answered(mesh, token, recommend_score=9)
    open_then.append(await is_open(mesh, token))

    assert open_then == [False, True, False]


async def is_open(mesh: TestMesh, token: str) -> bool:
    request = tracking_service_pb2.GetTrackingRequest(token=token)
    return bool((await tracking_of(mesh, None).GetTracking(request)).tracking.survey_open)


async def test_an_answer_asked_twice_is_kept_once(mesh: TestMesh, desk: Desk) -> None:
    await planned(desk)
    await reported(mesh, event(4, "delivered", 1))
    request = tracking_service_pb2.SubmitSurveyResponseRequest(
        request_id=str(uuid.uuid4()),
        token=await link_to(mesh, "del_1"),
        response=survey_pb2.SurveyResponse(time_kept=NO),
    )
    anybody = tracking_of(mesh, None)

    first, second = [await anybody.SubmitSurveyResponse(request) for _ in range(2)]
    assert first == second
    assert len((await listed(mesh)).responses) == 1


async def test_what_cannot_be_answered_is_refused(mesh: TestMesh, desk: Desk) -> None:
    await planned(desk)
    await reported(mesh, event(4, "delivered", 1))
    with pytest.raises(NotReady) as early:
        await answered(mesh, await link_to(mesh, "del_2"), time_kept=YES)
    with pytest.raises(NotFound) as unscoped:
        await answered(mesh, await link_to(mesh, "del_1", "TRACK"), time_kept=YES)
    with pytest.raises(Invalid) as empty:
        await answered(mesh, await link_to(mesh, "del_1"))

    reasons = [one.value.reason for one in (early, unscoped, empty)]
    assert reasons == ["SURVEY_EARLY", "LINK_INVALID", "SURVEY_EMPTY"]


async def test_the_feed_tells_of_an_answer_without_its_words(mesh: TestMesh, desk: Desk) -> None:
    await planned(desk)
    await reported(mesh, event(4, "delivered", 1))
    await answered(mesh, await link_to(mesh, "del_1"), proof_clear=YES, comment="ring twice")
    (change,) = await told(desk, "survey_answered")

    assert change.survey_answered.response.proof_clear == YES
    assert not change.survey_answered.response.comment


async def test_surveys_and_contacts_are_metrics(mesh: TestMesh, desk: Desk) -> None:
    await planned(desk)
    await reported(mesh, *(event(3 + number, "delivered", number) for number in (1, 2, 3)))
    for number, score in ((1, 10), (2, 6), (3, 8)):
        token = await link_to(mesh, f"del_{number}")
        await answered(mesh, token, recommend_score=score, time_kept=YES if score > 6 else NO)
    asked, called = contact(20, "WHERE_IS_IT", 1), contact(30, "CHANGE", 2, outbound=True)
    statuses = await reported(mesh, asked, called, role=Role.DISPATCHER)
    found = await measured(mesh, "RECOMMENDATION", "TIME_KEPT", "COURTESY", "CONTACTS")

    assert statuses == ["RECORDED", "RECORDED"]
    assert found == {"RECOMMENDATION": (0, 3), "TIME_KEPT": (2, 3), "CONTACTS": (1, 3)}


async def test_pages_of_answers_lose_and_double_none(mesh: TestMesh, desk: Desk) -> None:
    await planned(desk)
    await reported(mesh, *(event(3 + number, "delivered", number) for number in (1, 2, 3)))
    for number in (1, 2, 3):
        await answered(mesh, await link_to(mesh, f"del_{number}"), recommend_score=number)
    first = await listed(mesh, page_size=2)
    second = await listed(mesh, page_size=2, page_token=first.next_page_token)

    scores = [one.recommend_score for one in (*first.responses, *second.responses)]
    assert scores == [1, 2, 3]
    assert not second.next_page_token


async def test_a_contact_says_by_which_means_and_about_what(mesh: TestMesh, desk: Desk) -> None:
    await planned(desk)
    silent = event(20, "customer_contacted", 1)
    silent.customer_contacted.SetInParent()

    assert await reported(mesh, silent, role=Role.DISPATCHER) == ["REJECTED"]
    assert await reported(mesh, contact(21, "DAMAGE", 1), role=Role.DISPATCHER) == ["RECORDED"]
    (change,) = await told(desk, "customer_contacted")
    assert (change.customer_contacted.delivery_id, change.customer_contacted.route_id) == (
        "del_1",
        "rte_1",
    )


def contact(minutes: float, topic: str, number: int, *, outbound: bool = False) -> Any:
    """A contact by telephone."""
    made = event(minutes, "customer_contacted", number)
    made.customer_contacted.channel = tracking_event_pb2.CONTACT_CHANNEL_PHONE
    made.customer_contacted.topic = tracking_event_pb2.ContactTopic.Value(f"CONTACT_TOPIC_{topic}")
    made.customer_contacted.outbound = outbound
    return made
