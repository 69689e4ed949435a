"""
Alternatives: each place of a task is a node of its own, of which at most one stands in a route.

What another place than its own costs is part of the node's stay.
"""

from __future__ import annotations
