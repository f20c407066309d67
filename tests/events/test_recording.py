"""Each change records its events, in its own transaction, at positions without a gap."""

# ruff: noqa: PT012  (what fails is a transaction, and that is a block)

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

Seen = tuple[str, str, Any]
"""A type, the subject's id, and of album.updated what changed."""


def seen(event: Event) -> Seen:
    names = ("changes", "images_added", "images_removed")
    told = tuple(event.data[name] for name in names) if event.type == EventType.ALBUM_UPDATED else None
    return (event.type, event.subject_id, told)


class Watch:
    """What was recorded since the last look."""

    def __init__(self) -> None:
        self.position = 0

    async def look(self) -> list[Seen]:
        rows = await Event.since(self.position)
        assert [row.position for row in rows] == list(range(self.position + 1, self.position + 1 + len(rows)))
        self.position += len(rows)
        return [seen(row) for row in rows]


def updated(
    album: Album,
    *,
    added: Sequence[str] = (),
    removed: Sequence[str] = (),
    changes: Sequence[str] = ("images",),
) -> Seen:
    return ("album.updated", album.id, ([*changes], [*added], [*removed]))


async def test_each_change_of_an_album_records_what_it_is(built: House) -> None:
    ctx, watch = await context(built), Watch()
    album = await albums.create(ctx, albums.NewAlbum("One"))
    assert await watch.look() == [("album.created", album.id, None)]
    await albums.update(ctx, album.id, albums.AlbumChanges(name="Two", is_public=False, description=None))
    assert await watch.look() == [updated(album, changes=["name", "is_public"])]
    await albums.update(ctx, album.id, albums.AlbumChanges(name="Two"))
    assert await watch.look() == []
    await albums.delete(ctx, album.id)
    assert await watch.look() == []


async def test_each_move_of_an_image_is_told_of_both_albums(built: House) -> None:
    ctx, watch = await context(built), Watch()
    one = await albums.create(ctx, albums.NewAlbum("One"))
    two = await albums.create(ctx, albums.NewAlbum("Two"))
    await watch.look()
    image = await upload(ctx, sample_images.png(), album_id=one.id)
    assert await watch.look() == [("image.uploaded", image.id, None), updated(one, added=[image.id])]
    await images.update(ctx, image.id, images.ImageChanges(album_id=two.id))
    assert await watch.look() == [updated(one, removed=[image.id]), updated(two, added=[image.id])]
    await images.update(ctx, image.id, images.ImageChanges(album_id=two.id, title="Elsewhere"))
    assert await watch.look() == []
    loose = await upload(ctx, sample_images.png())
    assert await watch.look() == [("image.uploaded", loose.id, None)]
    await albums.add_images(ctx, one.id, [image.id, loose.id])
    assert await watch.look() == [updated(two, removed=[image.id]), updated(one, added=[image.id, loose.id])]
    await albums.add_images(ctx, one.id, [image.id])
    assert await watch.look() == []
    await albums.remove_images(ctx, one.id, [loose.id])
    assert await watch.look() == [updated(one, removed=[loose.id])]
    await images.delete(ctx, image.id)
    assert await watch.look() == [("image.deleted", image.id, None), updated(one, removed=[image.id])]
    await images.delete(ctx, loose.id)
    assert await watch.look() == [("image.deleted", loose.id, None)]


@pytest.mark.parametrize("delete_images", [False, True])
async def test_images_leave_an_album_before_it_goes(built: House, delete_images: bool) -> None:
    ctx, watch = await context(built), Watch()
    album = await albums.create(ctx, albums.NewAlbum("One"))
    ids = [(await upload(ctx, sample_images.png(), album_id=album.id)).id for _ in range(2)]
    await watch.look()
    await albums.delete(ctx, album.id, delete_images=delete_images)
    gone = [("image.deleted", id, None) for id in ids] if delete_images else []
    assert await watch.look() == [*gone, updated(album, removed=ids)]
    assert (await Event.all().order_by("-position").first()).data["image_count"] == 0  # type: ignore[union-attr]


async def test_the_data_is_what_rest_shows_to_anyone(built: House) -> None:
    album = (
        await built.client.post("/v1/albums", headers=built.headers, json={"name": "One", "is_public": False})
    ).json()["data"]
    image = await built.upload(sample_images.png(), title="A picture", album_id=album["id"], tags="a,b")
    created, uploaded, changed = await Event.since(0)
    del image["delete_url"], image["category_id"], album["cover_url"]
    assert uploaded.data == image
    assert (uploaded.album_id, changed.album_id) == (album["id"], album["id"])
    assert created.data == album
    assert {name: changed.data[name] for name in album} == album | {"image_count": 1}


async def test_what_fails_records_nothing(built: House) -> None:
    ctx = await context(built)
    with pytest.raises(PicHubError):
        await images.update(ctx, "img_" + "0" * 26, images.ImageChanges(title="x"))
    with pytest.raises(LookupError):
        async with outbox.transaction(
            built.services.events.notifier, account_id=ctx.require_actor().id, now=ctx.now()
        ) as events:
            events.record(PingSent(ctx.require_actor().id, "whk_1"))
            raise LookupError
    with pytest.raises(IntegrityError):
        async with outbox.transaction(
            built.services.events.notifier, account_id=ctx.require_actor().id, now=ctx.now()
        ) as events:
            events.record(PingSent(ctx.require_actor().id, "whk_1"), PingSent("acc_nobody", "whk_1"))
    assert await Event.all().count() == await Event.last_position() == 0


async def test_the_bell_rings_when_an_event_can_be_read(built: House) -> None:
    ctx = await context(built)
    async with built.services.events.notifier.subscribe(outbox.TOPIC) as listener:
        await albums.create(ctx, albums.NewAlbum("One"))
        assert await listener.wait(1)
        assert await Event.all().count() == 1


async def make_or_fail(ctx: Context, number: int) -> None:
    async with outbox.transaction(
        ctx.services.events.notifier, account_id=ctx.require_actor().id, now=ctx.now()
    ) as events:
        events.record(*[PingSent(ctx.require_actor().id, f"whk_{number}", f"{n}") for n in range(1 + number % 3)])
        await asyncio.sleep(0)
        if number % 5 == 0:
            raise LookupError


@pytest.mark.parametrize("seed", range(3))
async def test_positions_have_no_gap_whatever_fails_or_is_cancelled(built: House, seed: int) -> None:
    ctx, chance = await context(built), random.Random(seed)
    tasks = [asyncio.create_task(make_or_fail(ctx, number)) for number in range(50)]
    for task in chance.sample(tasks, 15):
        await asyncio.sleep(chance.uniform(0, 0.004))
        task.cancel()
    for task in tasks:
        with suppress(LookupError, asyncio.CancelledError):
            await task
    rows = await Event.since(0)
    assert [row.position for row in rows] == list(range(1, await Event.last_position() + 1))
    kept = {row.subject_id for row in rows}
    assert 0 < len(kept) <= 40
    for id in kept:
        (first, *_) = messages = [row.data["message"] for row in rows if row.subject_id == id]
        assert messages == [f"{n}" for n in range(1 + int(id.removeprefix("whk_")) % 3)], first


async def test_positions_have_no_gap_between_processes_and_are_in_order_of_commits(built: House) -> None:
    ctx, count = await context(built), 40
    command = (
        sys.executable,
        "-m",
        "tests.events.writer",
        str(built.services.settings.data_dir),
        built.token,
    )
    others = [
        await asyncio.create_subprocess_exec(*command, str(count), env=databases.environ()) for _ in range(2)
    ]
    watched, looks = 0, [0]
    while any(other.returncode is None for other in others) or watched < await Event.last_position():
        await albums.create(ctx, albums.NewAlbum("Here"))
        rows = await Event.since(watched)
        assert [row.position for row in rows] == list(range(watched + 1, watched + 1 + len(rows)))
        watched += len(rows)
        looks.append(len(rows))
    assert [other.returncode for other in others] == [0, 0]
    assert watched == len(looks) - 1 + 2 * count
    assert max(looks) > 1


def test_the_catalogue_has_every_type() -> None:
    assert set(CATALOGUE) == set(EventType)
    assert all(kind.__doc__ for kind in CATALOGUE.values())
