"""
Machine code of the kernels: made once, read afterwards, and never stale.

Processes of their own, as numba keeps what a process has compiled.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from services.planner.search import compiled

PROJECT = Path(compiled.__file__).parents[3]
WARM = """
from services.planner.search import compiled
from services.planner.solver.kernels import warm
warm()
print(compiled.misses())
"""
RICH = """
from services.planner.search import compiled
from services.planner.search.full.kernel import FullKernel
from services.planner.solver.kernels import warm
from services.planner.tests import fuzz
warm()
for seed in (3, 11, 33):
    kernel = FullKernel(fuzz.instance(seed), seed)
    kernel.run(50, 0.0, 1.0)
    kernel.load(kernel.best())
    kernel.run(50, 0.5, 1.0)
    kernel.take_pool()
print(compiled.misses())
"""
CALLEE = """
from services.planner.search.compiled import compiled

@compiled
def callee() -> int:
    return {answer}
"""
CALLER = """
from services.planner.search.callee import callee
from services.planner.search.compiled import FOLDER, compiled

@compiled
def caller() -> int:
    return callee() + 1

print(caller(), FOLDER)
"""
CALL = "import services.planner.search.caller"


def told(code: str, project: Path, **more: str) -> list[str]:
    """What a process of its own prints, by words."""
    environment = {**os.environ, "PYTHONPATH": str(project), **more}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


@pytest.mark.timeout(600)
def test_nothing_compiles_in_a_process_once_another_has_warmed_the_folder() -> None:
    told(WARM, PROJECT)

    assert told(WARM, PROJECT) == ["0"]


@pytest.mark.timeout(600)
def test_problems_that_use_every_rule_compile_nothing_after_the_warm_up() -> None:
    told(WARM, PROJECT)

    assert told(RICH, PROJECT) == ["0"]


def test_an_edited_callee_changes_the_answer_and_the_folder(tmp_path: Path) -> None:
    search = tmp_path / "services" / "planner" / "search"
    search.mkdir(parents=True)
    shutil.copy(compiled.__file__, search)
    more = {compiled.FOLDER_VARIABLE: str(tmp_path / "kept")}
    (search / "callee.py").write_text(CALLEE.format(answer=1))
    (search / "caller.py").write_text(CALLER)
    first = told(CALL, tmp_path, **more)
    again = told(CALL, tmp_path, **more)
    (search / "callee.py").write_text(CALLEE.format(answer=5))
    edited = told(CALL, tmp_path, **more)

    assert first[0] == "2"
    assert again == first
    assert edited[0] == "6"
    assert edited[1] != first[1]
