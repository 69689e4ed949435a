"""Wire to domain and back, pure. Every fault of a request is collected before it is refused."""

from __future__ import annotations
