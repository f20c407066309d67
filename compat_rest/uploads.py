"""Files that come in pieces: by tus 1.0.0, or all at once by PUT."""

from collections.abc import Awaitable, Callable
from functools import wraps

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from app.context import Context
from app.errors import PicHubError, UnknownVersion
from app.models import UploadState, UploadTicket
from app.resolvers import uploads
from app.resolvers.uploads import Body, NewUpload
from compat_rest import bodies, parse, present, tus
from compat_rest.bodies import TEXT, TEXT_OR_NULL, TEXTS, WHOLE
from compat_rest.errors import answer_to

NEW = {
    "filename": TEXT,
    "size": WHOLE,
    "title": TEXT_OR_NULL,
    "description": TEXT_OR_NULL,
    "album_id": TEXT_OR_NULL,
    "category_id": TEXT_OR_NULL,
    "tags": TEXTS,
}
NEEDED = ("filename", "size")

Handler = Callable[[Request], Awaitable[Response]]


def in_tus(handler: Handler) -> Handler:
    """Holds who speaks tus to the version that we speak, and answers in it, whatever went wrong."""

    @wraps(handler)
    async def answer(request: Request) -> Response:
        if not tus.is_spoken(request.headers) and request.method != "PATCH":
            return await handler(request)
        try:
            tus.require_version(request.headers)
            response = await handler(request)
        except PicHubError as error:
            response = answer_to(error)
            if isinstance(error, UnknownVersion):
                response.headers["Tus-Version"] = error.known
        response.headers["Tus-Resumable"] = tus.VERSION
        return response

    return answer


async def options(request: Request) -> Response:
    settings = request.state.services.settings
    return Response(status_code=204, headers=present.HEADERS | tus.options(settings.max_upload_size))


@in_tus
async def create(request: Request) -> Response:
    ctx = await parse.context(request)
    ticket = await uploads.create(ctx, await _new(request))
    return present.created(present.upload(ctx, ticket), present.upload_url(ctx, ticket), tus.answer(ticket))


@in_tus
async def show(request: Request) -> Response:
    ctx = await parse.context(request)
    upload_id = request.path_params["id"]
    if request.method == "GET":
        return present.success(present.upload(ctx, await uploads.get(ctx, upload_id)))
    ticket = _not_refused(await uploads.settled(ctx, upload_id))
    return Response(headers=present.HEADERS | tus.whole_answer(ticket))


@in_tus
async def append(request: Request) -> Response:
    ctx = await parse.sender(request)
    tus.require_bytes(request.headers)
    ticket = await uploads.append(
        ctx, request.path_params["id"], _body(request), offset=tus.offset(request.headers)
    )
    return Response(status_code=204, headers=present.HEADERS | tus.answer(_not_refused(ticket)))


@in_tus
async def put(request: Request) -> Response:
    ctx = await parse.sender(request)
    ticket = _not_refused(await uploads.put(ctx, request.path_params["id"], _body(request)))
    return _uploaded(ctx, ticket)


@in_tus
async def delete(request: Request) -> Response:
    ctx = await parse.context(request)
    upload_id = await uploads.delete(ctx, request.path_params["id"])
    if tus.is_spoken(request.headers):
        return Response(status_code=204, headers=present.HEADERS)
    return present.deleted(upload_id)


async def overridden(request: Request) -> Response:
    """For networks that let no PATCH through: the method stands in a header."""
    method = request.headers.get("x-http-method-override", "").upper()
    if method not in OVERRIDES:
        raise HTTPException(405, headers={"Allow": "DELETE, GET, HEAD, PATCH, PUT"})
    request.scope["method"] = method
    return await OVERRIDES[method](request)


OVERRIDES = {"PATCH": append, "DELETE": delete}


async def _new(request: Request) -> NewUpload:
    if not tus.is_spoken(request.headers):
        return NewUpload(**await bodies.fields(request, NEW, required=NEEDED))
    metadata = request.headers.get("upload-metadata") or None
    words = tus.words(metadata) if metadata else {}
    return NewUpload(
        size=tus.new_size(request.headers),
        filename=words.pop("filename", "upload"),
        tags=[tag for tag in words.pop("tags", "").split(",") if tag.strip()],
        metadata=metadata,
        **words,
    )


def _body(request: Request) -> Body:
    headers = request.headers
    return Body(request.stream(), tus.length(headers), tus.checksum(headers))


def _not_refused(ticket: UploadTicket) -> UploadTicket:
    """The ticket. Raises why the picture was refused, where it was."""
    if ticket.state is UploadState.REFUSED:
        raise PicHubError.recalled(ticket.error)
    return ticket


def _uploaded(ctx: Context, ticket: UploadTicket) -> Response:
    """What an upload by form is answered with; where the image is gone already, how the upload stands."""
    if ticket.image is None:
        return present.success(present.upload(ctx, ticket))
    return present.uploaded(present.image(ctx, ticket.image))
