"""
Descriptors with nothing in them but what JSON needs: small enough to travel in a ConfigMap. Pure.

Comments, validation rules and options go, but for the HTTP rule and what tells a map from a list;
so do files that no JSON rpc leads to. The details of errors stay: Envoy turns a Status into JSON
only when it knows their types.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from google.api import annotations_pb2
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
)

HTTP_RULE = "google/api/annotations.proto"
ERRORS = ("google/rpc/status.proto", "google/rpc/error_details.proto")


def pruned(files: FileDescriptorSet) -> FileDescriptorSet:
    """The same contract for JSON, in files that are in order of dependency as before."""
    bared = [bare(file) for file in files.file]
    needed = reachable(bared)
    kept = [file for file in bared if file.name in needed]
    for file in kept:
        depends = [name for name in file.dependency if name in needed]
        del file.public_dependency[:], file.weak_dependency[:], file.dependency[:]
        file.dependency.extend(depends)
    return FileDescriptorSet(file=kept)


def bare(file: FileDescriptorProto) -> FileDescriptorProto:
    """A copy without words and options, and without rpcs that JSON does not know."""
    copy = FileDescriptorProto()
    copy.CopyFrom(file)
    for name in ("source_code_info", "options"):
        copy.ClearField(name)
    if not file.package.startswith("google."):
        del copy.extension[:]
    keep_json(copy)
    for message in every_message(copy.message_type):
        strip_message(message)
    for enum in copy.enum_type:
        strip_enum(enum)
    return copy


def keep_json(file: FileDescriptorProto) -> None:
    for service in file.service:
        kept = [method for method in service.method if has_rule(method)]
        del service.method[:]
        service.method.extend(kept)
        for method in service.method:
            rule = method.options.Extensions[annotations_pb2.http]
            method.ClearField("options")
            method.options.Extensions[annotations_pb2.http].CopyFrom(rule)
    services = [service for service in file.service if service.method]
    del file.service[:]
    file.service.extend(services)


def has_rule(method: MethodDescriptorProto) -> bool:
    return bool(method.options.HasExtension(annotations_pb2.http))


def every_message(messages: Iterable[DescriptorProto]) -> Iterator[DescriptorProto]:
    """Nested ones too."""
    for message in messages:
        yield message
        yield from every_message(message.nested_type)


def strip_message(message: DescriptorProto) -> None:
    is_map = message.options.map_entry
    message.ClearField("options")
    if is_map:
        message.options.map_entry = True
    for field in message.field:
        field.ClearField("options")
    for one in message.oneof_decl:
        one.ClearField("options")
    for enum in message.enum_type:
        strip_enum(enum)


def strip_enum(enum: EnumDescriptorProto) -> None:
    has_aliases = enum.options.allow_alias
    enum.ClearField("options")
    if has_aliases:
        enum.options.allow_alias = True
    for value in enum.value:
        value.ClearField("options")


def reachable(files: list[FileDescriptorProto]) -> set[str]:
    """The files that JSON rpcs and errors lead to, by the types they name."""
    by_name = {file.name: file for file in files}
    home = {name: file.name for file in files for name in types_in(file)}
    waiting = [file.name for file in files if file.service]
    waiting += [HTTP_RULE, *ERRORS] if waiting else []
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in found or name not in by_name:
            continue
        found.add(name)
        waiting += [home[used] for used in types_used(by_name[name])]
    return found


def types_in(file: FileDescriptorProto) -> Iterator[str]:
    """The full names, with a leading dot, of what a file defines."""
    yield from (f".{file.package}.{enum.name}" for enum in file.enum_type)
    for message in file.message_type:
        yield from nested_names(f".{file.package}", message)


def nested_names(prefix: str, message: DescriptorProto) -> Iterator[str]:
    name = f"{prefix}.{message.name}"
    yield name
    yield from (f"{name}.{enum.name}" for enum in message.enum_type)
    for nested in message.nested_type:
        yield from nested_names(name, nested)


def types_used(file: FileDescriptorProto) -> Iterator[str]:
    """What its fields, extensions and rpcs name."""
    for message in every_message(file.message_type):
        yield from (field.type_name for field in message.field if field.type_name)
    for extension in file.extension:
        yield from (name for name in (extension.type_name, extension.extendee) if name)
    for service in file.service:
        for method in service.method:
            yield from (method.input_type, method.output_type)
