"""The three transports: HTTP, WebSocket and server-sent events."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from tests.events.sockets import connect
from tests.pichub import House

Transport: TypeAlias = Callable[[House, Mapping[str, Any]], Awaitable[dict[str, Any]]]


async def over_http(server: House, request: Mapping[str, Any]) -> dict[str, Any]:
    response = await server.client.post("/graphql", json=request, headers=server.headers)
    body: dict[str, Any] = response.json()
    return body


async def over_websocket(server: House, request: Mapping[str, Any]) -> dict[str, Any]:
    async with connect(server.url) as socket:
        await socket.initialize(Authorization=f"Bearer {server.token}")
        socket.send({"id": "1", "type": "subscribe", "payload": request})
        message = await socket.receive()
    if message["type"] == "error":
        return {"errors": message["payload"]}
    assert message["type"] == "next", message
    payload: dict[str, Any] = message["payload"]
    return payload


async def over_sse(server: House, request: Mapping[str, Any]) -> dict[str, Any]:
    headers = server.headers | {"Accept": "text/event-stream"}
    response = await server.client.post("/graphql", json=request, headers=headers)
    lines = response.text.replace("\r\n", "\n").split("\n")
    first: dict[str, Any] = json.loads(next(line[6:] for line in lines if line.startswith("data: {")))
    return first


TRANSPORTS: dict[str, Transport] = {"HTTP": over_http, "WebSocket": over_websocket, "SSE": over_sse}
