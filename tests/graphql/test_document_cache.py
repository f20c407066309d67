"""What was read once is neither parsed nor validated again, and remembering it takes a bounded room."""

import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest
from graphql import parse, validate

from app.graphql.schema import build_schema
from app.graphql.server.document_cache import MAX_CACHED_CHARACTERS, MAX_DOCUMENT_CHARACTERS
from app.settings import Settings
from tests.graphql.ways import WAYS, Way
from tests.pichub import House, served

WORK: dict[CodeType, str] = {parse.__code__: "parse", validate.__code__: "validate"}


@contextmanager
def counted_calls() -> Iterator[Counter[str]]:
    """How often this thread parses and validates in the block."""
    calls: Counter[str] = Counter()

    def seen(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code in WORK:
            calls[WORK[frame.f_code]] += 1

    sys.setprofile(seen)
    try:
        yield calls
    finally:
        sys.setprofile(None)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[House]:
    async with served(tmp_path) as server:
        yield server


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_an_operation_is_read_once_whatever_its_variables(server: House, way: Way) -> None:
    query = f"query Remembered{way.__name__}($n: Int) {{ images(first: $n) {{ totalCount }} }}"
    with counted_calls() as first:
        assert "errors" not in await way(server, {"query": query, "variables": {"n": 1}})
    with counted_calls() as second:
        assert "errors" not in await way(server, {"query": query, "variables": {"n": 2}})
    assert (first, second) == ({"parse": 1, "validate": 1}, {})


def test_documents_that_nobody_sends_twice_take_a_bounded_room() -> None:
    reader = build_schema(Settings()).document_cache
    for number in range(300):
        reader.parse(f"query Q{number} {{ viewer {{ id }} }}" + " " * 3000)
    assert 0 < reader.cached_characters <= MAX_CACHED_CHARACTERS


def test_what_is_asked_for_again_stays_and_the_least_recent_goes() -> None:
    reader = build_schema(Settings()).document_cache
    often = reader.parse("query Often { viewer { id } }")
    for number in range(300):
        reader.parse(f"query R{number} {{ viewer {{ id }} }}" + " " * 3000)
        assert reader.parse("query Often { viewer { id } }") is often
    with counted_calls() as calls:
        reader.parse("query R0 { viewer { id } }" + " " * 3000)
    assert calls == {"parse": 1, "validate": 1}


@pytest.mark.parametrize(
    "text",
    ["{ viewer { id } }" + " " * MAX_DOCUMENT_CHARACTERS, "{ viewr { id } }"],
    ids=["too long", "not valid"],
)
def test_what_is_long_or_wrong_is_not_remembered(text: str) -> None:
    reader = build_schema(Settings()).document_cache
    before = reader.cached_characters
    assert reader.parse(text) is not reader.parse(text)
    assert reader.cached_characters == before
