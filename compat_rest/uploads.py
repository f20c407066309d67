"""Resumable uploads: chunks by tus 1.0.0, or the whole file by PUT."""

from collections.abc import Awaitable, Callable
from functools import wraps

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from app.context import Context
from app.errors import PicHubError, UnknownVersion
from app.models import UploadState, UploadTicket
from app.resolvers import uploads
from app.resolvers.uploads import NewUpload, UploadBody
from compat_rest import bodies, parse, present, tus
from compat_rest.bodies import INTEGER, TEXT, TEXT_LIST, TEXT_OR_NULL
from compat_rest.errors import error_response

CREATE_FIELDS = {
    "filename": TEXT,
    "size": INTEGER,
    "title": TEXT_OR_NULL,
    "description": TEXT_OR_NULL,
    "album_id": TEXT_OR_NULL,
    "category_id": TEXT_OR_NULL,
    "tags": TEXT_LIST,
}
REQUIRED_FIELDS = ("filename", "size")

Handler = Callable[[Request], Awaitable[Response]]


def tus_handler(handler: Handler) -> Handler:
    """Check the version of tus, and add its headers to every response, errors included."""

    @wraps(handler)
    async def wrapper(request: Request) -> Response:
        if not tus.is_tus(request.headers) and request.method != "PATCH":
            return await handler(request)
        try:
            tus.require_version(request.headers)
            response = await handler(request)
        except PicHubError as error:
            response = error_response(error)
            if isinstance(error, UnknownVersion):
                response.headers["Tus-Version"] = error.known
        response.headers["Tus-Resumable"] = tus.VERSION
        return response

    return wrapper


async def options(request: Request) -> Response:
    settings = request.state.services.settings
    return Response(status_code=204, headers=present.HEADERS | tus.options(settings.max_upload_size))


@tus_handler
async def create(request: Request) -> Response:
    ctx = await parse.authenticate(request)
    ticket = await uploads.create(ctx, await _parse_new_upload(request))
    return present.created(present.upload(ctx, ticket), present.upload_url(ctx, ticket), tus.headers(ticket))


@tus_handler
async def show(request: Request) -> Response:
    ctx = await parse.authenticate(request)
    upload_id = request.path_params["id"]
    if request.method == "GET":
        return present.success(present.upload(ctx, await uploads.get(ctx, upload_id)))
    ticket = _raise_if_refused(await uploads.get_completed(ctx, upload_id))
    return Response(headers=present.HEADERS | tus.completed_headers(ticket))


@tus_handler
async def append(request: Request) -> Response:
    ctx = await parse.authenticate_upload(request)
    tus.require_content_type(request.headers)
    ticket = await uploads.append(
        ctx, request.path_params["id"], _upload_body(request), offset=tus.parse_offset(request.headers)
    )
    return Response(status_code=204, headers=present.HEADERS | tus.headers(_raise_if_refused(ticket)))


@tus_handler
async def put(request: Request) -> Response:
    ctx = await parse.authenticate_upload(request)
    ticket = _raise_if_refused(await uploads.put(ctx, request.path_params["id"], _upload_body(request)))
    return _uploaded_response(ctx, ticket)


@tus_handler
async def delete(request: Request) -> Response:
    ctx = await parse.authenticate(request)
    upload_id = await uploads.delete(ctx, request.path_params["id"])
    if tus.is_tus(request.headers):
        return Response(status_code=204, headers=present.HEADERS)
    return present.deleted(upload_id)


async def override(request: Request) -> Response:
    """Handle the method in X-HTTP-Method-Override, for networks that block PATCH."""
    method = request.headers.get("x-http-method-override", "").upper()
    if method not in OVERRIDES:
        raise HTTPException(405, headers={"Allow": "DELETE, GET, HEAD, PATCH, PUT"})
    request.scope["method"] = method
    return await OVERRIDES[method](request)


OVERRIDES = {"PATCH": append, "DELETE": delete}


async def _parse_new_upload(request: Request) -> NewUpload:
    if not tus.is_tus(request.headers):
        return NewUpload(**await bodies.read_fields(request, CREATE_FIELDS, required=REQUIRED_FIELDS))
    metadata = request.headers.get("upload-metadata") or None
    fields = tus.parse_metadata(metadata) if metadata else {}
    return NewUpload(
        size=tus.parse_upload_length(request.headers),
        filename=fields.pop("filename", "upload"),
        tags=[tag for tag in fields.pop("tags", "").split(",") if tag.strip()],
        metadata=metadata,
        **fields,
    )


def _upload_body(request: Request) -> UploadBody:
    headers = request.headers
    return UploadBody(request.stream(), tus.parse_content_length(headers), tus.parse_checksum(headers))


def _raise_if_refused(ticket: UploadTicket) -> UploadTicket:
    """Return the ticket. Raises the stored error if the image was refused."""
    if ticket.state is UploadState.REFUSED:
        raise PicHubError.from_dict(ticket.error)
    return ticket


def _uploaded_response(ctx: Context, ticket: UploadTicket) -> Response:
    """Return the response of the upload form, or the upload if its image is already deleted."""
    if ticket.image is None:
        return present.success(present.upload(ctx, ticket))
    return present.uploaded(present.image(ctx, ticket.image))
