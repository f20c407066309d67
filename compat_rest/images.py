"""Images over REST."""

from starlette.requests import Request
from starlette.responses import Response

from app.resolvers import images
from app.uploads.multipart import content_length
from compat_rest import bodies, parse, present
from compat_rest.bodies import TEXT, TEXT_LIST, TEXT_OR_NULL

UPDATE_FIELDS = {
    "filename": TEXT,
    "title": TEXT_OR_NULL,
    "description": TEXT_OR_NULL,
    "album_id": TEXT_OR_NULL,
    "category_id": TEXT_OR_NULL,
    "tags": TEXT_LIST,
}


async def upload(request: Request) -> Response:
    ctx = await parse.authenticate(request)
    await images.authorize_upload(ctx, content_length(request.headers), files=1)
    async with bodies.receive_image(request, ctx) as new:
        image = await images.upload(ctx, new, is_counted=True)
    return present.uploaded(present.image(ctx, image))


async def index(request: Request) -> Response:
    ctx = await parse.authenticate(request)
    page = await images.numbered(ctx, parse.parse_image_filter(request), parse.parse_page(request))
    return present.listing(page, present.images(ctx, page.items))


async def show(request: Request) -> Response:
    ctx = await parse.authenticate(request)
    return present.success(present.image(ctx, await images.get(ctx, request.path_params["id"])))


async def update(request: Request) -> Response:
    ctx = await parse.authenticate(request)
    changes = images.ImageChanges(**await bodies.read_fields(request, UPDATE_FIELDS))
    return present.success(present.image(ctx, await images.update(ctx, request.path_params["id"], changes)))


async def delete(request: Request) -> Response:
    result = await images.delete(await parse.authenticate(request), request.path_params["id"])
    return present.deleted(result.id, variants_removed=result.variants_removed)
