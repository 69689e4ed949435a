"""
Page tokens: where the next page begins, bound to the question that the first page answered.

A list is ordered by a key that no two entries share; the token carries the key of the last entry
given, so a page is as cheap far behind as in front, and entries that come or go meanwhile shift
nothing. It also carries a mark of the request's other fields: a token brought with another filter
is refused instead of silently answering another question. The page size may change.

    page = page_of(request)
    found = await store.list(after=page.after, limit=page.limit)
    entries, token = page.cut(found, key=lambda entry: (entry.created_at, entry.entry_id))
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from google.protobuf.message import Message

from meshkit.errors import Invalid, Violation

SIZE_DEFAULT = 50
SIZE_MAX = 1000
TOKEN_CHARACTERS_MAX = 2048
MARK_BYTES = 9  # of 32: enough to tell requests apart, short enough for a URL

Key = tuple[str | int | datetime, ...]  # what the list is ordered by, unique per entry
Entry = TypeVar("Entry")

_MOMENT = "t:"  # how a datetime, and not a text, is written in a token
_TEXT = "s:"


@dataclass(frozen=True, slots=True)
class Page:
    """What is asked for: the entries after a key, or (None) from the beginning."""

    size: int
    after: Key | None
    mark: bytes

    @property
    def limit(self) -> int:
        """How many to read: one more than to give, which tells whether there are more."""
        return self.size + 1

    def cut(
        self, found: Sequence[Entry], key: Callable[[Entry], Key]
    ) -> tuple[Sequence[Entry], str]:
        """The entries to give, and the token of the next page: empty after the last."""
        entries = found[: self.size]
        more = len(found) > self.size
        return entries, self.token(key(entries[-1])) if more else ""

    def token(self, after: Key) -> str:
        """The token of a page that begins after a key, for lists that end a page by themselves."""
        return _pack(self.mark, after)


def page_of(request: Message, size_default: int = SIZE_DEFAULT) -> Page:
    """
    The page that a request with `page_size` and `page_token` asks for.

    Raises Invalid `PAGE_TOKEN_INVALID` for a string that is no token, and `PAGE_TOKEN_MISMATCH` for
    a token that another question was answered with.
    """
    fields: Any = request
    mark = _mark_of(request)
    after = _unpack(mark, fields.page_token) if fields.page_token else None
    return Page(min(fields.page_size or size_default, SIZE_MAX), after, mark)


def _mark_of(request: Message) -> bytes:
    asked = type(request)()
    asked.CopyFrom(request)
    for name in ("page_token", "page_size"):
        asked.ClearField(name)
    named = request.DESCRIPTOR.full_name.encode() + asked.SerializeToString(deterministic=True)
    return hashlib.sha256(named).digest()[:MARK_BYTES]


def _pack(mark: bytes, key: Key) -> str:
    written = json.dumps([_written(part) for part in key], separators=(",", ":"))
    return base64.urlsafe_b64encode(mark + written.encode()).decode().rstrip("=")


def _unpack(mark: bytes, token: str) -> Key:
    try:
        packed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        key = tuple(_read(part) for part in json.loads(packed[MARK_BYTES:]))
    except (binascii.Error, ValueError, TypeError) as error:
        raise _refused("PAGE_TOKEN_INVALID", "is not a page token") from error
    if packed[:MARK_BYTES] != mark:
        raise _refused("PAGE_TOKEN_MISMATCH", "belongs to a request with other arguments")
    return key


def _written(part: str | int | datetime) -> str | int:
    if isinstance(part, datetime):
        return _MOMENT + part.isoformat()
    return _TEXT + part if isinstance(part, str) else part


def _read(part: Any) -> str | int | datetime:
    if isinstance(part, int):
        return part
    if part.startswith(_MOMENT):
        return datetime.fromisoformat(part.removeprefix(_MOMENT))
    if not part.startswith(_TEXT):
        raise ValueError("not a part of a key")
    return str(part.removeprefix(_TEXT))


def _refused(reason: str, why: str) -> Invalid:
    return Invalid(reason, f"page_token {why}", violations=[Violation("page_token", why, reason)])
