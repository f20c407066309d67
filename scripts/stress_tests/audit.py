"""Looks for broken promises. Each check gives a sentence for each promise that it found broken, and nothing else.

What is checked is read from outside: the database by SQL, the storage by its files, webhooks where they arrived.
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

from scripts.stress_tests.expected_state import Deletion, Kept, Ledger
from scripts.stress_tests.receiver import Receiver

ROOMS = ("originals", "intermediates", "variants")
LONG_AGO = 48 * 3600


@dataclass(frozen=True, slots=True)
class Data:
    """A data folder, read beside the server that works on it."""

    folder: Path

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.folder / "pichub.db", timeout=30)) as db:
            return db.execute(sql, values).fetchall()

    @property
    def storage(self) -> Path:
        return self.folder / "storage"

    @property
    def incoming(self) -> list[Path]:
        """Files on their way in, and what was left of them."""
        return [path for path in (self.storage / "tmp").rglob("*") if path.is_file()]

    def objects(self) -> Iterator[tuple[str, Path]]:
        """(image id, file) of everything in storage."""
        for room in ROOMS:
            for path in (self.storage / room).rglob("*"):
                if path.is_file():
                    yield (path.name.split(".")[0] if room == "originals" else path.parent.name), path

    def objects_of(self, image_id: str) -> list[Path]:
        originals = list((self.storage / "originals").glob(f"{image_id}.*"))
        made = [path for room in ROOMS[1:] for path in (self.storage / room / image_id).rglob("*")]
        return originals + made

    def age(self) -> None:
        """Sets the times of all files and folders back, so that the sweep's grace is over."""
        then = time.time() - LONG_AGO
        for path in self.storage.rglob("*"):
            with suppress(FileNotFoundError):
                os.utime(path, (then, then))


def counts(data: Data) -> Iterator[str]:
    """What accounts and albums count is what there is of rows."""
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


def tags(data: Data) -> Iterator[str]:
    """Tags stand in the row and in the index, and are those that came with the title."""
    indexed: dict[str, set[str]] = {}
    for image, name in data.rows("SELECT image_id, name FROM image_tags"):
        indexed.setdefault(image, set()).add(name)
    for image, title, written in data.rows("SELECT id, title, tags FROM images"):
        row = set(json.loads(written))
        if row != indexed.get(image, set()):
            yield f"{image} has the tags {row}, and is found by {indexed.get(image)}"
        if row != ({f"tag of {title}"} if title else set()):
            yield f"half of a change: {image} has the title {title!r} and the tags {row}"


def bytes_of_rows(data: Data) -> Iterator[str]:
    """No row without its bytes, each of them."""
    for image, key, size, digest in data.rows("SELECT id, key, size, sha256 FROM images"):
        path = data.storage / key
        if not path.is_file():
            yield f"{image} has a row and no bytes"
        elif path.stat().st_size != size or sha256(path.read_bytes()).hexdigest() != digest:
            yield f"{image} has other bytes than its row says"


def nothing_left_over(data: Data) -> Iterator[str]:
    """No bytes without a row: after a sweep for which everything was old."""
    rows = {id for (id,) in data.rows("SELECT id FROM images")}
    for image, path in data.objects():
        if image not in rows:
            yield f"{path.relative_to(data.storage)} belongs to no row"
    for path in data.incoming:
        yield f"{path.relative_to(data.storage)} was left on its way in"


def told(data: Data) -> Iterator[str]:
    """Each change was recorded with its event, once, and positions have no gap."""
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


def images(data: Data, ledger: Ledger) -> Iterator[str]:
    """What was acknowledged of images holds, and what was refused did not happen."""
    sql = "SELECT id, sha256, title, album_id FROM images"
    rows = {id: (digest, title, album) for id, digest, title, album in data.rows(sql)}
    for image in ledger.images.values():
        row = rows.get(image.id)
        if row is None:
            if image.must_be_there:
                yield f"lost: the upload of {image.id} was acknowledged, and it has no row"
            continue
        if image.must_be_gone:
            yield f"{image.id} was deleted, and has a row"
        digest, title, album = row
        if digest != image.specimen.sha256:
            yield f"{image.id} has another digest than what was uploaded"
        if title not in image.titles:
            yield f"lost: {image.id} has the title {title!r}; it should be one of {image.titles}"
        if album not in image.albums:
            yield f"lost: {image.id} is in the album {album}; it should be in one of {image.albums}"
    refused = {digest: id for id, (digest, _, _) in rows.items() if digest in ledger.refused}
    for id in refused.values():
        yield f"{id} was refused, and has a row"


def deleted(data: Data, ledger: Ledger, asked: Sequence[Kept] | None = None) -> Iterator[str]:
    """What was acknowledged to be deleted has left nothing on the disk, but for a render that was killed beside it."""
    for image in ledger.gone if asked is None else asked:
        if (
            image.deletion is Deletion.ACKNOWLEDGED
            and not image.rendering
            and (left := data.objects_of(image.id))
        ):
            yield f"{image.id} was deleted, and {', '.join(path.name for path in left)} is left"


def albums(data: Data, ledger: Ledger) -> Iterator[str]:
    rows = dict(data.rows("SELECT id, name FROM albums"))
    for album, names in ledger.album_names.items():
        if rows.get(album) not in names:
            yield f"lost: {album} is called {rows.get(album)!r}; it should be one of {names}"


def owed(data: Data, receiver: Receiver) -> list[str]:
    """The events that have not arrived at each webhook that wants them, as `path event`."""
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


async def all_arrived(data: Data, receiver: Receiver, *, within: float) -> list[str]:
    """Waits for what is owed; what has not come after so many seconds."""
    end = time.monotonic() + within
    while (missing := owed(data, receiver)) and time.monotonic() < end:  # noqa: ASYNC110  (no event to wait for)
        await asyncio.sleep(0.1 if len(missing) < 1000 else 2)
    return missing


def arrived(ledger: Ledger, receiver: Receiver) -> Iterator[str]:
    """Whatever was acknowledged was told to each webhook, with a signature that holds, and as it was."""
    for each in receiver.unsigned:
        yield f"{each} came with a signature that does not hold"
    for path in receiver.secrets:
        events = receiver.events.get(path, {}).values()
        yield from _untold(path, ledger, list(events), receiver.kinds[path])


def _untold(path: str, ledger: Ledger, events: Sequence[dict[str, Any]], kinds: set[str]) -> Iterator[str]:
    uploaded = {e["data"]["id"]: e["data"]["sha256"] for e in events if e["type"] == "image.uploaded"}
    removed = {e["data"]["id"] for e in events if e["type"] == "image.deleted"}
    changed = [e["data"] for e in events if e["type"] == "album.updated"]
    names = {(data["id"], data["name"]) for data in changed}
    entered = {(image, data["id"]) for data in changed for image in data.get("images_added", ())}
    for image in ledger.images.values():
        if "image.uploaded" in kinds and uploaded.get(image.id) != image.specimen.sha256:
            yield f"lost: {path} was not told that {image.id} was uploaded"
        is_known = "image.deleted" in kinds and image.deletion is not Deletion.DOUBTFUL
        if is_known and (image.id in removed) != image.must_be_gone:
            yield f"{path} was told wrongly whether {image.id} was deleted"
    if "album.updated" not in kinds:
        return
    for album, name in ledger.edits - names:
        yield f"lost: {path} was not told that {album} was called {name}"
    for image_id, album in ledger.moves - entered:
        yield f"lost: {path} was not told that {image_id} entered {album}"
