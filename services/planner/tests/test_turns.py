"""Turns: who gets what is few, and who is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from meshkit.errors import Exhausted
from services.planner.adapters.turns import Turns

pytestmark = pytest.mark.asyncio


async def waiting(turns: Turns[str], *tenants: str) -> list[asyncio.Task[str]]:
    """One more who waits per name, in this order."""
    tasks = []
    for tenant in tenants:
        tasks.append(asyncio.create_task(turns.take(tenant)))
        await asyncio.sleep(0)
    return tasks


async def served(turns: Turns[str], tasks: Sequence[asyncio.Task[str]]) -> list[int]:
    """The ranks of the tasks in the order in which they got the one thing there is."""
    order: list[int] = []
    for _ in tasks:
        turns.give("core")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        order += [rank for rank, task in enumerate(tasks) if task.done() and rank not in order]
    return order


async def test_tenants_take_turns_whatever_each_has_waiting() -> None:
    turns: Turns[str] = Turns(waiting_max=10)
    tasks = await waiting(turns, "big", "big", "big", "small", "small", "other")

    assert await served(turns, tasks) == [0, 3, 5, 1, 4, 2]


async def test_what_is_idle_is_given_at_once() -> None:
    turns: Turns[str] = Turns(waiting_max=0)
    turns.give("core")

    assert await turns.take("big") == "core"
    with pytest.raises(Exhausted):
        await turns.take("big")


async def test_a_full_queue_refuses_whoever_fills_it() -> None:
    turns: Turns[str] = Turns(waiting_max=2)
    tasks = await waiting(turns, "big", "big")
    with pytest.raises(Exhausted) as caught:
        await turns.take("big")

    assert caught.value.reason == "SOLVERS_BUSY"
    assert await served(turns, tasks) == [0, 1]


async def test_a_full_queue_has_room_for_a_tenant_that_has_nothing_in_it() -> None:
    turns: Turns[str] = Turns(waiting_max=2)
    first, last, small = await waiting(turns, "big", "big", "small")
    await asyncio.wait([last])

    assert isinstance(last.exception(), Exhausted)
    assert await served(turns, [first, small]) == [0, 1]


async def test_who_leaves_the_line_is_passed_over() -> None:
    turns: Turns[str] = Turns(waiting_max=4)
    tasks = await waiting(turns, "one", "other", "third")
    tasks[0].cancel()
    await asyncio.wait([tasks[0]])

    assert turns.waiting == 2
    assert await served(turns, tasks[1:]) == [0, 1]


async def test_what_was_given_to_somebody_who_left_goes_to_the_next() -> None:
    turns: Turns[str] = Turns(waiting_max=4)
    first, second = await waiting(turns, "one", "other")
    turns.give("core")  # to the first, who has not heard of it yet
    first.cancel()
    await asyncio.wait([first])

    assert await asyncio.wait_for(second, 1) == "core"
    assert turns.idle == 0
