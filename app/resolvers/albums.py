"""Albums. Private albums and their images are visible to their owner only."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.auth.actor import Actor, Scope
from app.cancellation import shield_until_done
from app.context import Context
from app.db.paging import by_cursor, by_number
from app.errors import MAX_FACT_LENGTH, FieldError, Forbidden, Invalid, NotFound
from app.events import outbox
from app.events.outbox import Outbox
from app.ids import Kind, kind_of, new_id
from app.models import Album, Image
from app.pagination import Direction, NumberedPage, NumberedRequest, Page, PageRequest
from app.resolvers import event_payloads, stored_files
from app.resolvers.event_payloads import AlbumMoves
from app.resolvers.validation import ABSENT, Absent, Validator, changed_fields, unique_values

MAX_NAME_LENGTH = 200
MAX_DESCRIPTION_LENGTH = 5_000
MAX_IMAGES = 100


@dataclass(frozen=True, slots=True)
class NewAlbum:
    name: str
    description: str | None = None
    is_public: bool = True


@dataclass(frozen=True, slots=True)
class AlbumChanges:
    name: str | Absent = ABSENT
    description: str | None | Absent = ABSENT
    is_public: bool | Absent = ABSENT


@dataclass(frozen=True, slots=True)
class DeletedAlbum:
    """A deleted album, and the number of images deleted with it."""

    id: str
    images_deleted: int


async def create(ctx: Context, new: NewAlbum) -> Album:
    """Create an album of the caller. Raises Invalid."""
    actor = ctx.require(Scope.ALBUMS_WRITE)
    rules = Validator()
    name = rules.single_line("name", new.name, max_length=MAX_NAME_LENGTH)
    description = rules.text("description", new.description, max_length=MAX_DESCRIPTION_LENGTH)
    rules.raise_if_errors()
    now = ctx.now()
    async with outbox.transaction(ctx.services.events.notifier, account_id=actor.id, now=now) as events:
        album = await Album.create(
            id=new_id(Kind.ALBUM, now),
            owner_id=actor.id,
            name=name,
            description=description,
            is_public=new.is_public,
            created_at=now,
            updated_at=now,
        )
        events.record(event_payloads.album_created(album))
    return album


async def get(ctx: Context, album_id: str) -> Album:
    """Return an album visible to the caller. Raises NotFound."""
    ctx.require_token_scope(Scope.ALBUMS_READ)
    return await visible(ctx, album_id)


async def get_many(ctx: Context, album_ids: Sequence[str]) -> dict[str, Album]:
    """Return those of the albums that are visible to the caller, by id."""
    ctx.require_token_scope(Scope.ALBUMS_READ)
    rows = await Album.visible_to(ctx.account_id).filter(id__in=list(album_ids))
    return {album.id: album for album in rows}


async def page(
    ctx: Context, request: PageRequest, direction: Direction = Direction.NEWEST_FIRST
) -> Page[Album]:
    """Return a page of the caller's albums by cursor."""
    return await by_cursor(Album.owned_by(ctx.require(Scope.ALBUMS_READ).id), request, direction)


async def numbered(ctx: Context, request: NumberedRequest) -> NumberedPage[Album]:
    """Return a numbered page of the caller's albums, newest first."""
    return await by_number(Album.owned_by(ctx.require(Scope.ALBUMS_READ).id), request)


async def update(ctx: Context, album_id: str, changes: AlbumChanges) -> Album:
    """Update an album. Raises NotFound, Forbidden, Invalid."""
    actor = ctx.require(Scope.ALBUMS_WRITE)
    rules = Validator()
    values = changed_fields(changes)
    if "name" in values:
        values["name"] = rules.single_line("name", values["name"], max_length=MAX_NAME_LENGTH)
    if "description" in values:
        values["description"] = rules.text(
            "description", values["description"], max_length=MAX_DESCRIPTION_LENGTH
        )
    rules.raise_if_errors()
    async with (
        ctx.services.cache.epochs.invalidating_all(),
        outbox.transaction(ctx.services.events.notifier, account_id=actor.id, now=ctx.now()) as events,
    ):
        album = await own(ctx, actor, album_id)
        if values:
            before = {name: getattr(album, name) for name in values}
            await album.update_from_dict(values | {"updated_at": ctx.now()}).save()
            events.record(*event_payloads.album_changed(album, before))
    return album


async def delete(ctx: Context, album_id: str, *, delete_images: bool = False) -> DeletedAlbum:
    """Delete an album. Its images are kept without an album, unless `delete_images`. Raises NotFound, Forbidden."""
    actor = ctx.require(Scope.ALBUMS_WRITE)
    if delete_images:
        ctx.require(Scope.IMAGES_WRITE)
    return await shield_until_done(_delete(ctx, actor, album_id, delete_images=delete_images))


async def add_images(ctx: Context, album_id: str, image_ids: Sequence[str]) -> Album:
    """Move images of the caller into an album. Raises NotFound, Forbidden, Invalid."""
    actor = ctx.require(Scope.ALBUMS_WRITE)
    async with (
        ctx.services.cache.epochs.invalidating(*image_ids),
        outbox.transaction(ctx.services.events.notifier, account_id=actor.id, now=ctx.now()) as events,
    ):
        album = await own(ctx, actor, album_id)
        await _move(await _own_images(actor, image_ids), album, ctx, events)
    return await visible(ctx, album_id)


async def remove_images(ctx: Context, album_id: str, image_ids: Sequence[str]) -> Album:
    """Remove images from an album. Raises NotFound, Forbidden, and Invalid if one is not in it."""
    actor = ctx.require(Scope.ALBUMS_WRITE)
    async with (
        ctx.services.cache.epochs.invalidating(*image_ids),
        outbox.transaction(ctx.services.events.notifier, account_id=actor.id, now=ctx.now()) as events,
    ):
        album = await own(ctx, actor, album_id)
        found = await _own_images(actor, image_ids)
        strangers = [image.id for image in found if image.album_id != album.id]
        if strangers:
            raise Invalid.field(
                "image_ids", "not_in_album", "These are not in the album: {ids}.", ids=", ".join(strangers)
            )
        await _move(found, None, ctx, events)
    return await visible(ctx, album_id)


async def _own_images(actor: Actor, image_ids: Sequence[str]) -> list[Image]:
    wanted = unique_values("image_ids", image_ids, max_count=MAX_IMAGES)
    found = await Image.owned_by(actor.id).filter(
        id__in=[id_ for id_ in wanted if kind_of(id_) is Kind.IMAGE]
    )
    missing = set(wanted) - {image.id for image in found}
    if missing:
        raise Invalid(
            {
                "image_ids": [
                    FieldError("no_such_image", "You have no image {id:quoted}.", id=id_[:MAX_FACT_LENGTH])
                    for id_ in sorted(missing)
                ]
            }
        )
    return found


async def _move(found: Sequence[Image], album: Album | None, ctx: Context, events: Outbox) -> None:
    moves = AlbumMoves()
    for image in found:
        moves.move(image.id, left=image.album_id, entered=album.id if album else None)
        await image.move_to(album)
    await Image.filter(id__in=[image.id for image in found]).update(
        album_id=album.id if album else None, updated_at=ctx.now()
    )
    events.record(*await moves.events())


async def _delete(ctx: Context, actor: Actor, album_id: str, *, delete_images: bool) -> DeletedAlbum:
    images: list[Image] = []
    async with (
        ctx.services.cache.epochs.invalidating_all(),
        outbox.transaction(ctx.services.events.notifier, account_id=actor.id, now=ctx.now()) as events,
    ):
        album = await own(ctx, actor, album_id)
        if delete_images:
            images = await Image.owned_by(actor.id).filter(album_id=album.id)
            await Image.remove(images)
            events.record(*await event_payloads.images_deleted(ctx, images))
        else:
            await _empty(album, events)
        await album.delete()
    for image in images:
        await stored_files.erase(ctx, image)
    return DeletedAlbum(id=album.id, images_deleted=len(images))


async def _empty(album: Album, events: Outbox) -> None:
    """Record that the images leave an album that is about to be deleted."""
    moves = AlbumMoves()
    for image_id in (
        await Image.filter(album_id=album.id).order_by("created_at", "id").values_list("id", flat=True)
    ):
        moves.move(str(image_id), left=album.id)
    await Album.count_images(album.id, -album.image_count)
    events.record(*await moves.events())


async def visible(ctx: Context, album_id: str) -> Album:
    """Return the album if it is visible to the caller. Raises NotFound."""
    album = None
    if kind_of(album_id) is Kind.ALBUM:
        album = await Album.visible_to(ctx.account_id).get_or_none(id=album_id)
    if album is None:
        raise NotFound("album", album_id)
    return album


async def own(ctx: Context, actor: Actor, album_id: str) -> Album:
    """Return the album if the caller may change it. Raises NotFound, Forbidden."""
    album = await visible(ctx, album_id)
    if album.owner_id != actor.id:
        raise Forbidden("The album {id} belongs to another account", reason="not_owner", id=album_id)
    return album
