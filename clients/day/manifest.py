"""
The driver's copy of the route: a snapshot, deltas by revision, and what is still to do.

Pure but for the messages it reads. A delta that does not follow the copy's revision is a gap: the
caller asks for a new snapshot.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from doorstep.dispatch.v1 import dispatch_service_pb2, manifest_pb2, route_pb2

OVER = (route_pb2.ROUTE_STATE_COMPLETED, route_pb2.ROUTE_STATE_WITHDRAWN)


class Gap(Exception):
    """A delta that builds on a revision that this copy has not seen."""


@dataclass(slots=True)
class Copy:
    """The route as the driver last heard of it."""

    route_id: str = ""
    revision: int = 0
    state: int = 0
    stops: list[manifest_pb2.ManifestStop] = field(default_factory=list)
    legs: list[route_pb2.Leg] = field(default_factory=list)
    breaks: list[route_pb2.RouteBreak] = field(default_factory=list)
    start: manifest_pb2.Manifest | None = None

    def hear(self, message: dispatch_service_pb2.StreamManifestResponse) -> bool:
        """Takes in a message; whether it brought a revision."""
        content = message.WhichOneof("content")
        if content == "snapshot":
            self._replace(message.snapshot)
        elif content == "delta":
            self._change(message.delta)
        return content in ("snapshot", "delta")

    def _replace(self, snapshot: manifest_pb2.Manifest) -> None:
        self.route_id, self.revision = snapshot.route_id, snapshot.revision
        self.state, self.start = snapshot.state, snapshot
        self.stops, self.legs = list(snapshot.stops), list(snapshot.legs)
        self.breaks = list(snapshot.breaks)

    def _change(self, delta: manifest_pb2.ManifestDelta) -> None:
        if delta.base_revision != self.revision or delta.route_id != self.route_id:
            raise Gap(f"revision {delta.revision} builds on {delta.base_revision}")
        known = {stop.stop.stop_id: stop for stop in self.stops}
        known |= {stop.stop.stop_id: stop for stop in delta.changed_stops}
        self.stops = [known[stop_id] for stop_id in delta.stop_ids]
        self.legs, self.breaks = list(delta.legs), list(delta.breaks)
        self.revision, self.state = delta.revision, delta.state

    @property
    def over(self) -> bool:
        return self.state in OVER

    def next_stop(self, closed: set[str]) -> tuple[int, manifest_pb2.ManifestStop] | None:
        """The first stop with a task that is not closed, and its rank in the copy."""
        for rank, stop in enumerate(self.stops):
            if any(task.task_id not in closed for task in stop.tasks):
                return rank, stop
        return None
