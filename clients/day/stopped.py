"""Why a day could not be played to its end, in words. What nobody expects keeps its traceback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from meshkit.errors import MeshError


class Stopped(Exception):
    """The day cannot go on: a service, the script or the clock says why."""


EXPECTED = (MeshError, Stopped)


def stopped(error: BaseException, logs: Path) -> str:
    """Every cause in a line of its own, and where to look; raises what is none of them."""
    causes = dict.fromkeys(cause for one in leaves(error) for cause in told(one))
    return "\n  ".join(["the day was stopped:", *causes, f"what the services saw is in {logs}"])


def leaves(error: BaseException) -> Iterator[Exception]:
    """The errors of a group of tasks; raises a group that holds anything unexpected."""
    if isinstance(error, EXPECTED):
        yield error
    elif isinstance(error, BaseExceptionGroup) and error.split(EXPECTED)[1] is None:
        for one in error.exceptions:
            yield from leaves(one)
    else:
        raise error


def told(error: Exception) -> Iterator[str]:
    """One error: whose reason it is, what it says, and each field that is wrong."""
    if not isinstance(error, MeshError):
        yield str(error)
        return
    yield f"{error.domain or 'mesh'} refused: {error.code} {error.reason}: {error}"
    for violation in error.violations:
        yield f"  {violation.field}: {violation.description}"
