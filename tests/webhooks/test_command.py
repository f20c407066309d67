"""`pichub webhook test`, as people run it."""

import asyncio
from subprocess import CompletedProcess

import pytest
from standardwebhooks import Webhook as Verifier

from app.events.catalogue import EventType
from app.webhooks.signatures import new_secret
from tests.cli.test_commands import run
from tests.receivers import receiving

SECRET = new_secret()


@pytest.fixture(autouse=True)
def database() -> None:
    """The command has none, so once is enough."""


async def tried(url: str, *options: str, secret: str = SECRET) -> CompletedProcess[str]:
    command = ("webhook", "test", url, "--secret", secret, *options)
    return await asyncio.to_thread(run, *command)


@pytest.mark.parametrize("kind", EventType)
async def test_the_request_is_shown_as_it_arrives(kind: EventType) -> None:
    async with receiving() as receiver:
        receiver.says(200, "thanks")
        done = await tried(receiver.url, "--type", kind.value)
    (request,) = receiver.received
    shown, _, answer = done.stdout.partition("\n\n")
    body, _, answer = answer.partition("\n\n")
    line, *headers = shown.splitlines()
    assert line == "POST /hook HTTP/1.1"
    assert {
        name.lower(): value for name, value in (each.split(": ", 1) for each in headers)
    } == request.headers
    assert body.encode() == request.body
    assert request.json["type"] == kind
    Verifier(SECRET).verify(request.body, request.headers)
    assert answer.startswith("HTTP/1.1 200\n\nthanks\n\ndelivered: ")
    assert done.returncode == 0
    assert "The server would not call this address" in done.stderr


async def test_what_comes_of_it_is_told() -> None:
    async with receiving() as receiver:
        receiver.says(500, "no")
        refused = await tried(receiver.url)
    assert (refused.returncode, "refused: " in refused.stdout) == (1, True)
    nobody = await tried(receiver.url)
    assert nobody.returncode == 1
    assert nobody.stdout.endswith("unreachable: Nobody listens there\n")


async def test_a_secret_or_an_address_that_is_none_is_told_in_a_line() -> None:
    bad = await tried("http://127.0.0.1:1/", secret="nonsense")
    assert (bad.returncode, bad.stderr.splitlines()[-1][:27]) == (1, "pichub: A secret is whsec_ ")
    bad = await tried("nonsense")
    assert (bad.returncode, bad.stderr.count("\n"), bad.stderr[:8]) == (1, 1, "pichub: ")
