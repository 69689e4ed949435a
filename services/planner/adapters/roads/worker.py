"""
The travel worker: a process that holds the road engine and answers over its pipes.

    python -m services.planner.adapters.roads.worker MAP_FILE MAPS_FOLDER ANSWERS_FOLDER

It first compiles or loads the map and says so, then answers one question after the other until
its input ends. Whatever it cannot do ends it with a traceback on stderr; the planner starts anew.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import cattrs
import numpy as np

from services.planner.adapters.roads import maps, messages
from services.planner.adapters.roads.bad_map import BadMap
from services.planner.adapters.roads.engine import Engine
from services.planner.adapters.roads.messages import NO_NUMBERS, Message


def main() -> None:
    """Serves until the input ends."""
    # ^C reaches the whole group; the planner ends its worker itself, when it is done with it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    map_file, maps_folder, answers_folder = (Path(argument) for argument in sys.argv[1:4])
    output = _own_output()
    try:
        engine = Engine(maps.compiled(map_file, maps_folder))
    except (BadMap, OSError) as error:
        _send(output, Message({"refused": str(error)}, NO_NUMBERS))
        return
    engine.warm()
    _send(output, Message({"ready": cattrs.unstructure(engine.info)}, NO_NUMBERS))
    for message in _questions():
        _send(output, _answer(engine, message, answers_folder))


def _own_output() -> BinaryIO:
    """The pipe to the planner; whatever a library prints goes to stderr instead."""
    output = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return output


def _questions() -> Iterator[Message]:
    while (message := messages.read(sys.stdin.buffer)) is not None:
        yield message


def _answer(engine: Engine, message: Message, folder: Path) -> Message:
    number, asked = message.head["number"], messages.question(message)
    if message.head["pairs"] is not None:
        pairs = [(here, there) for here, there in message.head["pairs"]]
        return messages.legs_message(number, engine.legs(asked, pairs))
    found = engine.matrix(asked)
    file = folder / f"{number}.npy"
    np.save(file, np.stack([found.seconds, found.meters]))
    return messages.matrix_message(number, found, str(file))


def _send(output: BinaryIO, message: Message) -> None:
    output.write(messages.packed(message))
    output.flush()


if __name__ == "__main__":
    main()
