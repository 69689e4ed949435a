"""
Reads one file of zones: `python -m services.compliance.file_reader`, an import in, its harvest out.

A process of its own, so that the service's event loop and its threads stay free while areas are
cut, and that a file on which it is lost can be given up; it yields to the service where the
processor or the memory is short.
"""

from __future__ import annotations

import os
import pickle
import resource
import sys
from contextlib import suppress
from pathlib import Path

from services.compliance.adapters.holiday_calendars import holidays_of
from services.compliance.adapters.template_files import TemplateLibrary, template_documents
from services.compliance.adapters.time_zones import country_of, time_zone_at
from services.compliance.convert.imports.files import read_file
from services.compliance.convert.imports.means import Means
from services.compliance.convert.templates import template_of
from services.compliance.domain.zone_import import Harvest

NICENESS = 10
MEMORY_MAX_BYTES = 2 << 30  # of addresses; a map of 2.5 MiB takes 0.7 GiB
FIRST_TO_GO = Path("/proc/self/oom_score_adj")  # proc(5): -1000 to 1000
TOO_LARGE = f"reading it takes more than {MEMORY_MAX_BYTES >> 30} GiB of memory: cut the file"


def templates() -> TemplateLibrary:
    """The built-in rules of well-known zones."""
    return TemplateLibrary(
        lambda: (template_of(name, file, holidays_of) for name, file in template_documents())
    )


def means() -> Means:
    """What readers of files ask for."""
    return Means(templates().get, holidays_of, time_zone_at, country_of)


def main() -> None:
    """Once."""
    os.nice(NICENESS)
    with suppress(OSError):  # not every sandbox lets a process say so
        FIRST_TO_GO.write_text("1000")  # rather this process than the service
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX_BYTES, MEMORY_MAX_BYTES))
    own, content = pickle.load(sys.stdin.buffer)  # noqa: S301 - our own parent wrote it
    try:
        harvest = read_file(means(), own, content)
    except MemoryError:
        harvest = Harvest()
        harvest.fault("", TOO_LARGE)
    pickle.dump(harvest, sys.stdout.buffer)


if __name__ == "__main__":
    main()
