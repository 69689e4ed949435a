"""
The solver: OR-Tools' routing search, which runs in worker processes only.

It proposes sequences. What it does not model, or models loosely, the exact scheduler and the repair
in `search` settle, and the verifier in `rules` has the last word.
"""

from __future__ import annotations
