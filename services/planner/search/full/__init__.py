"""
The full kernel: every rule, compiled.

Ruin and recreate after Christiaens and Vanden Berghe, Slack Induction by String Removals for
Vehicle Routing Problems, Transportation Science 54 (2020), over linked routes; in between, routes
exchange their tails (`cross`). A task is inserted where `insertion.can_insert` says that it costs
least; each rule has its part of that answer in `search/rules`, under the name that it has in
`rules`.
"""

from __future__ import annotations
