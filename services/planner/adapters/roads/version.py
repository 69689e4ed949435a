"""
Names a compiled map by what it is made from, so that a stale one cannot be mistaken for it.

The id covers the extract's bytes, every source and data file of this package, and the versions of
the libraries whose output is stored.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

STORED_LIBRARIES = ("numpy", "osmium", "pyroutingkit", "scipy", "timezonefinder-data")
ID_DIGITS = 20
CHUNK_BYTES = 1 << 20


def map_id(path: Path) -> str:
    """The id of what this code makes of that extract."""
    digest = hashlib.sha256(rules_digest().encode())
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return f"map_{digest.hexdigest()[:ID_DIGITS]}"


@cache
def rules_digest() -> str:
    """What the profiles, speeds and the code itself amount to."""
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.glob("*")):
        if source.suffix in {".py", ".json"}:
            digest.update(source.name.encode() + b"\0" + source.read_bytes())
    for library in STORED_LIBRARIES:
        digest.update(f"{library}=={version(library)}".encode())
    return digest.hexdigest()
