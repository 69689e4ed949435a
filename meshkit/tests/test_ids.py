"""Ids: the kind is legible, the order is that of making, and no two are alike."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from meshkit.ids import SequentialIds, new_id, new_uuid

CALLERS_OWN = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")  # what a caller may name things


def test_an_id_shows_its_kind_and_fits_where_ids_go() -> None:
    made = new_id("rte")

    assert re.fullmatch(r"rte_[0-9a-v]{26}", made)
    assert CALLERS_OWN.fullmatch(made)


def test_ids_of_one_process_sort_as_they_were_made() -> None:
    made = [new_id("stp") for _ in range(10_000)]

    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_threads_never_make_the_same_id() -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: new_uuid(), range(4_000)))

    assert len(set(made)) == len(made)


def test_a_uuid_is_of_version_seven_and_tells_the_real_time() -> None:
    made = new_uuid()
    moment = datetime.fromtimestamp((made.int >> 80) / 1000, UTC)

    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert abs(moment.timestamp() - time.time()) < 10


def test_sequential_ids_count_each_kind() -> None:
    ids = SequentialIds()

    assert [ids("rte"), ids("rte"), ids("stp")] == ["rte_1", "rte_2", "stp_1"]
