"""
Ten thousand random cases: the engine and an evaluator that steps through time agree.

Method: both get the same vehicles, times and zones; verdicts, rules, money by day and instant,
missing attributes, stays, and the next allowed time must be the same. Four cases of ten lie within
hours of a change of clocks. A case is repeated by its name, `cases(seed, number + 1)[-1]`.
"""

from __future__ import annotations

import pytest

from tests.evaluator import ours
from tests.evaluator.agreement import differences
from tests.evaluator.cases import cases

CASES, CHUNK = 10_000, 500
DOUBTFUL_MAX = 0.01  # of the cases may lie on an edge that only floating point decides
SEED = "4711"


@pytest.mark.parametrize("chunk", range(CASES // CHUNK))
def test_engine_and_evaluator_agree(chunk: int) -> None:
    seed, doubtful = f"{SEED}.{chunk}", 0
    print(f"seed {seed}, {CHUNK} cases")
    for case in cases(seed, CHUNK):
        found = differences(case, ours)
        doubtful += found is None
        assert not found, f"case {case['name']}: {found}"

    assert doubtful <= CHUNK * DOUBTFUL_MAX
