"""Changes record their events in the same transaction, at consecutive positions."""

# ruff: noqa: PT012  (transactions are blocks)

import asyncio
import random
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pytest
from tortoise.exceptions import IntegrityError

from app.context import Context
from app.errors import PicHubError
from app.events import outbox
from app.events.catalogue import CATALOGUE, EventType, PingSent
from app.models import Album, Event
from app.resolvers import albums, images
from scripts.fixtures import sample_images
from tests import databases
from tests.pichub import House
from tests.resolvers.test_images import context, upload

Summary = tuple[str, str, Any]
"""The type, the id of the subject, and for album.updated its changes."""


def summary(event: Event) -> Summary:
    names = ("changes", "images_added", "images_removed")
    changes = tuple(event.data[name] for name in names) if event.type == EventType.ALBUM_UPDATED else None
    return (event.type, event.subject_id, changes)


class EventLog:
    """Reads the events recorded since the last read."""

    def __init__(self) -> None:
        self.position = 0

    async def read(self) -> list[Summary]:
        rows = await Event.since(self.position)
        assert [row.position for row in rows] == list(range(self.position + 1, self.position + 1 + len(rows)))
        self.position += len(rows)
        return [summary(row) for row in rows]


def updated(
    album: Album,
    *,
    added: Sequence[str] = (),
    removed: Sequence[str] = (),
    changes: Sequence[str] = ("images",),
) -> Summary:
    return ("album.updated", album.id, ([*changes], [*added], [*removed]))


async def test_album_changes_record_events(pichub: House) -> None:
    ctx, log = await context(pichub), EventLog()
    album = await albums.create(ctx, albums.NewAlbum("One"))
    assert await log.read() == [("album.created", album.id, None)]
    await albums.update(ctx, album.id, albums.AlbumChanges(name="Two", is_public=False, description=None))
    assert await log.read() == [updated(album, changes=["name", "is_public"])]
    await albums.update(ctx, album.id, albums.AlbumChanges(name="Two"))
    assert await log.read() == []
    await albums.delete(ctx, album.id)
    assert await log.read() == []


async def test_moving_an_image_updates_both_albums(pichub: House) -> None:
    ctx, log = await context(pichub), EventLog()
    one = await albums.create(ctx, albums.NewAlbum("One"))
    two = await albums.create(ctx, albums.NewAlbum("Two"))
    await log.read()
    image = await upload(ctx, sample_images.png(), album_id=one.id)
    assert await log.read() == [("image.uploaded", image.id, None), updated(one, added=[image.id])]
    await images.update(ctx, image.id, images.ImageChanges(album_id=two.id))
    assert await log.read() == [updated(one, removed=[image.id]), updated(two, added=[image.id])]
    await images.update(ctx, image.id, images.ImageChanges(album_id=two.id, title="Elsewhere"))
    assert await log.read() == []
    no_album = await upload(ctx, sample_images.png())
    assert await log.read() == [("image.uploaded", no_album.id, None)]
    await albums.add_images(ctx, one.id, [image.id, no_album.id])
    assert await log.read() == [updated(two, removed=[image.id]), updated(one, added=[image.id, no_album.id])]
    await albums.add_images(ctx, one.id, [image.id])
    assert await log.read() == []
    await albums.remove_images(ctx, one.id, [no_album.id])
    assert await log.read() == [updated(one, removed=[no_album.id])]
    await images.delete(ctx, image.id)
    assert await log.read() == [("image.deleted", image.id, None), updated(one, removed=[image.id])]
    await images.delete(ctx, no_album.id)
    assert await log.read() == [("image.deleted", no_album.id, None)]


@pytest.mark.parametrize("delete_images", [False, True])
async def test_deleting_an_album_removes_its_images_first(pichub: House, delete_images: bool) -> None:
    ctx, log = await context(pichub), EventLog()
    album = await albums.create(ctx, albums.NewAlbum("One"))
    ids = [(await upload(ctx, sample_images.png(), album_id=album.id)).id for _ in range(2)]
    await log.read()
    await albums.delete(ctx, album.id, delete_images=delete_images)
    deleted = [("image.deleted", id, None) for id in ids] if delete_images else []
    assert await log.read() == [*deleted, updated(album, removed=ids)]
    assert (await Event.all().order_by("-position").first()).data["image_count"] == 0  # type: ignore[union-attr]


async def test_event_data_is_the_public_rest_document(pichub: House) -> None:
    album = (
        await pichub.client.post(
            "/v1/albums", headers=pichub.headers, json={"name": "One", "is_public": False}
        )
    ).json()["data"]
    image = await pichub.upload(sample_images.png(), title="An image", album_id=album["id"], tags="a,b")
    created, uploaded, changed = await Event.since(0)
    del image["delete_url"], image["category_id"], album["cover_url"]
    assert uploaded.data == image
    assert (uploaded.album_id, changed.album_id) == (album["id"], album["id"])
    assert created.data == album
    assert {name: changed.data[name] for name in album} == album | {"image_count": 1}


async def test_failed_changes_record_nothing(pichub: House) -> None:
    ctx = await context(pichub)
    with pytest.raises(PicHubError):
        await images.update(ctx, "img_" + "0" * 26, images.ImageChanges(title="x"))
    with pytest.raises(LookupError):
        async with outbox.transaction(
            pichub.services.events.notifier, account_id=ctx.require_actor().id, now=ctx.now()
        ) as events:
            events.record(PingSent(ctx.require_actor().id, "whk_1"))
            raise LookupError
    with pytest.raises(IntegrityError):
        async with outbox.transaction(
            pichub.services.events.notifier, account_id=ctx.require_actor().id, now=ctx.now()
        ) as events:
            events.record(PingSent(ctx.require_actor().id, "whk_1"), PingSent("acc_missing", "whk_1"))
    assert await Event.all().count() == await Event.last_position() == 0


async def test_notifications_follow_the_commit(pichub: House) -> None:
    ctx = await context(pichub)
    async with pichub.services.events.notifier.subscribe(outbox.TOPIC) as listener:
        await albums.create(ctx, albums.NewAlbum("One"))
        assert await listener.wait(1)
        assert await Event.all().count() == 1


async def record_or_fail(ctx: Context, number: int) -> None:
    async with outbox.transaction(
        ctx.services.events.notifier, account_id=ctx.require_actor().id, now=ctx.now()
    ) as events:
        events.record(
            *[PingSent(ctx.require_actor().id, f"whk_{number}", f"{n}") for n in range(1 + number % 3)]
        )
        await asyncio.sleep(0)
        if number % 5 == 0:
            raise LookupError


@pytest.mark.parametrize("seed", range(3))
async def test_failures_and_cancellations_leave_no_position_gaps(pichub: House, seed: int) -> None:
    ctx, chance = await context(pichub), random.Random(seed)
    tasks = [asyncio.create_task(record_or_fail(ctx, number)) for number in range(50)]
    for task in chance.sample(tasks, 15):
        await asyncio.sleep(chance.uniform(0, 0.004))
        task.cancel()
    for task in tasks:
        with suppress(LookupError, asyncio.CancelledError):
            await task
    rows = await Event.since(0)
    assert [row.position for row in rows] == list(range(1, await Event.last_position() + 1))
    subjects = {row.subject_id for row in rows}
    assert 0 < len(subjects) <= 40
    for id in subjects:
        (first, *_) = messages = [row.data["message"] for row in rows if row.subject_id == id]
        assert messages == [f"{n}" for n in range(1 + int(id.removeprefix("whk_")) % 3)], first


async def test_positions_follow_commits_across_processes(pichub: House) -> None:
    ctx, count = await context(pichub), 40
    command = (
        sys.executable,
        "-m",
        "tests.events.writer",
        str(pichub.services.settings.data_dir),
        pichub.token,
    )
    writers = [
        await asyncio.create_subprocess_exec(*command, str(count), env=databases.environment())
        for _ in range(2)
    ]
    position, batches = 0, [0]
    while any(writer.returncode is None for writer in writers) or position < await Event.last_position():
        await albums.create(ctx, albums.NewAlbum("Local"))
        rows = await Event.since(position)
        assert [row.position for row in rows] == list(range(position + 1, position + 1 + len(rows)))
        position += len(rows)
        batches.append(len(rows))
    assert [writer.returncode for writer in writers] == [0, 0]
    assert position == len(batches) - 1 + 2 * count
    assert max(batches) > 1


def test_the_catalogue_documents_every_type() -> None:
    assert set(CATALOGUE) == set(EventType)
    assert all(kind.__doc__ for kind in CATALOGUE.values())
