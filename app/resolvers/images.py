"""Images: upload, queries, changes and deletion."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from tortoise.queryset import QuerySet

from app.auth.actor import Actor, Scope
from app.cancellation import shield_until_done
from app.context import Context, RateLimit
from app.db.batched_pages import pages_by_cursor
from app.db.paging import OwnedList, by_cursor, by_number
from app.errors import Forbidden, Invalid, NotFound, OutOfStorage
from app.events import outbox
from app.events.outbox import Outbox
from app.ids import Kind, kind_of, new_id
from app.imaging.results import Probe
from app.models import Album, Category, Image, ImageTag
from app.pagination import Direction, NumberedPage, NumberedRequest, Page, PageRequest
from app.resolvers import albums, categories, event_payloads, quotas, stored_files
from app.resolvers.event_payloads import AlbumMoves
from app.resolvers.filters import NEWEST_FIRST, ImageFilter, ImageOrder, apply_filter
from app.resolvers.stored_files import Intermediates
from app.resolvers.validation import ABSENT, Absent, Validator, changed_fields
from app.storage import keys
from app.uploads.multipart import Upload

MAX_FILENAME_LENGTH = 255
MAX_TITLE_LENGTH = 200
MAX_DESCRIPTION_LENGTH = 5_000

NO_FILTER = ImageFilter()
OWN_IMAGES = OwnedList(Image, Image.owned_by)


Also: TypeAlias = Callable[[Image], Awaitable[None]]
"""Additional work in the transaction that inserts a new image."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageMetadata:
    """Metadata of a new image from its owner."""

    title: str | None = None
    description: str | None = None
    album_id: str | None = None
    category_id: str | None = None
    tags: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewImage(ImageMetadata):
    """A received file with its metadata."""

    file: Upload


@dataclass(frozen=True, slots=True)
class ImageChanges:
    filename: str | Absent = ABSENT
    title: str | None | Absent = ABSENT
    description: str | None | Absent = ABSENT
    album_id: str | None | Absent = ABSENT
    category_id: str | None | Absent = ABSENT
    tags: Sequence[str] | Absent = ABSENT


@dataclass(frozen=True, slots=True)
class DeletedImage:
    id: str
    variants_removed: int


async def authorize_upload(ctx: Context, declared: int | None, *, files: int = 0) -> Actor:
    """Authorize an upload before reading its body.

    `declared` is the Content-Length in bytes. `files` are counted here, as far as their number is known. Raises
    Unauthorized, MissingScope, RateLimited, OutOfStorage.
    """
    actor = ctx.require(Scope.IMAGES_UPLOAD)
    if files:
        await ctx.consume(RateLimit.UPLOAD, files)
    quotas.check_declared(ctx, actor.account, declared)
    await _require_disk(ctx, declared or 0)
    return actor


async def upload(ctx: Context, new: NewImage, *, is_counted: bool = False, also: Also | None = None) -> Image:
    """Store a file as a new image. `is_counted` if `authorize_upload` has counted it already.

    `also` runs in the transaction that inserts the image: if it raises, there is none. Raises Invalid,
    UnsupportedFormat, CorruptImage, TooManyPixels, RateLimited, Busy, OutOfStorage, Forbidden.
    """
    actor = ctx.require(Scope.IMAGES_UPLOAD)
    if not is_counted:
        await ctx.consume(RateLimit.UPLOAD)
    await _require_disk(ctx, 0)
    rules = Validator()
    words = validated_metadata(rules, new.file.filename, new)
    rules.raise_if_errors()
    if not new.file.path.exists():  # the same upload used by two mutations of an operation
        raise Invalid.field("file", "file_reused", "This file was already used. Send it once for each image.")
    quotas.check(ctx, actor.account, new.file.size)
    with stored_files.incoming_intermediates(ctx) as intermediates:
        with ctx.services.observability.tracing.span("identify", {"bytes": new.file.size}):
            probe = await ctx.services.images.workers.identify(
                new.file.path, size=new.file.size, intermediates=intermediates
            )
        return await shield_until_done(_store(ctx, actor, new, intermediates, probe, words, also))


def validated_metadata(rules: Validator, filename: str | None, said: ImageMetadata) -> dict[str, Any]:
    """Return the validated metadata; errors are added to `rules`."""
    return {
        "filename": rules.optional_single_line("filename", filename, max_length=MAX_FILENAME_LENGTH),
        "title": rules.optional_single_line("title", said.title, max_length=MAX_TITLE_LENGTH),
        "description": rules.text("description", said.description, max_length=MAX_DESCRIPTION_LENGTH),
        "tags": rules.tags("tags", said.tags),
    }


async def check_destination(ctx: Context, actor: Actor, said: ImageMetadata) -> None:
    """Raise Invalid or Forbidden if the caller can't put images into this album and category."""
    await _album_for(ctx, actor, said.album_id)
    await _category_for(actor, said.category_id)


async def _require_disk(ctx: Context, size: int) -> None:
    free = await ctx.services.storage.free()
    floor = ctx.services.settings.min_free_disk
    if free is not None and free - size < floor:
        raise OutOfStorage(
            "The disk has {free:size} left, of which {reserved:size} are reserved. Delete something first.",
            reason="disk_full",
            free=free,
            reserved=floor,
        )


async def _store(
    ctx: Context,
    actor: Actor,
    new: NewImage,
    intermediates: Intermediates,
    probe: Probe,
    words: dict[str, Any],
    also: Also | None,
) -> Image:
    now = ctx.now()
    image_id = new_id(Kind.IMAGE, now)
    extension = probe.format.extension
    key = keys.original_key(image_id, extension)
    async with (
        stored_files.stored(ctx, key, new.file.path),
        stored_files.stored_intermediates(ctx, image_id, probe.source, intermediates),
        outbox.transaction(ctx.services.events.notifier, account_id=actor.id, now=now) as events,
    ):
        await quotas.reserve(ctx, actor.id, new.file.size)
        album = await _album_for_new(ctx, actor, new.album_id)
        category = await _category_for(actor, new.category_id)
        image = Image(
            id=image_id,
            owner_id=actor.id,
            album=album,
            category=category,
            key=key,
            size=new.file.size,
            sha256=new.file.sha256,
            format=probe.format.value,
            width=probe.width,
            height=probe.height,
            frames=probe.frames,
            has_alpha=probe.has_alpha,
            thumbhash=probe.thumbhash,
            dominant_color=probe.dominant_color,
            created_at=now,
            updated_at=now,
            **words | {"filename": words["filename"] or f"{image_id}.{extension}"},
        )
        await image.add()
        if also:
            await also(image)
        moves = AlbumMoves()
        moves.move(image.id, entered=image.album_id)
        events.record(event_payloads.image_uploaded(ctx, image), *await moves.events())
        stored_files.refuse_late(ctx, since=now)
    ctx.services.observability.metrics.count_upload(new.file.size)
    return image


async def get(ctx: Context, image_id: str) -> Image:
    """Return an image visible to the caller. Raises NotFound."""
    ctx.require_token_scope(Scope.IMAGES_READ)
    return await visible(ctx, image_id)


async def get_many(ctx: Context, image_ids: Sequence[str]) -> dict[str, Image]:
    """Return those of the images that are visible to the caller, by id."""
    ctx.require_token_scope(Scope.IMAGES_READ)
    rows = await Image.visible_to(ctx.account_id).filter(id__in=list(image_ids))
    return {image.id: image for image in rows}


async def page(
    ctx: Context,
    which: ImageFilter,
    request: PageRequest,
    order: ImageOrder = NEWEST_FIRST,
) -> Page[Image]:
    """Return a page of the caller's images by cursor.

    Raises NotFound, Forbidden for the filter's album or category; Invalid for other errors of the filter;
    InvalidParameter for a cursor of another order or filter.
    """
    if (which, order) == (NO_FILTER, NEWEST_FIRST):
        account = ctx.require(Scope.IMAGES_READ).account
        return await OWN_IMAGES.by_cursor(account.id, request, total=account.image_count)
    return await by_cursor(await _own_images(ctx, which), request, order.of(which))


async def numbered(ctx: Context, which: ImageFilter, request: NumberedRequest) -> NumberedPage[Image]:
    """Return a numbered page of the caller's images, newest first. Raises NotFound as `page` does."""
    if which == NO_FILTER:
        account = ctx.require(Scope.IMAGES_READ).account
        return await OWN_IMAGES.by_number(account.id, request, total=account.image_count)
    return await by_number(await _own_images(ctx, which), request)


async def in_albums(
    ctx: Context, found: Sequence[Album], request: PageRequest, direction: Direction
) -> list[Page[Image]]:
    """Return the same page of each of these albums in two statements.

    The albums are visible to the caller, and so are their images.
    """
    ctx.require_token_scope(Scope.IMAGES_READ)
    totals = {album.id: album.image_count for album in found}
    pages = await pages_by_cursor(Image.with_album(), "album_id", totals, request, direction)
    return [pages[album.id] for album in found]


async def update(ctx: Context, image_id: str, changes: ImageChanges) -> Image:
    """Update an image. Raises NotFound, Forbidden, Invalid."""
    actor = ctx.require(Scope.IMAGES_WRITE)
    rules = Validator()
    values = changed_fields(changes)
    if "filename" in values:
        values["filename"] = rules.single_line("filename", values["filename"], max_length=MAX_FILENAME_LENGTH)
    if "title" in values:
        values["title"] = rules.optional_single_line("title", values["title"], max_length=MAX_TITLE_LENGTH)
    if "description" in values:
        values["description"] = rules.text(
            "description", values["description"], max_length=MAX_DESCRIPTION_LENGTH
        )
    if "tags" in values:
        values["tags"] = rules.tags("tags", values["tags"] or [])
    rules.raise_if_errors()
    async with (
        ctx.services.cache.epochs.invalidating(image_id),
        outbox.transaction(ctx.services.events.notifier, account_id=actor.id, now=ctx.now()) as events,
    ):
        image = await own(ctx, actor, image_id)
        if values:
            await _change(ctx, actor, image, values, events)
    return image


async def delete(ctx: Context, image_id: str) -> DeletedImage:
    """Delete an image permanently, with its file and variants. Raises NotFound, Forbidden."""
    actor = ctx.require(Scope.IMAGES_WRITE)
    return await shield_until_done(_delete(ctx, actor, image_id))


async def _delete(ctx: Context, actor: Actor, image_id: str) -> DeletedImage:
    async with (
        ctx.services.cache.epochs.invalidating(image_id),
        outbox.transaction(ctx.services.events.notifier, account_id=actor.id, now=ctx.now()) as events,
    ):
        image = await own(ctx, actor, image_id)
        await Image.remove([image])
        events.record(*await event_payloads.images_deleted(ctx, [image]))
    return DeletedImage(id=image.id, variants_removed=await stored_files.erase(ctx, image))


async def visible(ctx: Context, image_id: str) -> Image:
    """Return the image with its album if it is visible to the caller. Raises NotFound."""
    image = None
    if kind_of(image_id) is Kind.IMAGE:
        image = await Image.visible_to(ctx.account_id).get_or_none(id=image_id)
    if image is None:
        raise NotFound("image", image_id)
    return image


async def own(ctx: Context, actor: Actor, image_id: str) -> Image:
    """Return the image if the caller may change it. Raises NotFound, Forbidden."""
    image = await visible(ctx, image_id)
    if image.owner_id != actor.id:
        raise Forbidden("The image {id} belongs to another account", reason="not_owner", id=image_id)
    return image


async def _own_images(ctx: Context, which: ImageFilter) -> QuerySet[Image]:
    """Images of the caller's album or category are the caller's own: no further condition or index is needed."""
    actor = ctx.require(Scope.IMAGES_READ)
    query = Image.with_album() if which.album_id or which.category_id else Image.owned_by(actor.id)
    if which.album_id is not None:
        query = query.filter(album_id=(await albums.own(ctx, actor, which.album_id)).id)
    if which.category_id is not None:
        query = query.filter(category_id=(await categories.own(actor, which.category_id)).id)
    return apply_filter(query, which)


async def _change(ctx: Context, actor: Actor, image: Image, values: dict[str, Any], events: Outbox) -> None:
    moves, left = AlbumMoves(), image.album_id
    if "album_id" in values:
        await image.move_to(await _album_for(ctx, actor, values.pop("album_id")))
    if "category_id" in values:
        category = await _category_for(actor, values.pop("category_id"))
        image.category_id = category.id if category else None
    if "tags" in values:
        await ImageTag.write(image.id, values["tags"])
    await image.update_from_dict(values | {"updated_at": ctx.now()}).save()
    moves.move(image.id, left=left, entered=image.album_id)
    events.record(*await moves.events())


async def _album_for(ctx: Context, actor: Actor, album_id: str | None) -> Album | None:
    """Return the target album. A missing one is an invalid field here, not NotFound."""
    try:
        return await albums.own(ctx, actor, album_id) if album_id is not None else None
    except NotFound as error:
        raise Invalid.field("album_id", "no_such_object", error.details) from error


async def _album_for_new(ctx: Context, actor: Actor, album_id: str | None) -> Album | None:
    """Return the target album of a new image; by default the token's album, if it still exists."""
    if album_id is None and actor.album_id is not None:
        return await Album.owned_by(actor.id).get_or_none(id=actor.album_id)
    return await _album_for(ctx, actor, album_id)


async def _category_for(actor: Actor, category_id: str | None) -> Category | None:
    try:
        return await categories.own(actor, category_id) if category_id is not None else None
    except NotFound as error:
        raise Invalid.field("category_id", "no_such_object", error.details) from error
