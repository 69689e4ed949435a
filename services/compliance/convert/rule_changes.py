"""Versions of rules and closures as answers of a bounded size: domain -> wire."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from doorstep.compliance.v1 import zone_service_pb2 as pb
from services.compliance.convert.closures import closure_to_proto
from services.compliance.convert.zones import rule_set_to_proto
from services.compliance.domain.zone import ClosureVersion
from services.compliance.usecases.rule_changes import Entry

ANSWER_BYTES_MAX = 1 << 20  # a message may have 4 MiB; a zone is never cut in two


def answers(
    entries: Iterable[Entry], reach: int, *, resumable: bool
) -> Iterator[pb.WatchRuleChangesResponse]:
    """
    One answer or more; the last one tells `reach` as the place to go on from.

    Entries in the order in which they were recorded are `resumable`: every answer names its place.
    """
    answer = pb.WatchRuleChangesResponse()
    for entry in entries:
        if answer.ByteSize() > ANSWER_BYTES_MAX:
            yield answer
            answer = pb.WatchRuleChangesResponse()
        if isinstance(entry, ClosureVersion):
            answer.street_closures.append(closure_to_proto(entry))
        else:
            answer.rule_sets.append(rule_set_to_proto(entry))
        answer.rules_version = entry.rules_version if resumable else 0
    answer.rules_version = reach
    yield answer
