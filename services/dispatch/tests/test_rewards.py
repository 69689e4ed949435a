"""
Rewards over the wire: once per delivery and reason, with a code that nobody guesses.

Method: a real server on a real port over a real PostgreSQL.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from doorstep.dispatch.v1 import delivery_service_pb2 as pb
from meshkit.errors import AlreadyExists, Invalid, MeshError, NotFound, NotReady
from services.dispatch.adapters.secrets import fresh_code
from services.dispatch.domain.reward import RewardCode, RewardReason
from services.dispatch.tests.office import Office, ask, interval, stamp

pytestmark = pytest.mark.pg

CODE = re.compile(r"[2-9A-HJ-NP-Z]{4}(-[2-9A-HJ-NP-Z]{4}){3}")
EUR = {"currency_code": "EUR", "units": 2}
PUDO = {"kind": "HANDOVER_KIND_PUDO", "place_id": "depot"}
MORNING, EVENING = interval(8, 10), interval(18, 20)
CHOSEN = {"promise_window": MORNING, "green_window": MORNING, "alternatives": [PUDO]}


def grant(delivery_id: str = "d1", reason: str = "GREEN_WINDOW", **fields: Any) -> Any:
    asked = {"delivery_id": delivery_id, "reason": f"REWARD_REASON_{reason}"} | fields
    return ask(pb.CreateRewardCodeRequest, reward_code=asked)


async def granted(office: Office, *asked: Any) -> list[Any]:
    answers = [await office.desk.deliveries.CreateRewardCode(request) for request in asked]
    return [answer.reward_code for answer in answers]


async def listed(office: Office, **fields: Any) -> Any:
    return await office.desk.deliveries.ListRewardCodes(pb.ListRewardCodesRequest(**fields))


async def test_a_reward_is_granted_with_a_code_and_shown_again(office: Office) -> None:
    await office.order("d1", **CHOSEN)

    [reward] = await granted(office, grant(value=EUR, expire_time=stamp(48)))

    assert CODE.fullmatch(reward.code)
    assert reward.reward_code_id.startswith("rwd_")
    assert (reward.value.units, reward.expire_time) == (2, stamp(48))
    assert (await listed(office)).reward_codes == [reward]


async def test_a_delivery_earns_each_reason_once_whoever_asks(office: Office) -> None:
    await office.order("d1", "d2", **CHOSEN)
    request = grant()
    first, again = await granted(office, request, request)

    with pytest.raises(AlreadyExists) as caught:
        await granted(office, grant())
    others = await granted(office, grant(reason="PUDO"), grant("d2"))

    assert again == first
    assert caught.value.reason == "REWARD_CODE_EXISTS"
    assert caught.value.metadata["reward_code_id"] == first.reward_code_id
    assert len({reward.code for reward in (first, *others)}) == 3


async def test_of_many_who_ask_at_once_one_gets_the_reward(office: Office) -> None:
    await office.order("d1", **CHOSEN)
    calls = [office.desk.deliveries.CreateRewardCode(grant()) for _ in range(6)]

    answers = await asyncio.gather(*calls, return_exceptions=True)

    refused = [answer for answer in answers if isinstance(answer, MeshError)]
    assert [error.reason for error in refused] == ["REWARD_CODE_EXISTS"] * 5
    assert len((await listed(office)).reward_codes) == 1


@pytest.mark.parametrize(
    ("request_", "error", "reason"),
    [
        (grant("d9"), NotFound, "DELIVERY_UNKNOWN"),
        (grant(value={"currency_code": "USD", "units": 1}), Invalid, "CURRENCY_WRONG"),
        (grant(expire_time=stamp(1)), Invalid, "EXPIRY_PAST"),
        (grant(value={"currency_code": "EUR"}), Invalid, "FIELD_INVALID"),  # worth nothing
        (grant(reason="UNSPECIFIED"), Invalid, "FIELD_INVALID"),
    ],
)
async def test_a_reward_that_cannot_be_is_refused(
    office: Office, request_: Any, error: type[MeshError], reason: str
) -> None:
    await office.order("d1", **CHOSEN)

    with pytest.raises(error) as caught:
        await granted(office, request_)

    assert caught.value.reason == reason
    assert not (await listed(office)).reward_codes


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, "GREEN_WINDOW"),
        ({"promise_window": EVENING, "green_window": MORNING}, "GREEN_WINDOW"),  # moved since
        ({"green_window": MORNING}, "PUDO"),
    ],
)
async def test_a_reward_needs_the_choice_that_it_is_for(
    office: Office, fields: dict[str, Any], reason: str
) -> None:
    await office.order("d1", **fields)

    with pytest.raises(NotReady) as caught:
        await granted(office, grant(reason=reason))
    goodwill = await granted(office, grant(reason="GOODWILL"))

    assert caught.value.reason == "REWARD_NOT_EARNED"
    assert caught.value.metadata["reward_reason"] == reason
    assert (await listed(office)).reward_codes == goodwill


async def test_rewards_are_listed_by_name_and_delivery_page_by_page(office: Office) -> None:
    await office.order("d1", "d2", **CHOSEN)
    made = await granted(office, grant(), grant("d2"), grant(reason="GOODWILL"))

    first = await listed(office, page_size=2)
    second = await listed(office, page_size=2, page_token=first.next_page_token)
    own = await listed(office, delivery_id="d1")

    assert [*first.reward_codes, *second.reward_codes] == made
    assert not second.next_page_token
    assert list(own.reward_codes) == [made[0], made[2]]


async def test_another_tenant_sees_and_earns_nothing(office: Office) -> None:
    await office.order("d1", **CHOSEN)
    await granted(office, grant())
    rival = office.stranger().deliveries

    assert not (await rival.ListRewardCodes(pb.ListRewardCodesRequest())).reward_codes
    with pytest.raises(NotFound):
        await rival.CreateRewardCode(grant())


def test_codes_never_repeat_nor_show_in_a_log_line() -> None:
    codes = {fresh_code() for _ in range(1_000)}
    code = codes.pop()

    assert len(codes) == 999
    assert code not in repr(RewardCode("d1", RewardReason.PUDO, code=code))
