from pathlib import Path

import pytest

from app.hits.cache import LONGEST, OVERHEAD, Hit, Hits
from app.hits.freshness import Freshness


@pytest.fixture
def freshness(tmp_path: Path):
    freshness = Freshness(tmp_path / "marks")
    yield freshness
    freshness.close()


def hit(freshness: Freshness, image_id: str, size: int = 100) -> Hit:
    return Hit(image_id, freshness.marks(image_id), b'"tag"', (), bytes(size))


def test_what_was_put_is_there(freshness: Freshness) -> None:
    hits = Hits(freshness, size=10_000)
    hits.put(b"/a", hit(freshness, "img_1"))
    assert hits.get(b"/a") == hit(freshness, "img_1")
    assert hits.get(b"/b") is None


def test_what_changed_is_gone(freshness: Freshness) -> None:
    hits = Hits(freshness, size=10_000)
    hits.put(b"/a", hit(freshness, "img_1"))
    with freshness.changing("img_1"):
        pass
    assert hits.get(b"/a") is None


def test_what_was_read_before_a_change_is_never_shown(freshness: Freshness) -> None:
    hits = Hits(freshness, size=10_000)
    late = hit(freshness, "img_1")
    with freshness.changing("img_1"):
        pass
    hits.put(b"/a", late)
    assert hits.get(b"/a") is None


def test_what_was_asked_for_longest_ago_makes_room(freshness: Freshness) -> None:
    hits = Hits(freshness, size=3 * (100 + OVERHEAD))
    for name in (b"/a", b"/b", b"/c"):
        hits.put(name, hit(freshness, "img_1"))
    assert hits.get(b"/a")
    hits.put(b"/d", hit(freshness, "img_1"))
    assert [bool(hits.get(name)) for name in (b"/a", b"/b", b"/c", b"/d")] == [True, False, True, True]


def test_putting_again_takes_no_more_room(freshness: Freshness) -> None:
    hits = Hits(freshness, size=2 * (100 + OVERHEAD))
    hits.put(b"/a", hit(freshness, "img_1"))
    for _ in range(10):
        hits.put(b"/b", hit(freshness, "img_1"))
    assert hits.get(b"/a")


def test_what_is_larger_than_all_room_is_not_kept(freshness: Freshness) -> None:
    hits = Hits(freshness, size=1000)
    hits.put(b"/a", hit(freshness, "img_1", size=5000))
    assert hits.get(b"/a") is None


def test_everything_is_looked_at_anew_after_a_while(freshness: Freshness) -> None:
    now = [0.0]
    hits = Hits(freshness, size=10_000, clock=lambda: now[0])
    hits.put(b"/a", hit(freshness, "img_1"))
    now[0] = LONGEST
    assert hits.get(b"/a")
    now[0] = LONGEST + 0.1
    assert hits.get(b"/a") is None
