"""
The import contracts hold, and each is seen to fail when somebody breaks it.

Method: a copy of the tree with one planted import, and the linter run on it.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.run import BIN, ROOT

PLANTED = {
    "inside a service, imports point inward": (
        "services/dispatch/domain/planted.py",
        "from services.dispatch import usecases\n",
    ),
    "services meet only on the wire": (
        "services/tracking/planted.py",
        "from services.dispatch import domain\n",
    ),
    "the domain is pure": (
        "services/compliance/domain/planted.py",
        "import grpc\n",
    ),
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for package in ("clients", "deploy", "meshkit", "services"):
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("tests", "*.pbf")
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    command = [str(BIN / "lint-imports"), "--no-cache"]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True)


def test_the_tree_as_it_stands_keeps_every_import_contract(copy: Path) -> None:
    done = lint(copy)

    assert done.returncode == 0, done.stdout
    assert all(f"{contract} KEPT" in done.stdout for contract in PLANTED)


@pytest.mark.parametrize(("contract", "planted"), PLANTED.items())
def test_a_planted_import_breaks_its_contract(
    copy: Path, contract: str, planted: tuple[str, str]
) -> None:
    name, source = planted
    (copy / name).write_text(source)

    done = lint(copy)

    assert done.returncode == 1, done.stdout
    assert f"{contract} BROKEN" in done.stdout
