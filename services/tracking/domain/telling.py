"""
Which expectation is news, and why it is told. Pure.

Between two tellings people hold on to what they were told. So it is told anew when it moved, when
it reaches beyond the interval told (a wider one is never passed off in silence), and when it has
become much firmer; each time with the reason.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from services.tracking.domain.event import (
    Charge,
    Eta,
    EtaBasis,
    EtaChanged,
    EtaReason,
    Quote,
)
from services.tracking.domain.progress import Told
from services.tracking.domain.run import Run
from services.tracking.domain.thresholds import Thresholds
from services.tracking.domain.wording import charge

QUOTES_MAX = 40  # per stop; the oldest go first


def tell(run: Run, eta: Eta, limits: Thresholds) -> None:
    """Tells an expectation that is news."""
    told = run.progress.told.get(eta.stop_id, Told())
    last = told.last
    reason = EtaReason.FIRST if last is None else _reason(last, eta, limits)
    if reason is EtaReason.UNSPECIFIED:
        return
    quotes = (*told.quotes, _quote(eta))[-QUOTES_MAX:]
    run.progress = replace(run.progress, told={**run.progress.told, eta.stop_id: Told(quotes)})
    previous = last.p50 if last else None
    wider = last is not None and _beyond(last, eta) > timedelta()
    run.events.append(EtaChanged(eta, tasks(run, eta.stop_id), previous, reason, wider))


def tasks(run: Run, stop_id: str) -> tuple[Charge, ...]:
    """The tasks of a stop as events name them."""
    stop = run.route.stop(stop_id)
    return tuple(charge(task) for task in stop.tasks) if stop else ()


def held(eta: Eta, told: Told | None) -> Eta:
    """An expectation as it was last told: what people hold on to."""
    last = told.last if told else None
    return replace(eta, p10=last.p10, p50=last.p50, p90=last.p90) if last else eta


def _quote(eta: Eta) -> Quote:
    return Quote(eta.computed_at, eta.p10, eta.p50, eta.p90, eta.basis, eta.revision, eta.slowed)


def _reason(last: Quote, eta: Eta, limits: Thresholds) -> EtaReason:
    if eta.computed_at - last.told_at < limits.eta_pause:
        return EtaReason.UNSPECIFIED
    left = max(timedelta(), eta.p50 - eta.computed_at)
    enough = max(limits.eta_change, left * limits.eta_share)
    beyond = _beyond(last, eta)
    if abs(eta.p50 - last.p50) >= enough or beyond >= enough:
        return _cause(last, eta)
    width = last.p90 - last.p10
    shorter = width - (eta.p90 - eta.p10)
    firmer = shorter >= max(limits.eta_change, width * limits.eta_firmer)
    return EtaReason.FIRMER if firmer and not beyond else EtaReason.UNSPECIFIED


def _beyond(last: Quote, eta: Eta) -> timedelta:
    """By how much it reaches beyond the interval told, on either side."""
    return max(timedelta(), last.p10 - eta.p10, eta.p90 - last.p90)


def _cause(last: Quote, eta: Eta) -> EtaReason:
    if eta.revision != last.revision:
        return EtaReason.PLAN_REVISED
    if last.basis is EtaBasis.LIVE and eta.basis is EtaBasis.PLAN:
        return EtaReason.POSITION_LOST
    return EtaReason.WEATHER if eta.slowed and not last.slowed else EtaReason.PROGRESS
