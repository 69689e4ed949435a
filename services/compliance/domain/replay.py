"""
A stored decision again: the same inputs under the rules that were known then.

Pure. Routes of one request are judged together, because what is due once per vehicle and day is due
once over all of them: so the routes of its vehicle, its mates, come along.
"""

from __future__ import annotations

from collections.abc import Sequence

from services.compliance.domain.checking import check_routes
from services.compliance.domain.finding import Answer, Decision
from services.compliance.domain.rulebook import RuleBook


def replayed(book: RuleBook, decision: Decision, mates: Sequence[Decision]) -> Answer:
    """What the rules of the book say; `mates` has the decision itself, in the request's order."""
    answers = check_routes(book, [mate.route for mate in mates])
    return answers[_rank(decision, mates)]


def is_alike(decision: Decision, answer: Answer) -> bool:
    """Whether an answer is the decision's to the last finding and amount."""
    told = (decision.verdict, decision.findings, decision.totals)
    return told == (answer.verdict, answer.findings, answer.totals)


def _rank(decision: Decision, mates: Sequence[Decision]) -> int:
    return [mate.decision_id for mate in mates].index(decision.decision_id)
