"""Images: taken in, shown, changed, deleted."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from tortoise.queryset import QuerySet

from app.auth.actor import Actor, Scope
from app.cancellation import to_the_end
from app.context import Budget, Context
from app.db.batched_pages import by_cursor_in_each
from app.db.paging import OwnList, by_cursor, by_number
from app.errors import Forbidden, Invalid, NotFound, OutOfStorage, written_size
from app.events import outbox
from app.events.outbox import Outbox
from app.ids import Kind, kind_of, new_id
from app.imaging.results import Probe
from app.models import Album, Category, Image, ImageTag
from app.pagination import Direction, NumberedPage, NumberedRequest, Page, PageRequest
from app.resolvers import albums, categories, event_payloads, quotas, storage_keys
from app.resolvers.event_payloads import Moves
from app.resolvers.filters import NEWEST_FIRST, ImageFilter, ImageOrder, narrowed
from app.resolvers.storage_keys import Intermediates
from app.resolvers.validation import ABSENT, Absent, Rules, given
from app.uploads.multipart import Upload

MAX_FILENAME = 255
MAX_TITLE = 200
MAX_DESCRIPTION = 5_000

ALL = ImageFilter()
OWN = OwnList(Image, Image.owned_by)


Also: TypeAlias = Callable[[Image], Awaitable[None]]
"""What else is done with a new image's row, where it is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What an image's owner says about it when it comes."""

    title: str | None = None
    description: str | None = None
    album_id: str | None = None
    category_id: str | None = None
    tags: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewImage(Said):
    """A file that came in, and what is said about it."""

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


async def admit(ctx: Context, declared: int | None, *, files: int = 0) -> Actor:
    """Who may upload, asked before a byte of the body is read.

    `declared` is the length in bytes that the body is said to have. `files` are counted here: as many as are known of.
    Raises Unauthorized, MissingScope, RateLimited, OutOfStorage.
    """
    actor = ctx.require(Scope.IMAGES_UPLOAD)
    if files:
        await ctx.spend(Budget.UPLOAD, files)
    quotas.refuse_early(ctx, actor.account, declared)
    await _require_disk(ctx, declared or 0)
    return actor


async def upload(ctx: Context, new: NewImage, *, is_counted: bool = False, also: Also | None = None) -> Image:
    """The image that a file became. `is_counted` where `admit` has counted the file already.

    `also` is done in the transaction that keeps the image: if it raises, there is none.

    Raises Invalid, UnsupportedFormat, CorruptImage, TooManyPixels, RateLimited, Busy, OutOfStorage, Forbidden.
    """
    actor = ctx.require(Scope.IMAGES_UPLOAD)
    if not is_counted:
        await ctx.spend(Budget.UPLOAD)
    await _require_disk(ctx, 0)
    rules = Rules()
    words = words_of(rules, new.file.filename, new)
    rules.hold()
    if not new.file.path.exists():  # one upload given to two mutations of one operation
        raise Invalid({"file": ["This file has been used already: send it once for each image."]})
    quotas.refuse(ctx, actor.account, new.file.size)
    with storage_keys.incoming_intermediates(ctx) as intermediates:
        with ctx.services.tracing.span("identify", {"bytes": new.file.size}):
            probe = await ctx.services.imaging.identify(
                new.file.path, size=new.file.size, intermediates=intermediates
            )
        return await to_the_end(_keep(ctx, actor, new, intermediates, probe, words, also))


def words_of(rules: Rules, filename: str | None, said: Said) -> dict[str, Any]:
    """What is kept of what is said of an image; what is wrong in it is told to `rules`."""
    return {
        "filename": rules.optional_line("filename", filename, most=MAX_FILENAME),
        "title": rules.optional_line("title", said.title, most=MAX_TITLE),
        "description": rules.text("description", said.description, most=MAX_DESCRIPTION),
        "tags": rules.tags("tags", said.tags),
    }


async def refuse_places(ctx: Context, actor: Actor, said: Said) -> None:
    """Raises Invalid, Forbidden where an image can't be put into the album or category that it is said to be in."""
    await _album_for(ctx, actor, said.album_id)
    await _category_for(actor, said.category_id)


async def _require_disk(ctx: Context, size: int) -> None:
    free = await ctx.services.storage.free()
    floor = ctx.services.settings.min_free_disk
    if free is not None and free - size < floor:
        raise OutOfStorage(
            f"The disk has {written_size(free)} left, and {written_size(floor)} are kept free. Delete something first."
        )


async def _keep(
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
    key = storage_keys.original_key(image_id, extension)
    async with (
        storage_keys.stored(ctx, key, new.file.path),
        storage_keys.stored_intermediates(ctx, image_id, probe.source, intermediates),
        outbox.transaction(ctx.services.bell, account_id=actor.id, now=now) as events,
    ):
        await quotas.take(ctx, actor.id, new.file.size)
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
        moves = Moves()
        moves.move(image.id, entered=image.album_id)
        events.record(event_payloads.image_uploaded(ctx, image), *await moves.happened())
        storage_keys.refuse_late(ctx, since=now)
    ctx.services.metrics.uploaded(new.file.size)
    return image


async def get(ctx: Context, image_id: str) -> Image:
    """An image that the caller may see. Raises NotFound."""
    ctx.allow(Scope.IMAGES_READ)
    return await visible(ctx, image_id)


async def get_many(ctx: Context, image_ids: Sequence[str]) -> dict[str, Image]:
    """Those of the images that the caller may see, by id."""
    ctx.allow(Scope.IMAGES_READ)
    rows = await Image.visible_to(ctx.account_id).filter(id__in=list(image_ids))
    return {image.id: image for image in rows}


async def page(
    ctx: Context,
    which: ImageFilter,
    request: PageRequest,
    order: ImageOrder = NEWEST_FIRST,
) -> Page[Image]:
    """Some of the caller's own images, from a cursor on. Raises NotFound, Forbidden for a filter's album, category.

    Raises Invalid for what is wrong in the filter, InvalidParameter for a cursor of another order or filter.
    """
    if (which, order) == (ALL, NEWEST_FIRST):
        account = ctx.require(Scope.IMAGES_READ).account
        return await OWN.by_cursor(account.id, request, total=account.image_count)
    return await by_cursor(await _own_images(ctx, which), request, order.of(which))


async def numbered(ctx: Context, which: ImageFilter, request: NumberedRequest) -> NumberedPage[Image]:
    """One numbered page of the caller's own images, newest first. Raises NotFound as `page` does."""
    if which == ALL:
        account = ctx.require(Scope.IMAGES_READ).account
        return await OWN.by_number(account.id, request, total=account.image_count)
    return await by_number(await _own_images(ctx, which), request)


async def in_albums(
    ctx: Context, found: Sequence[Album], request: PageRequest, direction: Direction
) -> list[Page[Image]]:
    """The same page of each of these albums, in two statements however many they are.

    The albums are such as the caller was shown; their images may be seen by whom they may.
    """
    ctx.allow(Scope.IMAGES_READ)
    totals = {album.id: album.image_count for album in found}
    pages = await by_cursor_in_each(Image.with_album(), "album_id", totals, request, direction)
    return [pages[album.id] for album in found]


async def update(ctx: Context, image_id: str, changes: ImageChanges) -> Image:
    """The image as it is after the changes. Raises NotFound, Forbidden, Invalid."""
    actor = ctx.require(Scope.IMAGES_WRITE)
    rules = Rules()
    values = given(changes)
    if "filename" in values:
        values["filename"] = rules.line("filename", values["filename"], most=MAX_FILENAME)
    if "title" in values:
        values["title"] = rules.optional_line("title", values["title"], most=MAX_TITLE)
    if "description" in values:
        values["description"] = rules.text("description", values["description"], most=MAX_DESCRIPTION)
    if "tags" in values:
        values["tags"] = rules.tags("tags", values["tags"] or [])
    rules.hold()
    async with (
        ctx.services.freshness.invalidating(image_id),
        outbox.transaction(ctx.services.bell, account_id=actor.id, now=ctx.now()) as events,
    ):
        image = await own(ctx, actor, image_id)
        if values:
            await _change(ctx, actor, image, values, events)
    return image


async def delete(ctx: Context, image_id: str) -> DeletedImage:
    """Deletes an image for ever, its file and its variants with it. Raises NotFound, Forbidden."""
    actor = ctx.require(Scope.IMAGES_WRITE)
    return await to_the_end(_delete(ctx, actor, image_id))


async def _delete(ctx: Context, actor: Actor, image_id: str) -> DeletedImage:
    async with (
        ctx.services.freshness.invalidating(image_id),
        outbox.transaction(ctx.services.bell, account_id=actor.id, now=ctx.now()) as events,
    ):
        image = await own(ctx, actor, image_id)
        await Image.remove([image])
        events.record(*await event_payloads.images_deleted(ctx, [image]))
    return DeletedImage(id=image.id, variants_removed=await storage_keys.erase(ctx, image))


async def visible(ctx: Context, image_id: str) -> Image:
    """The image with its album, if the caller may see it. Raises NotFound."""
    image = None
    if kind_of(image_id) is Kind.IMAGE:
        image = await Image.visible_to(ctx.account_id).get_or_none(id=image_id)
    if image is None:
        raise NotFound("image", image_id)
    return image


async def own(ctx: Context, actor: Actor, image_id: str) -> Image:
    """The image, if it is the caller's to change. Raises NotFound, Forbidden."""
    image = await visible(ctx, image_id)
    if image.owner_id != actor.id:
        raise Forbidden(f"The image {image_id} belongs to another account")
    return image


async def _own_images(ctx: Context, which: ImageFilter) -> QuerySet[Image]:
    """What is in an album or a category of the caller's is the caller's: one condition, and one index, less."""
    actor = ctx.require(Scope.IMAGES_READ)
    query = Image.with_album() if which.album_id or which.category_id else Image.owned_by(actor.id)
    if which.album_id is not None:
        query = query.filter(album_id=(await albums.own(ctx, actor, which.album_id)).id)
    if which.category_id is not None:
        query = query.filter(category_id=(await categories.own(actor, which.category_id)).id)
    return narrowed(query, which)


async def _change(ctx: Context, actor: Actor, image: Image, values: dict[str, Any], events: Outbox) -> None:
    moves, left = Moves(), image.album_id
    if "album_id" in values:
        await image.move_to(await _album_for(ctx, actor, values.pop("album_id")))
    if "category_id" in values:
        category = await _category_for(actor, values.pop("category_id"))
        image.category_id = category.id if category else None
    if "tags" in values:
        await ImageTag.write(image.id, values["tags"])
    await image.update_from_dict(values | {"updated_at": ctx.now()}).save()
    moves.move(image.id, left=left, entered=image.album_id)
    events.record(*await moves.happened())


async def _album_for(ctx: Context, actor: Actor, album_id: str | None) -> Album | None:
    """The album that an image is to lie in. What does not exist is a wrong field here, not a wrong address."""
    try:
        return await albums.own(ctx, actor, album_id) if album_id is not None else None
    except NotFound as error:
        raise Invalid({"album_id": [error.details]}) from error


async def _album_for_new(ctx: Context, actor: Actor, album_id: str | None) -> Album | None:
    """The same for a new image, which goes into the token's album where it names none, if that is still there."""
    if album_id is None and actor.album_id is not None:
        return await Album.owned_by(actor.id).get_or_none(id=actor.album_id)
    return await _album_for(ctx, actor, album_id)


async def _category_for(actor: Actor, category_id: str | None) -> Category | None:
    try:
        return await categories.own(actor, category_id) if category_id is not None else None
    except NotFound as error:
        raise Invalid({"category_id": [error.details]}) from error
