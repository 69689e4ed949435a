"""What makes a value impossible. Raised by constructors of the domain; `convert` adds the place."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Value = TypeVar("Value")


class Unsound(ValueError):
    """
    A value that cannot be. `reason` is the contract's, the message is for people.

    `where` is the place inside the value, by the contract's names, such as `holes[1]`.
    """

    def __init__(self, message: str, reason: str = "FIELD_INVALID", where: str = "") -> None:
        super().__init__(message)
        self.reason = reason
        self.where = where


def check(sound: bool, message: str, reason: str = "FIELD_INVALID", where: str = "") -> None:
    """Raises Unsound with the message unless the statement is true."""
    if not sound:
        raise Unsound(message, reason, where)


def inside(
    where: str, make: Callable[Given, Value], *args: Given.args, **kwargs: Given.kwargs
) -> Value:
    """What `make` makes; when it is Unsound, the place tells that it is a part of something."""
    try:
        return make(*args, **kwargs)
    except Unsound as fault:
        raise Unsound(str(fault), fault.reason, place(where, fault.where)) from fault


def place(path: str, where: str) -> str:
    """A place inside another one, as paths are written: `areas[2].outer`, `coordinates[0][3]`."""
    return f"{path}{where}" if not where or where.startswith("[") else f"{path}.{where}"
