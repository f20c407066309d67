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
def test_a_cursor_comes_back_as_it_was(moment: datetime, id: str) -> None:
    assert Cursor.parse(str(Cursor(moment, id))) == Cursor(moment, id)
    assert Cursor.parse(str(Cursor(moment, id, LIST))) == Cursor(moment, id, LIST)


@given(st.integers(0, 2**63 - 1) | st.text(st.characters(codec="utf-8"), max_size=40))
def test_so_does_one_of_a_list_by_another_key(key: int | str) -> None:
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
def test_a_cursor_of_another_list_is_refused_by_name(cursor: Cursor, order: Order) -> None:
    for name in ("after", "before"):
        request = PageRequest.parse(**{name: str(cursor)})
        with pytest.raises(InvalidParameter, match=f"'{name}' must be .* with the same order and filter"):
            request.require(order)


@given(st.text(max_size=60))
def test_any_other_text_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidParameter, match="before"):
        Cursor.parse(text, name="before")


@pytest.mark.parametrize(
    "text",
    ["", "x", "MTIz", "!!!!", "9" * 500, str(Cursor(NOON, "img_1")) + "A", str(Cursor(2**63, "img_1", LIST))],
)
def test_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(InvalidParameter):
        Cursor.parse(text)


def test_a_page_has_twenty_rows_unless_said_otherwise() -> None:
    assert PageRequest.parse() == PageRequest(size=20)
    assert PageRequest.parse(first=5) == PageRequest(size=5)
    assert PageRequest.parse(last=5) == PageRequest(size=5, backward=True)


@pytest.mark.parametrize(
    ("words", "name"), [({"first": 0}, "first"), ({"first": 101}, "first"), ({"last": -1}, "last")]
)
def test_a_size_out_of_range_is_refused_by_name(words: dict[str, int], name: str) -> None:
    with pytest.raises(InvalidParameter) as caught:
        PageRequest.parse(**words)
    assert caught.value.name == name


def test_first_and_last_together_are_refused() -> None:
    with pytest.raises(BadRequest):
        PageRequest.parse(first=1, last=1)


@pytest.mark.parametrize(("total", "last"), [(0, 1), (1, 1), (20, 1), (21, 2), (40, 2)])
def test_the_last_page_is_counted_from_the_total(total: int, last: int) -> None:
    assert NumberedPage((), NumberedRequest(per_page=20), total).last_page == last
