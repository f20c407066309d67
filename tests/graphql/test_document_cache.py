"""The cache of parsed and validated documents."""

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
from tests.graphql.transports import TRANSPORTS, Transport
from tests.pichub import House, served

WORK: dict[CodeType, str] = {parse.__code__: "parse", validate.__code__: "validate"}


@contextmanager
def counted_calls() -> Iterator[Counter[str]]:
    """Count the calls of parse and validate by this thread in the block."""
    calls: Counter[str] = Counter()

    def profile(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code in WORK:
            calls[WORK[frame.f_code]] += 1

    sys.setprofile(profile)
    try:
        yield calls
    finally:
        sys.setprofile(None)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[House]:
    async with served(tmp_path) as server:
        yield server


@pytest.mark.parametrize("transport", TRANSPORTS.values(), ids=TRANSPORTS)
async def test_document_is_parsed_once(server: House, transport: Transport) -> None:
    query = f"query Remembered{transport.__name__}($n: Int) {{ images(first: $n) {{ totalCount }} }}"
    with counted_calls() as first:
        assert "errors" not in await transport(server, {"query": query, "variables": {"n": 1}})
    with counted_calls() as second:
        assert "errors" not in await transport(server, {"query": query, "variables": {"n": 2}})
    assert (first, second) == ({"parse": 1, "validate": 1}, {})


def test_cache_size_is_bounded() -> None:
    cache = build_schema(Settings()).document_cache
    for number in range(300):
        cache.parse(f"query Q{number} {{ viewer {{ id }} }}" + " " * 3000)
    assert 0 < cache.cached_characters <= MAX_CACHED_CHARACTERS


def test_least_recently_used_document_is_evicted() -> None:
    cache = build_schema(Settings()).document_cache
    cached = cache.parse("query Often { viewer { id } }")
    for number in range(300):
        cache.parse(f"query R{number} {{ viewer {{ id }} }}" + " " * 3000)
        assert cache.parse("query Often { viewer { id } }") is cached
    with counted_calls() as calls:
        cache.parse("query R0 { viewer { id } }" + " " * 3000)
    assert calls == {"parse": 1, "validate": 1}


@pytest.mark.parametrize(
    "text",
    ["{ viewer { id } }" + " " * MAX_DOCUMENT_CHARACTERS, "{ viewr { id } }"],
    ids=["too long", "not valid"],
)
def test_long_and_invalid_documents_are_not_cached(text: str) -> None:
    cache = build_schema(Settings()).document_cache
    before = cache.cached_characters
    assert cache.parse(text) is not cache.parse(text)
    assert cache.cached_characters == before
