"""Events as they happen: told once, in order, to those who may know, until they leave or must."""

# ruff: noqa: PT012  (what is closed is a block)

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
from tests.events.load import listen, subscribed
from tests.events.sockets import EVENTS, Closed, Rejected, connected, following
from tests.pichub import House, served, until
from tests.resolvers.test_images import context, upload

ALBUM = (
    "subscription { events(types: ALBUM_UPDATED) { ... on AlbumUpdatedEvent { changes album { name } } } }"
)

SIGN_UP = (
    'mutation { signUp(input: {username: "browser", password: "a long pass phrase"}) { account { id } } }'
)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[House]:
    async with served(tmp_path) as server:
        yield server


async def pings(ctx: Context, count: int) -> None:
    """So many events, in one transaction."""
    async with outbox.transaction(
        ctx.services.events.notifier, account_id=ctx.require_actor().id, now=ctx.now()
    ) as recording:
        recording.record(*[PingSent(ctx.require_actor().id, "whk_1", f"{number}") for number in range(count)])


async def heard(follower: feeds.Subscriber) -> Event:
    """The next event, however often there is none until then."""
    while (event := await follower.next()) is None:
        pass
    return event


async def followers(server: House, count: int) -> None:
    await until(lambda: server.services.events.feed.subscribers == count)


async def test_what_happens_is_told_with_its_type_and_its_thing(server: House) -> None:
    ctx = await context(server)
    async with following(server.url, server.token) as socket:
        await followers(server, 1)
        image = await upload(ctx, sample_images.png())
        event = await socket.event()
        (row,) = await Event.all()
        assert event == {
            "__typename": "ImageUploadedEvent",
            "id": row.id,
            "cursor": str(EventCursor(1)),
            "type": "IMAGE_UPLOADED",
            "data": row.data,
        }
        assert row.data["id"] == image.id


async def test_types_and_an_album_are_what_one_hears_of(server: House) -> None:
    ctx = await context(server)
    album = await albums.create(ctx, albums.NewAlbum("One"))
    async with (
        following(server.url, server.token, types=["IMAGE_UPLOADED"], albumId=album.id) as narrow,
        following(server.url, server.token, types=["IMAGE_UPLOADED"]) as wide,
    ):
        await followers(server, 2)
        other = await upload(ctx, sample_images.png())
        inside = await upload(ctx, sample_images.png(), album_id=album.id)
        assert (await narrow.event())["data"]["id"] == inside.id
        assert [(await wide.event())["data"]["id"] for _ in range(2)] == [other.id, inside.id]


async def test_nobody_hears_of_anothers_things_or_beyond_their_scopes(server: House) -> None:
    ctx = await context(server)
    stranger = await server.account("other")
    narrow = await server.account("narrow", scopes=[Scope.ALBUMS_READ, Scope.ALBUMS_WRITE])
    async with following(server.url, stranger) as other, following(server.url, narrow) as third:
        await followers(server, 2)
        mine = await context(server, narrow)
        await albums.create(ctx, albums.NewAlbum("Not theirs"))
        await pings(mine, 1)
        await albums.create(mine, albums.NewAlbum("Theirs"))
        assert (await third.event())["data"]["name"] == "Theirs"
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
async def test_what_can_not_be_followed_is_told_as_an_error(
    server: House, variables: dict[str, Any], code: str, details: str
) -> None:
    token = await server.account("other", scopes=[Scope.IMAGES_READ])
    async with following(server.url, token, **variables) as socket:
        message = await socket.receive()
        assert message["type"] == "error"
        assert message["payload"][0]["extensions"]["code"] == code
        assert details in message["payload"][0]["extensions"]["details"]


async def test_who_is_cut_off_again_and_again_has_each_event_once(server: House) -> None:
    ctx, chance = await context(server), random.Random(5)
    count, cuts = 1_000, 50
    seen: list[str] = []
    await pings(ctx, 1)
    after = str(EventCursor(1))

    async def write() -> None:
        left = count
        while left:
            some = min(left, chance.randint(1, 12))
            await pings(ctx, some)
            left -= some
            await asyncio.sleep(chance.uniform(0, 0.01))

    writing = asyncio.create_task(write())
    done = 0
    while len(seen) < count:
        stay = chance.randint(1, 30) if done < cuts else count
        async with following(server.url, server.token, after=after) as socket:
            while stay and len(seen) < count:
                event = await socket.event()
                seen.append(event["cursor"])
                after, stay = event["cursor"], stay - 1
        done += 1
    await writing
    assert seen == [str(EventCursor(position)) for position in range(2, count + 2)]
    assert done >= cuts


async def test_many_hear_all_in_order_and_leave_nothing_behind(server: House) -> None:
    subscribers, count = 100, 60
    ctx = await context(server)
    tasks = len(asyncio.all_tasks())
    async with AsyncExitStack() as stack:
        sockets = await subscribed(stack, server.url, server.token, subscribers)
        await followers(server, subscribers)
        listening = [asyncio.create_task(listen(socket, count)) for socket in sockets]
        for number in range(count):
            await albums.create(ctx, albums.NewAlbum(f"Album {number}"))
        heard = await asyncio.gather(*listening)
    everything = [str(EventCursor(position)) for position in range(1, count + 1)]
    assert all(listener.cursors == everything for listener in heard)
    await followers(server, 0)
    await until(lambda: len(asyncio.all_tasks()) <= tasks)


async def test_what_changed_between_two_events_is_not_remembered_for_the_second(server: House) -> None:
    ctx = await context(server)
    album = await albums.create(ctx, albums.NewAlbum("One"))
    async with connected(server.url) as socket, connected(server.url) as other:
        for each in (socket, other):
            await each.ready(authorization=f"Bearer {server.token}")
            each.subscribe(ALBUM)
        await followers(server, 2)
        for name in ("Two", "Three"):
            await albums.update(ctx, album.id, albums.AlbumChanges(name=name))
            for each in (socket, other):
                assert await each.event() == {"changes": ["name"], "album": {"name": name}}


async def test_the_same_event_may_be_asked_for_in_other_words(server: House) -> None:
    ctx = await context(server)
    asked = [
        "subscription { one: events { id } }",
        "subscription { two: events { id } }",
        "subscription ($x: Boolean = true) { events { id @skip(if: $x) type } }",
        "subscription ($x: Boolean = false) { events { id @skip(if: $x) type } }",
    ]
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(connected(server.url)) for _ in asked]
        for socket, query in zip(sockets, asked, strict=True):
            await socket.ready(Authorization=f"Bearer {server.token}")
            socket.subscribe(query)
        await followers(server, len(asked))
        await pings(ctx, 1)
        told = [(await socket.receive())["payload"]["data"] for socket in sockets]
    id = (await Event.all())[0].id
    assert told == [
        {"one": {"id": id}},
        {"two": {"id": id}},
        {"events": {"type": "PING"}},
        {"events": {"id": id, "type": "PING"}},
    ]


async def test_a_follower_who_is_too_slow_is_closed_with_a_code_that_says_so(server: House) -> None:
    ctx = await context(server)
    server.services.events.feed._most = 5
    async with following(server.url, server.token) as socket:
        await followers(server, 1)
        await pings(ctx, 6)
        message = await socket.receive()
        (error,) = message["payload"]["errors"]
        assert error["message"] == "Subscription closed: the client reads events too slowly"
        with pytest.raises(Closed) as closed:
            await socket.receive()
        assert closed.value.code == 4420
    await followers(server, 0)


async def test_who_takes_nothing_at_all_is_cut_off() -> None:
    async def stuck(message: Any) -> None:
        await asyncio.Event().wait()

    with pytest.raises(ClientDisconnect):
        async with send_timeout(stuck, seconds=0.01) as send:
            task = asyncio.create_task(send({"type": "http.response.body"}))
            await asyncio.sleep(5)
    task.cancel()


async def test_a_revoked_token_ends_what_it_began(server: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "RECHECK_INTERVAL", timedelta(0))
    token = await server.account("other")
    async with following(server.url, token) as socket:
        await followers(server, 1)
        await ApiToken.filter(account__username="other").update(revoked_at=server.services.clock())
        assert (await socket.receive())["payload"]["errors"][0]["extensions"]["code"] == "UNAUTHORIZED"
        with pytest.raises(Closed) as closed:
            await socket.receive()
        assert closed.value.code == 4401


async def test_who_follows_is_asked_again_who_they_are_when_the_time_has_come(built: House) -> None:
    ctx = await context(built)
    later = [ctx.now()]
    moved = replace(ctx, services=replace(ctx.services, clock=lambda: later[0]))

    async def recognise() -> Context:
        raise Unauthorized

    told = await events.follow(moved, EventFilter(), recognise=recognise)
    await pings(ctx, 2)
    stream: AsyncGenerator[Event, None] = told
    assert (await anext(stream)).position == 1
    later[0] += events.RECHECK_INTERVAL
    with pytest.raises(Unauthorized):
        await anext(stream)
    assert built.services.events.feed.subscribers == 0


async def test_the_tail_sees_what_no_bell_told_of(built: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "POLL_INTERVAL_SECONDS", 0.02)
    ctx = await context(built)
    feed = EventFeed(MemoryNotifier())
    async with feed.subscribe(ctx.require_actor().id) as follower:
        await pings(ctx, 1)
        event = await heard(follower)
        assert event.position == follower.start + 1 == 1
    assert (feed.subscribers, feed._tail) == (0, None)


async def test_a_tail_that_fails_goes_on(
    built: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(feeds, "POLL_INTERVAL_SECONDS", 0.02)
    ctx = await context(built)
    async with ctx.services.events.feed.subscribe(ctx.require_actor().id) as follower:
        monkeypatch.setattr(feeds, "BATCH_SIZE", -1.5)
        await pings(ctx, 1)
        await until(lambda: "could not be read" in caplog.text)
        monkeypatch.setattr(feeds, "BATCH_SIZE", 500)
        assert await heard(follower)


def test_a_follower_keeps_so_many_and_no_more() -> None:
    follower = feeds.Subscriber("acc_1", 0, 2)
    for position in range(3):
        follower.push(Event(position=position))
    assert len(follower._waiting) == 0
    with pytest.raises(SlowConsumer):
        asyncio.run(follower.next())


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
async def test_a_malformed_message_is_answered_with_a_code(server: House, message: Any) -> None:
    async with connected(server.url) as socket:
        await socket.ready()
        match message:
            case bytes():
                socket.send_bytes(message)
            case str():
                socket.send_text(message)
            case _:
                socket.send(message)
        with pytest.raises(Closed) as closed:
            await socket.receive()
        assert closed.value.code == 4400


@pytest.mark.parametrize("name", [None, "C"])
async def test_a_document_whose_operation_is_not_clear_is_an_error_of_that_operation(
    server: House, name: str | None
) -> None:
    async with connected(server.url) as socket:
        await socket.ready()
        payload = {"query": "query A { __typename } query B { __typename }", "operationName": name}
        socket.send({"id": "1", "type": "subscribe", "payload": payload})
        answer = await socket.receive()
    assert (answer["id"], answer["type"]) == ("1", "error")
    (error,) = answer["payload"]
    assert error["extensions"]["code"] == "BAD_REQUEST"
    assert "operation" in error["message"]


async def test_a_message_too_long_is_answered_with_a_code(server: House) -> None:
    async with connected(server.url) as socket:
        await socket.ready()
        socket.send_text(" " * 65_537)
        with pytest.raises(Closed) as closed:
            await socket.receive()
        assert closed.value.code == 1009


@pytest.mark.parametrize(
    ("payload", "code"),
    [({"Authorization": "Bearer wrong"}, 4401), ({"Authorization": 1}, 4400), ([], 4400)],
)
async def test_who_can_not_sign_in_is_closed_with_a_code(server: House, payload: Any, code: int) -> None:
    async with connected(server.url) as socket:
        socket.send({"type": "connection_init", "payload": payload})
        with pytest.raises(Closed) as closed:
            await socket.receive()
        assert closed.value.code == code


async def test_a_header_signs_in_as_well(server: House) -> None:
    async with connected(server.url, headers=server.headers) as socket:
        await socket.ready()
        socket.subscribe("{ viewer { username } }")
        assert (await socket.receive())["payload"]["data"] == {"viewer": {"username": "admin"}}


async def test_nobody_subscribes_before_they_said_who_they_are(server: House) -> None:
    async with connected(server.url) as socket:
        socket.subscribe()
        with pytest.raises(Closed) as closed:
            await socket.receive()
        assert closed.value.code == 4401


async def test_the_old_protocol_is_not_spoken(server: House) -> None:
    async with connected(server.url, subprotocol="graphql-ws") as socket:
        with pytest.raises(Closed) as closed:
            await socket.receive()
        assert closed.value.code == 4406


async def test_pages_of_other_origins_connect_where_the_settings_let_them(tmp_path: Path) -> None:
    async with served(tmp_path, cors_origins=("https://friend.test",)) as server:
        async with connected(server.url, headers={"Origin": "https://friend.test"}) as socket:
            await socket.ready()
        async with connected(server.url, headers={"Origin": server.url}) as socket:
            await socket.ready()
        with pytest.raises(Rejected) as rejected:
            async with connected(server.url, headers={"Origin": "https://foe.test"}):
                pass
        assert rejected.value.status == 403


async def test_each_operation_over_a_socket_counts_as_a_request_and_is_held_to_the_limits(
    tmp_path: Path,
) -> None:
    async with served(tmp_path, limit_api="2/minute") as server, connected(server.url) as socket:
        await socket.ready(Authorization=f"Bearer {server.token}")
        codes = []
        for number in range(3):
            socket.subscribe("{" + " ".join(f"a{n}: __typename" for n in range(16)) + "}", id=str(number))
            message = await socket.receive()
            assert message["type"] == "error"
            codes.append(message["payload"][0]["extensions"]["code"])
        assert codes == ["BAD_REQUEST", "BAD_REQUEST", "RATE_LIMIT_EXCEEDED"]


async def stream(server: House, accept: str, query: str, token: str, *, count: int) -> tuple[str, str]:
    """Status line and headers, and the body up to `count` lines that hold data."""
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
                await followers(server, 1)
                await pings(await context(server), count)
            seen = ""
            while seen.count('"data":') < count:
                chunk = await reader.read(65536)
                if not chunk:
                    break
                seen += chunk.decode()
    finally:
        writer.transport.abort()
    return headers, seen


@pytest.mark.parametrize(
    ("accept", "kind", "mark"),
    [
        ("text/event-stream", "text/event-stream", "event: next\ndata: "),
        ('multipart/mixed; subscriptionSpec="1.0"', "multipart/mixed", '{"payload":'),
    ],
)
async def test_events_come_as_a_stream_over_http(server: House, accept: str, kind: str, mark: str) -> None:
    headers, body = await stream(server, accept, "subscription { events { cursor } }", server.token, count=3)
    assert headers.startswith("HTTP/1.1 200")
    assert f"content-type: {kind}" in headers.lower()
    assert body.count(mark) == 3
    for position in (1, 2, 3):
        assert f'{{"data":{{"events":{{"cursor":"{EventCursor(position)}"}}}}}}' in body
    await followers(server, 0)


async def test_a_stream_over_http_with_a_wrong_token_is_401(server: House) -> None:
    headers, _ = await stream(server, "text/event-stream", EVENTS, "wrong", count=0)
    assert headers.startswith("HTTP/1.1 401")


async def test_an_image_that_is_gone_is_null_and_its_data_stays(server: House) -> None:
    ctx = await context(server)
    image = await upload(ctx, sample_images.png())
    await images.delete(ctx, image.id)
    query = "{ events { totalCount nodes { type data ... on ImageUploadedEvent { image { id } } ... on ImageDeletedEvent { imageId } } } }"  # noqa: E501
    answer = await server.client.post("/graphql", headers=server.headers, json={"query": query})
    first, second = answer.json()["data"]["events"]["nodes"]
    assert first["image"] is None
    assert first["data"]["id"] == second["imageId"] == image.id


async def cookie(server: House) -> str:
    """The session cookie of a browser that has signed in."""
    answer = await server.client.post("/graphql", headers={"Origin": server.url}, json={"query": SIGN_UP})
    assert "errors" not in answer.json(), answer.text
    return answer.headers["set-cookie"].partition(";")[0]


async def test_a_session_cookie_signs_in_from_a_page_of_ours_and_from_no_other(tmp_path: Path) -> None:
    async with served(tmp_path, sign_up="open") as server:
        headers = {"Cookie": await cookie(server)}
        async with connected(server.url, headers=headers | {"Origin": server.url}) as socket:
            await socket.ready()
            socket.subscribe("{ viewer { username } }")
            assert (await socket.receive())["payload"]["data"] == {"viewer": {"username": "browser"}}
        async with connected(server.url, headers=headers | {"Origin": "https://foe.test"}) as socket:
            with pytest.raises(Closed) as closed:
                await socket.ready()
            assert closed.value.code == 4403


async def test_nobody_signs_in_over_a_websocket(tmp_path: Path) -> None:
    async with served(tmp_path, sign_up="open") as server, connected(server.url) as socket:
        await socket.ready()
        socket.subscribe(SIGN_UP)
        (error,) = (await socket.receive())["payload"]["errors"]
        assert error["extensions"]["details"] == "A WebSocket can't set cookies; sign in over HTTP"
        assert await Account.all().count() == 1
