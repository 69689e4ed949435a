"""Files of zones are read in a process of their own."""

from __future__ import annotations

import asyncio
import pickle

from meshkit.child import answer_of
from services.compliance.domain.zone_import import Harvest, ZoneImport

MODULE = "services.compliance.file_reader"
READ_SECONDS_MAX = 120.0


class ImportProcess:
    """Implements `ports.FileReader`."""

    def __init__(self, seconds: float = READ_SECONDS_MAX) -> None:
        self._seconds = seconds

    async def read(self, own: ZoneImport, content: bytes) -> Harvest:
        try:
            told = await answer_of((own, content), MODULE, seconds=self._seconds)
        except TimeoutError:
            harvest = Harvest()
            harvest.fault("", f"reading it took over {self._seconds:g} s: cut the file")
            return harvest
        found: Harvest = await asyncio.to_thread(pickle.loads, told)
        return found
