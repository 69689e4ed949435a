"""
A question to an export: `python -m services.tracking.formats.question FILE "select ..."`.

The export is the table `export`; the answer is CSV. DuckDB reads the file in pieces, and nothing
but the file: heavy questions cost the service nothing.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TextIO

import duckdb

READERS = {".parquet": "read_parquet", ".csv": "read_csv"}
MEMORY = "1GB"
ROWS_AT_ONCE = 10_000


def ask(path: Path, question: str, out: TextIO) -> None:
    """Writes the answer; raises ValueError for another kind of file."""
    reader = READERS.get(path.suffix)
    if reader is None:
        raise ValueError(f"a question is put to a .parquet or .csv file, not to {path.name}")
    with duckdb.connect(config={"memory_limit": MEMORY}) as engine:
        name = str(path.resolve()).replace("'", "''")
        engine.execute("SET TimeZone = 'UTC'")
        engine.execute(f"SET allowed_paths = ['{name}']")
        engine.execute("SET enable_external_access = false")
        engine.execute("SET lock_configuration = true")
        engine.execute(f"CREATE VIEW export AS SELECT * FROM {reader}('{name}')")  # noqa: S608
        answer = engine.execute(question)
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow([column[0] for column in answer.description or ()])
        while found := answer.fetchmany(ROWS_AT_ONCE):
            rows.writerows(found)


if __name__ == "__main__":
    ask(Path(sys.argv[1]), sys.argv[2], sys.stdout)
