"""Scores: published once, signed, and never changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from meshkit.errors import NotFound, NotReady
from meshkit.ids import NewId
from services.compliance.domain.ledger import Dimension, Report
from services.compliance.domain.score import Score, ScoreKey
from services.compliance.domain.statement import Format, Order
from services.compliance.report_ports import ScoreStore, Signer, StatementSource

KEYS_MAX = 1_000  # of one tenant; a key is used for years

Encode = Callable[[Score], bytes]  # what is signed of a score


def require_signer(signer: Signer | None) -> Signer:
    """Who signs; raises NotReady `SCORE_KEY_MISSING`."""
    if signer is None:
        raise NotReady("SCORE_KEY_MISSING", "there is no key to sign scores with")
    return signer


async def known_report(
    source: StatementSource, tenant: str, period: tuple[datetime, datetime]
) -> Report:
    """The totals of a period and how they were found, of one moment."""
    order = Order(*period, Dimension.MONTH, Format.PDF)
    return (await source.sums(tenant, order)).report


async def publish_score(
    store: ScoreStore,
    signer: Signer,
    encode: Encode,
    tenant: str,
    period: tuple[datetime, datetime],
    report: Report,
    now: datetime,
    new_id: NewId,
) -> Score:
    """The totals of a period as a score, signed over everything that it says."""
    plain = Score(new_id("esc"), tenant, *period, report.total, report.bases, now)
    score = replace(plain, signature=signer.sign(encode(plain)))
    await store.add(score, signer.key)
    return score


async def get_score(store: ScoreStore, emission_score_id: str) -> Score:
    """A published score; raises NotFound `SCORE_UNKNOWN`."""
    found = await store.get(emission_score_id)
    if found is None:
        raise NotFound(
            "SCORE_UNKNOWN",
            f"no score {emission_score_id!r}",
            emission_score_id=emission_score_id,
        )
    return found


async def list_keys(
    store: ScoreStore, signer: Signer | None, after: str, limit: int
) -> Sequence[ScoreKey]:
    """The present key, used or not, then earlier ones, after one of them."""
    known = list(await store.keys(KEYS_MAX))
    present = [signer.key] if signer is not None else []
    ids = {key.key_id: key for key in known}
    first = [ids.pop(key.key_id, key) for key in present]
    keys = [*first, *ids.values()]
    place = next((rank for rank, key in enumerate(keys, 1) if key.key_id == after), 0)
    return keys[place : place + limit]
