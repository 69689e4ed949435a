"""Text read line by line, with faults that name the line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path


class BadFile(Exception):
    """A file that is not what it should be: where, what, and what to do."""

    def __init__(self, path: Path, number: int, message: str) -> None:
        """Line 0 stands for the file as a whole."""
        place = f"{path}:{number}" if number else str(path)
        super().__init__(f"{place}: {message}")
        self.line = number


@dataclass(frozen=True, slots=True)
class Line:
    """One line that is not blank, with its number."""

    path: Path
    number: int
    text: str

    def fault(self, message: str) -> BadFile:
        """A fault in this line."""
        return BadFile(self.path, self.number, message)

    @property
    def words(self) -> list[str]:
        """What stands between blanks."""
        return self.text.split()

    def numbers(self, count: int = 0) -> list[float]:
        """Its numbers; exactly `count` of them, where one is stated."""
        try:
            found = [float(word) for word in self.words]
        except ValueError:
            raise self.fault(f"numbers are expected, not {self.text!r}") from None
        if count and len(found) != count:
            raise self.fault(f"{count} numbers are expected, {len(found)} are there")
        return found

    def whole(self) -> list[int]:
        """Its whole numbers."""
        found = self.numbers()
        if any(number != int(number) for number in found):
            raise self.fault(f"whole numbers are expected, not {self.text!r}")
        return [int(number) for number in found]


def lines_of(path: Path) -> list[Line]:
    """The lines of a text file that are not blank; raises BadFile where there is none."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise BadFile(path, 0, "no such file") from None
    except (IsADirectoryError, UnicodeDecodeError):
        raise BadFile(path, 0, "no text file; give a problem in JSON or a known format") from None
    numbered = enumerate(text.splitlines(), 1)
    found = [Line(path, number, line.strip()) for number, line in numbered if line.strip()]
    if not found:
        raise BadFile(path, 0, "the file is empty")
    return found


def table(lines: Sequence[Line], columns: int) -> Iterator[list[float]]:
    """Rows of numbers whose first counts up from zero."""
    for rank, line in enumerate(lines):
        row = line.numbers(columns)
        if row[0] != rank:
            raise line.fault(f"the row of number {rank} is expected, not {line.words[0]}")
        yield row
