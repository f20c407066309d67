"""Categories over REST."""

from starlette.requests import Request
from starlette.responses import Response

from app.resolvers import categories
from compat_rest import bodies, parse, present
from compat_rest.bodies import TEXT, TEXT_OR_NULL

FIELDS = {"name": TEXT, "description": TEXT_OR_NULL}
REQUIRED_FIELDS = ("name",)


async def create(request: Request) -> Response:
    ctx = await parse.authenticate(request)
    new = categories.NewCategory(**await bodies.read_fields(request, FIELDS, required=REQUIRED_FIELDS))
    category = await categories.create(ctx, new)
    return present.created(
        present.category(category), ctx.services.images.urls.api(f"categories/{category.id}")
    )


async def index(request: Request) -> Response:
    page = await categories.numbered(await parse.authenticate(request), parse.parse_page(request))
    return present.listing(page, [present.category(category) for category in page.items])


async def show(request: Request) -> Response:
    ctx = await parse.authenticate(request)
    return present.success(present.category(await categories.get(ctx, request.path_params["id"])))


async def update(request: Request) -> Response:
    ctx = await parse.authenticate(request)
    changes = categories.CategoryChanges(**await bodies.read_fields(request, FIELDS))
    category = await categories.update(ctx, request.path_params["id"], changes)
    return present.success(present.category(category))


async def delete(request: Request) -> Response:
    ctx = await parse.authenticate(request)
    return present.deleted(await categories.delete(ctx, request.path_params["id"]))
