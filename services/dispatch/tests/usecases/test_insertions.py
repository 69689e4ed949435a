"""
Several insertions put into one order: each comes behind what it was to come behind.

Method: orders as words; an insertion is the whole order with its task, and its pickup, in it.
"""

from __future__ import annotations

import itertools

import pytest

from services.dispatch.domain.planning import Insertion
from services.dispatch.usecases.insertions import _with_all
from services.dispatch.usecases.scene import TaskMove


def merged(order: str, *sequences: str) -> str:
    taken = [(TaskMove("any"), Insertion("s", tuple(one.split()), 0)) for one in sequences]
    return " ".join(_with_all(order.split(), taken))


@pytest.mark.parametrize(
    ("order", "sequences", "whole"),
    [
        ("", ["x"], "x"),
        ("a b", ["x a b"], "x a b"),
        ("a b", ["a b x"], "a b x"),
        ("a b", ["a x b", "a b y"], "a x b y"),
        ("a b", ["a x b", "a y b"], "a y x b"),
        ("a b", ["p a x b"], "p a x b"),  # the pickup first
        ("a b", ["p x a b", "a q b y"], "p x a q b y"),
        ("a b", [], "a b"),
    ],
)
def test_each_comes_behind_what_it_was_to_come_behind(
    order: str, sequences: list[str], whole: str
) -> None:
    assert merged(order, *sequences) == whole


def test_no_task_is_lost_or_doubled_and_goods_are_fetched_first_in_any_order() -> None:
    sequences = ["p1 a x1 b c", "a p2 b c x2", "a b p3 x3 c"]
    for some in itertools.permutations(sequences):
        whole = merged("a b c", *some).split()

        assert sorted(whole) == sorted(["a", "b", "c", "p1", "x1", "p2", "x2", "p3", "x3"])
        assert [name for name in whole if name in "abc"] == ["a", "b", "c"]
        for n in "123":
            assert whole.index(f"p{n}") < whole.index(f"x{n}")
