from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.jobs.cleanup.budget import HOUR_SECONDS, KEPT_SHARE, VariantAges
from app.storage import Stat

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def used(hours_ago: float, size: int) -> Stat:
    return Stat(size, NOON - timedelta(hours=hours_ago))


def ages(*stats: Stat) -> VariantAges:
    found = VariantAges()
    for stat in stats:
        found.add(stat)
    return found


def gone(stats: list[Stat], budget: int) -> list[Stat]:
    surplus = ages(*stats).surplus(budget)
    return [stat for stat in stats if surplus and surplus.includes(stat)]


def test_within_the_budget_nothing_goes() -> None:
    assert gone([used(5, 60), used(2, 40)], budget=100) == []


def test_the_least_recently_used_go_until_nine_tenths_are_left() -> None:
    stats = [used(hours, 10) for hours in (1, 9, 4, 7, 2, 8, 3, 6, 5, 0, 10)]
    assert gone(stats, budget=100) == [used(9, 10), used(10, 10)]


def test_of_one_hour_only_as_many_go_as_must() -> None:
    stats = [used(0, 10)] * 30
    assert len(gone(stats, budget=100)) == 21


def test_what_was_used_after_the_hour_that_goes_is_none_of_it() -> None:
    surplus = ages(used(3, 110), used(1, 90)).surplus(100)
    assert surplus
    assert surplus.before == NOON - timedelta(hours=2)


def test_a_million_variants_cost_no_more_memory_than_their_hours() -> None:
    found = VariantAges()
    for number in range(1_000_000):
        found.add(used(number % 1000, 10))
    assert found.size == 10_000_000
    assert len(found._hours) == 1000


@given(
    stats=st.lists(st.builds(used, st.integers(0, 50), st.integers(0, 1000))), budget=st.integers(1, 10_000)
)
def test_enough_goes_and_nothing_that_is_younger_than_what_stays(stats: list[Stat], budget: int) -> None:
    removed = gone(stats, budget)
    left = sum(stat.size for stat in stats) - sum(stat.size for stat in removed)
    if not removed:
        assert left <= budget
        return
    assert left <= budget * KEPT_SHARE + 1
    assert left + max(stat.size for stat in removed) >= int(budget * KEPT_SHARE)
    youngest = max(stat.modified_at for stat in removed)
    kept = [stat for stat in stats if stat not in removed]
    assert all(stat.modified_at > youngest - timedelta(seconds=HOUR_SECONDS) for stat in kept)
