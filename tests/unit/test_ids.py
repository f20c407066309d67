from datetime import UTC, datetime, timedelta

import pytest

from app.ids import Kind, kind_of, new_id

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_an_id_has_its_kind() -> None:
    for kind in Kind:
        assert kind_of(new_id(kind, NOON)) is kind


def test_ids_sort_by_creation_time() -> None:
    ids = [new_id(Kind.IMAGE, NOON + timedelta(milliseconds=n)) for n in range(100)]
    assert ids == sorted(ids)


def test_an_id_has_the_layout_of_a_ulid() -> None:
    assert (
        new_id(Kind.IMAGE, datetime.fromtimestamp(0, UTC), lambda bits: (1 << bits) - 1)
        == "img_" + "0" * 10 + "z" * 16
    )


def test_ids_of_the_same_millisecond_differ() -> None:
    assert len({new_id(Kind.IMAGE, NOON) for _ in range(1_000)}) == 1_000


@pytest.mark.parametrize(
    "text", ["", "img", "img_", "img_1", "xyz_" + "0" * 26, "img_" + "u" * 26, "IMG_" + "0" * 26]
)
def test_an_invalid_id_has_no_kind(text: str) -> None:
    assert kind_of(text) is None
