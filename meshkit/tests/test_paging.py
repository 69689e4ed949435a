"""
Pages: together they are the list, and a token answers only the question it was given for.

Pure: a list stands for the store.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from meshkit.errors import Invalid
from meshkit.paging import SIZE_DEFAULT, SIZE_MAX, page_of
from meshkit.tests.journal import pb

START = datetime(2026, 3, 2, tzinfo=UTC)
ENTRIES = [(START + timedelta(seconds=i // 3), f"e{i:04}", i) for i in range(1200)]


def ask(size: int = 0, token: str = "", prefix: str = "") -> Any:
    """One page of ENTRIES as a store gives it."""
    page = page_of(pb.ListRequest(page_size=size, page_token=token, prefix=prefix))
    after = page.after
    found = [entry for entry in ENTRIES if after is None or entry > after][: page.limit]
    return page.cut(found, key=lambda entry: entry)


@pytest.mark.parametrize("size", [1, 7, 400, 999, 1000])
def test_pages_add_up_to_the_list(size: int) -> None:
    seen, token = ask(size)
    seen = list(seen)
    while token:
        entries, token = ask(size, token)
        seen += entries

    assert seen == ENTRIES


@pytest.mark.parametrize(
    ("size", "given"), [(0, SIZE_DEFAULT), (1, 1), (1000, 1000), (1001, SIZE_MAX)]
)
def test_a_page_has_the_size_asked_for_within_bounds(size: int, given: int) -> None:
    assert len(ask(size)[0]) == given


def test_the_size_may_change_between_pages() -> None:
    entries, token = ask(3)

    assert [*entries, *ask(4, token)[0]] == ENTRIES[:7]


def test_a_list_that_ends_its_pages_by_itself_says_where_the_next_one_begins() -> None:
    asked = pb.ListRequest(page_size=2)
    token = page_of(asked).token(ENTRIES[5])
    asked.page_token = token

    assert page_of(asked).after == ENTRIES[5]


def test_another_question_with_this_token_is_refused() -> None:
    _, token = ask(3, prefix="a")

    with pytest.raises(Invalid) as caught:
        ask(3, token, prefix="b")
    assert caught.value.reason == "PAGE_TOKEN_MISMATCH"
    assert [violation.field for violation in caught.value.violations] == ["page_token"]


@pytest.mark.parametrize("token", ["7", "no token", "AAAA", "A" * 40, "\N{SNOWMAN}" * 40])
def test_a_string_that_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(Invalid) as caught:
        ask(3, token)
    assert caught.value.reason == "PAGE_TOKEN_INVALID"


def test_a_token_fits_a_url() -> None:
    _, token = ask(3)

    assert len(token) < 100
    assert token.isascii()
    assert token.replace("-", "").replace("_", "").isalnum()
