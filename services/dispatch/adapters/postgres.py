"""All stores of one transaction: implements `ports.Stores`."""

from __future__ import annotations

from collections.abc import Callable

from meshkit.feed import Draft
from meshkit.postgres import Transaction
from services.dispatch.adapters.postgres_access import (
    LIST_TENANTS,
    LIST_USERS,
    TENANTS,
    USERS,
    PostgresKeys,
)
from services.dispatch.adapters.postgres_deliveries import PostgresDeliveries, PostgresTasks
from services.dispatch.adapters.postgres_duty import PostgresDutyLog
from services.dispatch.adapters.postgres_fleet import (
    DRIVERS,
    LIST_DRIVERS,
    LIST_PLACES,
    LIST_RATE_CARDS,
    LIST_TERRITORIES,
    LIST_VEHICLES,
    PLACES,
    RATE_CARDS,
    TERRITORIES,
    VEHICLES,
    NamedDocuments,
    PostgresShifts,
)
from services.dispatch.adapters.postgres_rewards import PostgresRewardCodes
from services.dispatch.adapters.postgres_routes import PostgresRoutePlans, PostgresRoutes
from services.dispatch.adapters.postgres_tenders import (
    CARRIERS,
    LIST_CARRIERS,
    PostgresQuotes,
    PostgresTenders,
)
from services.dispatch.domain.access import Tenant, User
from services.dispatch.domain.carrier import Carrier
from services.dispatch.domain.events import Fact
from services.dispatch.domain.fleet import Driver, Place, RateCard, Territory, Vehicle


class PostgresStores:
    """`encode` (fact -> draft of the feed) comes from convert, by way of __main__."""

    def __init__(self, tx: Transaction, encode: Callable[[Fact], Draft]) -> None:
        self._tx = tx
        self._encode = encode
        self.deliveries = PostgresDeliveries(tx)
        self.tasks = PostgresTasks(tx)
        self.places: NamedDocuments[Place] = NamedDocuments(tx, PLACES, LIST_PLACES)
        self.territories: NamedDocuments[Territory] = NamedDocuments(
            tx, TERRITORIES, LIST_TERRITORIES
        )
        self.rate_cards: NamedDocuments[RateCard] = NamedDocuments(tx, RATE_CARDS, LIST_RATE_CARDS)
        self.drivers: NamedDocuments[Driver] = NamedDocuments(tx, DRIVERS, LIST_DRIVERS)
        self.vehicles: NamedDocuments[Vehicle] = NamedDocuments(tx, VEHICLES, LIST_VEHICLES)
        self.shifts = PostgresShifts(tx)
        self.duty_log = PostgresDutyLog(tx)
        self.route_plans = PostgresRoutePlans(tx)
        self.routes = PostgresRoutes(tx)
        self.carriers: NamedDocuments[Carrier] = NamedDocuments(tx, CARRIERS, LIST_CARRIERS)
        self.quotes = PostgresQuotes(tx)
        self.tenders = PostgresTenders(tx)
        self.tenants: NamedDocuments[Tenant] = NamedDocuments(tx, TENANTS, LIST_TENANTS)
        self.users: NamedDocuments[User] = NamedDocuments(tx, USERS, LIST_USERS)
        self.keys = PostgresKeys(tx)
        self.reward_codes = PostgresRewardCodes(tx)

    def tell(self, *facts: Fact) -> None:
        """Puts facts into the feed, when and only when the transaction commits."""
        self._tx.append(*map(self._encode, facts))
