"""The caller's account over REST."""

from starlette.requests import Request
from starlette.responses import Response

from app.resolvers import account
from compat_rest import parse, present


async def show(request: Request) -> Response:
    ctx = await parse.authenticate(request)
    return present.success(present.account(ctx, await account.get(ctx)))
