"""
The comparison finds what it is there to find: faults that are planted into the engine.

Method: one text of the engine's source is replaced, and the same random cases are asked until one
of them tells the fault. Without a fault they all agree (`test_agreement`).
"""

from __future__ import annotations

import pytest

from tests.evaluator.agreement import differences
from tests.evaluator.cases import cases
from tests.evaluator.faults import FAULTS, Fault, planted

FAULTS_WANTED = 20
CASES_MAX = 4_000  # the rarest fault shows once in some hundred cases
SEED = "faults"


def test_there_are_at_least_twenty_different_faults() -> None:
    assert len({(fault.module, fault.wrong) for fault in FAULTS}) >= FAULTS_WANTED


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_planted_fault_is_found(fault: Fault) -> None:
    with planted(fault) as engine:
        told = next((case for case in cases(SEED, CASES_MAX) if differences(case, engine)), None)

    assert told is not None, f"seed {SEED}: {CASES_MAX} cases agree although {fault.name}"
    print(f"{fault.name}: found by case {told['name']}")
