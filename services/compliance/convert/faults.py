"""Collects what is wrong with a request, so that its sender hears all of it at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from meshkit.errors import Invalid, Violation
from services.compliance.domain.faults import Unsound, place

Given = ParamSpec("Given")
Value = TypeVar("Value")


class Faults:
    """The faults of one request; the domain says what, the caller says where."""

    def __init__(self) -> None:
        self._found: list[Violation] = []

    def take(
        self, path: str, make: Callable[Given, Value], *args: Given.args, **kwargs: Given.kwargs
    ) -> Value | None:
        """What `make` makes; None, and one more fault, when it cannot be."""
        try:
            return make(*args, **kwargs)
        except Unsound as fault:
            self.add(place(path, fault.where), str(fault), fault.reason)
        return None

    def add(self, path: str, description: str, reason: str = "FIELD_INVALID") -> None:
        """One more fault."""
        self._found.append(Violation(path, description, reason))

    def is_below_one(self, path: str) -> bool:
        """Whether something at this place, or around it, is at fault already."""
        return any(f"{path}.".startswith((f"{f.field}.", f"{f.field}[")) for f in self._found)

    @property
    def found(self) -> tuple[Violation, ...]:
        """All of them, in the order in which they were found."""
        return tuple(self._found)

    def refuse(self) -> None:
        """Raises Invalid with every fault, if there is one, by their common reason."""
        if not self._found:
            return
        reasons = {violation.reason for violation in self._found}
        reason = reasons.pop() if len(reasons) == 1 else "FIELD_INVALID"
        first = self._found[0]
        raise Invalid(reason, f"{first.field}: {first.description}", violations=self._found)


def accepted(faults: Faults, value: Value | None) -> Value:
    """The value, once nothing at all was found wrong."""
    faults.refuse()
    if value is None:
        raise TypeError("a value is missing although nothing is wrong")
    return value
