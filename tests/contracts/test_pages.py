"""The pages that are made from the contracts say what the contracts say."""

from __future__ import annotations

from tests.contracts import errors_page, pending


def test_the_error_page_is_the_contracts() -> None:
    assert errors_page.PAGE.read_text() == errors_page.page()


def test_the_roadmap_lists_every_rpc_that_nobody_fills_in() -> None:
    assert pending.between(pending.PAGE.read_text()) == pending.listing()
