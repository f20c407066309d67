"""Albums over REST."""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from app.context import Context
from app.errors import MissingScope
from app.models import Album
from app.pagination import Direction, PageRequest
from app.resolvers import albums, images
from compat_rest import bodies, parse, present
from compat_rest.bodies import FLAG, TEXT, TEXT_OR_NULL

FIELDS = {"name": TEXT, "description": TEXT_OR_NULL, "is_public": FLAG}
REQUIRED_FIELDS = ("name",)
COVER = PageRequest(size=1)


async def create(request: Request) -> Response:
    ctx = await parse.authenticate(request)
    new = albums.NewAlbum(**await bodies.read_fields(request, FIELDS, required=REQUIRED_FIELDS))
    album = await albums.create(ctx, new)
    return present.created(
        present.album(ctx, album, None), ctx.services.images.urls.api(f"albums/{album.id}")
    )


async def index(request: Request) -> Response:
    ctx = await parse.authenticate(request)
    page = await albums.numbered(ctx, parse.parse_page(request))
    return present.listing(page, await _present_with_covers(ctx, page.items))


async def show(request: Request) -> Response:
    ctx = await parse.authenticate(request)
    album = await albums.get(ctx, request.path_params["id"])
    return present.success((await _present_with_covers(ctx, [album]))[0])


async def update(request: Request) -> Response:
    ctx = await parse.authenticate(request)
    changes = albums.AlbumChanges(**await bodies.read_fields(request, FIELDS))
    album = await albums.update(ctx, request.path_params["id"], changes)
    return present.success((await _present_with_covers(ctx, [album]))[0])


async def delete(request: Request) -> Response:
    ctx = await parse.authenticate(request)
    delete_images = parse.parse_flag(request, "delete_images")
    result = await albums.delete(ctx, request.path_params["id"], delete_images=delete_images)
    return present.deleted(result.id, images_deleted=result.images_deleted)


async def _present_with_covers(ctx: Context, rows: Sequence[Album]) -> list[dict[str, Any]]:
    """Present albums, each with its newest image as the cover."""
    try:
        pages = await images.in_albums(ctx, rows, COVER, Direction.NEWEST_FIRST)
    except MissingScope:  # without the scope for images, albums have no covers
        return [present.album(ctx, album, None) for album in rows]
    covers = [page.items[0] if page.items else None for page in pages]
    return [present.album(ctx, album, cover) for album, cover in zip(rows, covers, strict=True)]
