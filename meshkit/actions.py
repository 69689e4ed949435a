"""
The cures that a contract states: each value of its `ErrorReason` says `Action: ...` in its comment.

Comments are not part of the generated code, but of `contracts.binpb`, which the wheel of the
contracts ships. So the comment is the one place where a cure is written; the server puts it into
`metadata.action`, and docs/errors.md lists it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

from meshkit.reasons import MESH_REASONS

ENUM = "ErrorReason"
MARK = "Action:"
_ENUM_FIELD = FileDescriptorProto.ENUM_TYPE_FIELD_NUMBER
_VALUE_FIELD = 2  # descriptor.proto: EnumDescriptorProto.value


@cache
def actions_of(service: str) -> Mapping[str, str]:
    """The cure of each reason that a service, or meshkit for it, may give."""
    cures = {reason: about.action for reason, about in MESH_REASONS.items()}
    return cures | dict(_stated(f"doorstep.{service}.v1"))


def _stated(package: str) -> Iterator[tuple[str, str]]:
    for file in _contracts().file:
        if file.package == package:
            yield from _in_file(file)


def _in_file(file: FileDescriptorProto) -> Iterator[tuple[str, str]]:
    comments = {tuple(at.path): at.leading_comments for at in file.source_code_info.location}
    for which, enum in enumerate(file.enum_type):
        if enum.name == ENUM:
            for index, value in enumerate(enum.value):
                comment = comments.get((_ENUM_FIELD, which, _VALUE_FIELD, index), "")
                _, mark, action = comment.partition(MARK)
                if mark:
                    yield value.name.removeprefix("ERROR_REASON_"), " ".join(action.split())


@cache
def _contracts() -> FileDescriptorSet:
    return FileDescriptorSet.FromString((files("doorstep") / "contracts.binpb").read_bytes())
