"""Asks a running planner to plan once more, as whoever logs in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from google.protobuf import json_format

from doorstep.dispatch.v1 import access_service_pb2 as access_pb2
from doorstep.dispatch.v1 import access_service_pb2_grpc as access_grpc
from doorstep.planner.v1 import planner_service_pb2 as pb
from doorstep.planner.v1 import planner_service_pb2_grpc as pb_grpc
from meshkit.client import connect, raising
from meshkit.errors import MeshError

UNREACHABLE, PORT_BASE = "PEER_UNREACHABLE", "DOORSTEP_PORT_BASE"


class CannotReplay(Exception):
    """What the planner answered instead of a plan."""


@dataclass(frozen=True, slots=True)
class Door:
    """Where the mesh is and who asks."""

    address: str
    given: str
    client_id: str
    client_secret: str


@dataclass(frozen=True, slots=True)
class Held:
    """A token that is sent as it is."""

    value: str

    def token(self) -> str:
        """The token."""
        return self.value


async def replayed(door: Door, optimization_id: str) -> dict[str, Any]:
    """The answer as JSON; raises CannotReplay."""
    try:
        held = Held(door.given or await logged_in(door))
        async with connect(door.address, tokens=held) as channel:
            planner = raising(pb_grpc.PlannerServiceStub(channel))
            request = pb.ReplayOptimizationRequest(optimization_id=optimization_id)
            answer = await planner.ReplayOptimization(request)
    except MeshError as error:
        raise CannotReplay(told(error, door.address)) from None
    found = json_format.MessageToDict(answer, preserving_proto_field_name=True)
    return {"plan": {}, "routes_equal": False} | found


async def logged_in(door: Door) -> str:
    """A token for a client's id and secret."""
    async with connect(door.address) as channel:
        access = raising(access_grpc.AccessServiceStub(channel))
        request = access_pb2.IssueTokenRequest(
            client_id=door.client_id, client_secret=door.client_secret
        )
        return str((await access.IssueToken(request)).access_token)


def told(error: MeshError, address: str) -> str:
    """What went wrong and what to do."""
    said = [f"{error.reason}: {error}"]
    if error.reason == UNREACHABLE:
        said += [f"tried {address}; name another by --address, DOORSTEP_ADDRESS or {PORT_BASE}"]
    said += [f"changed since: {error.metadata['changed']}"] if "changed" in error.metadata else []
    said += [error.metadata["action"]] if "action" in error.metadata else []
    return "; ".join(said)
