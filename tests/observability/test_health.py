"""Checks run concurrently, with a deadline, at most once per second."""

import asyncio
import logging

import pytest

from app.observability.health import Check, Health, NotReady


class Dependency:
    """A dependency with a fixed result, which counts its checks."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.checks = 0
        self.may_respond = asyncio.Event()
        self.may_respond.set()

    async def check(self) -> None:
        self.checks += 1
        await self.may_respond.wait()
        if self.error:
            raise self.error


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def health(clock: Clock | None = None, **dependencies: Dependency) -> Health:
    checks = [Check(name, dependency.check) for name, dependency in dependencies.items()]
    return Health(checks=checks, deadline=0.05, now=clock or Clock())


async def test_the_report_has_the_problem_of_each_check() -> None:
    report = await health(one=Dependency(), two=Dependency(NotReady("under maintenance"))).report()
    assert not report.is_ready
    assert {name: result.problem for name, result in report.results.items()} == {
        "one": None,
        "two": "under maintenance",
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
async def test_errors_are_masked_for_clients_and_passwords_in_the_log(
    error: Exception, problem: str, caplog: pytest.LogCaptureFixture
) -> None:
    report = await health(part=Dependency(error)).report()
    assert report.results["part"].problem == problem
    assert "hunter2" not in caplog.text
    assert type(error).__name__ in caplog.text


async def test_a_hanging_check_is_reported_in_time_and_not_repeated_until_it_returns() -> None:
    clock, hanging = Clock(), Dependency()
    hanging.may_respond.clear()
    checked = health(clock, ok=Dependency(), hanging=hanging)
    report = await checked.report()
    assert report.results["hanging"].problem == "no response within 0.05 s"
    assert report.results["ok"].is_ok
    clock.now += 2
    await checked.report()
    assert hanging.checks == 1
    hanging.may_respond.set()
    clock.now += 2
    assert (await checked.report()).is_ready
    await checked.close()


async def test_checks_run_once_per_second_for_any_number_of_requests() -> None:
    clock, part = Clock(), Dependency()
    checked = health(clock, part=part)
    await asyncio.gather(*(checked.report() for _ in range(50)))
    await checked.report()
    assert part.checks == 1
    clock.now += 1.1
    await checked.report()
    assert part.checks == 2


async def test_a_stopping_server_is_not_ready() -> None:
    checked = health(part=Dependency())
    assert (await checked.report()).is_ready
    checked.stop()
    report = await checked.report()
    assert (report.is_ready, report.stopping, report.results["part"].is_ok) == (False, True, True)


async def test_failure_and_recovery_are_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "pichub.health")
    clock, part = Clock(), Dependency(OSError("no"))
    checked = health(clock, part=part)
    for _ in range(3):
        await checked.report()
        clock.now += 2
    part.error = None
    await checked.report()
    assert [record.message for record in caplog.records] == [
        "part is not ready: OSError: no",
        "part is ready again",
    ]
