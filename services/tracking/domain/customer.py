"""What customers say: the survey of an attempt, and that they got in touch. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.tracking.domain.event import Crew, OutcomeRecorded
from services.tracking.domain.facets import NO_FACETS, Facets
from services.tracking.domain.fact import Contact
from services.tracking.domain.words import Answer

PROMOTERS_FROM = 9  # of the net promoter score: Reichheld, Harvard Business Review, 12/2003
DETRACTORS_TO = 6  # the same


@dataclass(frozen=True, slots=True)
class Answers:
    """A survey as it was filled in, without free words: those stay out of the journal."""

    proof_clear: Answer = Answer.UNSPECIFIED
    courteous: Answer = Answer.UNSPECIFIED
    time_kept: Answer = Answer.UNSPECIFIED
    score: int | None = None  # how likely they would recommend us, 0 to 10


@dataclass(frozen=True, slots=True)
class SurveyAnswered:
    """A recipient answered about one attempt, which stands here as it ended."""

    attempt: OutcomeRecorded
    answers: Answers
    at: datetime

    @property
    def crew(self) -> Crew:
        """Whose attempt it was."""
        return self.attempt.crew


@dataclass(frozen=True, slots=True)
class CustomerContacted:
    """A customer got in touch about a delivery, or we with them."""

    crew: Crew
    delivery_id: str
    contact: Contact
    at: datetime
    facets: Facets = NO_FACETS


Said = SurveyAnswered | CustomerContacted


def recommends(score: int) -> int:
    """What a score adds to the net promoter score: 1, 0 or -1."""
    return (score >= PROMOTERS_FROM) - (score <= DETRACTORS_TO)
