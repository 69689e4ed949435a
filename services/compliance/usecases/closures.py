"""Closures of streets and areas: they hold for the very next check."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from meshkit.errors import AlreadyExists, Conflict, NotFound
from services.compliance.domain.zone import Closure, ClosureVersion
from services.compliance.ports import RuleStore


async def create_closure(store: RuleStore, closure: Closure, now: datetime) -> ClosureVersion:
    """The first revision of a closure."""
    rules_version = await store.next_rules_version()
    if await store.closure(closure.closure_id) is not None:
        raise AlreadyExists(
            "CLOSURE_EXISTS",
            f"closure {closure.closure_id!r} exists",
            closure_id=closure.closure_id,
        )
    version = ClosureVersion(closure, 1, rules_version, now, now)
    await store.add_closure(version)
    return version


async def get_closure(store: RuleStore, closure_id: str) -> ClosureVersion:
    """The last revision of a closure."""
    present = await store.closure(closure_id)
    if present is None:
        raise NotFound("CLOSURE_UNKNOWN", f"no closure {closure_id!r}", closure_id=closure_id)
    return present


async def update_closure(
    store: RuleStore,
    closure_id: str,
    etag: str,
    change: Callable[[Closure], Closure],
    now: datetime,
) -> ClosureVersion:
    """The next revision, as `change` makes it of the present one."""
    rules_version = await store.next_rules_version()
    present = await get_closure(store, closure_id)
    if etag != present.etag:
        raise Conflict(
            "ETAG_STALE", f"closure {closure_id!r} was changed meanwhile", closure_id=closure_id
        )
    following = ClosureVersion(
        change(present.closure), present.revision + 1, rules_version, present.create_time, now
    )
    await store.add_closure(following)
    return following
