from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import BadRequest, InvalidParameter
from app.pagination import Cursor, NumberedPage, NumberedRequest, Order, PageRequest

LIST = "i01234567"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@given(
    st.datetimes(timezones=st.just(UTC)),
    st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), max_size=40),
)
def test_a_cursor_survives_a_round_trip(time: datetime, id: str) -> None:
    assert Cursor.parse(str(Cursor(time, id))) == Cursor(time, id)
    assert Cursor.parse(str(Cursor(time, id, LIST))) == Cursor(time, id, LIST)


@given(st.integers(0, 2**63 - 1) | st.text(st.characters(codec="utf-8"), max_size=40))
def test_a_cursor_with_another_key_survives_a_round_trip(key: int | str) -> None:
    assert Cursor.parse(str(Cursor(key, "img_1", LIST))) == Cursor(key, "img_1", LIST)


@pytest.mark.parametrize(
    ("cursor", "order"),
    [
        (Cursor(NOON, "img_1", LIST), Order()),
        (Cursor(NOON, "img_1"), Order(list=LIST)),
        (Cursor(NOON, "img_1", LIST), Order(list=LIST[::-1])),
        (Cursor(5, "img_1"), Order()),
        (Cursor("a", "img_1", LIST), Order("size", int, list=LIST)),
        (Cursor(NOON, "img_1", LIST), Order("filename", str, list=LIST)),
    ],
)
def test_a_cursor_of_another_list_is_refused(cursor: Cursor, order: Order) -> None:
    for name in ("after", "before"):
        request = PageRequest.parse(**{name: str(cursor)})
        with pytest.raises(InvalidParameter, match=f"'{name}' must be .* with the same order and filter"):
            request.require(order)


@given(st.text(max_size=60))
def test_arbitrary_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidParameter, match="before"):
        Cursor.parse(text, name="before")


@pytest.mark.parametrize(
    "text",
    ["", "x", "MTIz", "!!!!", "9" * 500, str(Cursor(NOON, "img_1")) + "A", str(Cursor(2**63, "img_1", LIST))],
)
def test_an_invalid_cursor_is_refused(text: str) -> None:
    with pytest.raises(InvalidParameter):
        Cursor.parse(text)


def test_the_default_page_size_is_twenty() -> None:
    assert PageRequest.parse() == PageRequest(size=20)
    assert PageRequest.parse(first=5) == PageRequest(size=5)
    assert PageRequest.parse(last=5) == PageRequest(size=5, backward=True)


@pytest.mark.parametrize(
    ("arguments", "name"), [({"first": 0}, "first"), ({"first": 101}, "first"), ({"last": -1}, "last")]
)
def test_a_page_size_out_of_range_is_refused(arguments: dict[str, int], name: str) -> None:
    with pytest.raises(InvalidParameter) as caught:
        PageRequest.parse(**arguments)
    assert caught.value.name == name


def test_first_and_last_together_are_refused() -> None:
    with pytest.raises(BadRequest):
        PageRequest.parse(first=1, last=1)


@pytest.mark.parametrize(("total", "last"), [(0, 1), (1, 1), (20, 1), (21, 2), (40, 2)])
def test_the_last_page_follows_from_the_total(total: int, last: int) -> None:
    assert NumberedPage((), NumberedRequest(per_page=20), total).last_page == last
