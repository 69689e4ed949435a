"""Scores: wire <-> domain, and what is signed of one."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime

from google.protobuf.json_format import MessageToDict

from doorstep.compliance.v1 import emission_pb2
from doorstep.compliance.v1 import emissions_service_pb2 as pb
from services.compliance.convert.emissions import basis_to_proto
from services.compliance.convert.faults import Faults, accepted
from services.compliance.convert.moments import (
    interval_from_proto,
    interval_to_proto,
    moment_to_proto,
)
from services.compliance.convert.reports import PERIOD_MAX, report_row_to_proto
from services.compliance.domain.score import Score, ScoreKey


def period_from_proto(request: pb.PublishEmissionScoreRequest) -> tuple[datetime, datetime]:
    """The period to publish; raises Invalid."""
    faults = Faults()
    taken = faults.take("interval", interval_from_proto, request.interval, PERIOD_MAX)
    return accepted(faults, taken)


def score_to_proto(score: Score) -> emission_pb2.EmissionScore:
    """A score with its signature."""
    return emission_pb2.EmissionScore(
        emission_score_id=score.emission_score_id,
        interval=interval_to_proto(score.start, score.end),
        totals=report_row_to_proto(score.totals),
        bases=[basis_to_proto(basis) for basis in score.bases],
        signature=score.signature,
        publish_time=moment_to_proto(score.publish_time),
        tenant_id=score.tenant,
    )


def signed_bytes(score: Score) -> bytes:
    """The JSON that a signature is over: every field but itself, in the order of names."""
    message = score_to_proto(replace(score, signature=""))
    document = MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    del document["signature"]
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def score_key_to_proto(key: ScoreKey) -> emission_pb2.ScoreKey:
    """A public key."""
    return emission_pb2.ScoreKey(
        key_id=key.key_id,
        jwk=key.jwk,
        create_time=moment_to_proto(key.create_time) if key.create_time else None,
        retire_time=moment_to_proto(key.retire_time) if key.retire_time else None,
    )
