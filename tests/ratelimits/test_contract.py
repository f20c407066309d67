"""What app/ratelimits/base.py promises, asked of each implementation."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.coordination.redis.client import RedisClient
from app.errors import RateLimited
from app.ratelimits.base import Limiter
from app.ratelimits.memory import MemoryLimiter
from app.ratelimits.policies import Policy, Window
from app.ratelimits.redis import RedisLimiter
from tests.ratelimits.shared import FileLimiter

BEGIN = datetime(2026, 11, 22, 12, 0, 0, 250_000, UTC)
API = Policy("api", "3/minute;5/hour")
OFF = Policy("api", "off")


@dataclass
class Clock:
    now: datetime = BEGIN

    def __call__(self) -> datetime:
        return self.now

    def go(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "file", "redis"])
def limiter(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Limiter:
    def shared() -> Limiter:
        redis: RedisClient = request.getfixturevalue("redis")
        return RedisLimiter(redis.commands, clock, MemoryLimiter(clock))

    kinds: dict[str, Callable[[], Limiter]] = {
        "memory": lambda: MemoryLimiter(clock),
        "file": lambda: FileLimiter(tmp_path / "counters", clock),
        "redis": shared,
    }
    return kinds[request.param]()


async def refused(limiter: Limiter, policy: Policy, who: str = "ann", cost: int = 1) -> RateLimited:
    with pytest.raises(RateLimited) as caught:
        await limiter.consume(policy, who, cost)
    return caught.value


async def spend(limiter: Limiter, times: int, policy: Policy = API, who: str = "ann") -> None:
    for _ in range(times):
        await limiter.consume(policy, who)


def test_a_policy_is_written_as_text() -> None:
    assert Policy("api", "60/minute;1000/hour;10000/day").windows == (
        Window(60, 60),
        Window(1000, 3600),
        Window(10_000, 86_400),
    )
    assert Policy("api", "5 per 2 minutes, 5/2minute").windows == (Window(5, 120),)
    assert OFF.windows == ()


async def test_what_is_left_is_told_of_every_window_and_of_the_one_with_the_least(limiter: Limiter) -> None:
    allowance = await limiter.consume(API, "ann")
    assert allowance
    assert (allowance.policy, allowance.limit, allowance.remaining) == (API, 3, 2)
    assert allowance.resets_at == BEGIN + timedelta(minutes=1)
    assert [(left.window, left.remaining, left.resets_at) for left in allowance.windows] == [
        (Window(3, 60), 2, BEGIN + timedelta(minutes=1)),
        (Window(5, 3600), 4, BEGIN + timedelta(hours=1)),
    ]
    assert allowance.resets_at.utcoffset() == timedelta(0)


async def test_when_all_is_spent_it_is_told_when_to_come_back(limiter: Limiter, clock: Clock) -> None:
    await spend(limiter, 3)
    clock.go(20.5)
    error = await refused(limiter, API)
    assert (error.policy, error.key, error.limit, error.period, error.remaining) == ("api", "ann", 3, 60, 0)
    assert error.retry_after == 40
    assert error.details == "The limit 'api' is 3 in 1 minute. Try again in 40 seconds."
    clock.go(error.retry_after)
    await spend(limiter, 1)


async def test_who_comes_back_a_moment_before_the_end_waits_a_second_and_not_none(
    limiter: Limiter, clock: Clock
) -> None:
    await spend(limiter, 3)
    clock.go(59.999)
    assert (await refused(limiter, API)).retry_after == 1


async def test_a_refusal_spends_nothing_of_any_window(limiter: Limiter, clock: Clock) -> None:
    await spend(limiter, 3)
    before = await limiter.peek(API, "ann")
    for _ in range(10):
        await refused(limiter, API)
    assert await limiter.peek(API, "ann") == before
    clock.go(60)
    await spend(limiter, 2)


async def test_of_several_windows_that_are_used_up_the_last_to_come_back_is_named(
    limiter: Limiter, clock: Clock
) -> None:
    await spend(limiter, 3)
    clock.go(60)
    await spend(limiter, 2)
    error = await refused(limiter, API)
    assert (error.limit, error.period, error.retry_after) == (5, 3600, 3540)
    assert "5 in 1 hour" in error.details
    assert "59 minutes" in error.details


async def test_of_windows_with_equally_little_left_the_last_to_come_back_is_told(limiter: Limiter) -> None:
    policy = Policy("api", "2/minute;2/hour")
    await spend(limiter, 2, policy)
    allowance = await limiter.peek(policy, "ann")
    assert allowance
    assert (allowance.remaining, allowance.resets_at) == (0, BEGIN + timedelta(hours=1))


async def test_a_window_begins_with_the_first_that_is_spent_and_not_with_a_look(
    limiter: Limiter, clock: Clock
) -> None:
    fresh = await limiter.peek(API, "ann")
    assert fresh
    assert (fresh.remaining, fresh.resets_at) == (3, BEGIN)
    clock.go(30)
    await spend(limiter, 1)
    clock.go(59)
    left = await limiter.peek(API, "ann")
    assert left
    assert (left.remaining, left.resets_at) == (2, BEGIN + timedelta(seconds=90))
    clock.go(1)
    assert [each.remaining for each in (await limiter.peek(API, "ann")).windows] == [3, 4]  # type: ignore[union-attr]


async def test_each_and_each_policy_has_counters_of_their_own(limiter: Limiter) -> None:
    await spend(limiter, 3)
    await spend(limiter, 3, who="bob")
    await spend(limiter, 3, Policy("upload", "3/minute"))
    await refused(limiter, API, "bob")


async def test_more_than_one_may_be_spent_at_once_or_none(limiter: Limiter) -> None:
    allowance = await limiter.consume(API, "ann", 2)
    assert allowance
    assert allowance.remaining == 1
    assert (await refused(limiter, API, cost=2)).remaining == 1
    await spend(limiter, 1)


async def test_more_than_there_ever_is_is_refused(limiter: Limiter) -> None:
    assert (await refused(limiter, API, cost=4)).retry_after == 1
    await spend(limiter, 3)


async def test_what_is_off_lets_all_through_and_tells_nothing(limiter: Limiter) -> None:
    assert [await limiter.consume(OFF, "ann") for _ in range(100)] == [None] * 100
    assert await limiter.peek(OFF, "ann") is None


async def test_of_many_at_once_no_more_go_through_than_there_is_room_for(limiter: Limiter) -> None:
    policy = Policy("api", "60/minute;1000/hour")
    asked = await asyncio.gather(
        *(limiter.consume(policy, "ann") for _ in range(200)), return_exceptions=True
    )
    assert sorted(each.remaining for each in asked if not isinstance(each, BaseException) and each) == list(
        range(60)
    )
    assert sum(isinstance(each, RateLimited) for each in asked) == 140
    left = await limiter.peek(policy, "ann")
    assert left
    assert [each.remaining for each in left.windows] == [0, 940]


SPENDER = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from app.errors import RateLimited
from app.ratelimits.policies import Policy
from tests.ratelimits.shared import FileLimiter

async def main() -> None:
    limiter, passed = FileLimiter(Path(sys.argv[1]), lambda: datetime.now(UTC)), 0
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(100):
        try:
            await limiter.spend(Policy("api", "60/hour"), "ann")
            passed += 1
        except RateLimited:
            pass
    print(passed)

asyncio.run(main())
"""


async def test_of_two_processes_at_once_no_more_go_through_than_there_is_room_for(tmp_path: Path) -> None:
    pair = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            SPENDER,
            tmp_path / "counters",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        for _ in range(2)
    ]
    for process in pair:
        assert process.stdout
        assert await process.stdout.readline() == b"ready\n"
    passed = [
        int(out) for out, _ in await asyncio.gather(*(process.communicate(b"go\n") for process in pair))
    ]
    assert sum(passed) == 60


def test_threads_that_need_the_package_at_once_all_have_it() -> None:
    program = """
import threading
from app.ratelimits.policies import Policy
def windows(): found.append(Policy("api", "60/minute").windows)
def counters():
    from app.ratelimits import package
    package.load()
    from app.ratelimits.counters import Counters
    found.append(Counters)
found = []
threads = [threading.Thread(target=work) for work in (windows, counters) * 4]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert len(found) == 8
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
