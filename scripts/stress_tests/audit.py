"""Checks of a server's data against the expected state. Each check yields one sentence per failure.

Everything is read from outside: the database by SQL, the storage from its files, deliveries from their receiver.
"""

import asyncio
import json
import os
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from scripts.stress_tests.expected_state import Deletion, ExpectedImage, ExpectedState
from scripts.stress_tests.receiver import WebhookReceiver

STORAGE_PREFIXES = ("originals", "intermediates", "variants")
AGE_SECONDS = 48 * 3600


@dataclass(frozen=True, slots=True)
class DataFolder:
    """A data folder, read while a server uses it."""

    folder: Path

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.folder / "pichub.db", timeout=30)) as db:
            return db.execute(sql, values).fetchall()

    @property
    def storage(self) -> Path:
        return self.folder / "storage"

    @property
    def incoming(self) -> list[Path]:
        """Return uploads in progress and their leftovers."""
        return [path for path in (self.storage / "tmp").rglob("*") if path.is_file()]

    def objects(self) -> Iterator[tuple[str, Path]]:
        """Yield (image id, file) for each object in storage."""
        for prefix in STORAGE_PREFIXES:
            for path in (self.storage / prefix).rglob("*"):
                if path.is_file():
                    yield (path.name.split(".")[0] if prefix == "originals" else path.parent.name), path

    def objects_of(self, image_id: str) -> list[Path]:
        originals = list((self.storage / "originals").glob(f"{image_id}.*"))
        made = [
            path for prefix in STORAGE_PREFIXES[1:] for path in (self.storage / prefix / image_id).rglob("*")
        ]
        return originals + made

    def make_old(self) -> None:
        """Set back the times of all files and folders, past the cleanup's grace period."""
        then = time.time() - AGE_SECONDS
        for path in self.storage.rglob("*"):
            with suppress(FileNotFoundError):
                os.utime(path, (then, then))


def check_counts(data: DataFolder) -> Iterator[str]:
    """Check that the counters of accounts and albums equal their rows."""
    sql = """SELECT a.id, a.image_count, a.bytes_used, count(i.id), coalesce(sum(i.size), 0)
             FROM accounts a LEFT JOIN images i ON i.owner_id = a.id GROUP BY a.id"""
    for account, images, size, real_images, real_size in data.rows(sql):
        if (images, size) != (real_images, real_size):
            yield f"{account} counts {images} images and {size} bytes; there are {real_images} and {real_size}"
    sql = """SELECT a.id, a.image_count, count(i.id)
             FROM albums a LEFT JOIN images i ON i.album_id = a.id GROUP BY a.id"""
    for album, images, real_images in data.rows(sql):
        if images != real_images:
            yield f"{album} counts {images} images; there are {real_images}"


def check_tags(data: DataFolder) -> Iterator[str]:
    """Check that tags agree between row, index and the title they were sent with."""
    indexed: dict[str, set[str]] = {}
    for image, name in data.rows("SELECT image_id, name FROM image_tags"):
        indexed.setdefault(image, set()).add(name)
    for image, title, written in data.rows("SELECT id, title, tags FROM images"):
        row = set(json.loads(written))
        if row != indexed.get(image, set()):
            yield f"{image} has the tags {row}, and is found by {indexed.get(image)}"
        if row != ({f"tag of {title}"} if title else set()):
            yield f"half of a change: {image} has the title {title!r} and the tags {row}"


def check_originals(data: DataFolder) -> Iterator[str]:
    """Check that each row has its original, byte for byte."""
    for image, key, size, digest in data.rows("SELECT id, key, size, sha256 FROM images"):
        path = data.storage / key
        if not path.is_file():
            yield f"{image} has a row and no bytes"
        elif path.stat().st_size != size or sha256(path.read_bytes()).hexdigest() != digest:
            yield f"{image} has other bytes than its row says"


def check_orphans(data: DataFolder) -> Iterator[str]:
    """Check that storage holds no object without a row. Run after `make_old` and a cleanup."""
    rows = {id for (id,) in data.rows("SELECT id FROM images")}
    for image, path in data.objects():
        if image not in rows:
            yield f"{path.relative_to(data.storage)} belongs to no row"
    for path in data.incoming:
        yield f"{path.relative_to(data.storage)} was left on its way in"


def check_events(data: DataFolder) -> Iterator[str]:
    """Check that each change recorded one event, and that positions have no gaps."""
    positions = [position for (position,) in data.rows("SELECT position FROM events ORDER BY position")]
    if positions != list(range(1, len(positions) + 1)):
        yield "the positions of events have gaps"
    seen = Counter(data.rows("SELECT type, subject_id FROM events WHERE type LIKE 'image.%'"))
    rows = {id for (id,) in data.rows("SELECT id FROM images")}
    for image in rows | {subject for _, subject in seen}:
        found = seen["image.uploaded", image], seen["image.deleted", image]
        wanted = (1, 0 if image in rows else 1)
        if found != wanted:
            there = "a row" if image in rows else "no row"
            yield f"{image} has {there}, {found[0]} events of its upload and {found[1]} of its deletion"


def check_images(data: DataFolder, expected: ExpectedState) -> Iterator[str]:
    """Check that acknowledged changes of images persist and refused ones do not."""
    sql = "SELECT id, sha256, title, album_id FROM images"
    rows = {id: (digest, title, album) for id, digest, title, album in data.rows(sql)}
    for image in expected.images.values():
        row = rows.get(image.id)
        if row is None:
            if image.must_exist:
                yield f"lost: the upload of {image.id} was acknowledged, and it has no row"
            continue
        if image.must_be_gone:
            yield f"{image.id} was deleted, and has a row"
        digest, title, album = row
        if digest != image.source.sha256:
            yield f"{image.id} has another digest than what was uploaded"
        if title not in image.titles:
            yield f"lost: {image.id} has the title {title!r}; it should be one of {image.titles}"
        if album not in image.albums:
            yield f"lost: {image.id} is in the album {album}; it should be in one of {image.albums}"
    refused = {digest: id for id, (digest, _, _) in rows.items() if digest in expected.refused}
    for id in refused.values():
        yield f"{id} was refused, and has a row"


def check_deleted(
    data: DataFolder, expected: ExpectedState, images: Sequence[ExpectedImage] | None = None
) -> Iterator[str]:
    """Check that deleted images left no file, except for renders that were killed."""
    for image in expected.gone if images is None else images:
        if (
            image.deletion is Deletion.ACKNOWLEDGED
            and not image.rendering
            and (left := data.objects_of(image.id))
        ):
            yield f"{image.id} was deleted, and {', '.join(path.name for path in left)} is left"


def check_albums(data: DataFolder, expected: ExpectedState) -> Iterator[str]:
    rows = dict(data.rows("SELECT id, name FROM albums"))
    for album, names in expected.album_names.items():
        if rows.get(album) not in names:
            yield f"lost: {album} is called {rows.get(album)!r}; it should be one of {names}"


def outstanding_deliveries(data: DataFolder, receiver: WebhookReceiver) -> list[str]:
    """Return the deliveries that have not arrived, as `path event`."""
    missing: list[str] = []
    events = data.rows("SELECT id, type, position FROM events")
    for url, wanted, since in data.rows("SELECT url, events, since_position FROM webhooks"):
        path = url.removeprefix(receiver.url)
        arrived = receiver.events.get(path, {})
        kinds = set(json.loads(wanted))
        missing += [
            f"{path} {id}" for id, kind, at in events if kind in kinds and at > since and id not in arrived
        ]
    return missing


async def wait_for_deliveries(data: DataFolder, receiver: WebhookReceiver, *, within: float) -> list[str]:
    """Wait up to `within` seconds for all deliveries; return the outstanding ones."""
    end = time.monotonic() + within
    while (missing := outstanding_deliveries(data, receiver)) and time.monotonic() < end:  # noqa: ASYNC110  (no event to wait for)
        await asyncio.sleep(0.1 if len(missing) < 1000 else 2)
    return missing


def check_deliveries(expected: ExpectedState, receiver: WebhookReceiver) -> Iterator[str]:
    """Check that each webhook received each acknowledged change, signed and with the right content."""
    for each in receiver.unsigned:
        yield f"{each} came with a signature that does not hold"
    for path in receiver.secrets:
        events = receiver.events.get(path, {}).values()
        yield from _missing_events(path, expected, list(events), receiver.kinds[path])


def _missing_events(
    path: str, expected: ExpectedState, events: Sequence[dict[str, Any]], kinds: set[str]
) -> Iterator[str]:
    uploaded = {e["data"]["id"]: e["data"]["sha256"] for e in events if e["type"] == "image.uploaded"}
    removed = {e["data"]["id"] for e in events if e["type"] == "image.deleted"}
    changed = [e["data"] for e in events if e["type"] == "album.updated"]
    names = {(data["id"], data["name"]) for data in changed}
    entered = {(image, data["id"]) for data in changed for image in data.get("images_added", ())}
    for image in expected.images.values():
        if "image.uploaded" in kinds and uploaded.get(image.id) != image.source.sha256:
            yield f"lost: {path} was not told that {image.id} was uploaded"
        is_known = "image.deleted" in kinds and image.deletion is not Deletion.DOUBTFUL
        if is_known and (image.id in removed) != image.must_be_gone:
            yield f"{path} was told wrongly whether {image.id} was deleted"
    if "album.updated" not in kinds:
        return
    for album, name in expected.edits - names:
        yield f"lost: {path} was not told that {album} was called {name}"
    for image_id, album in expected.moves - entered:
        yield f"lost: {path} was not told that {image_id} entered {album}"
