"""
Links, comments, the weather and proofs, both ways.

Goal: what is not said has the default of the contract, and what is said comes back.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from doorstep.tracking.v1 import tracking_link_pb2 as link_pb
from services.tracking.convert.links import (
    audience,
    link_to_proto,
    scopes,
    visibility,
    weather,
    weather_to_proto,
)
from services.tracking.convert.proofs import proof, proof_to_proto
from services.tracking.convert.wire import duration
from services.tracking.domain.link import LinkScope
from services.tracking.domain.note import Audience, Condition, Weather
from services.tracking.domain.proof import ProofState
from services.tracking.domain.route import Window
from services.tracking.domain.visibility import Rule, Visibility
from services.tracking.tests.convert.test_views import LINK, PROOF
from services.tracking.tests.town import NINE, at, place


@pytest.mark.parametrize(
    ("condition", "rule"),
    [
        ({"remaining_stop_count": 0}, Rule(stops=0)),
        ({"remaining_stop_count": 5}, Rule(stops=5)),
        ({"remaining_duration": duration(600)}, Rule(time=timedelta(minutes=10))),
        ({"remaining_distance_meters": 0}, Rule(meters=0)),
        ({"always": True}, Rule(always=True)),
        ({"never": True}, Rule(never=True)),
        ({"always": False}, Visibility().position),  # false means nothing
        ({"never": False}, Visibility().position),
        ({}, Visibility().position),
    ],
)
def test_a_rule_is_what_its_condition_says_and_else_the_default(
    condition: dict[str, Any], rule: Rule
) -> None:
    asked = link_pb.VisibilityRules(position=link_pb.VisibilityRule(**condition))

    made = visibility(asked)

    assert made == replace(Visibility(), position=rule)
    assert visibility(link_to_proto(replace(LINK, visibility=made)).visibility) == made


def test_the_defaults_are_those_that_the_contract_states() -> None:
    assert visibility(link_pb.VisibilityRules()) == Visibility(
        position=Rule(stops=3),
        eta=Rule(always=True),
        stops=Rule(stops=10),
        distance=Rule(stops=3),
        polyline=Rule(stops=1),
    )


def test_a_link_may_track_and_answer_unless_it_is_said_otherwise() -> None:
    assert scopes([]) == scopes([0]) == (LinkScope.TRACK, LinkScope.SURVEY)
    assert scopes([link_pb.LINK_SCOPE_REDIRECT]) == (LinkScope.REDIRECT,)


def test_a_comment_is_internal_unless_it_is_said_otherwise() -> None:
    assert [audience(value) for value in (0, 1, 2, 3)] == [
        Audience.INTERNAL, Audience.INTERNAL, Audience.CREW, Audience.ALL,
    ]  # fmt: skip


def test_a_report_of_the_weather_goes_there_and_back() -> None:
    report = Weather(
        "wrp_1",
        place(1),
        5_000,
        Window(at(0), at(60)),
        Condition.SNOW,
        NINE,
        -35,
        1_200,
        1_400,
        "FMI",
    )

    assert weather(weather_to_proto(report), NINE) == report
    bare = replace(report, temperature_decidegrees=None, wind_centimeters_per_second=None)
    assert weather(weather_to_proto(bare), NINE) == bare


def test_no_weather_makes_anybody_faster_than_usual() -> None:
    sunny = weather_to_proto(
        Weather("wrp_1", place(1), 5_000, Window(at(0), at(60)), Condition.CLEAR, NINE)
    )
    sunny.travel_time_permille = 0

    assert weather(sunny, NINE).travel_time_permille == 1_000


def test_a_proof_comes_through_whole() -> None:
    told = proof_to_proto(PROOF)
    told.items[3].code = "c" * 64  # which no reader is shown

    back = proof(told, at(11))

    sent = replace(PROOF, delivery_id="", state=ProofState.PENDING, accept_time=None)
    assert back == sent
