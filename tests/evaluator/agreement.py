"""
Holds the engine's answer against the evaluator's, and says where they part.

Neither knows the other; only words and numbers are compared. Where the evaluator has looked no
farther than the horizon of a case, the engine must not name an earlier time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any

from tests.evaluator.answers import LATER, Evaluator
from tests.evaluator.cases import WHOLE_YEAR
from tests.evaluator.stays import Doubtful

Words = Mapping[str, Any]


def differences(case: Words, engine: ModuleType) -> list[str] | None:
    """Where the two part; None when floating point alone would decide."""
    evaluator = Evaluator(case)
    horizon = timedelta(days=case["horizon_days"])
    try:
        alone = evaluator.check(case["vehicle"], case["presence"])
        together = evaluator.routes(case["routes"])
    except Doubtful:
        return None
    found = list(_parted(alone, engine.answer(case), "presence", horizon))
    entry = case["presence"]["entry"]
    found += _times(alone, engine.answer(case), entry, horizon, "presence")
    if case["routes"]:
        for number, (own, theirs) in enumerate(zip(together, engine.routes(case), strict=True)):
            found += _parted(own, theirs, f"route {number}", horizon)
    return found


def _parted(own: Words, theirs: Words, where: str, horizon: timedelta) -> Iterator[str]:
    for name in ("verdict", "totals"):
        if own[name] != theirs[name]:
            yield f"{where}: {name} is {theirs[name]}, not {own[name]}"
    ours, others = _ordered(own["findings"]), _ordered(theirs["findings"])
    if len(ours) != len(others):
        yield f"{where}: {len(others)} findings, not {len(ours)}"
        return
    for mine, other in zip(ours, others, strict=True):
        yield from _finding_parted(mine, other, where, horizon)


def _finding_parted(mine: Words, other: Words, where: str, horizon: timedelta) -> Iterator[str]:
    named = f"{where}: {mine['zone_id'] or mine['closure_id']} at {mine['entry']}"
    for name, value in mine.items():
        unsure = name == "version" and value is None
        if name != "next_allowed" and value != other[name] and not unsure:
            yield f"{named}: {name} is {other[name]}, not {value}"
    yield from _times(mine, other, mine["entry"], horizon, named)


def _times(
    mine: Words, other: Words, entry: datetime, horizon: timedelta, where: str
) -> Iterator[str]:
    wanted, found = mine["next_allowed"], other["next_allowed"]
    if wanted == LATER:
        beyond = found is not None and found > entry + horizon
        agrees = found is None or (beyond and horizon.days < WHOLE_YEAR)
    else:
        agrees = wanted == found
    if not agrees:
        yield f"{where}: next allowed at {found}, not {wanted}"


def _ordered(findings: Sequence[Words]) -> list[Words]:
    return sorted(findings, key=_place)


def _place(finding: Words) -> tuple[Any, ...]:
    return (
        finding["zone_id"],
        finding["closure_id"],
        finding["subject_id"],
        finding["entry"],
        finding["exit"],
        finding["verdict"],
    )
