"""What the day shows while it plays. On the error stream: the last line of output is the result."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bars
from rich.table import Table

Show = Callable[[int, datetime], None]


class Progress:
    """Lines and a bar, for people."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._zone = zone

    def say(self, line: str) -> None:
        self._console.print(line)

    @contextmanager
    def live(self, total: int) -> Iterator[Show]:
        """A bar of deliveries with the simulated time of day."""
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Bars(*columns, console=self._console) as bars:
            task = bars.add_task("delivered", total=total)

            def show(delivered: int, now: datetime) -> None:
                local = now.astimezone(self._zone)
                bars.update(task, completed=delivered, description=f"{local:%H:%M} delivered")

            yield show

    def table(self, title: str, rows: dict[str, object]) -> None:
        """The scorecard."""
        made = Table(title=title, show_header=False)
        for name, value in rows.items():
            made.add_row(name.replace("_", " "), str(value))
        self._console.print(made)
