"""The contracts as data: every element of our packages, with its comment and its options."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool

import doorstep.type.v1.access_pb2 as access_pb2

PACKAGES = ("planner", "dispatch", "tracking", "compliance")
BINPB = Path(access_pb2.__file__).parents[2] / "contracts.binpb"
SERVICE_PATH, METHOD_PATH = 6, 2  # field numbers in descriptor.proto that make a comment's path
MESSAGE_PATH, FIELD_PATH, NESTED_PATH = 4, 2, 3


@dataclass(frozen=True, slots=True)
class Rpc:
    """One method: `name` is `DeliveryService.CreateDelivery`."""

    package: str
    name: str
    comment: str
    method: Any

    @property
    def options(self) -> Any:
        return self.method.GetOptions()


@cache
def file_set() -> descriptor_pb2.FileDescriptorSet:
    return descriptor_pb2.FileDescriptorSet.FromString(BINPB.read_bytes())


@cache
def pool() -> Any:
    """A pool built from the shipped descriptors alone, as a consumer without stubs would."""
    built = descriptor_pool.Default()
    for package in PACKAGES:
        for file in files(package):
            __import__(file.name.removesuffix(".proto").replace("/", ".") + "_pb2")
    return built


def files(package: str) -> list[descriptor_pb2.FileDescriptorProto]:
    return [f for f in file_set().file if f.package == f"doorstep.{package}.v1"]


def comments(file: descriptor_pb2.FileDescriptorProto) -> dict[tuple[int, ...], str]:
    return {tuple(at.path): at.leading_comments for at in file.source_code_info.location}


@cache
def rpcs() -> tuple[Rpc, ...]:
    return tuple(rpc for package in PACKAGES for file in files(package) for rpc in rpcs_of(file))


def rpcs_of(file: descriptor_pb2.FileDescriptorProto) -> Iterator[Rpc]:
    said = comments(file)
    for number, service in enumerate(file.service):
        built = pool().FindServiceByName(f"{file.package}.{service.name}")
        for rank, method in enumerate(service.method):
            comment = said.get((SERVICE_PATH, number, METHOD_PATH, rank), "")
            name = f"{service.name}.{method.name}"
            yield Rpc(file.package, name, comment, built.methods_by_name[method.name])


@dataclass(frozen=True, slots=True)
class Field:
    """One field of one message: `path` is `doorstep.dispatch.v1.Delivery.parcels`."""

    path: str
    comment: str
    descriptor: Any


@cache
def fields() -> tuple[Field, ...]:
    return tuple(
        field for package in PACKAGES for file in files(package) for field in fields_of(file)
    )


def fields_of(file: descriptor_pb2.FileDescriptorProto) -> Iterator[Field]:
    said = comments(file)
    for number, message in enumerate(file.message_type):
        yield from walk(message, f"{file.package}.{message.name}", (MESSAGE_PATH, number), said)


def walk(
    message: descriptor_pb2.DescriptorProto,
    name: str,
    at: tuple[int, ...],
    said: dict[tuple[int, ...], str],
) -> Iterator[Field]:
    if message.options.map_entry:
        return
    built = pool().FindMessageTypeByName(name)
    for rank, field in enumerate(message.field):
        comment = said.get((*at, FIELD_PATH, rank), "")
        yield Field(f"{name}.{field.name}", comment, built.fields_by_name[field.name])
    for rank, nested in enumerate(message.nested_type):
        yield from walk(nested, f"{name}.{nested.name}", (*at, NESTED_PATH, rank), said)


@cache
def reasons() -> dict[str, dict[str, str]]:
    """Per package, every error reason and its comment."""
    return {package: dict(reasons_of(package)) for package in PACKAGES}


def reasons_of(package: str) -> Iterator[tuple[str, str]]:
    for file in files(package):
        said = comments(file)
        for number, enum in enumerate(file.enum_type):
            if enum.name == "ErrorReason":
                for rank, value in enumerate(enum.value[1:], 1):
                    name = value.name.removeprefix("ERROR_REASON_")
                    yield name, said.get((5, number, 2, rank), "")
