"""What many counters cost."""

import subprocess
import sys
import time

from app.ratelimits.counters import CounterStorage


async def hits(counters: CounterStorage, keys: range) -> None:
    for key in keys:
        await counters.incr(f"api/{key}", 60)


async def test_a_hundred_thousand_counters_do_not_make_one_more_slow() -> None:
    few, many = CounterStorage(), CounterStorage()
    await hits(few, range(100))
    await hits(many, range(100_000))

    async def cost(counters: CounterStorage) -> float:
        took = []
        for _ in range(20):
            begin = time.perf_counter()
            await hits(counters, range(100))
            took.append(time.perf_counter() - begin)
        return min(took)

    assert await cost(many) < 5 * await cost(few)


async def test_a_new_counter_looks_at_two_old_ones_at_most() -> None:
    counters = CounterStorage()
    await hits(counters, range(1000))
    counters.now = 60
    await hits(counters, range(1000, 1001))
    assert len(counters) == 1000 - 2 + 1


async def test_counters_that_are_over_go_as_others_come() -> None:
    counters = CounterStorage()
    for minute in range(100):
        counters.now = 60.0 * minute
        await hits(counters, range(minute * 100, minute * 100 + 100))
    assert len(counters) <= 200


async def test_a_counter_that_began_anew_is_not_taken_for_the_old_one() -> None:
    counters = CounterStorage()
    await hits(counters, range(1))
    counters.now = 60
    await hits(counters, range(3))
    await hits(counters, range(3, 10))
    assert [await counters.get(f"api/{key}") for key in range(10)] == [1] * 10


async def test_beyond_the_most_that_are_kept_the_oldest_are_forgotten() -> None:
    counters = CounterStorage(most=100)
    await counters.incr("api/day", 86_400)
    await hits(counters, range(1000))
    assert len(counters) == 100
    assert await counters.get("api/999") == 1
    assert await counters.get("api/0") == 0
    assert await counters.get("api/day") == 1


def test_a_start_does_not_wait_for_the_package_to_be_imported() -> None:
    start = "import sys, app.asgi, app.cli, app.lifespan; sys.exit('limits' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", start], timeout=60).returncode == 0
