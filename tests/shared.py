"""The folder `../shared`: larger maps and cases that the project can do without."""

from __future__ import annotations

from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "shared"


def path(name: str) -> Path:
    """The file of that name; where it is missing, the test is reported as not run."""
    found = FOLDER / name
    if not found.exists():
        pytest.skip(f"not run: {name} is not in {FOLDER}")
    return found
