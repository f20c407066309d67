from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.jobs.cleanup.budget import HOUR_SECONDS, KEPT_SHARE, VariantAges
from app.storage import Stat

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def variant(hours_ago: float, size: int) -> Stat:
    return Stat(size, NOON - timedelta(hours=hours_ago))


def ages_of(*stats: Stat) -> VariantAges:
    ages = VariantAges()
    for stat in stats:
        ages.add(stat)
    return ages


def removed_of(stats: list[Stat], budget: int) -> list[Stat]:
    surplus = ages_of(*stats).surplus(budget)
    return [stat for stat in stats if surplus and surplus.includes(stat)]


def test_within_the_budget_nothing_is_removed() -> None:
    assert removed_of([variant(5, 60), variant(2, 40)], budget=100) == []


def test_least_recently_used_are_removed_down_to_nine_tenths() -> None:
    stats = [variant(hours, 10) for hours in (1, 9, 4, 7, 2, 8, 3, 6, 5, 0, 10)]
    assert removed_of(stats, budget=100) == [variant(9, 10), variant(10, 10)]


def test_within_an_hour_only_as_many_as_needed_are_removed() -> None:
    stats = [variant(0, 10)] * 30
    assert len(removed_of(stats, budget=100)) == 21


def test_variants_used_after_the_removed_hour_are_kept() -> None:
    surplus = ages_of(variant(3, 110), variant(1, 90)).surplus(100)
    assert surplus
    assert surplus.before == NOON - timedelta(hours=2)


def test_memory_depends_on_the_hours_and_not_on_the_variants() -> None:
    ages = VariantAges()
    for number in range(1_000_000):
        ages.add(variant(number % 1000, 10))
    assert ages.size == 10_000_000
    assert len(ages._hours) == 1000


@given(
    stats=st.lists(st.builds(variant, st.integers(0, 50), st.integers(0, 1000))),
    budget=st.integers(1, 10_000),
)
def test_enough_is_removed_oldest_hours_first(stats: list[Stat], budget: int) -> None:
    removed = removed_of(stats, budget)
    left = sum(stat.size for stat in stats) - sum(stat.size for stat in removed)
    if not removed:
        assert left <= budget
        return
    assert left <= budget * KEPT_SHARE + 1
    assert left + max(stat.size for stat in removed) >= int(budget * KEPT_SHARE)
    youngest = max(stat.modified_at for stat in removed)
    kept = [stat for stat in stats if stat not in removed]
    assert all(stat.modified_at > youngest - timedelta(seconds=HOUR_SECONDS) for stat in kept)
