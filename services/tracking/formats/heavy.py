"""
Work that takes seconds: `python -m services.tracking.formats.heavy LEARN`, a pickle in, one out.

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
from typing import Any

import duckdb

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

NICENESS = 10
MEMORY = "512MB"  # of a Parquet file of 3 MiB, unpacked
READ = "SELECT COLUMNS(*)::VARCHAR FROM read_parquet(?) LIMIT ?"


def learn(given: Any) -> Any:
    """A run over the past: material, number and moment in, version and places out."""
    return learned.run(*given)


def read(given: Any) -> Harvest:
    """A file of past attempts: format, content and the import's name in."""
    form, content, import_id = given
    try:
        rows = READERS[form](content)
    except (UnicodeDecodeError, csv.Error, duckdb.Error) as error:
        first = str(error).splitlines()[0]
        return Harvest(faults=(Fault("", f"cannot be read as {form}: {first}"),))
    return harvest(rows, import_id)


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
