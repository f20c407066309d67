"""Clients that upload, change, move, show and delete at the same time, and write down what they were told."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from random import Random
from typing import Any

import httpx2

from scripts.stress_tests.expected_state import Deletion, Kept, Ledger
from scripts.stress_tests.report import Report
from scripts.stress_tests.tiny_images import LARGE, MIDDLE, SMALL, Specimen

MOVE = """mutation($input: AddImagesToAlbumInput!) { addImagesToAlbum(input: $input) { album { id } } }"""
ALBUMS = 6
REFUSALS = {429, 503, 507}
"""Documented answers to a request with which nothing is wrong: it was not done."""


class Unanswered(Exception):
    """The connection ended before the answer: what was asked may have happened, or not."""


class Refused(Exception):
    """The answer was that it was not done."""


class Crowd:
    """`work` does one thing after the other until `stopped`; several may work at once."""

    def __init__(self, ledger: Ledger, report: Report, chance: Random) -> None:
        self.ledger = ledger
        self.report = report
        self.chance = chance
        self.stopped = False
        self.touched: set[str] = set()
        """The images that something was done to since it was last emptied."""
        self._busy: set[str] = set()
        self._numbers = 0
        kinds: dict[Callable[[], Awaitable[None]], int] = {
            self._upload: 42, self._show: 12, self._change: 14, self._delete: 14, self._rename: 8, self._move: 8,
            self._make_album: 2,
        }  # fmt: skip
        self._kinds, self._weights = list(kinds), list(kinds.values())

    async def work(self, client: httpx2.AsyncClient) -> None:
        self._client = client
        while not self.stopped:
            with suppress(Refused):
                try:
                    await self.chance.choices(self._kinds, self._weights)[0]()
                except Unanswered:
                    return

    async def prepare(self, client: httpx2.AsyncClient) -> None:
        self._client = client
        for _ in range(ALBUMS):
            await self._make_album()

    async def _upload(self) -> None:
        specimen = Specimen(self._number(), self.chance.choices((SMALL, MIDDLE, LARGE), (90, 9, 1))[0])
        digest, album = specimen.sha256, self.chance.choice([None, *self.ledger.album_names])
        data = {"album_id": album} if album else {}
        self.ledger.sent[digest] = specimen
        try:
            answer = await self._ask(
                "POST", "/v1/upload", files={"image": ("a.jpg", specimen.content)}, data=data
            )
        except Refused:
            self.ledger.refused[digest] = self.ledger.sent.pop(digest)
            raise
        told = answer.json()["data"]
        del self.ledger.sent[digest]
        image = Kept(told["id"], specimen, albums={album})
        self.ledger.images[image.id] = image
        self.touched.add(image.id)
        if told["sha256"] != digest:
            self.report.broke(f"{image.id} was said to have the digest {told['sha256']}; {digest} was sent")
        if album:
            self.ledger.moves.add((image.id, album))

    async def _show(self) -> None:
        """Makes a variant: what a deletion must take along."""
        if not self.ledger.present:
            return
        image = self.chance.choice(self.ledger.present)
        image.rendering += 1
        await self._ask("GET", f"/img/{image.id}.webp?w={self.chance.randint(20, 90)}", allowed={404})
        image.rendering -= 1

    async def _change(self) -> None:
        async with self._one_image() as image:
            title = f"title {self._number()}"
            image.titles.add(title)
            body: dict[str, Any] = {"title": title, "tags": [f"tag of {title}"]}
            album, before = self.chance.choice([None, *self.ledger.album_names]), next(iter(image.albums))
            if moves := self.chance.random() < 0.4:
                body["album_id"] = album
                image.albums.add(album)
            await self._ask("PATCH", f"/v1/images/{image.id}", json=body)
            image.titles = {title}
            if moves:
                self._moved(image, album, before)

    async def _move(self) -> None:
        async with self._one_image() as image:
            album, before = self.chance.choice(list(self.ledger.album_names)), next(iter(image.albums))
            image.albums.add(album)
            variables = {"input": {"albumId": album, "imageIds": [image.id]}}
            answer = await self._ask("POST", "/graphql", json={"query": MOVE, "variables": variables})
            if "errors" in (told := answer.json()):
                self.report.broke(f"moving {image.id} to {album}: {told['errors']}")
                return
            self._moved(image, album, before)

    def _moved(self, image: Kept, album: str | None, before: str | None) -> None:
        image.albums = {album}
        if album is not None and album != before:
            self.ledger.moves.add((image.id, album))

    async def _delete(self) -> None:
        async with self._one_image() as image:
            image.deletion = Deletion.DOUBTFUL
            await self._ask("DELETE", f"/v1/images/{image.id}")
            image.deletion = Deletion.ACKNOWLEDGED

    async def _rename(self) -> None:
        album, name = self.chance.choice(list(self.ledger.album_names)), f"album {self._number()}"
        if album in self._busy:
            return
        self._busy.add(album)
        try:
            self.ledger.album_names[album].add(name)
            await self._ask("PATCH", f"/v1/albums/{album}", json={"name": name})
            self.ledger.album_names[album] = {name}
            self.ledger.edits.add((album, name))
        finally:
            self._busy.discard(album)

    async def _make_album(self) -> None:
        if len(self.ledger.album_names) >= 5 * ALBUMS:
            return
        name = f"album {self._number()}"
        answer = await self._ask("POST", "/v1/albums", json={"name": name})
        self.ledger.album_names[answer.json()["data"]["id"]] = {name}

    @asynccontextmanager
    async def _one_image(self) -> AsyncIterator[Kept]:
        """An image that nobody else changes meanwhile, so that it is known what must be in its row."""
        free = [image for image in self.ledger.present if image.id not in self._busy]
        if not free:
            raise Refused
        image = self.chance.choice(free)
        self._busy.add(image.id)
        self.touched.add(image.id)
        try:
            yield image
        finally:
            self._busy.discard(image.id)

    async def _ask(
        self, method: str, path: str, *, allowed: frozenset[int] | set[int] = frozenset(), **rest: Any
    ) -> httpx2.Response:
        self.ledger.operations += 1
        try:
            answer = await self._client.request(method, path, **rest)
        except httpx2.TransportError as error:
            raise Unanswered from error
        if answer.status_code in REFUSALS | allowed:
            raise Refused
        if not answer.is_success:
            self.report.broke(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
            raise Refused
        self.ledger.acknowledged += 1
        return answer

    def _number(self) -> int:
        self._numbers += 1
        return self._numbers
