"""
What the contract shows to the outside, read from the descriptor set. Pure.

An rpc is public when its `callers` name anybody besides the services themselves. Only public rpcs
get a route, and only public rpcs with a `google.api.http` rule are spoken as JSON.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from google.api import annotations_pb2
from google.protobuf.descriptor_pb2 import (
    FileDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
)

from deploy.gateway.descriptors import pruned
from deploy.gateway.unwrap import narrow, unwrapped_field
from doorstep.type.v1 import access_pb2

INTERNAL_CALLERS = frozenset({"CALLER_UNSPECIFIED", "CALLER_SERVICE"})
# Those who bring no signed token: whoever asks for one, and recipients with their opaque links.
TOKENLESS_CALLERS = frozenset({"CALLER_ANYBODY", "CALLER_RECIPIENT"})
UNARY_SECONDS_DEFAULT = 15  # the longest a unary call takes whose contract names no limit


@dataclass(frozen=True, slots=True)
class Rpc:
    """One method of the contract, as a gateway needs to know it."""

    service: str  # doorstep.tracking.v1.TrackingService
    name: str
    callers: frozenset[str]  # CALLER_DRIVER, ...
    verbs: tuple[str, ...]  # get, post, ...; empty when it has no JSON form
    deadline_seconds: int  # 0 when the contract names none
    client_streaming: bool
    server_streaming: bool
    unwrapped: str = ""  # the field that is the JSON body; empty: the whole response is

    @property
    def path(self) -> str:
        """The path that gRPC calls: `/doorstep.tracking.v1.TrackingService/GetTracking`."""
        return f"/{self.service}/{self.name}"

    @property
    def cluster(self) -> str:
        """Which service answers: the second part of the package."""
        return self.service.split(".")[1]

    @property
    def public(self) -> bool:
        """Whether anybody but a service may call it."""
        return bool(self.callers - INTERNAL_CALLERS)

    @property
    def streaming(self) -> bool:
        """Whether it streams, in either direction."""
        return self.client_streaming or self.server_streaming

    @property
    def has_json(self) -> bool:
        """Whether the gateway speaks it as JSON too."""
        return self.public and bool(self.verbs)

    @property
    def repeatable(self) -> bool:
        """Whether the gateway itself may try again: reads only, and never a stream."""
        return self.verbs[:1] == ("get",) and not self.streaming

    @property
    def needs_no_token(self) -> bool:
        """Whether some of its callers have no signed token; the service then judges alone."""
        return bool(self.callers & TOKENLESS_CALLERS)

    @property
    def timeout_seconds(self) -> int:
        """How long it may take: the contract's limit, else the default; 0, none, for streams."""
        return 0 if self.streaming else self.deadline_seconds or UNARY_SECONDS_DEFAULT


@dataclass(frozen=True, slots=True)
class PublicContract:
    """The rpcs that the outside may call, and the descriptors of those that have a JSON form."""

    rpcs: tuple[Rpc, ...]
    descriptor: bytes

    @property
    def json_services(self) -> list[str]:
        """The services that have at least one rpc in JSON."""
        return sorted({rpc.service for rpc in self.rpcs if rpc.has_json})

    @property
    def clusters(self) -> list[str]:
        """The services of the mesh behind these rpcs."""
        return sorted({rpc.cluster for rpc in self.rpcs})


def public_contract(contracts: bytes) -> PublicContract:
    """
    What of `contracts.binpb` the outside may see.

    Internal rpcs are dropped, so that no setting of the gateway can ever show one.
    """
    files = FileDescriptorSet.FromString(contracts)
    for file in files.file:
        keep_public(file)
    rpcs = tuple(rpc for file in files.file for rpc in rpcs_of(file))
    narrow(files)
    return PublicContract(rpcs, pruned(files).SerializeToString(deterministic=True))


def rpcs_of(file: FileDescriptorProto) -> Iterator[Rpc]:
    """Every rpc in a file, in the contract's order."""
    for service in file.service:
        for method in service.method:
            yield rpc_of(f"{file.package}.{service.name}", method)


def rpc_of(service: str, method: MethodDescriptorProto) -> Rpc:
    options = method.options
    callers = options.Extensions[access_pb2.callers]
    return Rpc(
        service=service,
        name=method.name,
        callers=frozenset(access_pb2.Caller.Name(caller) for caller in callers),
        verbs=tuple(verbs_of(options.Extensions[annotations_pb2.http])),
        deadline_seconds=options.Extensions[access_pb2.deadline_seconds],
        client_streaming=method.client_streaming,
        server_streaming=method.server_streaming,
        unwrapped=unwrapped_field(method),
    )


def verbs_of(rule: Any) -> Iterator[str]:
    """The HTTP verb of a `google.api.http` rule and of its additional bindings."""
    for bound in (rule, *rule.additional_bindings):
        if verb := bound.WhichOneof("pattern"):
            yield verb


def keep_public(file: FileDescriptorProto) -> None:
    """Removes the rpcs that only services call, and services that are left empty."""
    for service in file.service:
        name = f"{file.package}.{service.name}"
        kept = [method for method in service.method if rpc_of(name, method).public]
        del service.method[:]
        service.method.extend(kept)
    services = [service for service in file.service if service.method]
    del file.service[:]
    file.service.extend(services)
