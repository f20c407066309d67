"""Event subscriptions: order, completeness, permissions, disconnection and the protocol."""

# ruff: noqa: PT012  (connections are blocks)

import asyncio
import json
import random
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import ClientDisconnect

from app.auth.actor import Scope
from app.context import Context
from app.coordination.notifier.memory import MemoryNotifier
from app.errors import SlowConsumer, Unauthorized
from app.events import feed as feeds
from app.events import outbox
from app.events.catalogue import PingSent
from app.events.feed import EventFeed
from app.graphql.server.send_timeout import send_timeout
from app.models import Account, ApiToken, Event
from app.pagination import EventCursor
from app.resolvers import albums, events, images
from app.resolvers.events import EventFilter
from scripts.fixtures import sample_images
from tests.events.load import receive_events, subscribe_many
from tests.events.sockets import (
    EVENTS_SUBSCRIPTION,
    HandshakeRejected,
    SocketClosed,
    connect,
    subscribe_to_events,
)
from tests.pichub import House, served, until
from tests.resolvers.test_images import context, upload

ALBUM_SUBSCRIPTION = (
    "subscription { events(types: ALBUM_UPDATED) { ... on AlbumUpdatedEvent { changes album { name } } } }"
)

SIGN_UP = (
    'mutation { signUp(input: {username: "browser", password: "a long pass phrase"}) { account { id } } }'
)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[House]:
    async with served(tmp_path) as server:
        yield server


async def record_pings(ctx: Context, count: int) -> None:
    """Record this many events in one transaction."""
    async with outbox.transaction(
        ctx.services.events.notifier, account_id=ctx.require_actor().id, now=ctx.now()
    ) as recorder:
        recorder.record(*[PingSent(ctx.require_actor().id, "whk_1", f"{number}") for number in range(count)])


async def next_event(subscriber: feeds.Subscriber) -> Event:
    """Return the next event, however often the wait times out."""
    while (event := await subscriber.next()) is None:
        pass
    return event


async def wait_for_subscribers(server: House, count: int) -> None:
    await until(lambda: server.services.events.feed.subscribers == count)


async def test_subscribers_receive_events_with_type_and_data(server: House) -> None:
    ctx = await context(server)
    async with subscribe_to_events(server.url, server.token) as socket:
        await wait_for_subscribers(server, 1)
        image = await upload(ctx, sample_images.png())
        event = await socket.next_event()
        (row,) = await Event.all()
        assert event == {
            "__typename": "ImageUploadedEvent",
            "id": row.id,
            "cursor": str(EventCursor(1)),
            "type": "IMAGE_UPLOADED",
            "data": row.data,
        }
        assert row.data["id"] == image.id


async def test_subscriptions_are_filtered_by_type_and_album(server: House) -> None:
    ctx = await context(server)
    album = await albums.create(ctx, albums.NewAlbum("One"))
    async with (
        subscribe_to_events(server.url, server.token, types=["IMAGE_UPLOADED"], albumId=album.id) as narrow,
        subscribe_to_events(server.url, server.token, types=["IMAGE_UPLOADED"]) as wide,
    ):
        await wait_for_subscribers(server, 2)
        other = await upload(ctx, sample_images.png())
        inside = await upload(ctx, sample_images.png(), album_id=album.id)
        assert (await narrow.next_event())["data"]["id"] == inside.id
        assert [(await wide.next_event())["data"]["id"] for _ in range(2)] == [other.id, inside.id]


async def test_subscribers_receive_only_permitted_events(server: House) -> None:
    ctx = await context(server)
    other_token = await server.account("other")
    narrow_token = await server.account("narrow", scopes=[Scope.ALBUMS_READ, Scope.ALBUMS_WRITE])
    async with (
        subscribe_to_events(server.url, other_token) as other,
        subscribe_to_events(server.url, narrow_token) as narrow,
    ):
        await wait_for_subscribers(server, 2)
        narrow_ctx = await context(server, narrow_token)
        await albums.create(ctx, albums.NewAlbum("Of another account"))
        await record_pings(narrow_ctx, 1)
        await albums.create(narrow_ctx, albums.NewAlbum("Own"))
        assert (await narrow.next_event())["data"]["name"] == "Own"
        with pytest.raises(TimeoutError):
            await other.receive(within=0.1)


@pytest.mark.parametrize(
    ("variables", "code", "details"),
    [
        ({"after": "x"}, "BAD_REQUEST", "Parameter 'after' must be the cursor of an event; you sent 'x'"),
        ({"after": str(EventCursor(9))}, "BAD_REQUEST", "Parameter 'after' must be the cursor of an event"),
        ({"types": []}, "BAD_REQUEST", "Parameter 'types' must be one or more of image.uploaded"),
        ({"types": ["PING"]}, "FORBIDDEN", "This requires the scope 'webhooks:read'"),
        ({"albumId": "alb_" + "0" * 26}, "NOT_FOUND", "There is no album"),
        ({"albumId": "nonsense"}, "NOT_FOUND", "There is no album"),
    ],
)
async def test_invalid_subscriptions_are_errors(
    server: House, variables: dict[str, Any], code: str, details: str
) -> None:
    token = await server.account("other", scopes=[Scope.IMAGES_READ])
    async with subscribe_to_events(server.url, token, **variables) as socket:
        message = await socket.receive()
        assert message["type"] == "error"
        assert message["payload"][0]["extensions"]["code"] == code
        assert details in message["payload"][0]["extensions"]["details"]


async def test_reconnecting_after_the_cursor_loses_no_event(server: House) -> None:
    ctx, chance = await context(server), random.Random(5)
    count, disconnects = 1_000, 50
    cursors: list[str] = []
    await record_pings(ctx, 1)
    after = str(EventCursor(1))

    async def write() -> None:
        remaining = count
        while remaining:
            batch = min(remaining, chance.randint(1, 12))
            await record_pings(ctx, batch)
            remaining -= batch
            await asyncio.sleep(chance.uniform(0, 0.01))

    writing = asyncio.create_task(write())
    connections = 0
    while len(cursors) < count:
        limit = chance.randint(1, 30) if connections < disconnects else count
        async with subscribe_to_events(server.url, server.token, after=after) as socket:
            while limit and len(cursors) < count:
                event = await socket.next_event()
                cursors.append(event["cursor"])
                after, limit = event["cursor"], limit - 1
        connections += 1
    await writing
    assert cursors == [str(EventCursor(position)) for position in range(2, count + 2)]
    assert connections >= disconnects


async def test_many_subscribers_receive_all_events_in_order(server: House) -> None:
    subscribers, count = 100, 60
    ctx = await context(server)
    tasks = len(asyncio.all_tasks())
    async with AsyncExitStack() as stack:
        sockets = await subscribe_many(stack, server.url, server.token, subscribers)
        await wait_for_subscribers(server, subscribers)
        receiving = [asyncio.create_task(receive_events(socket, count)) for socket in sockets]
        for number in range(count):
            await albums.create(ctx, albums.NewAlbum(f"Album {number}"))
        logs = await asyncio.gather(*receiving)
    expected = [str(EventCursor(position)) for position in range(1, count + 1)]
    assert all(log.cursors == expected for log in logs)
    await wait_for_subscribers(server, 0)
    await until(lambda: len(asyncio.all_tasks()) <= tasks)


async def test_each_event_loads_current_objects(server: House) -> None:
    ctx = await context(server)
    album = await albums.create(ctx, albums.NewAlbum("One"))
    async with connect(server.url) as socket, connect(server.url) as other:
        for each in (socket, other):
            await each.initialize(authorization=f"Bearer {server.token}")
            each.subscribe(ALBUM_SUBSCRIPTION)
        await wait_for_subscribers(server, 2)
        for name in ("Two", "Three"):
            await albums.update(ctx, album.id, albums.AlbumChanges(name=name))
            for each in (socket, other):
                assert await each.next_event() == {"changes": ["name"], "album": {"name": name}}


async def test_subscribers_of_one_event_select_their_own_fields(server: House) -> None:
    ctx = await context(server)
    queries = [
        "subscription { one: events { id } }",
        "subscription { two: events { id } }",
        "subscription ($x: Boolean = true) { events { id @skip(if: $x) type } }",
        "subscription ($x: Boolean = false) { events { id @skip(if: $x) type } }",
    ]
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(connect(server.url)) for _ in queries]
        for socket, query in zip(sockets, queries, strict=True):
            await socket.initialize(Authorization=f"Bearer {server.token}")
            socket.subscribe(query)
        await wait_for_subscribers(server, len(queries))
        await record_pings(ctx, 1)
        selected = [(await socket.receive())["payload"]["data"] for socket in sockets]
    id = (await Event.all())[0].id
    assert selected == [
        {"one": {"id": id}},
        {"two": {"id": id}},
        {"events": {"type": "PING"}},
        {"events": {"id": id, "type": "PING"}},
    ]


async def test_slow_subscribers_are_closed_with_4420(server: House) -> None:
    ctx = await context(server)
    server.services.events.feed._most = 5
    async with subscribe_to_events(server.url, server.token) as socket:
        await wait_for_subscribers(server, 1)
        await record_pings(ctx, 6)
        message = await socket.receive()
        (error,) = message["payload"]["errors"]
        assert error["message"] == "Subscription closed: the client reads events too slowly"
        with pytest.raises(SocketClosed) as closed:
            await socket.receive()
        assert closed.value.code == 4420
    await wait_for_subscribers(server, 0)


async def test_clients_that_read_nothing_are_disconnected() -> None:
    async def never_send(message: Any) -> None:
        await asyncio.Event().wait()

    with pytest.raises(ClientDisconnect):
        async with send_timeout(never_send, seconds=0.01) as send:
            task = asyncio.create_task(send({"type": "http.response.body"}))
            await asyncio.sleep(5)
    task.cancel()


async def test_revoking_a_token_ends_its_subscriptions(
    server: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "RECHECK_INTERVAL", timedelta(0))
    token = await server.account("other")
    async with subscribe_to_events(server.url, token) as socket:
        await wait_for_subscribers(server, 1)
        await ApiToken.filter(account__username="other").update(revoked_at=server.services.clock())
        assert (await socket.receive())["payload"]["errors"][0]["extensions"]["code"] == "UNAUTHORIZED"
        with pytest.raises(SocketClosed) as closed:
            await socket.receive()
        assert closed.value.code == 4401


async def test_subscriptions_reauthenticate_periodically(pichub: House) -> None:
    ctx = await context(pichub)
    now = [ctx.now()]
    moved = replace(ctx, services=replace(ctx.services, clock=lambda: now[0]))

    async def recognise() -> Context:
        raise Unauthorized

    stream: AsyncGenerator[Event, None] = await events.follow(moved, EventFilter(), recognise=recognise)
    await record_pings(ctx, 2)
    assert (await anext(stream)).position == 1
    now[0] += events.RECHECK_INTERVAL
    with pytest.raises(Unauthorized):
        await anext(stream)
    assert pichub.services.events.feed.subscribers == 0


async def test_the_feed_polls_without_notifications(pichub: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "POLL_INTERVAL_SECONDS", 0.02)
    ctx = await context(pichub)
    feed = EventFeed(MemoryNotifier())
    async with feed.subscribe(ctx.require_actor().id) as subscriber:
        await record_pings(ctx, 1)
        event = await next_event(subscriber)
        assert event.position == subscriber.start + 1 == 1
    assert (feed.subscribers, feed._tail) == (0, None)


async def test_the_feed_continues_after_a_failure(
    pichub: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(feeds, "POLL_INTERVAL_SECONDS", 0.02)
    ctx = await context(pichub)
    async with ctx.services.events.feed.subscribe(ctx.require_actor().id) as subscriber:
        monkeypatch.setattr(feeds, "BATCH_SIZE", -1.5)
        await record_pings(ctx, 1)
        await until(lambda: "could not be read" in caplog.text)
        monkeypatch.setattr(feeds, "BATCH_SIZE", 500)
        assert await next_event(subscriber)


def test_a_full_queue_is_cleared_and_raises() -> None:
    subscriber = feeds.Subscriber("acc_1", 0, 2)
    for position in range(3):
        subscriber.push(Event(position=position))
    assert len(subscriber._waiting) == 0
    with pytest.raises(SlowConsumer):
        asyncio.run(subscriber.next())


MALFORMED: list[Any] = [
    "nonsense",
    "[" * 5_000,
    "null",
    "[]",
    '"x"',
    {"type": None},
    {"type": "unknown"},
    {"type": "subscribe"},
    {"type": "subscribe", "id": 1, "payload": {"query": "{ __typename }"}},
    {"type": "subscribe", "id": "1", "payload": None},
    {"type": "subscribe", "id": "1", "payload": {"query": None}},
    {"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }", "variables": []}},
    {"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }", "operationName": 1}},
    {"type": "complete", "id": {}},
    {"type": "ping", "payload": []},
    b"binary",
]


@pytest.mark.parametrize("message", MALFORMED, ids=range(len(MALFORMED)))
async def test_malformed_messages_close_with_4400(server: House, message: Any) -> None:
    async with connect(server.url) as socket:
        await socket.initialize()
        match message:
            case bytes():
                socket.send_bytes(message)
            case str():
                socket.send_text(message)
            case _:
                socket.send(message)
        with pytest.raises(SocketClosed) as closed:
            await socket.receive()
        assert closed.value.code == 4400


@pytest.mark.parametrize("name", [None, "C"])
async def test_an_ambiguous_operation_is_an_error(server: House, name: str | None) -> None:
    async with connect(server.url) as socket:
        await socket.initialize()
        payload = {"query": "query A { __typename } query B { __typename }", "operationName": name}
        socket.send({"id": "1", "type": "subscribe", "payload": payload})
        message = await socket.receive()
    assert (message["id"], message["type"]) == ("1", "error")
    (error,) = message["payload"]
    assert error["extensions"]["code"] == "BAD_REQUEST"
    assert "operation" in error["message"]


async def test_too_long_messages_close_with_1009(server: House) -> None:
    async with connect(server.url) as socket:
        await socket.initialize()
        socket.send_text(" " * 65_537)
        with pytest.raises(SocketClosed) as closed:
            await socket.receive()
        assert closed.value.code == 1009


@pytest.mark.parametrize(
    ("payload", "code"),
    [({"Authorization": "Bearer wrong"}, 4401), ({"Authorization": 1}, 4400), ([], 4400)],
)
async def test_invalid_credentials_close_the_socket(server: House, payload: Any, code: int) -> None:
    async with connect(server.url) as socket:
        socket.send({"type": "connection_init", "payload": payload})
        with pytest.raises(SocketClosed) as closed:
            await socket.receive()
        assert closed.value.code == code


async def test_the_authorization_header_authenticates_a_socket(server: House) -> None:
    async with connect(server.url, headers=server.headers) as socket:
        await socket.initialize()
        socket.subscribe("{ viewer { username } }")
        assert (await socket.receive())["payload"]["data"] == {"viewer": {"username": "admin"}}


async def test_subscribing_before_initialization_closes_with_4401(server: House) -> None:
    async with connect(server.url) as socket:
        socket.subscribe()
        with pytest.raises(SocketClosed) as closed:
            await socket.receive()
        assert closed.value.code == 4401


async def test_the_legacy_protocol_is_not_supported(server: House) -> None:
    async with connect(server.url, subprotocol="graphql-ws") as socket:
        with pytest.raises(SocketClosed) as closed:
            await socket.receive()
        assert closed.value.code == 4406


async def test_other_origins_connect_if_allowed(tmp_path: Path) -> None:
    async with served(tmp_path, cors_origins=("https://allowed.test",)) as server:
        async with connect(server.url, headers={"Origin": "https://allowed.test"}) as socket:
            await socket.initialize()
        async with connect(server.url, headers={"Origin": server.url}) as socket:
            await socket.initialize()
        with pytest.raises(HandshakeRejected) as rejected:
            async with connect(server.url, headers={"Origin": "https://denied.test"}):
                pass
        assert rejected.value.status == 403


async def test_operations_over_a_socket_count_against_limits(
    tmp_path: Path,
) -> None:
    async with served(tmp_path, limit_api="2/minute") as server, connect(server.url) as socket:
        await socket.initialize(Authorization=f"Bearer {server.token}")
        codes = []
        for number in range(3):
            socket.subscribe("{" + " ".join(f"a{n}: __typename" for n in range(16)) + "}", id=str(number))
            message = await socket.receive()
            assert message["type"] == "error"
            codes.append(message["payload"][0]["extensions"]["code"])
        assert codes == ["BAD_REQUEST", "BAD_REQUEST", "RATE_LIMIT_EXCEEDED"]


async def read_stream(server: House, accept: str, query: str, token: str, *, count: int) -> tuple[str, str]:
    """Return the status line with the headers, and the body up to `count` events."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
    body = json.dumps({"query": query})
    head = f"POST /graphql HTTP/1.1\r\nHost: x\r\nAccept: {accept}\r\nAuthorization: Bearer {token}\r\n"
    writer.write(
        f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
    )
    try:
        async with asyncio.timeout(20):
            headers = (await reader.readuntil(b"\r\n\r\n")).decode()
            if token == server.token:
                await wait_for_subscribers(server, 1)
                await record_pings(await context(server), count)
            content = ""
            while content.count('"data":') < count:
                chunk = await reader.read(65536)
                if not chunk:
                    break
                content += chunk.decode()
    finally:
        writer.transport.abort()
    return headers, content


@pytest.mark.parametrize(
    ("accept", "media_type", "prefix"),
    [
        ("text/event-stream", "text/event-stream", "event: next\ndata: "),
        ('multipart/mixed; subscriptionSpec="1.0"', "multipart/mixed", '{"payload":'),
    ],
)
async def test_subscriptions_stream_over_http(
    server: House, accept: str, media_type: str, prefix: str
) -> None:
    headers, body = await read_stream(
        server, accept, "subscription { events { cursor } }", server.token, count=3
    )
    assert headers.startswith("HTTP/1.1 200")
    assert f"content-type: {media_type}" in headers.lower()
    assert body.count(prefix) == 3
    for position in (1, 2, 3):
        assert f'{{"data":{{"events":{{"cursor":"{EventCursor(position)}"}}}}}}' in body
    await wait_for_subscribers(server, 0)


async def test_streaming_with_an_invalid_token_is_401(server: House) -> None:
    headers, _ = await read_stream(server, "text/event-stream", EVENTS_SUBSCRIPTION, "wrong", count=0)
    assert headers.startswith("HTTP/1.1 401")


async def test_events_of_a_deleted_image_keep_their_data(server: House) -> None:
    ctx = await context(server)
    image = await upload(ctx, sample_images.png())
    await images.delete(ctx, image.id)
    query = "{ events { totalCount nodes { type data ... on ImageUploadedEvent { image { id } } ... on ImageDeletedEvent { imageId } } } }"  # noqa: E501
    response = await server.client.post("/graphql", headers=server.headers, json={"query": query})
    first, second = response.json()["data"]["events"]["nodes"]
    assert first["image"] is None
    assert first["data"]["id"] == second["imageId"] == image.id


async def session_cookie(server: House) -> str:
    """Sign up, and return the session cookie."""
    response = await server.client.post("/graphql", headers={"Origin": server.url}, json={"query": SIGN_UP})
    assert "errors" not in response.json(), response.text
    return response.headers["set-cookie"].partition(";")[0]


async def test_a_session_cookie_works_only_from_own_pages(tmp_path: Path) -> None:
    async with served(tmp_path, sign_up="open") as server:
        headers = {"Cookie": await session_cookie(server)}
        async with connect(server.url, headers=headers | {"Origin": server.url}) as socket:
            await socket.initialize()
            socket.subscribe("{ viewer { username } }")
            assert (await socket.receive())["payload"]["data"] == {"viewer": {"username": "browser"}}
        async with connect(server.url, headers=headers | {"Origin": "https://denied.test"}) as socket:
            with pytest.raises(SocketClosed) as closed:
                await socket.initialize()
            assert closed.value.code == 4403


async def test_signing_up_over_a_websocket_is_rejected(tmp_path: Path) -> None:
    async with served(tmp_path, sign_up="open") as server, connect(server.url) as socket:
        await socket.initialize()
        socket.subscribe(SIGN_UP)
        (error,) = (await socket.receive())["payload"]["errors"]
        assert error["extensions"]["details"] == "A WebSocket can't set cookies; sign in over HTTP"
        assert await Account.all().count() == 1
