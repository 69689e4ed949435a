"""
Text messages and push by Apprise, which knows the providers: one URL says which, and by what key.

`{address}` in the URL stands for the recipient. Apprise may write addresses into its log, so it has
none here.
"""

from __future__ import annotations

import asyncio
import logging
import warnings
from urllib.parse import quote

import apprise

from services.tracking.outbound_ports import Message, Undelivered

TIMEOUT_SECONDS = 20.0
ADDRESS = "{address}"
EXAMPLE = "358401234567"

logging.getLogger("apprise").disabled = True
logging.getLogger("urllib3").setLevel(logging.ERROR)  # below it whole addresses are told


class AppriseCarrier:
    """Implements `outbound_ports.Carrier`. Raises ValueError for a URL that is none of Apprise."""

    def __init__(self, url: str) -> None:
        with warnings.catch_warnings():  # it loads every provider it knows, of any age
            warnings.simplefilter("ignore", DeprecationWarning)
            is_known = apprise.Apprise().add(url.replace(ADDRESS, EXAMPLE))
        if ADDRESS not in url or not is_known:
            raise ValueError(f"is no URL of Apprise with {ADDRESS} in it")
        self._url = url

    async def send(self, message: Message) -> None:
        """Hands a message over. Raises Undelivered, which never names the address."""
        way = apprise.Apprise()
        way.add(self._url.replace(ADDRESS, quote(message.address, safe="")))
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                taken = await way.async_notify(body=message.text, title=message.subject)
        except TimeoutError:
            raise Undelivered("the provider did not answer in time") from None
        if not taken:
            raise Undelivered("the provider did not take it")
