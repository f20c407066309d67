"""Configurations of upload clients over REST. Each includes the token of the request."""

from starlette.requests import Request
from starlette.responses import Response

from app.resolvers import upload_clients
from compat_rest import parse, present


async def show(request: Request) -> Response:
    ctx = await parse.authenticate(request)
    authorization = request.headers.get("authorization", "")
    uploader = await upload_clients.get(ctx, request.path_params["name"], authorization)
    return present.download(uploader.content, uploader.client.filename, uploader.client.media_type)
