"""
Every rpc of the planner names the reasons that it can end with.

Method: from an rpc's method, follow calls through the servicer, the use-cases and what reads a
request; whoever of them asks the solver or the roads can hear what these raise. A name stands for
what its module defines or imports.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

from tests.contracts.descriptors import Rpc, rpcs
from tests.contracts.test_reasons import ERRORS, called
from tests.run import ROOT

LAYERS = ("servicer", "usecases", "convert")
RAISED_BY = {
    "solver": {"SOLVERS_BUSY", "SOLVER_LOST"},  # adapters/turns.py, adapters/solver_pool.py
    "travel": {"TRAVEL_BUSY", "TRAVEL_UNAVAILABLE"},  # adapters/roads/travel.py
}
ALONE = {  # what raises other reasons than the rest of the same
    "solve": {*RAISED_BY["solver"], "PLAN_UNVERIFIED"},
    "map_info": {"TRAVEL_UNAVAILABLE"},
}
OBJECTS = {"searches": "services.planner.usecases.searches"}  # by the names they go by
TOLD = [rpc for rpc in rpcs() if rpc.package.startswith("doorstep.planner")]
Function = ast.FunctionDef | ast.AsyncFunctionDef
Place = tuple[str, str]  # a module, and a function of it


@dataclass
class Module:
    """What one file defines and imports."""

    functions: dict[str, Function] = field(default_factory=dict)
    imports: dict[str, Place] = field(default_factory=dict)


@cache
def modules() -> dict[str, Module]:
    """The files of the layers by their dotted names."""
    paths = (p for layer in LAYERS for p in (ROOT / "services/planner" / layer).rglob("*.py"))
    return {dotted(path): module_of(ast.parse(path.read_text())) for path in sorted(paths)}


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def module_of(tree: ast.Module) -> Module:
    found = Module()
    for node in ast.walk(tree):
        if isinstance(node, Function):
            found.functions[node.name] = node
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                found.imports[alias.asname or alias.name] = (node.module, alias.name)
    return found


def reached(method: str) -> list[Function]:
    """An rpc's method, and all that it calls or hands on, directly or not."""
    servicers = [name for name in modules() if name.startswith("services.planner.servicer.")]
    waiting = [(name, method) for name in servicers if method in modules()[name].functions]
    seen = set(waiting)
    for place in waiting:
        for other in set(asked(place, servicers)) - seen:
            seen.add(other)
            waiting.append(other)
    return [modules()[module].functions[name] for module, name in waiting]


def asked(place: Place, servicers: list[str]) -> Iterator[Place]:
    """The functions that a function names: what is handed to a thread is called too."""
    module = modules()[place[0]]
    for node in ast.walk(module.functions[place[1]]):
        wanted = list[Place]()
        if isinstance(node, ast.Name):
            wanted = [(place[0], node.id), module.imports.get(node.id, ("", ""))]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            owner = node.value.id
            if owner == "self":
                wanted = [(name, node.attr) for name in (place[0], *servicers)]
            elif owner in OBJECTS:
                wanted = [(OBJECTS[owner], node.attr)]
            elif owner in module.imports:
                wanted = [(".".join(module.imports[owner]), node.attr)]
        for name, function in wanted:
            if name in modules() and function in modules()[name].functions:
                yield name, function


def raised(function: Function) -> Iterator[str]:
    """The reasons that one function can end with."""
    for node in ast.walk(function):
        if not isinstance(node, ast.Call):
            continue
        first = node.args[0] if node.args else None
        if called(node) in ERRORS and isinstance(first, ast.Constant):
            yield str(first.value)
        if isinstance(node.func, ast.Attribute):
            owner = node.func.value
            whom = getattr(owner, "attr", getattr(owner, "id", ""))
            yield from ALONE.get(node.func.attr, RAISED_BY.get(whom, ()))


def reasons_of(method: str) -> set[str]:
    """The reasons that an rpc can end with."""
    return {reason for function in reached(method) for reason in raised(function)}


@pytest.mark.parametrize("rpc", TOLD, ids=lambda rpc: rpc.name)
def test_an_rpc_names_the_reasons_of_all_that_it_asks(rpc: Rpc) -> None:
    told = set(re.findall(r"`([A-Z_]+)`", rpc.comment))

    assert reasons_of(rpc.method.name) - told == set()


def test_the_walk_finds_what_a_question_about_given_routes_can_end_with() -> None:
    assert reasons_of("EvaluateRoutes") >= {"SOLVERS_BUSY", "SOLVER_LOST", "TRAVEL_BUSY"}
    assert "PLAN_UNVERIFIED" in reasons_of("OptimizeRoutes")
    assert not reasons_of("GetRoadMap") & RAISED_BY["solver"]
