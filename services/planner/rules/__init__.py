"""
The rules that a route can break: one rule, one file.

Each says what it means, under which reason it drops a task, and how to cure it, and finds its
violations in a finished plan by itself, in whole numbers. Nothing here knows how plans are
searched, so what the verifier says does not depend on what the search believed.
"""

from __future__ import annotations
