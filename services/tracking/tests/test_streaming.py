"""
One stream of batches.

Goal: answers come in the order of the requests, no more is read than the credit allows, and
whatever ends a stream, what was read before is answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import aclosing

import pytest

from meshkit import drain
from meshkit.drain import Drain
from meshkit.errors import Invalid
from services.tracking.domain.batch import Answer
from services.tracking.servicer.streaming import answered

CREDIT = 3


class Store:
    """Takes requests and makes them durable when it is told to."""

    def __init__(self) -> None:
        self.taken: list[int] = []
        self.promises: dict[int, asyncio.Future[Answer]] = {}

    async def take(self, request: int) -> tuple[str, Awaitable[Answer]]:
        """Refuses 13."""
        if request == 13:
            raise Invalid("BATCH_TOO_LARGE", "thirteen")
        self.taken.append(request)
        self.promises[request] = asyncio.get_running_loop().create_future()
        return f"batch {request}", self.promises[request]

    def store(self, *requests: int) -> None:
        """Makes some durable."""
        for request in requests:
            self.promises[request].set_result(Answer(request, 1, 0, (), ()))


async def numbers(*sent: int, then_wait: bool = False) -> AsyncIterator[int]:
    """Requests; the device may stay silent after them."""
    for one in sent:
        yield one
    if then_wait:
        await asyncio.Event().wait()


async def settled() -> None:
    """Lets everybody come to wait."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_answers_come_in_order_however_they_are_stored() -> None:
    store, told = Store(), list[tuple[str, int]]()

    async def read() -> None:
        async for name, answer in answered(numbers(1, 2, 3), store.take, CREDIT):
            told.append((name, answer.acked_through))

    reading = asyncio.create_task(read())
    await settled()
    store.store(3, 2)
    await settled()
    assert told == []
    store.store(1)
    await reading

    assert told == [("batch 1", 1), ("batch 2", 2), ("batch 3", 3)]


async def test_no_more_is_read_than_the_credit_allows() -> None:
    store = Store()
    async with aclosing(answered(numbers(*range(100)), store.take, CREDIT)) as answers:
        first = asyncio.ensure_future(anext(answers))
        await settled()
        assert store.taken == [0, 1, 2]
        store.store(0)
        await first
        second = asyncio.ensure_future(anext(answers))
        await settled()

        assert store.taken == [0, 1, 2, 3]
        store.store(1)
        await second


async def test_a_bad_request_ends_the_stream_after_the_answers_before_it() -> None:
    store, told = Store(), list[str]()

    async def read() -> None:
        async for name, _ in answered(numbers(1, 2, 13, 4), store.take, 10):
            told.append(name)

    reading = asyncio.create_task(read())
    await settled()
    store.store(1, 2)
    with pytest.raises(Invalid):
        await reading

    assert told == ["batch 1", "batch 2"]
    assert store.taken == [1, 2]


async def test_a_drain_ends_reading_and_what_was_read_is_answered() -> None:
    store, told, draining = Store(), list[str](), Drain()
    drain.enter(draining)

    async def read() -> None:
        async for name, _ in answered(numbers(1, 2, then_wait=True), store.take, CREDIT):
            told.append(name)

    reading = asyncio.create_task(read())
    await settled()
    draining.begin()
    await settled()
    assert not reading.done(), "two answers are owed"
    store.store(1, 2)
    async with asyncio.timeout(5):
        await reading

    assert told == ["batch 1", "batch 2"]


async def test_a_device_that_is_gone_leaves_nothing_running() -> None:
    store = Store()
    before = asyncio.all_tasks()
    answers = answered(numbers(1, then_wait=True), store.take, CREDIT)
    first = asyncio.ensure_future(anext(answers))
    await settled()
    store.store(1)
    await first

    await answers.aclose()

    assert asyncio.all_tasks() == before
