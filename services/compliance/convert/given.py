"""Values of a file as one type; Unsound, in a few words, when they are of another."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any, TypeVar

from services.compliance.domain.faults import check

Value = TypeVar("Value")
SHOWN_MAX = 80  # characters of a value in a fault
WHOLE_MAX = (1 << 31) - 1


def shown(given: object) -> str:
    """A value as a fault names it: short, however large or deep it is."""
    if isinstance(given, Mapping):
        return "an object"
    if isinstance(given, list):
        return "a list"
    told = repr(given)
    return told if len(told) <= SHOWN_MAX else f"{told[:SHOWN_MAX]}..."


def text(given: Any) -> str:
    """A text that says something."""
    check(isinstance(given, str) and bool(given), "a text is required")
    return str(given)


def text_or_empty(given: Any) -> str:
    """A text, which need not be stated."""
    check(given is None or isinstance(given, str), f"must be a text, not {shown(given)}")
    return given or ""


def flag(given: Any) -> bool:
    """True or false; false where it is not stated."""
    check(given is None or isinstance(given, bool), f"must be true or false, not {shown(given)}")
    return bool(given)


def whole(given: Any) -> int:
    """A whole number of 32 bits."""
    sound = isinstance(given, int) and not isinstance(given, bool)
    check(sound and abs(given) <= WHOLE_MAX, f"must be a whole number, not {shown(given)}")
    return int(given)


def number(given: Any) -> float:
    """A finite number."""
    sound = isinstance(given, (int, float)) and not isinstance(given, bool)
    check(sound, f"must be a number, not {shown(given)}")
    check(isinstance(given, int) or isfinite(given), "must be a finite number")
    check(abs(given) < 1 << 63, "the number is too large")
    return float(given)


def items(given: Any) -> list[Any]:
    """A list."""
    check(isinstance(given, list), f"must be a list, not {shown(given)}")
    return list(given)


def items_or_none(given: Any) -> list[Any]:
    """A list, which need not be stated."""
    return [] if given is None else items(given)


def one_of(given: Any, known: Mapping[str, Value], what: str = "") -> Value:
    """What a word stands for."""
    sound = isinstance(given, str) and given in known
    check(sound, f"{what}{shown(given)} is not one of {', '.join(known)}")
    return known[given]
