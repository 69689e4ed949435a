"""
Care: no exception is caught that should have passed.

A handler that swallows CancelledError keeps a call running that nobody waits for, and grpcio 1.81
keeps 110 bytes for each (measured). Broad handlers hide bugs, but where a bug must not spread.

Method: the sources are parsed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

MESHKIT = Path(__file__).parents[1]
BROAD = {"Exception", "BaseException"}
# The edge, where an exception becomes a status; the process, which logs its end; loops that go on.
MAY_BE_BROAD = {"edge.py", "server.py", "health.py", "follow.py"}


def handlers() -> Iterator[tuple[str, ast.ExceptHandler]]:
    for path in MESHKIT.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ExceptHandler):
                yield path.name, node


def caught(handler: ast.ExceptHandler) -> set[str]:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return {ast.unparse(kind).rpartition(".")[2] if kind else "BaseException" for kind in kinds}


def raises(handler: ast.ExceptHandler) -> bool:
    return any(isinstance(node, ast.Raise) for node in ast.walk(handler))


def test_a_cancellation_is_never_swallowed() -> None:
    swallowed = [
        f"{name}:{handler.lineno}"
        for name, handler in handlers()
        if caught(handler) & {"CancelledError", "BaseException"} and not raises(handler)
    ]

    assert swallowed == []


def test_only_the_edge_and_the_loops_catch_whatever_comes() -> None:
    broad = {
        name for name, handler in handlers() if caught(handler) & BROAD and not raises(handler)
    }

    assert broad <= MAY_BE_BROAD
