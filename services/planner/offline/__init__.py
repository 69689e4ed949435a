"""
The planner without its service: one file in, progress and a plan out.

It is started as a process by the `doorstep` command and by nobody else. Nothing is stored and no
access rules are asked. A problem of our own drives the roads of a compiled map; files of benchmarks
carry their ways.
"""

from __future__ import annotations
