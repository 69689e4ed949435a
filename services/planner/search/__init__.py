"""
The search: builds routes, times them exactly, and mends them.

Pure Python over whole numbers, quick enough for a route in well under a millisecond. It keeps its
own arithmetic for every rule: the verifier in `rules` shares none of it.
"""

from __future__ import annotations
