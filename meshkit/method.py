"""What the contract says about a method: who may call it and how long it may take."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from google.protobuf import descriptor_pool
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from doorstep.type.v1 import access_pb2
from meshkit.caller import Role

ROLES = {access_pb2.Caller.Value(f"CALLER_{role}"): role for role in Role}


@dataclass(frozen=True, slots=True)
class Method:
    """One rpc as the contract describes it."""

    path: str  # as on the wire: /doorstep.planner.v1.PlannerService/OptimizeRoutes
    callers: frozenset[Role]  # besides services, which may call everything
    seconds_max: float | None  # None for watches, which end by themselves
    request: type[Message] = Message

    @property
    def name(self) -> str:
        """The name in logs and spans: doorstep.planner.v1.PlannerService/OptimizeRoutes."""
        return self.path[1:]


@cache
def method_of(path: str) -> Method | None:
    """The method at a path; None when no contract known to this process has it."""
    service_name, _, method_name = path[1:].partition("/")
    try:
        service = descriptor_pool.Default().FindServiceByName(service_name)
    except KeyError:
        return None
    described = service.methods_by_name.get(method_name)
    return None if described is None else _read(path, described)


def _read(path: str, described: MethodDescriptor) -> Method:
    options = described.GetOptions()
    seconds = options.Extensions[access_pb2.deadline_seconds]
    callers = _roles(options.Extensions[access_pb2.callers])
    return Method(path, callers, seconds or None, GetMessageClass(described.input_type))


def _roles(callers: Iterable[access_pb2.Caller.ValueType]) -> frozenset[Role]:
    return frozenset(ROLES[caller] for caller in callers if caller in ROLES)
