"""
One effect and one answer per request id.

A write's caller names its attempt by a `request_id`. The answer is stored in the transaction of the
effect, under (tenant, subject, method, request id), together with a digest of the request. The same
id with the same body gets the stored answer; with another body it is refused. Only success is
stored: an error left no effect, so the next attempt may try again.

A servicer's method:

    call = Call.of(current_caller(), request)
    cancel = partial(self._cancel, request)  # takes the Transaction
    return await commit_once(self._db, call, pb.CancelDeliveryResponse, cancel)

and where the use-case asks other services first (no transaction stays open across an rpc):

    if (answer := await recall(self._db, call, pb.PublishRoutePlanResponse)) is not None:
        return answer
    verdict = await usecases.ask_compliance(...)
    publish = partial(self._publish, request, verdict)
    return await commit_once(self._db, call, pb.PublishRoutePlanResponse, publish)
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from google.protobuf.message import Message

from meshkit.caller import MESH_DOMAIN, Caller
from meshkit.errors import Invalid, Violation
from meshkit.postgres import Database, Snapshot, Transaction

KEPT = timedelta(hours=72)  # the promise; `prune` never forgets earlier
PRUNED_ROWS_MAX = 5_000  # in one transaction

Response = TypeVar("Response", bound=Message)


@dataclass(frozen=True, slots=True)
class Call:
    """Whose attempt at what: the key under which an answer is kept, and what was asked."""

    tenant: str
    subject: str
    method: str  # the request's full name: every rpc has a request of its own
    request_id: uuid.UUID
    digest: bytes

    @classmethod
    def of(cls, caller: Caller, request: Message) -> Call:
        """The call that a caller makes with a request."""
        return cls(
            caller.required_tenant(),
            caller.subject,
            request.DESCRIPTOR.full_name,
            _request_id(request),
            digest_of(request),
        )


def digest_of(request: Message) -> bytes:
    """SHA-256 of what is asked: without the attempt's id, and without fields we do not know."""
    asked = type(request)()
    asked.CopyFrom(request)
    asked.ClearField("request_id")
    asked.DiscardUnknownFields()  # type: ignore[no-untyped-call, unused-ignore]
    return hashlib.sha256(asked.SerializeToString(deterministic=True)).digest()


async def recall(db: Database, call: Call, response: type[Response]) -> Response | None:
    """
    The answer this call got before, or None. For use before rpcs; `once` looks again.

    Raises Invalid `REQUEST_ID_REUSED` when the same id came with another body.
    """
    async with db.transaction(call.tenant) as tx:
        return await _stored(tx, call, response)


async def once(
    tx: Transaction,
    call: Call,
    response: type[Response],
    effect: Callable[[], Awaitable[Response]],
) -> Response:
    """
    Runs the effect inside this transaction, unless this call was answered before.

    Make it the first thing in the transaction: a duplicate waits here until the first has ended.
    Raises Invalid `REQUEST_ID_REUSED` when the same id came with another body.
    """
    await tx.fetchval(LOCK, _lock_name(call))
    answer = await _stored(tx, call, response)
    if answer is None:
        answer = await effect()
        await tx.execute(STORE, *_key(call), call.digest, answer.SerializeToString())
    return answer


async def commit_once(
    db: Database,
    call: Call,
    response: type[Response],
    effect: Callable[[Transaction], Awaitable[Response]],
) -> Response:
    """Runs the effect in a transaction of its own, once per call; returns when it is durable."""
    async with db.transaction(call.tenant) as tx:
        return await once(tx, call, response, lambda: effect(tx))


async def prune(db: Database, kept: timedelta = KEPT) -> int:
    """Forgets answers that are older than `kept`, and tells how many; call it now and then."""
    total = 0
    while True:
        async with db.worker() as tx:
            gone = await tx.execute(PRUNE, max(kept, KEPT), PRUNED_ROWS_MAX)
        total += gone
        if gone < PRUNED_ROWS_MAX:
            return total


async def _stored(tx: Snapshot, call: Call, response: type[Response]) -> Response | None:
    row = await tx.fetchrow(FIND, *_key(call))
    if row is None:
        return None
    if row["digest"] != call.digest:
        raise Invalid(
            "REQUEST_ID_REUSED",
            "this request id was used for another request",
            domain=MESH_DOMAIN,
            violations=[Violation("request_id", "was used for another request")],
        )
    return response.FromString(row["response"])


def _request_id(request: Message) -> uuid.UUID:
    text = str(getattr(request, "request_id", ""))
    try:
        return uuid.UUID(text)
    except ValueError:
        raise Invalid(
            "REQUEST_ID_INVALID",
            "a request id is a UUID",
            domain=MESH_DOMAIN,
            violations=[Violation("request_id", "must be a UUID")],
        ) from None


def _key(call: Call) -> tuple[str, str, str, uuid.UUID]:
    return call.tenant, call.subject, call.method, call.request_id


def _lock_name(call: Call) -> str:
    return "\n".join(map(str, _key(call)))


# Held to the end of the transaction. Two keys may share a hash: then one waits in vain, no worse.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"

FIND = """
    SELECT digest, response FROM idempotency
    WHERE tenant = $1 AND subject = $2 AND method = $3 AND request_id = $4"""

STORE = """
    INSERT INTO idempotency (tenant, subject, method, request_id, digest, response)
    VALUES ($1, $2, $3, $4, $5, $6)"""

PRUNE = """
    DELETE FROM idempotency WHERE (tenant, subject, method, request_id) IN (
        SELECT tenant, subject, method, request_id FROM idempotency
        WHERE stored_at < clock_timestamp() - $1::interval ORDER BY stored_at LIMIT $2
    )"""
