"""
The compiled twins of the rules: one rule, one file, named as in `rules`.

Each keeps what its test needs per stop, tells in constant time whether an insertion can hold, and
where that is only a bound, checks the route once it is changed. Twins share no code with the
verifier; a rule that asks nothing of the kernel says so.
"""

from __future__ import annotations
