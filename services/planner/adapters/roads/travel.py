"""
Travel times by the road engine in its own process, reserved for travel.

Questions are answered in the order they come. A caller that gives up leaves its answer to be
dropped; a worker that takes too long for one question is killed and started anew.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import structlog
from numpy.typing import NDArray

from meshkit.errors import Exhausted, Unavailable
from services.planner.adapters.roads import messages
from services.planner.adapters.roads.bad_map import BadMap
from services.planner.adapters.roads.blocks import WHOLE_MAX, by_blocks
from services.planner.adapters.roads.messages import Message
from services.planner.adapters.roads.process import Folders, Worker, WorkerLost
from services.planner.domain.travel import LEGS_MAX, Leg, MapInfo, TravelMatrix, TravelQuestion

WAITING_MAX = 64  # questions; more would wait longer than their callers do
QUESTION_SECONDS_MAX = 30.0  # 2,000 points on 100,000 edges take about one
START_SECONDS_MAX = 600.0  # compiling a large map on a busy machine
TRIES = 2  # a question that ends two workers is at fault itself
BUSY_RETRY = timedelta(seconds=1)
RESTART_RETRY = timedelta(seconds=5)

Matrix = NDArray[np.int32]
log = structlog.get_logger()


class RoadTravelTimes:
    """`TravelTimes` on real roads. Use as a context: it owns a process and a folder."""

    def __init__(self, map_file: Path, maps: Path, compiled_code: Path) -> None:
        self._answers = TemporaryDirectory(prefix="doorstep-travel-")
        self._folders = Folders(map_file, maps, Path(self._answers.name), compiled_code)
        self._worker: Worker | None = None
        self._turn = asyncio.Lock()
        self._exchange: asyncio.Task[tuple[Message, Matrix | None]] | None = None
        self._numbers = itertools.count(1)
        self._waiting = 0
        self._is_closed = False

    async def __aenter__(self) -> RoadTravelTimes:
        """Starts the worker; BadMap says what is wrong with the map."""
        try:
            self._worker = await self._started()
        except WorkerLost as error:
            raise _unavailable("the travel worker does not start; its stderr says why") from error
        finally:
            if self._worker is None:
                self._answers.cleanup()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._is_closed = True
        if self._worker is not None:
            await self._worker.stop()
        if self._exchange is not None:
            await asyncio.wait([self._exchange])
        self._answers.cleanup()

    async def matrix(self, question: TravelQuestion) -> TravelMatrix:
        """From every point to every other."""
        if len(question.points) > WHOLE_MAX:
            return await by_blocks(self._whole_matrix, question, self._folders.answers)
        return await self._whole_matrix(question)

    async def _whole_matrix(self, question: TravelQuestion) -> TravelMatrix:
        answer, both = await self._ask(question, None)
        if both is None:
            raise _unavailable("the travel worker answered without a matrix")
        return messages.matrix(answer, both)

    async def legs(
        self, question: TravelQuestion, pairs: Sequence[tuple[int, int]]
    ) -> Sequence[Leg]:
        """The ways of these pairs, in order."""
        if len(pairs) > LEGS_MAX:
            raise ValueError(f"{len(pairs)} legs; at most {LEGS_MAX}")
        if not pairs:
            return ()
        answer, _ = await self._ask(question, pairs)
        return messages.legs(answer)

    async def map_info(self) -> MapInfo:
        """Which map answers."""
        if self._worker is None:
            raise _unavailable("the travel worker has not started")
        return self._worker.info

    @property
    def process_id(self) -> int | None:
        """The worker's process, None while there is none."""
        return self._worker.process_id if self._worker else None

    @property
    def answers_folder(self) -> Path:
        """Where the worker leaves matrices until they are mapped."""
        return self._folders.answers

    async def _ask(
        self, question: TravelQuestion, pairs: Sequence[tuple[int, int]] | None
    ) -> tuple[Message, Matrix | None]:
        if self._waiting >= WAITING_MAX:
            raise Exhausted(
                "TRAVEL_BUSY", "too many travel questions are waiting", retry_after=BUSY_RETRY
            )
        message = messages.question_message(next(self._numbers), question, pairs)
        self._waiting += 1
        try:
            await self._turn.acquire()
        finally:
            self._waiting -= 1
        # Shielded, and the turn kept: a pipe left between two messages would answer the next
        # question with the answer to this one.
        self._exchange = asyncio.create_task(self._exchanged(message))
        self._exchange.add_done_callback(self._end_turn)
        return await asyncio.shield(self._exchange)

    def _end_turn(self, exchange: asyncio.Task[tuple[Message, Matrix | None]]) -> None:
        self._turn.release()
        if not exchange.cancelled():
            exchange.exception()  # seen here, in case that nobody waits for it any more

    async def _exchanged(self, message: Message) -> tuple[Message, Matrix | None]:
        for _ in range(TRIES):
            with suppress(WorkerLost):
                answer = await self._answer(message)
                return answer, _mapped(answer)
        raise _unavailable("the travel worker is restarting")

    async def _answer(self, message: Message) -> Message:
        worker = await self._running_worker()
        try:
            return await asyncio.wait_for(worker.ask(message), QUESTION_SECONDS_MAX)
        except (TimeoutError, WorkerLost) as error:
            log.warning("travel_worker_lost", pid=worker.process_id, cause=type(error).__name__)
            await worker.stop()
            raise WorkerLost from error

    async def _running_worker(self) -> Worker:
        if self._is_closed:
            raise _unavailable("the planner is shutting down")
        if self._worker is None or not self._worker.is_running:
            self._worker = await self._restarted()
        return self._worker

    async def _started(self) -> Worker:
        worker = await Worker.start(self._folders, START_SECONDS_MAX)
        log.info("travel_worker_started", map_id=worker.info.map_id, pid=worker.process_id)
        return worker

    async def _restarted(self) -> Worker:
        try:
            return await self._started()
        except BadMap as error:  # somebody moved or overwrote the file since the start
            raise _unavailable(str(error)) from error


def _unavailable(message: str) -> Unavailable:
    return Unavailable("TRAVEL_UNAVAILABLE", message, retry_after=RESTART_RETRY)


def _mapped(answer: Message) -> Matrix | None:
    """The answer's matrix in memory; its name goes at once, its pages when nobody reads them."""
    if "file" not in answer.head:
        return None
    file = Path(answer.head["file"])
    try:
        mapped: Matrix = np.load(file, mmap_mode="r")
        return mapped
    finally:
        file.unlink()
