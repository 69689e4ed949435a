"""What the benchmark of checks says of its own figures."""

from __future__ import annotations

from typing import Any

import pytest

from tests.benchmarks.compliance import broken


@pytest.mark.parametrize(
    ("batch", "single", "after", "names"),
    [
        (100.0, 5.0, 108.0, []),
        (100.1, 4.0, 100.0, ["batch"]),
        (90.0, 5.1, 109.0, ["single", "memory"]),
    ],
)
def test_every_limit_that_is_broken_is_named(
    batch: float, single: float, after: float, names: list[str]
) -> None:
    row: dict[str, Any] = {
        "batch": {"p99_milliseconds": batch},
        "single": {"p99_milliseconds": single},
        "megabytes_after_a_tenth": 100.0,
        "megabytes_after_all": after,
    }

    assert [told.partition(":")[0] for told in broken(row)] == names
