"""Everything of one tenant, in one transaction: how `ports.World` is met."""

from __future__ import annotations

from dataclasses import dataclass

from meshkit.postgres import Transaction
from services.tracking.adapters.postgres_care import (
    PostgresIncidents,
    PostgresLinks,
    PostgresReports,
)
from services.tracking.adapters.postgres_custody import PostgresCustody
from services.tracking.adapters.postgres_devices import PostgresDevices
from services.tracking.adapters.postgres_fences import PostgresFences
from services.tracking.adapters.postgres_history import PostgresHistory
from services.tracking.adapters.postgres_log import (
    Encode,
    PostgresDeliveries,
    PostgresFacts,
    PostgresJournal,
    PostgresTimeline,
)
from services.tracking.adapters.postgres_notices import PostgresContacts
from services.tracking.adapters.postgres_past import PostgresAttemptImports, PostgresPast
from services.tracking.adapters.postgres_proofs import PostgresMedia, PostgresProofs
from services.tracking.adapters.postgres_routes import PostgresRoutes, PostgresTasks
from services.tracking.adapters.postgres_surveys import PostgresSurveys


@dataclass(frozen=True, slots=True)
class PostgresWorld:
    """Implements `ports.World`."""

    devices: PostgresDevices
    tasks: PostgresTasks
    routes: PostgresRoutes
    deliveries: PostgresDeliveries
    timeline: PostgresTimeline
    journal: PostgresJournal
    facts: PostgresFacts
    incidents: PostgresIncidents
    custody: PostgresCustody
    proofs: PostgresProofs
    media: PostgresMedia
    links: PostgresLinks
    reports: PostgresReports
    fences: PostgresFences
    past: PostgresPast
    imports: PostgresAttemptImports
    surveys: PostgresSurveys
    contacts: PostgresContacts
    history: PostgresHistory


def world_of(encode: Encode, tx: Transaction) -> PostgresWorld:
    """The world of a transaction. Bind `encode` once, in `__main__`."""
    return PostgresWorld(
        devices=PostgresDevices(tx),
        tasks=PostgresTasks(tx),
        routes=PostgresRoutes(tx),
        deliveries=PostgresDeliveries(tx),
        timeline=PostgresTimeline(tx),
        journal=PostgresJournal(tx, encode),
        facts=PostgresFacts(tx),
        incidents=PostgresIncidents(tx),
        custody=PostgresCustody(tx),
        proofs=PostgresProofs(tx),
        media=PostgresMedia(tx),
        links=PostgresLinks(tx),
        reports=PostgresReports(tx),
        fences=PostgresFences(tx),
        past=PostgresPast(tx),
        imports=PostgresAttemptImports(tx),
        surveys=PostgresSurveys(tx),
        contacts=PostgresContacts(tx),
        history=PostgresHistory(tx),
    )
