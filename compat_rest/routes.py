"""Routes of the REST API and of images."""

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import ASGIApp

from compat_rest import (
    account,
    albums,
    categories,
    events,
    images,
    img,
    openapi,
    upload_clients,
    uploads,
    webhooks,
)

Handler = Callable[[Request], Awaitable[Response]]

# In order of frequency: routes are matched one after the other.
API: Mapping[str, Mapping[str, Handler]] = {
    "/images": {"GET": images.index},
    "/images/{id}": {"GET": images.show, "PATCH": images.update, "DELETE": images.delete},
    "/upload": {"POST": images.upload},
    "/uploads": {"POST": uploads.create, "OPTIONS": uploads.options},
    "/uploads/{id}": {
        "GET": uploads.show,
        "PATCH": uploads.append,
        "PUT": uploads.put,
        "DELETE": uploads.delete,
        "POST": uploads.override,
    },
    "/albums": {"GET": albums.index, "POST": albums.create},
    "/albums/{id}": {"GET": albums.show, "PATCH": albums.update, "DELETE": albums.delete},
    "/categories": {"GET": categories.index, "POST": categories.create},
    "/categories/{id}": {"GET": categories.show, "PATCH": categories.update, "DELETE": categories.delete},
    "/webhooks": {"GET": webhooks.index, "POST": webhooks.create},
    "/webhooks/{id}": {"GET": webhooks.show, "PATCH": webhooks.update, "DELETE": webhooks.delete},
    "/webhooks/{id}/test": {"POST": webhooks.test},
    "/webhooks/{id}/rotate-secret": {"POST": webhooks.rotate_secret},
    "/webhooks/{id}/deliveries": {"GET": webhooks.deliveries},
    "/webhooks/{id}/deliveries/{delivery_id}/redeliver": {"POST": webhooks.redeliver},
    "/uploaders/{name}": {"GET": upload_clients.show},
    "/events": {"GET": events.index},
    "/account": {"GET": account.show},
    "/openapi.json": {"GET": openapi.show},
}


def _api() -> ASGIApp:
    # Redirects for trailing slashes would be responses without the envelope.
    return Router([_route(path, handlers) for path, handlers in API.items()], redirect_slashes=False)


def _route(path: str, handlers: Mapping[str, Handler]) -> Route:
    """Return one route for all methods of a path, so that `Allow` lists all of them."""

    async def endpoint(request: Request) -> Response:
        return await handlers["GET" if request.method == "HEAD" else request.method](request)

    return Route(path, endpoint, methods=list(handlers))


routes: list[BaseRoute] = [
    Route("/img/{path:path}", img.show, methods=["GET"]),
    Mount("/v1", app=_api()),
    Mount("/api/v1", app=_api()),
]
"""The most frequent requests. They go first, since routes are matched in order."""

short_routes: list[BaseRoute] = [Route("/{image_id}.{extension}", img.show_short, methods=["GET"])]
"""The short form of images. It goes last, since it matches every file name at the root."""
