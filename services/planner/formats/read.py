"""One door to all readers: a file tells by its first lines what it is."""

from __future__ import annotations

import json
from pathlib import Path

from services.planner.formats.build import Reading, build
from services.planner.formats.lilim import is_lilim, read_lilim
from services.planner.formats.lines import BadFile, Line, lines_of
from services.planner.formats.loggi import is_loggi, read_loggi
from services.planner.formats.sheet import Sheet
from services.planner.formats.solomon import is_solomon, read_solomon
from services.planner.formats.vrplib import is_vrplib, read_vrplib

FORMATS = ((is_solomon, read_solomon), (is_lilim, read_lilim), (is_vrplib, read_vrplib))


def read(path: Path) -> Reading:
    """A file as an instance; raises BadFile, which names the line."""
    return build(sheet_of(lines_of(path)))


def sheet_of(lines: list[Line]) -> Sheet:
    """What a file says, by the reader that knows it."""
    if lines[0].text.startswith("{"):
        return json_sheet(lines)
    for fits, reader in FORMATS:
        if fits(lines):
            return reader(lines)
    raise lines[0].fault(
        "no known format; Solomon, Li and Lim, VRPLIB, Loggi's JSON or our own are read"
    )


def json_sheet(lines: list[Line]) -> Sheet:
    """A JSON document of a known kind."""
    try:
        document = json.loads("\n".join(line.text for line in lines))
    except json.JSONDecodeError as error:
        raise BadFile(lines[0].path, error.lineno, f"no JSON: {error.msg}") from None
    if not is_loggi(document):
        raise BadFile(lines[0].path, 0, "origin and deliveries are expected")
    return read_loggi(lines)
