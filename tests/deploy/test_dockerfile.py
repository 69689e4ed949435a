"""
The one Dockerfile, held to what an image must be, since no machine here builds it.

Method: parse it into instructions per stage; look each copied path up in the repository.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from deploy.table import NAMES, ROOT

DOCKERFILE = ROOT / "deploy" / "Dockerfile"
IGNORE = DOCKERFILE.with_name("Dockerfile.dockerignore")


def instructions() -> list[tuple[str, str]]:
    """(FROM, rest of line), comments dropped and continued lines joined."""
    text = re.sub(r"^#.*\n", "", DOCKERFILE.read_text(), flags=re.MULTILINE)
    joined = text.replace("\\\n", " ")
    lines = [line.split(maxsplit=1) for line in joined.splitlines() if line.strip()]
    return [(word.upper(), rest) for word, rest in lines]


def stages() -> list[list[tuple[str, str]]]:
    found: list[list[tuple[str, str]]] = []
    for word, rest in instructions():
        if word == "FROM":
            found.append([])
        if found:
            found[-1].append((word, rest))
    return found


def copied_from_the_repository() -> list[str]:
    sources = [rest.split() for word, rest in instructions() if word == "COPY"]
    return [words[0] for words in sources if not words[0].startswith("--from")]


@pytest.mark.parametrize("service", NAMES)
@pytest.mark.parametrize("source", copied_from_the_repository())
def test_everything_it_copies_exists(source: str, service: str) -> None:
    assert (ROOT / source.replace("${SERVICE}", service)).exists()


def test_everything_it_copies_is_let_through() -> None:
    lines = IGNORE.read_text().splitlines()
    shown = {line[1:] for line in lines if line.startswith("!")}

    assert {Path(source).parts[0] for source in copied_from_the_repository()} == shown


def test_the_image_runs_as_nobody_in_particular() -> None:
    users = [rest for word, rest in stages()[-1] if word == "USER"]

    assert users == ["10001:10001"]


def test_what_is_installed_is_locked_by_hash() -> None:
    installs = [rest for word, rest in instructions() if word == "RUN" and "-r " in rest]

    assert installs
    assert all("--require-hashes" in rest for rest in installs)


def test_the_last_stage_installs_and_writes_nothing() -> None:
    assert [word for word, _ in stages()[-1] if word in ("RUN", "ADD")] == []


def test_no_base_image_floats() -> None:
    arguments = dict(
        rest.split("=", 1) for word, rest in instructions() if word == "ARG" and "=" in rest
    )
    bases = [rest.split()[0] for word, rest in instructions() if word == "FROM"]

    assert bases == ["python:${PYTHON}"] * 2
    assert re.fullmatch(r"3\.\d+-[a-z-]+", arguments["PYTHON"])


def test_it_starts_the_service_as_the_cluster_does() -> None:
    commands = [rest for word, rest in stages()[-1] if word == "CMD"]

    assert commands == ['["sh", "-c", "exec python -m services.${SERVICE}"]']
