"""Subscriptions, tries and redeliveries, both ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import time
from typing import Any

from google.type.timeofday_pb2 import TimeOfDay

from doorstep.tracking.v1 import metric_pb2, milestone_pb2, webhook_attempt_pb2
from doorstep.tracking.v1 import subscription_pb2 as pb
from doorstep.tracking.v1 import subscription_service_pb2 as service_pb
from meshkit import validate
from meshkit.caller import MESH_DOMAIN, Caller, Role
from meshkit.errors import Invalid, Violation
from services.tracking.convert.envelopes import EVENTS
from services.tracking.convert.wire import duration, number, span, stamp, window, word
from services.tracking.domain.attempt import Attempt
from services.tracking.domain.redelivery import DAYS_MAX, Order, Redelivery
from services.tracking.domain.subscription import (
    CARRIER_TYPES,
    ETA_THRESHOLD,
    Channel,
    Notice,
    Quiet,
    Subscription,
    SubscriptionState,
)
from services.tracking.domain.words import Milestone

AT = "subscription"
WRITABLE = (
    "webhook",
    "notice",
    "milestones",
    "event_types",
    "carrier_id",
    "eta_threshold_duration",
    "state",
)
KINDS = ("webhook", "notice")
BY_OWNER = (pb.SUBSCRIPTION_STATE_ACTIVE, pb.SUBSCRIPTION_STATE_PAUSED)


def created(message: pb.Subscription, caller: Caller) -> Subscription:
    """What a caller asks for. Raises Invalid `FIELD_INVALID` with every fault."""
    faults = _faults(message, caller.role is Role.CARRIER)
    if faults:
        raise _invalid(faults)
    asked = _read(message)
    own = caller.carrier_id if caller.role is Role.CARRIER else ""
    return replace(asked, carrier_id=own or asked.carrier_id, owner_carrier_id=own)


def updated(known: Subscription, request: service_pb.UpdateSubscriptionRequest) -> Subscription:
    """The subscription with the changes in it. Raises Invalid `FIELD_INVALID`."""
    asked, names = request.subscription, list(request.update_mask.paths)
    unknown = [
        Violation(f"update_mask.paths[{place}]", "cannot be changed")
        for place, name in enumerate(names)
        if name not in WRITABLE
    ]
    if unknown:
        raise _invalid(unknown)
    names = names or [name for name in WRITABLE if _is_set(asked, name)]
    message = subscription_to_proto(known)
    for name in names:
        _take_over(message, asked, name)
    validate.check(message)
    faults = _faults(message, bool(known.owner_carrier_id)) + _switched_kind(known, message)
    before = number(pb.SubscriptionState, known.state)
    if "state" in names and asked.state not in (*BY_OWNER, before):
        faults.append(Violation(f"{AT}.state", "is set to ACTIVE or PAUSED"))
    if faults:
        raise _invalid(faults)
    changed = _read(message)
    return replace(
        changed,
        carrier_id=known.owner_carrier_id or changed.carrier_id,
        owner_carrier_id=known.owner_carrier_id,
        state=SubscriptionState(_state_name(message.state)),
        create_time=known.create_time,
        disable_reason=known.disable_reason,
        revision=known.revision,
    )


def subscription_to_proto(one: Subscription) -> pb.Subscription:
    """A subscription as kept, without its secret."""
    message = pb.Subscription(
        subscription_id=one.subscription_id,
        milestones=[number(milestone_pb2.Milestone, name) for name in one.milestones],
        event_types=one.event_types,
        carrier_id=one.carrier_id,
        eta_threshold_duration=duration(one.eta_threshold),
        state=number(pb.SubscriptionState, one.state),
        create_time=stamp(one.create_time),
        update_time=stamp(one.update_time),
        etag=str(one.revision),
        disable_reason=one.disable_reason,
    )
    if one.notice is None:
        message.webhook.url = one.url
    else:
        message.notice.CopyFrom(_notice_to_proto(one.notice))
    return message


def attempt_to_proto(one: Attempt) -> webhook_attempt_pb2.WebhookAttempt:
    """A try as kept."""
    return webhook_attempt_pb2.WebhookAttempt(
        attempt_id=one.attempt_id,
        subscription_id=one.subscription_id,
        event_id=one.event_id,
        attempt_number=one.number,
        send_time=stamp(one.send_time),
        status_code=one.reply.status_code,
        response_duration=duration(one.reply.took),
        response_excerpt=one.reply.excerpt,
        error_message=one.reply.error,
        next_send_time=stamp(one.next_time),
        state=number(webhook_attempt_pb2.WebhookAttemptState, one.state),
    )


def order(request: service_pb.StartRedeliveryRequest) -> Order:
    """What to send again. Raises Invalid `INTERVAL_INVALID`."""
    has_interval = request.HasField("interval")
    if has_interval == bool(request.event_ids):
        raise _bad_interval("name an interval or events, and not both")
    if not has_interval:
        return Order(None, tuple(dict.fromkeys(request.event_ids)), request.failed_only)
    interval = request.interval
    if not interval.HasField("start_time") or not interval.HasField("end_time"):
        raise _bad_interval("has no start or no end")
    try:
        asked = window(interval)
    except ValueError:
        raise _bad_interval("ends before it starts") from None
    if (asked.end - asked.start).total_seconds() > DAYS_MAX * 86_400:
        raise _bad_interval(f"is longer than {DAYS_MAX} days")
    return Order(asked, (), request.failed_only)


def redelivery_to_proto(one: Redelivery) -> service_pb.Redelivery:
    """Where a redelivery stands."""
    return service_pb.Redelivery(
        redelivery_id=one.redelivery_id,
        subscription_id=one.subscription_id,
        state=number(metric_pb2.WorkState, one.state),
        total_count=one.total,
        delivered_count=one.delivered,
        failed_count=one.failed,
        create_time=stamp(one.create_time),
        end_time=stamp(one.end_time),
    )


def channels(values: Sequence[int]) -> list[Channel]:
    """Ways to tell a recipient."""
    return [word(pb.NoticeChannel, value, Channel) for value in values]


def channel_number(channel: Channel) -> Any:
    """The wire value of one."""
    return number(pb.NoticeChannel, channel)


def _read(message: pb.Subscription) -> Subscription:
    has_notice = message.HasField("notice")
    given = message.HasField("eta_threshold_duration")
    return Subscription(
        subscription_id=message.subscription_id,
        url="" if has_notice else message.webhook.url,
        notice=_notice(message.notice) if has_notice else None,
        milestones=tuple(
            word(milestone_pb2.Milestone, value, Milestone)
            for value in dict.fromkeys(message.milestones)
        ),
        event_types=tuple(dict.fromkeys(message.event_types)),
        carrier_id=message.carrier_id,
        eta_threshold=span(message.eta_threshold_duration) if given else ETA_THRESHOLD,
    )


def _faults(message: pb.Subscription, by_carrier: bool) -> list[Violation]:
    """All that is wrong with it besides what the contract itself refuses."""
    faults = [
        Violation(f"{AT}.event_types[{place}]", "is no type of event, or none for a carrier")
        for place, name in enumerate(message.event_types)
        if name not in EVENTS or (by_carrier and name not in CARRIER_TYPES)
    ]
    faults += [
        Violation(f"{AT}.milestones[{place}]", "is not told yet")
        for place, value in enumerate(message.milestones)
        if word(milestone_pb2.Milestone, value, Milestone) is Milestone.UNSPECIFIED
    ]
    if not any(message.HasField(name) for name in KINDS):  # type: ignore[arg-type]
        faults.append(Violation(f"{AT}.webhook", "is needed, or notice"))
    if message.HasField("notice"):
        faults += _notice_faults(message, by_carrier)
    return faults


def _notice_faults(message: pb.Subscription, by_carrier: bool) -> list[Violation]:
    faults, notice = list[Violation](), message.notice
    if by_carrier:
        faults.append(Violation(f"{AT}.notice", "is the shipper's: carriers have webhooks"))
    if message.event_types:
        faults.append(Violation(f"{AT}.event_types", "belong to webhooks"))
    if notice.HasField("quiet_start_time") != notice.HasField("quiet_end_time"):
        faults.append(Violation(f"{AT}.notice.quiet_end_time", "start and end come together"))
    for name in ("quiet_start_time", "quiet_end_time"):
        if not _is_clock(getattr(notice, name)):
            faults.append(Violation(f"{AT}.notice.{name}", "is no time of day"))
    return faults


def _switched_kind(known: Subscription, message: pb.Subscription) -> list[Violation]:
    if message.HasField("notice") == (known.notice is not None):
        return []
    return [Violation(AT, "a webhook stays a webhook, and a notice a notice")]


def _take_over(message: pb.Subscription, asked: pb.Subscription, name: str) -> None:
    """Puts a field of the request in the place of the one that is kept, unset ones too."""
    message.ClearField(name)  # type: ignore[arg-type]
    if _is_set(asked, name):
        one = pb.Subscription()
        one.CopyFrom(asked)
        for other in (*WRITABLE, "subscription_id", "create_time", "update_time"):
            if other != name:
                one.ClearField(other)  # type: ignore[arg-type]
        one.etag = one.disable_reason = ""
        message.MergeFrom(one)


def _is_set(message: pb.Subscription, name: str) -> bool:
    field = message.DESCRIPTOR.fields_by_name[name]
    if field.has_presence:
        return bool(message.HasField(name))  # type: ignore[arg-type]
    return bool(getattr(message, name))


def _state_name(value: int) -> str:
    return pb.SubscriptionState.Name(value).removeprefix(  # type: ignore[arg-type]
        "SUBSCRIPTION_STATE_"
    )


def _notice(message: pb.NoticeTarget) -> Notice:
    quiet = None
    if message.HasField("quiet_start_time"):
        quiet = Quiet(_clock(message.quiet_start_time), _clock(message.quiet_end_time))
    channel = word(pb.NoticeChannel, message.channel, Channel)
    return Notice(channel, message.language_code, quiet)


def _notice_to_proto(notice: Notice) -> pb.NoticeTarget:
    channel = channel_number(notice.channel)
    message = pb.NoticeTarget(channel=channel, language_code=notice.language_code)
    if notice.quiet is not None:
        message.quiet_start_time.CopyFrom(_clock_to_proto(notice.quiet.start))
        message.quiet_end_time.CopyFrom(_clock_to_proto(notice.quiet.end))
    return message


def _is_clock(message: TimeOfDay) -> bool:
    try:
        _clock(message)
    except ValueError:
        return False
    return True


def _clock(message: TimeOfDay) -> time:
    return time(message.hours, message.minutes, message.seconds, message.nanos // 1_000)


def _clock_to_proto(at: time) -> TimeOfDay:
    return TimeOfDay(
        hours=at.hour, minutes=at.minute, seconds=at.second, nanos=at.microsecond * 1_000
    )


def _invalid(faults: list[Violation]) -> Invalid:
    first = faults[0]
    return Invalid(
        "FIELD_INVALID",
        f"{len(faults)} bad fields, first {first.field}: {first.description}",
        domain=MESH_DOMAIN,
        violations=faults,
    )


def _bad_interval(why: str) -> Invalid:
    fault = Violation("interval", why, "INTERVAL_INVALID")
    return Invalid("INTERVAL_INVALID", f"interval {why}", violations=[fault])
