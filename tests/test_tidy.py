"""
The house rules that no linter knows, checked over every tracked file.

Method: parse, do not grep; name the file and line, so that the fix is one click away.
"""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.run import ROOT

FUNCTION_LINES_MAX = 70
FUNCTION_LINES_MEDIAN_MAX = 8
FUNCTION_LINES_P90_MAX = 25
FILE_LINES_MAX = 400
README_LINES_MAX = 80
# The packages that the mission names, and where each must be declared because it is used there.
GIVEN = {
    "grpcio": "meshkit/pyproject.toml",
    "grpcio-tools": "requirements-dev.in",
    "protobuf": "meshkit/pyproject.toml",
    "ortools": "services/planner/pyproject.toml",
    "asyncpg": "meshkit/pyproject.toml",
    "opentelemetry-sdk": "meshkit/pyproject.toml",
    "structlog": "meshkit/pyproject.toml",
    "pytest-asyncio": "requirements-dev.in",
}
REGISTRIES = re.compile(r"pypi\.org|pythonhosted|registry\.npmjs|--index-url|--extra-index-url")
TODO = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b(?!\(#\d+\))")


def tracked(*patterns: str) -> list[Path]:
    names = subprocess.check_output(
        ["git", "ls-files", "-co", "--exclude-standard", "--", *patterns], text=True, cwd=ROOT
    )
    return [ROOT / name for name in names.splitlines() if (ROOT / name).is_file()]


def functions(path: Path) -> Iterator[tuple[str, int, int]]:
    """Name, first line and length without docstring of every function in the file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            first = node.body[0]
            if ast.get_docstring(node, clean=False) is not None:
                lines -= (first.end_lineno or 0) - first.lineno + 1
            yield node.name, node.lineno, lines


@pytest.mark.parametrize("path", tracked("*.py"), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_file_and_its_functions_fit_the_eye(path: Path) -> None:
    assert path.read_text().count("\n") <= FILE_LINES_MAX, f"{path}: split by noun, not by size"

    too_long = [f for f in functions(path) if f[2] > FUNCTION_LINES_MAX]
    assert not too_long, f"{path}: {too_long}"


def test_the_typical_function_is_short() -> None:
    product = [path for path in tracked("*.py") if "tests" not in path.parts]
    lengths = sorted(lines for path in product for _, _, lines in functions(path))

    assert statistics.median(lengths) <= FUNCTION_LINES_MEDIAN_MAX
    assert lengths[len(lengths) * 9 // 10] <= FUNCTION_LINES_P90_MAX


def test_nothing_is_left_for_later_without_an_issue_number() -> None:
    sources = tracked("*.py", "*.proto", "*.sql", "*.yaml", "*.toml", "Makefile")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sources
        if path != Path(__file__)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if TODO.search(line)
    ]

    assert found == []


def test_no_generated_code_is_in_git() -> None:
    generated = [path for path in tracked() if re.search(r"_pb2(_grpc)?\.pyi?$", path.name)]

    assert generated == []


def test_no_committed_file_names_a_registry() -> None:
    texts = [path for path in tracked() if path.suffix not in {".pbf", ".binpb", ".png"}]
    naming = [
        str(path.relative_to(ROOT))
        for path in texts
        if path != Path(__file__) and REGISTRIES.search(path.read_text(errors="replace"))
    ]

    assert naming == []


@pytest.mark.parametrize(("package", "place"), GIVEN.items())
def test_each_given_package_is_declared_where_it_is_used(package: str, place: str) -> None:
    path = ROOT / place
    if path.suffix == ".toml":
        declared = tomllib.loads(path.read_text())["project"]["dependencies"]
    else:
        declared = path.read_text().splitlines()
    names = {re.split(r"[=<>\[ ]", line, maxsplit=1)[0] for line in declared}

    assert package in names


def test_the_readme_is_a_page() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= README_LINES_MAX


@pytest.mark.parametrize("service", ["compliance", "dispatch", "planner", "tracking"])
def test_every_service_introduces_itself_in_the_same_words(service: str) -> None:
    text = (ROOT / "services" / service / "README.md").read_text()

    assert re.findall(r"^## (.+)$", text, re.MULTILINE)[:4] == ["Owns", "Answers", "Asks", "Knobs"]
