"""
A sending process of its own, for tests that kill one: feeds and sends until it is ended.

    python -m services.tracking.tests.outbound.sender APP_URL WORKER_URL KEY_FILE
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from meshkit.postgres import Database
from services.tracking.__main__ import desk_of
from services.tracking.config import TrackingSettings
from services.tracking.servicer import sending as wiring
from services.tracking.servicer.way import way_of


async def main(app_url: str, worker_url: str, key_file: str) -> None:
    """Works until killed."""
    settings = TrackingSettings(sandbox=True, webhook_loopback=True, seal_key_file=Path(key_file))
    async with Database.open("tracking", app_url=app_url, worker_url=worker_url) as db:
        desk = desk_of(db, db.clock)
        courier = wiring.courier(desk, way_of(settings))
        assert courier is not None
        await asyncio.gather(wiring.feeder(desk).run(), courier.run())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
