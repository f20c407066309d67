"""The tables of RFC 9110: preconditions (13.2) and ranges (14)."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from compat_rest.conditional import RangeNotSatisfiable, Validators

MOMENT = datetime(2026, 11, 22, 10, 30, 15, 999_999, tzinfo=UTC)
DATE = "Sun, 22 Nov 2026 10:30:15 GMT"
BEFORE = "Sun, 22 Nov 2026 10:30:14 GMT"
AFTER = "Sun, 22 Nov 2026 10:30:16 GMT"
STATE = Validators.of("abc", MOMENT)


def test_headers_are_a_strong_etag_and_a_date() -> None:
    assert STATE.headers == {"ETag": '"abc"', "Last-Modified": DATE}


@pytest.mark.parametrize(
    ("headers", "held"),
    [
        ({}, False),
        ({"if-none-match": '"abc"'}, True),
        ({"if-none-match": 'W/"abc"'}, True),
        ({"if-none-match": '"x", W/"y" ,"abc"'}, True),
        ({"if-none-match": '"a,b","abc"'}, True),
        ({"if-none-match": "*"}, True),
        ({"if-none-match": " * "}, True),
        ({"if-none-match": '"x"'}, False),
        ({"if-none-match": '"ABC"'}, False),
        ({"if-none-match": "abc"}, False),
        ({"if-none-match": ""}, False),
        ({"if-modified-since": DATE}, True),
        ({"if-modified-since": AFTER}, True),
        ({"if-modified-since": BEFORE}, False),
        ({"if-modified-since": "Sunday, 22-Nov-26 10:30:15 GMT"}, True),
        ({"if-modified-since": "Sun Nov 22 10:30:15 2026"}, True),
        ({"if-modified-since": "yesterday"}, False),
        ({"if-modified-since": "Sun, 22 Nov 99999999 10:30:15 GMT"}, False),
        ({"if-none-match": '"x"', "if-modified-since": DATE}, False),
        ({"if-none-match": '"abc"', "if-modified-since": BEFORE}, True),
    ],
)
def test_conditional_requests(headers: dict[str, str], held: bool) -> None:
    assert STATE.match(Headers(headers)) is held


def test_if_none_match_may_be_repeated() -> None:
    raw = [(b"if-none-match", b'"x"'), (b"if-none-match", b'"abc"')]
    assert STATE.match(Headers(raw=raw))


@pytest.mark.parametrize(
    ("value", "part"),
    [
        ("bytes=0-0", range(1)),
        ("bytes=0-9", range(10)),
        ("bytes=5-", range(5, 10)),
        ("bytes=5-999", range(5, 10)),
        ("bytes=-3", range(7, 10)),
        ("bytes=-999", range(10)),
        ("Bytes= 1-2 ", range(1, 3)),
        ("bytes=2-1", None),
        ("bytes=-", None),
        ("bytes=", None),
        ("bytes=a-b", None),
        ("bytes=0-1,3-4", None),
        ("bytes=١-٢", None),
        ("bytes", None),
        ("items=0-1", None),
        ("", None),
    ],
)
def test_requested_range(value: str, part: range | None) -> None:
    assert STATE.requested_range(Headers(raw=[(b"range", value.encode())]), 10) == part


@pytest.mark.parametrize("value", ["bytes=10-", "bytes=10-20", "bytes=-0", f"bytes={'9' * 900}-"])
def test_range_after_the_end_is_not_satisfiable(value: str) -> None:
    with pytest.raises(RangeNotSatisfiable):
        STATE.requested_range(Headers({"range": value}), 10)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ('"abc"', True),
        ('W/"abc"', False),
        ('"x"', False),
        (DATE, True),
        (AFTER, False),
        (BEFORE, False),
        ("nonsense", False),
        ("", False),
    ],
)
def test_if_range(condition: str, holds: bool) -> None:
    part = STATE.requested_range(Headers({"range": "bytes=0-1", "if-range": condition}), 10)
    assert part == (range(2) if holds else None)


@given(st.text(st.characters(max_codepoint=255)), st.text(st.characters(max_codepoint=255)))
def test_any_header_is_parsed(one: str, other: str) -> None:
    for name in ("if-none-match", "if-modified-since"):
        assert STATE.match(Headers({name: one})) in {True, False}
    part = STATE.requested_range(Headers({"range": "bytes=1-1", "if-range": one}), 10)
    assert part in {None, range(1, 2)}
    assert (
        STATE.requested_range(Headers({"range": f"bytes={other}"}), 10) is None
        or other[:1] in "-0123456789 \t"
    )
