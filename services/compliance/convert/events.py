"""What happened, as changes of our feed: domain -> drafts."""

from __future__ import annotations

from doorstep.compliance.v1 import event_pb2 as pb
from meshkit.feed import Draft
from services.compliance.convert.closures import closure_to_proto
from services.compliance.convert.emissions import record_to_proto
from services.compliance.convert.findings import totals_to_proto, verdict_to_proto
from services.compliance.convert.idling import episode_to_proto
from services.compliance.convert.moments import interval_to_proto
from services.compliance.domain.episode import IdlingEpisode
from services.compliance.domain.finding import Decision
from services.compliance.domain.ledger import EmissionRecord
from services.compliance.domain.zone import ClosureVersion, RuleSet


def rules_draft(change: RuleSet | ClosureVersion) -> Draft:
    """A new version of a zone or a closure."""
    if isinstance(change, ClosureVersion):
        return _closure_draft(change)
    event = pb.RuleSetPublished(
        zone_id=change.zone.zone_id,
        rule_set_id=change.rule_set_id,
        version=change.version,
        effective_interval=interval_to_proto(change.start, change.end),
        rules_version=change.rules_version,
    )
    subject = change.zone.zone_id
    return Draft("rule_set_published", subject, change.record_time, event.SerializeToString())


def _closure_draft(version: ClosureVersion) -> Draft:
    event = pb.StreetClosureChanged(
        closure=closure_to_proto(version), rules_version=version.rules_version
    )
    subject = version.closure.closure_id
    return Draft("street_closure_changed", subject, version.record_time, event.SerializeToString())


def decision_draft(decision: Decision) -> Draft:
    """A decision that was stored."""
    event = pb.DecisionStored(
        decision_id=decision.decision_id,
        route_plan_id=decision.route_plan_id,
        route_id=decision.route.route_id,
        vehicle_id=decision.route.vehicle.vehicle_id,
        verdict=verdict_to_proto(decision.verdict),
        totals=totals_to_proto(decision.totals),
    )
    subject = decision.decision_id
    return Draft("decision_stored", subject, decision.decided, event.SerializeToString())


def emission_draft(record: EmissionRecord) -> Draft:
    """Emissions that were recorded; they happened when the leg, or the hub's period, ended."""
    event = pb.EmissionRecorded(record=record_to_proto(record))
    subject = record.emission_record_id
    return Draft("emission_recorded", subject, record.entry.subject.end, event.SerializeToString())


def idling_draft(episode: IdlingEpisode) -> Draft:
    """An engine that ran while its vehicle stood; it is told when that was over."""
    event = pb.IdlingDetected(episode=episode_to_proto(episode))
    subject = episode.idling_episode_id
    return Draft("idling_detected", subject, episode.end, event.SerializeToString())
