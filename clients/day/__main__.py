"""
Plays a working day in a real city through the public API.

    python -m clients.day                  at a pace that people can follow, until ^C
    python -m clients.day --once           the whole day at full speed; the last line is JSON
    python -m clients.day --map FILE       in the city of an OpenStreetMap extract

DOORSTEP_SEED (4711) decides everything that is drawn; DOORSTEP_PORT_BASE (8400) and DOORSTEP_STATE
(.doorstep) say where; DOORSTEP_DATABASE_URL an administrator's URL of an empty database of a
PostgreSQL >= 15 (unset: our own).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from clients.day.extract import BadExtract
from clients.day.fleet import ROSTER
from clients.day.run import Options, run
from clients.day.setting import SEED
from clients.day.stopped import EXPECTED, stopped
from deploy.local.ports import BASE_DEFAULT
from deploy.local.trouble import Trouble

FACTOR_ONCE, FACTOR_LIVE = 240.0, 60.0  # simulated seconds in a real one
DELIVERIES = 250


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m clients.day",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--once", action="store_true", help="play one day at full speed and end")
    made.add_argument("--map", type=Path, help="an OpenStreetMap extract, .osm.pbf")
    made.add_argument("--deliveries", type=int, default=DELIVERIES, help="how many (%(default)s)")
    made.add_argument("--vehicles", type=int, default=len(ROSTER), help="how many (%(default)s)")
    made.add_argument("--speed", type=float, help="simulated seconds in a real one")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when every invariant held, 1 when one did not or the day could not be played."""
    given = parser().parse_args(arguments)
    options = Options(
        once=given.once,
        map_file=given.map,
        deliveries=given.deliveries,
        vehicles=given.vehicles,
        factor=given.speed or (FACTOR_ONCE if given.once else FACTOR_LIVE),
        seed=int(os.environ.get("DOORSTEP_SEED", SEED)),
        port_base=int(os.environ.get("DOORSTEP_PORT_BASE", BASE_DEFAULT)),
        state=Path(os.environ.get("DOORSTEP_STATE", ".doorstep")).absolute(),
        database_url=os.environ.get("DOORSTEP_DATABASE_URL", ""),
    )
    _stop_when_told()
    try:
        result = asyncio.run(run(options))
    except (Trouble, BadExtract) as trouble:
        print(f"doorstep: {trouble}", file=sys.stderr)
        return 1
    except (*EXPECTED, ExceptionGroup) as error:
        print(f"doorstep: {stopped(error, options.state / 'logs')}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print(json.dumps(result))
    return 0 if all(result["invariants"].values()) else 1


def _stop_when_told() -> None:
    """A shell's background and a supervisor stop the mesh in the same order as ^C does."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))


if __name__ == "__main__":
    sys.exit(main())
