"""Concurrent clients that upload, change, move, render and delete images, and record what was acknowledged."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from random import Random
from typing import Any

import httpx2

from scripts.stress_tests.expected_state import Deletion, ExpectedImage, ExpectedState
from scripts.stress_tests.report import StressReport
from scripts.stress_tests.tiny_images import LARGE, MIDDLE, SMALL, TinyImage

MOVE = """mutation($input: AddImagesToAlbumInput!) { addImagesToAlbum(input: $input) { album { id } } }"""
ALBUM_COUNT = 6
REFUSAL_STATUSES = {429, 503, 507}
"""Documented statuses for a valid request that was not carried out."""


class NoResponse(Exception):
    """The connection ended before the response: the request may or may not have been carried out."""


class RequestRefused(Exception):
    """The response says that the request was not carried out."""


class LoadGenerator:
    """Random operations, one after the other, until `stopped`. Several `work` tasks may run at once."""

    def __init__(self, expected: ExpectedState, report: StressReport, rng: Random) -> None:
        self.expected = expected
        self.report = report
        self.rng = rng
        self.stopped = False
        self.touched: set[str] = set()
        """Ids of images changed since this set was last cleared."""
        self._busy: set[str] = set()
        self._numbers = 0
        kinds: dict[Callable[[], Awaitable[None]], int] = {
            self._upload: 42, self._show_image: 12, self._change: 14, self._delete: 14, self._rename: 8, self._move: 8,
            self._make_album: 2,
        }  # fmt: skip
        self._kinds, self._weights = list(kinds), list(kinds.values())

    async def work(self, client: httpx2.AsyncClient) -> None:
        self._client = client
        while not self.stopped:
            with suppress(RequestRefused):
                try:
                    await self.rng.choices(self._kinds, self._weights)[0]()
                except NoResponse:
                    return

    async def prepare(self, client: httpx2.AsyncClient) -> None:
        self._client = client
        for _ in range(ALBUM_COUNT):
            await self._make_album()

    async def _upload(self) -> None:
        source = TinyImage(self._next_number(), self.rng.choices((SMALL, MIDDLE, LARGE), (90, 9, 1))[0])
        digest, album = source.sha256, self.rng.choice([None, *self.expected.album_names])
        data = {"album_id": album} if album else {}
        self.expected.sent[digest] = source
        try:
            answer = await self._request(
                "POST", "/v1/upload", files={"image": ("a.jpg", source.content)}, data=data
            )
        except RequestRefused:
            self.expected.refused[digest] = self.expected.sent.pop(digest)
            raise
        told = answer.json()["data"]
        del self.expected.sent[digest]
        image = ExpectedImage(told["id"], source, albums={album})
        self.expected.images[image.id] = image
        self.touched.add(image.id)
        if told["sha256"] != digest:
            self.report.failure(f"{image.id} was said to have the digest {told['sha256']}; {digest} was sent")
        if album:
            self.expected.moves.add((image.id, album))

    async def _show_image(self) -> None:
        """Request a variant, which a deletion has to remove."""
        if not self.expected.present:
            return
        image = self.rng.choice(self.expected.present)
        image.rendering += 1
        await self._request("GET", f"/img/{image.id}.webp?w={self.rng.randint(20, 90)}", allowed={404})
        image.rendering -= 1

    async def _change(self) -> None:
        async with self._one_image() as image:
            title = f"title {self._next_number()}"
            image.titles.add(title)
            body: dict[str, Any] = {"title": title, "tags": [f"tag of {title}"]}
            album, before = self.rng.choice([None, *self.expected.album_names]), next(iter(image.albums))
            if moves := self.rng.random() < 0.4:
                body["album_id"] = album
                image.albums.add(album)
            await self._request("PATCH", f"/v1/images/{image.id}", json=body)
            image.titles = {title}
            if moves:
                self._moved(image, album, before)

    async def _move(self) -> None:
        async with self._one_image() as image:
            album, before = self.rng.choice(list(self.expected.album_names)), next(iter(image.albums))
            image.albums.add(album)
            variables = {"input": {"albumId": album, "imageIds": [image.id]}}
            answer = await self._request("POST", "/graphql", json={"query": MOVE, "variables": variables})
            if "errors" in (told := answer.json()):
                self.report.failure(f"moving {image.id} to {album}: {told['errors']}")
                return
            self._moved(image, album, before)

    def _moved(self, image: ExpectedImage, album: str | None, before: str | None) -> None:
        image.albums = {album}
        if album is not None and album != before:
            self.expected.moves.add((image.id, album))

    async def _delete(self) -> None:
        async with self._one_image() as image:
            image.deletion = Deletion.DOUBTFUL
            await self._request("DELETE", f"/v1/images/{image.id}")
            image.deletion = Deletion.ACKNOWLEDGED

    async def _rename(self) -> None:
        album, name = self.rng.choice(list(self.expected.album_names)), f"album {self._next_number()}"
        if album in self._busy:
            return
        self._busy.add(album)
        try:
            self.expected.album_names[album].add(name)
            await self._request("PATCH", f"/v1/albums/{album}", json={"name": name})
            self.expected.album_names[album] = {name}
            self.expected.edits.add((album, name))
        finally:
            self._busy.discard(album)

    async def _make_album(self) -> None:
        if len(self.expected.album_names) >= 5 * ALBUM_COUNT:
            return
        name = f"album {self._next_number()}"
        answer = await self._request("POST", "/v1/albums", json={"name": name})
        self.expected.album_names[answer.json()["data"]["id"]] = {name}

    @asynccontextmanager
    async def _one_image(self) -> AsyncIterator[ExpectedImage]:
        """Reserve an image, so that no other task changes it and its expected row is known."""
        free = [image for image in self.expected.present if image.id not in self._busy]
        if not free:
            raise RequestRefused
        image = self.rng.choice(free)
        self._busy.add(image.id)
        self.touched.add(image.id)
        try:
            yield image
        finally:
            self._busy.discard(image.id)

    async def _request(
        self, method: str, path: str, *, allowed: frozenset[int] | set[int] = frozenset(), **rest: Any
    ) -> httpx2.Response:
        self.expected.operations += 1
        try:
            answer = await self._client.request(method, path, **rest)
        except httpx2.TransportError as error:
            raise NoResponse from error
        if answer.status_code in REFUSAL_STATUSES | allowed:
            raise RequestRefused
        if not answer.is_success:
            self.report.failure(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
            raise RequestRefused
        self.expected.acknowledged += 1
        return answer

    def _next_number(self) -> int:
        self._numbers += 1
        return self._numbers
