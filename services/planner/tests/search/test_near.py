"""Which tasks lie near which: the smallest of a row in order, as a full sort would have them."""

from __future__ import annotations

import numpy as np
import pytest

from services.planner.search.lean.neighbors import IMPOSSIBLE, ranked


@pytest.mark.parametrize("count", [1, 2, 7, 40, 90])
@pytest.mark.parametrize("size", [1, 2, 3, 40])
def test_the_nearest_are_the_first_of_a_full_sort_and_ties_fall_to_the_lower_rank(
    size: int, count: int
) -> None:
    values = np.random.default_rng(size).integers(0, 12, (size, size)).astype(np.int64)
    values[values == 11] = IMPOSSIBLE
    whole = values.copy()
    np.fill_diagonal(whole, 4 * IMPOSSIBLE)
    order = np.argsort(whole, axis=1, kind="stable")

    assert ranked(values, count).tolist() == order[:, : min(count, size - 1)].tolist()
