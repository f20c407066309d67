"""Parts are asked together, under a deadline, and no more often than once a second."""

import asyncio
import logging

import pytest

from app.observability.health import Check, Health, NotReady


class Part:
    """One that answers as it is told, and counts how often it was asked."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.asked = 0
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def ask(self) -> None:
        self.asked += 1
        await self.may_answer.wait()
        if self.error:
            raise self.error


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def health(clock: Clock | None = None, **parts: Part) -> Health:
    checks = [Check(name, part.ask) for name, part in parts.items()]
    return Health(checks=checks, deadline=0.05, now=clock or Clock())


async def test_each_part_is_named_with_how_it_is() -> None:
    report = await health(one=Part(), two=Part(NotReady("it moves house"))).report()
    assert not report.is_ready
    assert {name: part.problem for name, part in report.results.items()} == {
        "one": None,
        "two": "it moves house",
    }


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (ConnectionRefusedError("redis://:hunter2@10.0.0.7:6379"), "unreachable"),
        (PermissionError("/var/lib/pichub"), "access denied"),
        (TimeoutError(), "no response in time"),
        (ValueError("postgres://pichub:hunter2@10.0.0.7"), "failed; see the log"),
    ],
)
async def test_what_a_part_raises_is_masked_for_clients_and_its_password_for_the_log(
    error: Exception, problem: str, caplog: pytest.LogCaptureFixture
) -> None:
    report = await health(part=Part(error)).report()
    assert report.results["part"].problem == problem
    assert "hunter2" not in caplog.text
    assert type(error).__name__ in caplog.text


async def test_a_part_that_hangs_is_told_of_in_time_and_not_asked_again_until_it_answers() -> None:
    clock, hanging = Clock(), Part()
    hanging.may_answer.clear()
    asked = health(clock, well=Part(), hanging=hanging)
    report = await asked.report()
    assert report.results["hanging"].problem == "no response within 0.05 s"
    assert report.results["well"].is_ok
    clock.now += 2
    await asked.report()
    assert hanging.asked == 1
    hanging.may_answer.set()
    clock.now += 2
    assert (await asked.report()).is_ready
    await asked.close()


async def test_parts_are_asked_once_a_second_however_many_want_to_know() -> None:
    clock, part = Clock(), Part()
    asked = health(clock, part=part)
    await asyncio.gather(*(asked.report() for _ in range(50)))
    await asked.report()
    assert part.asked == 1
    clock.now += 1.1
    await asked.report()
    assert part.asked == 2


async def test_what_stops_is_not_ready_at_once_however_well_its_parts_are() -> None:
    asked = health(part=Part())
    assert (await asked.report()).is_ready
    asked.stop()
    report = await asked.report()
    assert (report.is_ready, report.stopping, report.results["part"].is_ok) == (False, True, True)


async def test_the_log_hears_when_a_part_fails_and_when_it_is_back_and_nothing_between(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "pichub.health")
    clock, part = Clock(), Part(OSError("no"))
    asked = health(clock, part=part)
    for _ in range(3):
        await asked.report()
        clock.now += 2
    part.error = None
    await asked.report()
    assert [record.message for record in caplog.records] == [
        "part is not ready: OSError: no",
        "part is ready again",
    ]
