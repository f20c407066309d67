"""The published npm clients graphql-ws and graphql-sse against a running server."""

import asyncio
import json
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import pytest

from app.auth.credentials import Credentials
from app.cancellation import in_thread
from app.context import Context
from app.resolvers import account, albums
from tests import npm
from tests.pichub import House, served, until

COUNT = 5
SCRIPT = Path(__file__).with_name("clients.mjs")


async def start_client(server: House, kind: str) -> Process:
    folder = await in_thread(npm.CLIENTS.install)
    command = (npm.NODE, SCRIPT, folder, kind, server.url, server.token, str(COUNT))
    return await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE)


@pytest.mark.parametrize("kind", ["ws", "sse"])
async def test_published_clients_receive_events(tmp_path: Path, kind: str) -> None:
    async with served(tmp_path) as server:
        ctx = await account.authenticate(Context(server.services), Credentials(f"Bearer {server.token}"))
        process = await start_client(server, kind)
        await until(lambda: server.services.events.feed.subscribers == 1, within=30)
        ids = [(await albums.create(ctx, albums.NewAlbum(f"Album {number}"))).id for number in range(COUNT)]
        out, err = await asyncio.wait_for(process.communicate(), 20)
        assert process.returncode == 0, err.decode()
        events = [json.loads(line) for line in out.decode().splitlines() if line.startswith("{")]
        assert [event["data"]["id"] for event in events] == ids
        assert {event["__typename"] for event in events} == {"AlbumCreatedEvent"}
        assert events[0]["album"] == {"name": "Album 0"}
        await until(lambda: server.services.events.feed.subscribers == 0)
