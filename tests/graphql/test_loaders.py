"""Data loaders batch within an operation, and operations of one WebSocket do not share rows."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.resolvers import albums
from tests.events.sockets import Socket, connect
from tests.pichub import House, served
from tests.resolvers.test_images import context
from tests.statements import count_statements

CREATED = "{ events(types: ALBUM_CREATED) { nodes { ... on AlbumCreatedEvent { album { name } } } } }"


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[House]:
    async with served(tmp_path) as server:
        yield server


async def data_of(socket: Socket, query: str) -> Any:
    socket.subscribe(query)
    message = await socket.receive()
    assert (await socket.receive())["type"] == "complete"
    return message["payload"]["data"]


async def test_operations_of_one_websocket_do_not_share_rows(server: House) -> None:
    ctx = await context(server)
    album = await albums.create(ctx, albums.NewAlbum("One"))
    async with connect(server.url) as socket:
        await socket.initialize(Authorization=f"Bearer {server.token}")
        for name in ("Two", "Three"):
            await albums.update(ctx, album.id, albums.AlbumChanges(name=name))
            response = await data_of(socket, CREATED)
            assert response["events"]["nodes"] == [{"album": {"name": name}}]


async def test_fields_of_one_operation_are_loaded_together(server: House) -> None:
    ctx = await context(server)
    counts = []
    async with connect(server.url) as socket:
        await socket.initialize(Authorization=f"Bearer {server.token}")
        for more in (1, 9):
            for number in range(more):
                await albums.create(ctx, albums.NewAlbum(f"{number}"))
            with count_statements() as counted:
                response = await data_of(socket, CREATED)
            counts.append((len(response["events"]["nodes"]), counted.count))
    (few, statements), (many, as_many) = counts
    assert (few, many, as_many) == (1, 10, statements)
