"""A bounded memory: what was not used for longest goes first. Pure."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Name = TypeVar("Name", bound=Hashable)
Value = TypeVar("Value")


class Kept(Generic[Name, Value]):
    """At most so many values, each until its end by whatever clock the caller names."""

    def __init__(self, size_max: int) -> None:
        self._size_max = size_max
        self._values: OrderedDict[Name, tuple[Value, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, name: Name, now: float) -> Value | None:
        """The value, unless it has ended or had to go."""
        value, ends = self._values.get(name, (None, 0.0))
        if value is None or ends <= now:
            self.forget(name)
            return None
        self._values.move_to_end(name)
        return value

    def put(self, name: Name, value: Value, ends: float) -> None:
        """Keeps a value."""
        self._values[name] = (value, ends)
        self._values.move_to_end(name)
        while len(self._values) > self._size_max:
            self._values.popitem(last=False)

    def forget(self, name: Name) -> None:
        """Forgets a value, if there is one."""
        self._values.pop(name, None)
