"""
Request ids: one effect and one answer, whatever the number of attempts.

Method: the effect counts itself; attempts come one after another, at once, and after failures.
"""

from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from meshkit.caller import Caller, Role
from meshkit.client import raising
from meshkit.errors import Denied, Invalid, NotReady
from meshkit.idempotency import Call, commit_once, digest_of, prune, recall
from meshkit.postgres import Database, Transaction
from meshkit.testing import serving
from meshkit.tests.journal import (
    COUNT,
    JournalServicer,
    entry_ids,
    pb,
    pb_grpc,
    write,
    write_request,
)

ANA = Caller("ana", Role.DISPATCHER, "acme")


async def effect(request: Any, tx: Transaction) -> Any:
    """Writes, and answers with what only the first attempt can see."""
    await write(tx, request.entry_id)
    return pb.WriteResponse(entry_id=request.entry_id, count=await tx.fetchval(COUNT))


async def attempt(db: Database, request: Any, caller: Caller = ANA) -> Any:
    """One attempt as a servicer makes it."""
    call = Call.of(caller, request)
    return await commit_once(db, call, pb.WriteResponse, partial(effect, request))


@pytest.mark.pg
async def test_a_repeated_request_gets_the_first_answer_and_has_no_effect(db: Database) -> None:
    request = write_request("a")
    answer = await attempt(db, request)
    await attempt(db, write_request("b"))

    assert await attempt(db, request) == answer
    assert await entry_ids(db, "acme") == ["a", "b"]


@pytest.mark.pg
async def test_recall_knows_an_answer_only_after_the_effect(db: Database) -> None:
    request = write_request("a")
    call = Call.of(ANA, request)
    before = await recall(db, call, pb.WriteResponse)
    answer = await attempt(db, request)

    assert before is None
    assert await recall(db, call, pb.WriteResponse) == answer


@pytest.mark.pg
async def test_fifty_attempts_at_once_have_one_effect_and_equal_answers(db: Database) -> None:
    request = write_request("a")
    answers = await asyncio.gather(*(attempt(db, request) for _ in range(50)))

    assert answers == [answers[0]] * 50
    assert await entry_ids(db, "acme") == ["a"]


@pytest.mark.pg
async def test_the_same_id_with_another_body_is_refused(db: Database) -> None:
    request = write_request("a")
    await attempt(db, request)
    request.text = "other"

    for again in (attempt(db, request), recall(db, Call.of(ANA, request), pb.WriteResponse)):
        with pytest.raises(Invalid) as caught:
            await again
        assert caught.value.reason == "REQUEST_ID_REUSED"


@pytest.mark.pg
@pytest.mark.parametrize(
    "other", [Caller("ana", Role.DISPATCHER, "bolt"), Caller("bob", Role.DISPATCHER, "acme")]
)
async def test_an_id_belongs_to_its_caller(db: Database, other: Caller) -> None:
    request = write_request("a")
    await attempt(db, request)
    same_id = write_request("b", request_id=request.request_id)

    assert (await attempt(db, same_id, other)).entry_id == "b"


@pytest.mark.pg
async def test_a_failure_is_not_remembered(db: Database) -> None:
    async def fail(tx: Transaction) -> Any:
        await write(tx, "a")
        raise NotReady("NOT_YET", "too early")

    request = write_request("a")
    with pytest.raises(NotReady):
        await commit_once(db, Call.of(ANA, request), pb.WriteResponse, fail)

    assert (await attempt(db, request)).count == 1


@pytest.mark.pg
async def test_answers_are_kept_for_three_days_whatever_is_asked(db: Database) -> None:
    request = write_request("a")
    answer = await attempt(db, request)
    await _age(db, timedelta(hours=71, minutes=59))

    assert await prune(db, timedelta(0)) == 0
    assert await attempt(db, request) == answer
    await _age(db, timedelta(minutes=1))
    assert await prune(db) == 1


@pytest.mark.pg
async def test_repeats_over_the_wire_are_one_effect(db: Database) -> None:
    async with serving(JournalServicer(db), service="journal") as mesh:
        journal = raising(pb_grpc.JournalServiceStub(mesh.channel(Role.DISPATCHER)))
        request = write_request("a")
        answers = [await journal.Write(request) for _ in range(3)]
        with pytest.raises(Invalid) as caught:
            await journal.Write(write_request("b", request_id=request.request_id))

    assert answers == [answers[0]] * 3
    assert caught.value.reason == "REQUEST_ID_REUSED"
    assert caught.value.domain == "mesh.doorstep"


def test_the_digest_ignores_the_id_and_the_order_of_a_map() -> None:
    one = write_request("a", labels={"x": "1", "y": "2"})
    two = write_request("a", labels={"y": "2", "x": "1"})

    assert digest_of(one) == digest_of(two)
    assert one.request_id  # the request itself is left alone


def test_the_digest_ignores_fields_we_do_not_know() -> None:
    known = write_request("a")
    unknown = pb.WriteRequest.FromString(known.SerializeToString() + b"\xfa\x3e\x01x")

    assert digest_of(unknown) == digest_of(known)


def test_the_digest_sees_every_other_field() -> None:
    texts = {digest_of(write_request("a", text)) for text in ("", "b", "c")}

    assert len(texts) == 3


@pytest.mark.parametrize("request_id", ["", "7", "g" * 36])
def test_an_id_that_is_no_uuid_is_refused(request_id: str) -> None:
    request = pb.WriteRequest(request_id=request_id)

    with pytest.raises(Invalid) as caught:
        Call.of(ANA, request)
    assert [violation.field for violation in caught.value.violations] == ["request_id"]


def test_an_id_is_the_same_in_capitals() -> None:
    name = str(uuid.uuid4())

    assert Call.of(ANA, write_request("a", request_id=name)) == Call.of(
        ANA, write_request("a", request_id=name.upper())
    )


def test_a_call_without_a_tenant_is_denied() -> None:
    with pytest.raises(Denied):
        Call.of(Caller("root", Role.OPERATOR), write_request("a"))


async def _age(db: Database, span: timedelta) -> None:
    async with db.worker() as tx:
        await tx.execute("UPDATE idempotency SET stored_at = stored_at - $1::interval", span)
