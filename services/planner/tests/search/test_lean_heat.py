"""How hot the lean kernel's search is, chunk by chunk."""

from __future__ import annotations

import pytest

from services.planner.search.lean.heat import (
    HEAT_END,
    HEAT_START,
    QUICK_HEAT,
    QUICK_SHARE,
    heat_at,
    stretches,
)

CHUNKS = ((0.0, 0.0), (0.0, 0.01), (0.0, 0.1), (0.0, 1.0), (0.02, 0.5), (0.3, 1.0), (1.0, 1.0))


@pytest.mark.parametrize("chunk", CHUNKS)
def test_no_iteration_of_a_chunk_is_lost_or_added(chunk: tuple[float, float]) -> None:
    assert sum(steps for steps, _, _ in stretches(1_000, *chunk)) == 1_000


def test_a_chunk_from_the_quick_beginning_on_is_cool_first_and_then_hot() -> None:
    cool, hot = stretches(1_000, 0.0, 0.3)

    assert cool == (100, QUICK_HEAT, QUICK_HEAT)
    assert hot == (900, heat_at(QUICK_SHARE), heat_at(0.3))


def test_a_chunk_after_the_quick_beginning_only_cools() -> None:
    (own,) = stretches(10, 0.5, 1.0)

    assert own == (10, heat_at(0.5), heat_at(1.0))
    assert HEAT_START > heat_at(0.5) > heat_at(1.0) == pytest.approx(HEAT_END)
