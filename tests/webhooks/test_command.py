"""The command `pichub webhook test`."""

import asyncio
from subprocess import CompletedProcess

import pytest
from standardwebhooks import Webhook as Verifier

from app.events.catalogue import EventType
from app.webhooks.signatures import new_secret
from tests.cli.test_commands import run
from tests.receivers import run_receiver

SECRET = new_secret()


@pytest.fixture(autouse=True)
def database() -> None:
    """Run the tests once: the command uses no database."""


async def run_command(url: str, *options: str, secret: str = SECRET) -> CompletedProcess[str]:
    arguments = ("webhook", "test", url, "--secret", secret, *options)
    return await asyncio.to_thread(run, *arguments)


@pytest.mark.parametrize("kind", EventType)
async def test_the_command_prints_the_request_and_the_response(kind: EventType) -> None:
    async with run_receiver() as receiver:
        receiver.respond_with(200, "thanks")
        result = await run_command(receiver.url, "--type", kind.value)
    (request,) = receiver.requests
    head, _, rest = result.stdout.partition("\n\n")
    body, _, response = rest.partition("\n\n")
    line, *headers = head.splitlines()
    assert line == "POST /hook HTTP/1.1"
    assert {
        name.lower(): value for name, value in (header.split(": ", 1) for header in headers)
    } == request.headers
    assert body.encode() == request.body
    assert request.json["type"] == kind
    Verifier(SECRET).verify(request.body, request.headers)
    assert response.startswith("HTTP/1.1 200\n\nthanks\n\ndelivered: ")
    assert result.returncode == 0
    assert "The server would not call this address" in result.stderr


async def test_the_command_prints_the_outcome() -> None:
    async with run_receiver() as receiver:
        receiver.respond_with(500, "no")
        result = await run_command(receiver.url)
    assert (result.returncode, "refused: " in result.stdout) == (1, True)
    result = await run_command(receiver.url)
    assert result.returncode == 1
    assert result.stdout.endswith("unreachable: Connection refused\n")


async def test_invalid_arguments_are_one_line_errors() -> None:
    result = await run_command("http://127.0.0.1:1/", secret="nonsense")
    assert (result.returncode, result.stderr.splitlines()[-1][:27]) == (1, "pichub: A secret is whsec_ ")
    result = await run_command("nonsense")
    assert (result.returncode, result.stderr.count("\n"), result.stderr[:8]) == (1, 1, "pichub: ")
