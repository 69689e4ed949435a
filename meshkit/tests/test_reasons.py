"""
Reasons: each that meshkit gives is explained, and each explained one is given.

Method: the sources are parsed for errors raised in the mesh's own domain.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from meshkit.actions import actions_of
from meshkit.reasons import MESH_REASONS
from meshkit.status import BARE

MESHKIT = Path(__file__).parents[1]
PEER_FAILED = "PEER_FAILED"  # the default of meshkit.status for what it does not know


def raised() -> Iterator[str]:
    for path in MESHKIT.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and is_of_the_mesh(node):
                yield from reasons_in(node)


def is_of_the_mesh(call: ast.Call) -> bool:
    domains = (word.value for word in call.keywords if word.arg == "domain")
    return any(isinstance(value, ast.Name) and value.id == "MESH_DOMAIN" for value in domains)


def reasons_in(call: ast.Call) -> Iterator[str]:
    if call.args and isinstance(call.args[0], ast.Constant):
        yield str(call.args[0].value)


def test_every_reason_that_meshkit_gives_is_explained_and_no_other() -> None:
    given = {*raised(), *(reason for _, reason in BARE.values()), PEER_FAILED}

    assert given == set(MESH_REASONS)


def test_a_reason_is_three_words_at_most_and_says_what_to_do() -> None:
    for reason, about in MESH_REASONS.items():
        assert re.fullmatch(r"[A-Z]+(_[A-Z]+){0,2}", reason), reason
        assert about.meaning.endswith(".")
        assert about.action.endswith(".")


def test_the_cure_in_a_contracts_comment_reaches_the_server() -> None:
    cures = actions_of("compliance")

    assert cures["ZONE_UNKNOWN"] == "list the zones, or create it."
    assert cures["SERVER_BUSY"] == MESH_REASONS["SERVER_BUSY"].action


def test_a_service_without_a_contract_has_meshkits_cures() -> None:
    assert set(actions_of("echo")) == set(MESH_REASONS)
