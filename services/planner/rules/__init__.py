"""
The rules of a plan: one rule, one file.

A rule that can be broken says under which reason, and how to cure it, and finds its violations in
a finished plan by itself, in whole numbers (REASON, CURE, `violations`). A rule that costs says of
which kind, and what is due (KIND, `micros`). Nothing here knows how plans are searched, so what the
verifier says does not depend on what the search believed.
"""

from __future__ import annotations
