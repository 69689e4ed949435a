"""Balance: needs no twin; it is found by the master among plans that the kernel made."""

from __future__ import annotations
