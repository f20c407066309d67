"""Tests of the contract in app/ratelimits/base.py, for each implementation."""

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
from app.ratelimits.base import Allowance, Limiter
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

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "file", "redis"])
def limiter(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Limiter:
    def redis_limiter() -> Limiter:
        redis: RedisClient = request.getfixturevalue("redis")
        return RedisLimiter(redis.commands, clock, MemoryLimiter(clock))

    implementations: dict[str, Callable[[], Limiter]] = {
        "memory": lambda: MemoryLimiter(clock),
        "file": lambda: FileLimiter(tmp_path / "counters", clock),
        "redis": redis_limiter,
    }
    return implementations[request.param]()


async def consume(limiter: Limiter, times: int, policy: Policy = API, key: str = "ann") -> None:
    for _ in range(times):
        await limiter.consume(policy, key)


async def peek(limiter: Limiter, policy: Policy = API) -> Allowance:
    allowance = await limiter.peek(policy, "ann")
    assert allowance
    return allowance


async def refusal_of(limiter: Limiter, policy: Policy = API, key: str = "ann", cost: int = 1) -> RateLimited:
    """Return the error of a consumption that is refused."""
    with pytest.raises(RateLimited) as caught:
        await limiter.consume(policy, key, cost)
    return caught.value


def test_a_policy_is_parsed_from_text() -> None:
    assert Policy("api", "60/minute;1000/hour;10000/day").windows == (
        Window(60, 60),
        Window(1000, 3600),
        Window(10_000, 86_400),
    )
    assert Policy("api", "5 per 2 minutes, 5/2minute").windows == (Window(5, 120),)
    assert OFF.windows == ()


async def test_an_allowance_has_each_window_and_the_strictest(limiter: Limiter) -> None:
    allowance = await limiter.consume(API, "ann")
    assert allowance
    assert (allowance.policy, allowance.limit, allowance.remaining) == (API, 3, 2)
    assert allowance.resets_at == BEGIN + timedelta(minutes=1)
    assert [(each.window, each.remaining, each.resets_at) for each in allowance.windows] == [
        (Window(3, 60), 2, BEGIN + timedelta(minutes=1)),
        (Window(5, 3600), 4, BEGIN + timedelta(hours=1)),
    ]
    assert allowance.resets_at.utcoffset() == timedelta(0)


async def test_a_refusal_says_when_to_try_again(limiter: Limiter, clock: Clock) -> None:
    await consume(limiter, 3)
    clock.advance(20.5)
    error = await refusal_of(limiter)
    assert (error.policy, error.key, error.limit, error.period, error.remaining) == ("api", "ann", 3, 60, 0)
    assert error.retry_after == 40
    assert error.details == "The limit 'api' is 3 in 1 minute. Try again in 40 seconds."
    clock.advance(error.retry_after)
    await consume(limiter, 1)


async def test_retry_after_is_at_least_a_second(limiter: Limiter, clock: Clock) -> None:
    await consume(limiter, 3)
    clock.advance(59.999)
    assert (await refusal_of(limiter)).retry_after == 1


async def test_a_refusal_consumes_from_no_window(limiter: Limiter, clock: Clock) -> None:
    await consume(limiter, 3)
    before = await peek(limiter)
    for _ in range(10):
        await refusal_of(limiter)
    assert await peek(limiter) == before
    clock.advance(60)
    await consume(limiter, 2)


async def test_a_refusal_names_the_window_that_resets_last(limiter: Limiter, clock: Clock) -> None:
    await consume(limiter, 3)
    clock.advance(60)
    await consume(limiter, 2)
    error = await refusal_of(limiter)
    assert (error.limit, error.period, error.retry_after) == (5, 3600, 3540)
    assert "5 in 1 hour" in error.details
    assert "59 minutes" in error.details


async def test_of_equal_windows_the_one_that_resets_last_is_strictest(limiter: Limiter) -> None:
    policy = Policy("api", "2/minute;2/hour")
    await consume(limiter, 2, policy)
    allowance = await peek(limiter, policy)
    assert (allowance.remaining, allowance.resets_at) == (0, BEGIN + timedelta(hours=1))


async def test_a_window_begins_when_consumed_and_not_when_peeked(limiter: Limiter, clock: Clock) -> None:
    allowance = await peek(limiter)
    assert (allowance.remaining, allowance.resets_at) == (3, BEGIN)
    clock.advance(30)
    await consume(limiter, 1)
    clock.advance(59)
    allowance = await peek(limiter)
    assert (allowance.remaining, allowance.resets_at) == (2, BEGIN + timedelta(seconds=90))
    clock.advance(1)
    assert [each.remaining for each in (await peek(limiter)).windows] == [3, 4]


async def test_keys_and_policies_are_counted_separately(limiter: Limiter) -> None:
    await consume(limiter, 3)
    await consume(limiter, 3, key="bob")
    await consume(limiter, 3, Policy("upload", "3/minute"))
    await refusal_of(limiter, key="bob")


async def test_a_cost_is_consumed_in_full_or_not_at_all(limiter: Limiter) -> None:
    allowance = await limiter.consume(API, "ann", 2)
    assert allowance
    assert allowance.remaining == 1
    assert (await refusal_of(limiter, cost=2)).remaining == 1
    await consume(limiter, 1)


async def test_a_cost_above_the_limit_is_refused(limiter: Limiter) -> None:
    assert (await refusal_of(limiter, cost=4)).retry_after == 1
    await consume(limiter, 3)


async def test_a_policy_that_is_off_allows_everything(limiter: Limiter) -> None:
    assert [await limiter.consume(OFF, "ann") for _ in range(100)] == [None] * 100
    assert await limiter.peek(OFF, "ann") is None


async def test_concurrent_calls_never_exceed_a_window(limiter: Limiter) -> None:
    policy = Policy("api", "60/minute;1000/hour")
    results = await asyncio.gather(
        *(limiter.consume(policy, "ann") for _ in range(200)), return_exceptions=True
    )
    assert sorted(each.remaining for each in results if isinstance(each, Allowance)) == list(range(60))
    assert sum(isinstance(each, RateLimited) for each in results) == 140
    assert [each.remaining for each in (await peek(limiter, policy)).windows] == [0, 940]


CONSUMER = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from app.errors import RateLimited
from app.ratelimits.policies import Policy
from tests.ratelimits.shared import FileLimiter

async def main() -> None:
    limiter, allowed = FileLimiter(Path(sys.argv[1]), lambda: datetime.now(UTC)), 0
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(100):
        try:
            await limiter.consume(Policy("api", "60/hour"), "ann")
            allowed += 1
        except RateLimited:
            pass
    print(allowed)

asyncio.run(main())
"""


async def test_concurrent_processes_never_exceed_a_window(tmp_path: Path) -> None:
    pair = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            CONSUMER,
            tmp_path / "counters",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        for _ in range(2)
    ]
    for process in pair:
        assert process.stdout
        assert await process.stdout.readline() == b"ready\n"
    allowed = [
        int(out) for out, _ in await asyncio.gather(*(process.communicate(b"go\n") for process in pair))
    ]
    assert sum(allowed) == 60


def test_concurrent_threads_can_import_the_package() -> None:
    program = """
import threading
from app.ratelimits.policies import Policy
def windows(): loaded.append(Policy("api", "60/minute").windows)
def counters():
    from app.ratelimits import package
    package.load()
    from app.ratelimits.counters import CounterStorage
    loaded.append(CounterStorage)
loaded = []
threads = [threading.Thread(target=work) for work in (windows, counters) * 4]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert len(loaded) == 8
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
