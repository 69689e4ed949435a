"""
The lean kernel: capacity and one window per task, one class of shifts, distance and fixed cost.

Ruin and recreate after Christiaens and Vanden Berghe, Slack Induction by String Removals for
Vehicle Routing Problems, Transportation Science 54 (2020), over linked routes.
"""

from __future__ import annotations
