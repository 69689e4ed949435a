"""Collects what is wrong with a request, so that its sender hears all of it at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import ParamSpec, TypeVar

from meshkit.errors import Invalid, Violation
from meshkit.validate import refuse

Given = ParamSpec("Given")
Message = TypeVar("Message")
Value = TypeVar("Value")
FAULTS_MAX = 1_000  # told; whoever has more mends these first


class Faults:
    """The faults of one request; the domain says what, the caller says where."""

    def __init__(self) -> None:
        """Begins without any."""
        self._found: list[Violation] = []
        self._broken: list[Violation] = []
        self._named: set[str] = set()

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

    def take_broken(self, broken: Iterable[Violation]) -> None:
        """What breaks the contract, as far as there is room; its fields are not named again."""
        self._broken += islice(broken, FAULTS_MAX - len(self._broken))
        self._named = {fault.field for fault in self._broken}

    @property
    def breaks_contract(self) -> bool:
        """Whether something breaks the contract, so that not all of it may be readable."""
        return bool(self._broken)

    def readable(
        self, make: Callable[Given, Value | None], *args: Given.args, **kwargs: Given.kwargs
    ) -> Value | None:
        """What `make` makes; None where the contract is broken so that it cannot be read."""
        if not self.breaks_contract:
            return make(*args, **kwargs)
        try:
            return make(*args, **kwargs)
        except (KeyError, ValueError):  # an enum's number without a meaning; it is told already
            return None

    @property
    def fields(self) -> Iterator[str]:
        """The paths of all that is wrong."""
        return (fault.field for fault in (*self._broken, *self._found))

    def add(self, path: str, description: str, reason: str = "PROBLEM_INVALID") -> None:
        """One more fault."""
        if len(self._found) < FAULTS_MAX and path not in self._named:
            self._found.append(Violation(path, description, reason))

    def refuse(self) -> None:
        """
        Raises Invalid with every fault, if there is one: FIELD_INVALID where all of it comes from
        fields that break the contract.
        """
        told = [*self._broken, *self._found][:FAULTS_MAX]
        if all(map(self._is_echo, self._found)):
            refuse(told)
            return
        pending = all(one.reason == "FEATURE_PENDING" for one in told)
        reason = "FEATURE_PENDING" if pending else "PROBLEM_INVALID"
        message = f"{told[0].field}: {told[0].description}"
        raise Invalid(reason, message, violations=told)

    def _is_echo(self, fault: Violation) -> bool:
        """Whether a fault is about something whose field breaks the contract."""
        below = (f"{fault.field}.", f"{fault.field}[")
        return any(field.startswith(below) for field in self._named)


def whole(values: list[Value | None]) -> tuple[Value, ...]:
    """The values that could be made."""
    return tuple(value for value in values if value is not None)
