"""The error that says what is wrong with a map file, and what to do about it."""

from __future__ import annotations


class BadMap(ValueError):
    """The file is no usable map; the message says why and what to do."""
