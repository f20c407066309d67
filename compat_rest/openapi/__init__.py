"""OpenAPI 3.1 document of the REST API, generated from the tables that the API uses."""

from functools import lru_cache

import orjson
from starlette.requests import Request
from starlette.responses import Response

from app.settings import Settings

HEADERS = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}


async def show(request: Request) -> Response:
    """Return the document, with the limits of this server. It is public."""
    return Response(_document_json(request.state.services.settings), 200, HEADERS, "application/json")


@lru_cache(maxsize=4)
def _document_json(settings: Settings) -> bytes:
    from compat_rest.openapi.document import document  # on first use: the start does without its tables

    return orjson.dumps(document(settings))
