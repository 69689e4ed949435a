"""
Errors that cross the wire and keep their meaning. Standard library only: use it everywhere.

Raise one of these anywhere below a servicer. `meshkit.server` sends it as a google.rpc.Status with
an ErrorInfo, and `meshkit.client` raises the same class with the same reason on the far side.
Anything else that escapes is a bug: it is logged, and the caller sees INTERNAL and nothing more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Violation:
    """One bad field: `field` is a path such as `deliveries[2].parcels[0].mass_grams`."""

    field: str
    description: str
    reason: str = ""  # UPPER_SNAKE, for programs; empty when the description says it all


class MeshError(Exception):
    """
    An expected failure. `reason` is for programs, the message for people.

    `metadata` names what the reason is about (`driver_id="ada"`); never personal data.
    `retry_after` is how long to wait before the same call may succeed; None promises nothing.
    `domain` says whose reason it is (`planner.doorstep`); empty means the service that raises it.
    """

    code: ClassVar[str]  # the name of a google.rpc.Code
    by_code: ClassVar[dict[str, type[MeshError]]] = {}

    def __init__(
        self,
        reason: str,
        message: str,
        *,
        domain: str = "",
        violations: Iterable[Violation] = (),
        retry_after: timedelta | None = None,
        **metadata: str,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.domain = domain
        self.violations = tuple(violations)
        self.retry_after = retry_after
        self.metadata = metadata

    def __init_subclass__(cls) -> None:
        MeshError.by_code[cls.code] = cls


class Invalid(MeshError):
    """The request can never succeed as it stands; `violations` lists every bad field at once."""

    code = "INVALID_ARGUMENT"


class NotFound(MeshError):
    """The thing named does not exist, or is not the caller's to see: both read the same."""

    code = "NOT_FOUND"


class AlreadyExists(MeshError):
    """The caller named a new thing like one that exists and differs."""

    code = "ALREADY_EXISTS"


class NotReady(MeshError):
    """The request is sound, the state is not: change the state, then retry."""

    code = "FAILED_PRECONDITION"


class Conflict(MeshError):
    """Somebody else changed it first (stale etag, lost lease): read again, then retry."""

    code = "ABORTED"


class Denied(MeshError):
    """The caller is known and may not do this."""

    code = "PERMISSION_DENIED"


class Unauthenticated(MeshError):
    """The caller did not prove who it is."""

    code = "UNAUTHENTICATED"


class Exhausted(MeshError):
    """Too much at once, or a quota is used up: wait `retry_after`, then retry."""

    code = "RESOURCE_EXHAUSTED"


class Unavailable(MeshError):
    """Something needed is down or moving: the same call may succeed after `retry_after`."""

    code = "UNAVAILABLE"


class TooLate(MeshError):
    """The deadline passed, or leaves too little time to begin."""

    code = "DEADLINE_EXCEEDED"


class Gone(MeshError):
    """A position (cursor, page, offset) outside what is kept: start again from a kept one."""

    code = "OUT_OF_RANGE"


class Unimplemented(MeshError):
    """The contract has the method, this server does not."""

    code = "UNIMPLEMENTED"


class Internal(MeshError):
    """A bug on the far side. Raise it never: whatever else escapes a handler becomes one."""

    code = "INTERNAL"
