"""Collects what is wrong with a request, so that its sender hears all of it at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ParamSpec, TypeVar

from meshkit.errors import Invalid, Violation

Given = ParamSpec("Given")
Message = TypeVar("Message")
Value = TypeVar("Value")
FAULTS_MAX = 1_000  # told; whoever has more mends these first


class Faults:
    """The faults of one request; the domain says what, the caller says where."""

    def __init__(self) -> None:
        """Begins without any."""
        self._found: list[Violation] = []

    def take(
        self, path: str, make: Callable[Given, Value], *args: Given.args, **kwargs: Given.kwargs
    ) -> Value | None:
        """What `make` makes; None, and one more fault, when it cannot be."""
        try:
            return make(*args, **kwargs)
        except ValueError as fault:
            self.add(path, str(fault))
        return None

    def each(
        self, path: str, make: Callable[[Message], Value], messages: Iterable[Message]
    ) -> tuple[Value, ...] | None:
        """What `make` makes of each; None, and a fault for each that cannot be, if there is one."""
        made = [self.take(f"{path}[{n}]", make, own) for n, own in enumerate(messages)]
        return None if None in made else whole(made)

    def add(self, path: str, description: str, reason: str = "PROBLEM_INVALID") -> None:
        """One more fault."""
        if len(self._found) < FAULTS_MAX:
            self._found.append(Violation(path, description, reason))

    def refuse(self) -> None:
        """Raises Invalid with every fault, if there is one."""
        if self._found:
            first = self._found[0]
            pending = all(one.reason == "FEATURE_PENDING" for one in self._found)
            reason = "FEATURE_PENDING" if pending else "PROBLEM_INVALID"
            message = f"{first.field}: {first.description}"
            raise Invalid(reason, message, violations=self._found)


def whole(values: list[Value | None]) -> tuple[Value, ...]:
    """The values that could be made."""
    return tuple(value for value in values if value is not None)
