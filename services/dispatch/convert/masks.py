"""Updates by mask: what is named is taken from the request, the rest from what is kept. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypeVar

from google.protobuf.field_mask_pb2 import FieldMask

from meshkit import validate
from meshkit.errors import Invalid, Violation
from services.dispatch.convert.codec import Codec

D = TypeVar("D")


def masked(
    codec: Codec[D], kept: D, asked: Any, mask: FieldMask, writable: Collection[str]
) -> tuple[D, list[str]]:
    """The value with the changes in it, validated as a whole, and the names of what changed."""
    names = list(dict.fromkeys(mask.paths))
    bad = [
        Violation(f"update_mask.paths[{rank}]", "cannot be written", "MASK_UNKNOWN")
        for rank, name in enumerate(mask.paths)
        if name not in writable
    ]
    if bad or not names:
        raise Invalid("MASK_UNKNOWN", "the mask names no writable field", violations=bad)
    message = codec.encode(kept)
    mask.MergeMessage(asked, message, True, True)
    for name in names:  # MergeMessage leaves what the request does not have
        if not _is_set(asked, name):
            message.ClearField(name)
    validate.check(message)
    return codec.decode(message), names


def _is_set(message: Any, name: str) -> bool:
    field = message.DESCRIPTOR.fields_by_name[name]
    if field.has_presence:
        return bool(message.HasField(name))
    return bool(getattr(message, name))
