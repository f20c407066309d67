"""A webhook receiver that keeps each correctly signed event, by request path."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

from scripts.benchmarks.processes import HOST


@dataclass
class WebhookReceiver:
    """`events` by path and id. `secrets` and `kinds` hold the secret and the subscribed types of each path.

    Paths in `stubborn` refuse some events once.
    """

    url: str = ""
    secrets: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, set[str]] = field(default_factory=dict)
    stubborn: set[str] = field(default_factory=set)
    events: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    unsigned: list[str] = field(default_factory=list)
    repeated: int = 0

    def handle(self, path: str, headers: dict[str, str], body: bytes) -> int:
        """Store the event and return the response status."""
        event_id = headers.get("webhook-id", "")
        if path not in self.secrets:  # the response with the secret has not arrived yet
            return 503
        if not _is_signed(self.secrets[path], headers, body):
            self.unsigned.append(f"{path} {event_id}")
            return 400
        if path in self.stubborn and crc32(event_id.encode()) % 10 == 0 and event_id not in self.refused:
            self.refused.add(event_id)
            return 500
        known = self.events.setdefault(path, {})
        self.repeated += event_id in known
        known[event_id] = json.loads(body)
        return 204

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {
                name.lower(): value for name, value in (line.split(": ", 1) for line in lines[1:] if line)
            }
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            status = self.handle(lines[0].split(" ")[1], headers, body)
            writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            await writer.drain()
        with suppress(ConnectionError):
            writer.close()
            await writer.wait_closed()


@asynccontextmanager
async def receiving() -> AsyncIterator[WebhookReceiver]:
    receiver = WebhookReceiver()
    server = await asyncio.start_server(receiver.serve, HOST, 0)
    receiver.url = f"http://{HOST}:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield receiver


def _is_signed(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """Verify a signature of Standard Webhooks."""
    text = f"{headers.get('webhook-id')}.{headers.get('webhook-timestamp')}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    wanted = "v1," + base64.b64encode(hmac.digest(key, text, hashlib.sha256)).decode()
    given = headers.get("webhook-signature", "").split()
    return any(hmac.compare_digest(wanted, each) for each in given)
