"""
What any service that takes positions over gRPC into PostgreSQL has to spend at least, on this
machine and now: the three rungs that nobody can leave out, each alone and as lean as it can be.

Parse: one message of 100 positions of our contract; every field is read and bounds are looked at.
Stream: a server that parses nothing answers each batch of a bidirectional stream. Database: one
statement stores 1,000 rows of eight columns, durable, unless their key is there. Each tells the
processor time per position, of the server's side only, and PostgreSQL's own.

    python -m tests.benchmarks.ingest_limits    # the server of the second rung; its caller ends it
"""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Any

import asyncpg
import grpc
import uvloop

from doorstep.tracking.v1 import ingest_service_pb2 as pb
from tests.benchmarks.ingest_load import CREDIT, METHOD, STREAMS, Vehicle
from tests.processes import children_of, cpu_seconds, reaped_seconds

SECONDS = 1.5  # of each rung
BATCH = 100
ROWS = 1_000  # of one statement
DEVICES = 500
MICROS = 1_000_000
EPOCH = str(uuid.UUID(int=0))

TABLE = """
    DROP TABLE IF EXISTS ingest_limit;
    CREATE TABLE ingest_limit (
        device_id uuid NOT NULL, sequence bigint NOT NULL, device_time timestamptz NOT NULL,
        latitude float8 NOT NULL, longitude float8 NOT NULL, accuracy integer, speed integer,
        heading real, PRIMARY KEY (device_id, sequence))"""
STORE = """
    INSERT INTO ingest_limit
    SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $4::float8[], $5::float8[],
                         $6::integer[], $7::integer[], $8::real[])
    ON CONFLICT DO NOTHING"""


def parse() -> float:
    """Microseconds of one position, read from the wire."""
    raw, count = Vehicle("device", EPOCH, BATCH).batch(), 0
    begun = time.process_time()
    while time.process_time() - begun < SECONDS:
        rows = [read(one) for one in pb.StreamPositionsRequest.FromString(raw).positions]
        count += len(rows)
    return (time.process_time() - begun) / count * MICROS


def read(one: Any) -> tuple[Any, ...]:
    """Everything that a position says."""
    at, place = one.device_time, one.location
    lat, lng = place.latitude, place.longitude
    if not (isfinite(lat) and isfinite(lng) and -90 <= lat <= 90 and -180 <= lng <= 180):
        raise ValueError("the template is sound")
    when = at.seconds * MICROS + at.nanos // 1_000
    speed, heading = one.speed_centimeters_per_second, one.heading_degrees
    return one.sequence, when, lat, lng, one.accuracy_meters, speed, heading


async def stream() -> float:
    """Microseconds of one position, streamed to a server that looks at nothing."""
    with server() as (pid, address):
        raw = Vehicle("device", EPOCH, BATCH).batch()
        spent, end = cpu_seconds(pid), time.monotonic() + SECONDS
        counts = await asyncio.gather(*(pushed(address, raw, end) for _ in range(STREAMS)))
        return (cpu_seconds(pid) - spent) / sum(counts) * MICROS


async def pushed(address: str, raw: bytes, end: float) -> int:
    """How many positions one stream took."""
    count = unanswered = 0
    async with grpc.aio.insecure_channel(address) as channel:
        call: Any = channel.stream_stream(METHOD, None, None)()
        while time.monotonic() < end:
            while unanswered < CREDIT:
                await call.write(raw)
                unanswered += 1
            await call.read()
            unanswered, count = unanswered - 1, count + BATCH
        call.cancel()
    return count


@contextmanager
def server() -> Iterator[tuple[int, str]]:
    """The server of the second rung, and where it listens."""
    command = (sys.executable, "-m", "tests.benchmarks.ingest_limits")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.pid, process.stdout.readline().strip()
        finally:
            process.kill()


async def serve() -> None:
    """Answers each batch with an answer that is always the same."""

    async def take(requests: AsyncIterator[bytes], _context: Any) -> AsyncIterator[bytes]:
        async for _ in requests:
            yield answer

    answer = pb.StreamPositionsResponse(acked_through_sequence=BATCH).SerializeToString()
    service, name = METHOD.strip("/").split("/")
    handler: Any = grpc.stream_stream_rpc_method_handler(take)
    serving = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    serving.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(service, {name: handler}),)
    )
    port = serving.add_insecure_port("127.0.0.1:0")
    await serving.start()
    print(f"127.0.0.1:{port}", flush=True)
    await serving.wait_for_termination()


async def database(admin_url: str, postmaster: int) -> float:
    """Microseconds of one row, stored and durable: ours and PostgreSQL's."""
    connection = await asyncpg.connect(admin_url)
    try:
        await connection.execute(TABLE)
        statement = await connection.prepare(STORE)
        chunks = [columns(number * ROWS) for number in range(30)]
        stored, spent, end = 0, time.process_time(), time.monotonic() + SECONDS
        theirs = postgres_seconds(postmaster)
        for chunk in chunks:
            await statement.fetch(*chunk)
            stored += ROWS
            if time.monotonic() > end:
                break
        spent = time.process_time() - spent + postgres_seconds(postmaster) - theirs
        await connection.execute("DROP TABLE ingest_limit")
        return spent / stored * MICROS
    finally:
        await connection.close()


def columns(first: int) -> list[list[Any]]:
    """A chunk of rows of many devices, by column."""
    draw, start = random.Random(first), datetime(2026, 1, 1, tzinfo=UTC)
    sequences = list(range(first, first + ROWS))
    return [
        [uuid.UUID(int=number % DEVICES) for number in sequences],
        sequences,
        [start + timedelta(seconds=number) for number in sequences],
        [60 + draw.random() for _ in sequences],
        [24 + draw.random() for _ in sequences],
        [5] * ROWS,
        [1_000] * ROWS,
        [12.5] * ROWS,
    ]


def postgres_seconds(postmaster: int) -> float:
    """Processor time of all of PostgreSQL: the sessions that are open, and those that have been."""
    living = sum(map(cpu_seconds, (postmaster, *children_of(postmaster))))
    return living + reaped_seconds(postmaster)


if __name__ == "__main__":
    uvloop.run(serve())
