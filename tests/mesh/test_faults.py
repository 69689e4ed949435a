"""
Tracking under faults: nothing acknowledged is lost or doubled, and every watcher sees it once.

Method: that of `tests.benchmarks.faults`, which keeps the rows of 20 seeds; one short seed with the
mesh tests, some long ones in the soak.
"""

from __future__ import annotations

import pytest

from tests.benchmarks.faults import measured

SHORT_SECONDS, LONG_SECONDS = 8.0, 60.0  # under load, with faults


@pytest.mark.mesh
@pytest.mark.timeout(300)  # a busy machine takes a while to start what was killed
def test_nothing_is_lost_or_doubled_whatever_fails() -> None:
    row = measured(1, SHORT_SECONDS)

    assert row["wrong"] == []
    assert row["positions"] > 20_000


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(101, 106))
def test_nothing_is_lost_or_doubled_over_a_long_time(seed: int) -> None:
    assert measured(seed, LONG_SECONDS)["wrong"] == []
