"""The documentation of the REST API, as OpenAPI 3.1 and made of the tables that the API itself works by."""

from functools import lru_cache

import orjson
from starlette.requests import Request
from starlette.responses import Response

from app.settings import Settings

HEADERS = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}


async def show(request: Request) -> Response:
    """The document, for everyone: it says of this server what its settings allow."""
    return Response(_printed(request.state.services.settings), 200, HEADERS, "application/json")


@lru_cache(maxsize=4)
def _printed(settings: Settings) -> bytes:
    from compat_rest.openapi.document import (
        document,  # for the first who asks: the table of routes leads back to here
    )

    return orjson.dumps(document(settings))
