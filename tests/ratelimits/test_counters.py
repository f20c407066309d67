"""Tests of the time and memory that many counters take."""

import subprocess
import sys
import time

from app.ratelimits.counters import CounterStorage


async def increment(counters: CounterStorage, keys: range) -> None:
    for key in keys:
        await counters.incr(f"api/{key}", 60)


async def test_incrementing_is_fast_with_a_hundred_thousand_counters() -> None:
    few, many = CounterStorage(), CounterStorage()
    await increment(few, range(100))
    await increment(many, range(100_000))

    async def duration(counters: CounterStorage) -> float:
        durations = []
        for _ in range(20):
            began = time.perf_counter()
            await increment(counters, range(100))
            durations.append(time.perf_counter() - began)
        return min(durations)

    assert await duration(many) < 5 * await duration(few)


async def test_a_new_counter_drops_two_expired_ones_at_most() -> None:
    counters = CounterStorage()
    await increment(counters, range(1000))
    counters.now = 60
    await increment(counters, range(1000, 1001))
    assert len(counters) == 1000 - 2 + 1


async def test_expired_counters_are_dropped_as_new_ones_begin() -> None:
    counters = CounterStorage()
    for minute in range(100):
        counters.now = 60.0 * minute
        await increment(counters, range(minute * 100, minute * 100 + 100))
    assert len(counters) <= 200


async def test_a_restarted_counter_is_not_dropped_as_expired() -> None:
    counters = CounterStorage()
    await increment(counters, range(1))
    counters.now = 60
    await increment(counters, range(3))
    await increment(counters, range(3, 10))
    assert [await counters.get(f"api/{key}") for key in range(10)] == [1] * 10


async def test_beyond_the_maximum_the_oldest_counters_are_dropped() -> None:
    counters = CounterStorage(most=100)
    await counters.incr("api/day", 86_400)
    await increment(counters, range(1000))
    assert len(counters) == 100
    assert await counters.get("api/999") == 1
    assert await counters.get("api/0") == 0
    assert await counters.get("api/day") == 1


def test_the_limits_package_is_not_imported_at_startup() -> None:
    program = "import sys, app.asgi, app.cli, app.lifespan; sys.exit('limits' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], timeout=60).returncode == 0
