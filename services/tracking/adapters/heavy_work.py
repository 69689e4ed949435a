"""
Work that takes seconds: `python -m services.tracking.adapters.heavy_work LEARN`, a pickle in, one
out. Documents come and go as text: neither end has to take them apart in its event loop.

A process of its own, so that the service's event loop stays free and a broken file ends nothing
else; it yields to the service where the processor is short.
"""

from __future__ import annotations

import csv
import io
import os
import pickle
import sys
import tempfile
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import duckdb

from services.tracking.adapters.codec import pack, unpack
from services.tracking.adapters.postgres_past import piece_row
from services.tracking.domain import learned
from services.tracking.domain.attempt_import import (
    ROWS_MAX,
    SURPLUS,
    AttemptFormat,
    Fault,
    Harvest,
    Row,
    harvest,
)
from services.tracking.domain.learned import Material, Version
from services.tracking.domain.pace import Driven
from services.tracking.domain.past import Start, Try, Visit
from services.tracking.learning_ports import PastTexts, PlaceText, ReadFile

Value = TypeVar("Value")

NICENESS = 10
MEMORY = "512MB"  # of a Parquet file of 3 MiB, unpacked
READ = "SELECT COLUMNS(*)::VARCHAR FROM read_parquet(?) LIMIT ?"


def learn(given: tuple[PastTexts, datetime]) -> tuple[Version, list[PlaceText]]:
    """A run over the past; the version has no number yet."""
    texts, now = given
    version, places = learned.run(_material(texts), 0, now)
    return version, [(place.subject, pack(place)) for place in places]


def read(given: tuple[AttemptFormat, bytes, str]) -> ReadFile:
    """A file of past attempts, with the import's name."""
    form, content, import_id = given
    try:
        found = harvest(READERS[form](content), import_id)
    except (UnicodeDecodeError, csv.Error, duckdb.Error) as error:
        first = str(error).splitlines()[0]
        found = Harvest(faults=(Fault("", f"cannot be read as {form}: {first}"),))
    rows = tuple(piece_row(key, piece) for key, piece in found.pieces)
    return ReadFile(rows, found.count, found.faults)


def _material(texts: PastTexts) -> Material:
    return Material(
        _pieces(texts.visits, Visit),
        _pieces(texts.tries, Try),
        _pieces(texts.legs, Driven),
        _pieces(texts.starts, Start),
        texts.zone,
    )


def _pieces(lines: str, kind: type[Value]) -> list[Value]:
    return [unpack(line, kind) for line in lines.split("\n") if line]


def _csv(content: bytes) -> list[Row]:
    text = io.StringIO(content.decode("utf-8-sig"), newline="")
    rows: list[Row] = []
    for row in csv.DictReader(text, restkey=SURPLUS, strict=True):
        rows.append(row)
        if len(rows) > ROWS_MAX:
            break
    return rows


def _parquet(content: bytes) -> list[Row]:
    with tempfile.NamedTemporaryFile(suffix=".parquet") as file:
        file.write(content)
        file.flush()
        options: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": MEMORY,
            "threads": 1,
            "autoinstall_known_extensions": False,  # nothing is fetched for a file
            "autoload_known_extensions": False,
        }
        with duckdb.connect(config=options) as engine:
            found = engine.execute(READ, [file.name, ROWS_MAX + 1])
            names = [column[0] for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


READERS: dict[AttemptFormat, Callable[[bytes], list[Row]]] = {
    AttemptFormat.CSV: _csv,
    AttemptFormat.PARQUET: _parquet,
}
WORK: dict[str, Callable[[Any], Any]] = {"LEARN": learn, "READ": read}


def main(name: str) -> None:
    """Once."""
    os.nice(NICENESS)
    given = pickle.load(sys.stdin.buffer)  # noqa: S301 - our own parent wrote it
    pickle.dump(WORK[name](given), sys.stdout.buffer)


if __name__ == "__main__":
    main(sys.argv[1])
