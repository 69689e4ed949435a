"""
Every reason that the code raises is one that the contract explains.

Method: read the raise statements; a reason is the first argument, in capitals.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from meshkit import errors
from meshkit.reasons import MESH_REASONS
from tests.contracts.descriptors import PACKAGES, reasons
from tests.run import ROOT

REASON = re.compile(r"[A-Z][A-Z0-9_]{2,62}")
ERRORS = {kind.__name__ for kind in errors.MeshError.by_code.values()}


def raised(package: str) -> Iterator[tuple[str, str]]:
    """Where, and which reason, for every mesh error that the service's own code makes."""
    for path in sorted((ROOT / "services" / package).rglob("*.py")):
        if "tests" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and called(node) in ERRORS and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", first.value


def called(node: ast.Call) -> str:
    return getattr(node.func, "id", getattr(node.func, "attr", ""))


@pytest.mark.parametrize("package", PACKAGES)
def test_every_raised_reason_is_in_the_contract(package: str) -> None:
    known = set(reasons()[package]) | set(MESH_REASONS)
    unknown = [(at, reason) for at, reason in raised(package) if reason not in known]

    assert unknown == []


@pytest.mark.parametrize("package", PACKAGES)
def test_reasons_are_written_as_reasons(package: str) -> None:
    assert all(REASON.fullmatch(reason) for _, reason in raised(package))
