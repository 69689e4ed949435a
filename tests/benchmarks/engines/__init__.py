"""The engines that are compared, each behind one function."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from services.planner.formats.build import Reading
from services.planner.search.kernel import Sequences
from tests.benchmarks.trace import Trace

Engine = Callable[[Reading, float, int, Trace], Sequences | None]
"""Reading, seconds of processor time, seed, trace -> the best plan; None where there is none."""
NAMES = ("doorstep", "pyvrp", "ortools", "served")


class NotModelled(Exception):
    """The engine does not know what a problem asks for."""


def engine(name: str) -> Engine:
    """The engine of that name; only its own packages are loaded."""
    found: Engine = import_module(f"tests.benchmarks.engines.{name}_engine").solve
    return found
