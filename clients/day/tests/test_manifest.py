"""The driver's copy of a route: snapshots replace it, deltas change it, gaps are noticed."""

from __future__ import annotations

import pytest

from clients.day.manifest import Copy, Gap
from doorstep.dispatch.v1 import dispatch_service_pb2 as pb
from doorstep.dispatch.v1 import manifest_pb2, route_pb2


def stop(name: str) -> manifest_pb2.ManifestStop:
    return manifest_pb2.ManifestStop(
        stop=route_pb2.Stop(stop_id=name),
        tasks=[manifest_pb2.ManifestTask(task_id=f"task-{name}")],
    )


def snapshot(*names: str, revision: int = 1) -> pb.StreamManifestResponse:
    manifest = manifest_pb2.Manifest(
        route_id="r", revision=revision, stops=[stop(name) for name in names]
    )
    return pb.StreamManifestResponse(snapshot=manifest)


def delta(base: int, *names: str, changed: tuple[str, ...] = ()) -> pb.StreamManifestResponse:
    made = manifest_pb2.ManifestDelta(
        route_id="r",
        base_revision=base,
        revision=base + 1,
        stop_ids=names,
        changed_stops=[stop(name) for name in changed],
    )
    return pb.StreamManifestResponse(delta=made)


def names(copy: Copy) -> list[str]:
    return [known.stop.stop_id for known in copy.stops]


def test_a_delta_inserts_and_removes_stops() -> None:
    copy = Copy()
    copy.hear(snapshot("a", "b", "c"))
    copy.hear(delta(1, "a", "x", "c", changed=("x",)))

    assert names(copy) == ["a", "x", "c"]
    assert copy.revision == 2


def test_a_delta_on_an_unseen_revision_is_a_gap() -> None:
    copy = Copy()
    copy.hear(snapshot("a"))

    with pytest.raises(Gap):
        copy.hear(delta(5, "a"))


def test_a_heartbeat_brings_no_revision() -> None:
    beat = pb.StreamManifestResponse(heartbeat=manifest_pb2.ManifestHeartbeat())

    assert not Copy().hear(beat)


def test_the_next_stop_is_the_first_with_something_left_to_do() -> None:
    copy = Copy()
    copy.hear(snapshot("a", "b"))
    following = copy.next_stop({"task-a"})

    assert following is not None
    assert following[0] == 1
    assert copy.next_stop({"task-a", "task-b"}) is None
