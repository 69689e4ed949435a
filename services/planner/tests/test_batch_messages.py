"""
Plans of a batch in messages: none is forgotten because another was big.

Method: parts whose plans are padded to a size in MiB; letters say which plans a message has.
"""

from __future__ import annotations

import zlib
from datetime import UTC, datetime

import pytest

from doorstep.planner.v1 import optimization_pb2, plan_pb2
from services.planner.convert.optimizations import batch_to_proto
from services.planner.domain.optimization import Batch, Optimization, State
from services.planner.servicer.batches import in_messages

NOW = datetime(2026, 5, 29, tzinfo=UTC)


def batch(names: str) -> Batch:
    """A batch of parts that are done."""
    parts = tuple(Optimization(name, State.DONE, NOW, 1, part_id=name) for name in names)
    return Batch("opt_b", State.DONE, NOW, NOW, parts)


def kept(mebibytes: float) -> bytes:
    """A plan of a size, as it is kept."""
    plan = plan_pb2.Plan(notices=[plan_pb2.LintNotice(cause="x" * round(mebibytes * (1 << 20)))])
    return zlib.compress(plan.SerializeToString())


def told(message: optimization_pb2.BatchOptimization) -> str:
    """The parts that have a plan."""
    return "".join(own.part_id for own in message.parts if own.HasField("plan"))


@pytest.mark.parametrize(
    ("sizes", "messages"),
    [
        ({}, [""]),
        ({"a": 1, "b": 1}, ["ab"]),
        ({"a": 2, "b": 2, "c": 0.5}, ["ac", "b"]),
        ({"a": 2, "b": 2, "c": 2}, ["a", "b", "c"]),
        ({"a": 3.5}, [""]),  # fits into none: GetOptimization has it
        ({"a": 3.5, "b": 1}, ["b"]),
    ],
)
async def test_a_watch_sends_every_plan_once(sizes: dict[str, float], messages: list[str]) -> None:
    plans = {name: kept(size) for name, size in sizes.items()}

    assert [told(one) async for one in in_messages(batch("abc"), plans)] == messages


def test_a_big_plan_holds_back_no_smaller_one() -> None:
    plans = {"a": kept(2), "b": kept(2), "c": kept(0.5)}

    assert told(batch_to_proto(batch("abc"), plans)) == "ac"
