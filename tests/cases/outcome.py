"""What became of one case: nothing wrong, or the sentences that say what was."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Case = Mapping[str, Any]
Faults = Callable[[Case], list[str]]  # what is wrong with the real code's answer to a case


class NotUnderstood(Exception):
    """A word of the file that the runner does not know: the case fails, it is never skipped."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A case and its faults."""

    case_id: str
    faults: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether the real code answered as expected."""
        return not self.faults


def judged(cases: Iterable[Case], faults: Faults) -> list[Outcome]:
    """Every case with what is wrong; a word that is not understood is a fault."""
    return [Outcome(str(case.get("id", "without id")), _faults(case, faults)) for case in cases]


def _faults(case: Case, faults: Faults) -> tuple[str, ...]:
    try:
        return tuple(faults(case))
    except NotUnderstood as word:
        return (f"not understood: {word}",)


def only_known(words: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    """Refuses words that nobody would look at."""
    unknown = sorted(set(words) - set(known))
    if unknown:
        raise NotUnderstood(f"{where}: {', '.join(unknown)}")
