"""Reports are written in a process of their own."""

from __future__ import annotations

from meshkit.child import answer_of
from services.compliance.domain.statement import Statement, TooLarge

MODULE = "services.compliance.formats"
WRITE_SECONDS_MAX = 120.0


class ReportProcess:
    """Implements `ports.ReportWriter`."""

    async def write(self, statement: Statement) -> bytes:
        word = statement.order.format.value
        try:
            return await answer_of(statement, MODULE, word, seconds=WRITE_SECONDS_MAX)
        except TimeoutError as error:
            raise TooLarge(
                f"writing took over {WRITE_SECONDS_MAX:.0f} s: choose a shorter period"
            ) from error
