"""Uploads by tus, as a client writes them."""

import base64
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx2

from tests.pichub import House, signed

TUS = {"Tus-Resumable": "1.0.0"}
BYTES = {**TUS, "Content-Type": "application/offset+octet-stream"}


def metadata(**words: str) -> str:
    return ",".join(f"{name} {base64.b64encode(word.encode()).decode()}" for name, word in words.items())


def checksum(data: bytes, algorithm: str = "sha1") -> dict[str, str]:
    digest = base64.b64encode(hashlib.new(algorithm, data).digest()).decode()
    return {"Upload-Checksum": f"{algorithm} {digest}"}


@dataclass
class Desk:
    """One who uploads to a house."""

    house: House
    token: str = ""

    async def ask(self, method: str, url: str, *, content: Any = None, **headers: str) -> httpx2.Response:
        who = signed(self.token or self.house.token)
        return await self.house.client.request(method, url, headers={**who, **headers}, content=content)

    async def begin(self, size: int, **words: str) -> str:
        """The address of a new upload."""
        said = metadata(**({"filename": "picture.png"} | words))
        answer = await self.ask(
            "POST", "/v1/uploads", **TUS, **{"Upload-Length": str(size), "Upload-Metadata": said}
        )
        assert answer.status_code == 201, answer.text
        return str(answer.headers["location"])

    async def send(self, url: str, offset: int, content: Any, **headers: str) -> httpx2.Response:
        return await self.ask(
            "PATCH", url, content=content, **BYTES, **{"Upload-Offset": str(offset)}, **headers
        )

    async def head(self, url: str) -> httpx2.Response:
        return await self.ask("HEAD", url, **TUS)

    async def shown(self, url: str) -> dict[str, Any]:
        answer = await self.ask("GET", url)
        assert answer.status_code == 200, answer.text
        data: dict[str, Any] = answer.json()["data"]
        return data

    async def image(self, url: str) -> dict[str, Any]:
        image: dict[str, Any] = (await self.shown(url))["image"]
        return image


class Broken(Exception):
    """The connection broke."""


async def breaking_off(data: bytes) -> AsyncIterator[bytes]:
    """A body that ends before it is whole."""
    yield data
    raise Broken
