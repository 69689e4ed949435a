"""
Reads the spans that the OTLP sink kept, and draws a trace as a tree.

    python -m deploy.local.spans .doorstep/traces TRACE_ID
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SPANS, OLDER = "spans.jsonl", "spans.older.jsonl"


@dataclass(frozen=True, slots=True)
class Span:
    """One span, as the sink wrote it."""

    trace_id: str
    span_id: str
    parent_id: str  # empty at the root
    service: str
    name: str
    kind: str  # SERVER, CLIENT, INTERNAL, PRODUCER, CONSUMER
    start_ns: int
    end_ns: int
    failed: bool
    links: tuple[str, ...] = ()  # trace ids
    attributes: dict[str, Any] = field(default_factory=dict)

    @property
    def milliseconds(self) -> float:
        """How long it took."""
        return (self.end_ns - self.start_ns) / 1e6


def read(folder: Path, trace_id: str = "") -> list[Span]:
    """The spans kept, oldest first; of one trace when it is named."""
    return [span for span in lines(folder) if trace_id in ("", span.trace_id)]


def lines(folder: Path) -> Iterator[Span]:
    for name in (OLDER, SPANS):
        path = folder / name
        if path.exists():
            yield from (parsed(line) for line in path.read_text().splitlines() if is_whole(line))


def is_whole(line: str) -> bool:
    """The last line may be half written while we read."""
    return line.endswith("}")


def parsed(line: str) -> Span:
    fields = json.loads(line)
    return Span(**{**fields, "links": tuple(fields["links"])})


def tree(spans: Sequence[Span]) -> Iterator[str]:
    """The trace as indented lines, in order of start; a lost parent makes a root of its own."""
    known = {span.span_id for span in spans}
    children: dict[str, list[Span]] = defaultdict(list)
    for span in sorted(spans, key=lambda span: span.start_ns):
        children[span.parent_id if span.parent_id in known else ""].append(span)
    yield from branch(children, "", 0)


def branch(children: dict[str, list[Span]], parent_id: str, depth: int) -> Iterator[str]:
    for span in children[parent_id]:
        mark = " FAILED" if span.failed else ""
        yield f"{'  ' * depth}{span.service}: {span.name} {span.milliseconds:.1f} ms{mark}"
        yield from branch(children, span.span_id, depth + 1)


def main(arguments: Sequence[str]) -> int:
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    drawn = list(tree(read(Path(arguments[0]), arguments[1])))
    print("\n".join(drawn) or f"no span of trace {arguments[1]} in {arguments[0]}")
    return 0 if drawn else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
