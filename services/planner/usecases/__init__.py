"""What the planner does: one async function per question, over ports."""

from __future__ import annotations
