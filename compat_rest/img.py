"""Image delivery: originals, and variants by query parameters."""

import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from app.context import Context
from app.errors import InvalidParameter, NotFound
from app.ids import Kind, kind_of
from app.imaging.formats import Format
from app.imaging.results import INLINE_BODY_BYTES
from app.imaging.transform import Transform
from app.resolvers import redirects, variants
from app.resolvers.variants import ImageRequest, StoredVariant
from compat_rest import parse, response_cache
from compat_rest.conditional import RangeNotSatisfiable, Validators

IMMUTABLE = "public, max-age=31536000, immutable"
REVALIDATE = "private, no-cache"
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
REDIRECTED_HEADERS = ("Content-Type", "Content-Disposition", "Cache-Control")
SAFE_CHARACTERS = frozenset(string.ascii_letters + string.digits + " !#$&'()+,-.;=@[]^_`{}~")


async def show(request: Request) -> ASGIApp:
    """Serve `/img/{image_id}` and `/img/{image_id}.{ext}`; further path segments are ignored."""
    name = request.path_params["path"].split("/", 1)[0]
    image_id, _, extension = name.partition(".")
    return await _serve(request, image_id, extension)


async def show_short(request: Request) -> ASGIApp:
    """Serve `/{image_id}.{ext}`, the documented short form."""
    return await _serve(request, request.path_params["image_id"], request.path_params["extension"])


async def _serve(request: Request, image_id: str, extension: str) -> ASGIApp:
    ctx = await parse.authenticate_optional(request)
    ctx.services.cache.responses.count_miss()
    if kind_of(image_id) is not Kind.IMAGE:  # before the extension: /favicon.ico is not found, not invalid
        raise NotFound("image", image_id)
    transform, is_download = (
        ctx.services.images.presets.transform(request.query_params),
        parse.parse_flag(request, "download"),
    )
    accept = request.headers.get("accept", "")
    image = await variants.find(
        ctx,
        image_id,
        transform,
        extension=_format(extension),
        accept=accept,
        signature=parse.parse_signature(request),
    )
    validators = Validators.of(image.etag, image.modified_at)
    headers = {**validators.headers, **SECURITY_HEADERS, **_caching(ctx, image, transform)}
    if validators.match(request.headers):
        return Response(status_code=304, headers=headers)
    headers |= _disposition(image.filename, is_download=is_download)
    return ImageResponse(ctx, image, validators, headers, is_download=is_download)


def _format(extension: str) -> Format | None:
    try:
        return Format.parse(extension) if extension else None
    except ValueError as error:
        raise InvalidParameter("extension", extension, str(error)) from error


def _caching(ctx: Context, image: ImageRequest, transform: Transform) -> dict[str, str]:
    headers = {"Cache-Control": IMMUTABLE if image.image.is_public else REVALIDATE}
    if image.until is not None:
        # Rounded down: no cache serves the image after its signature has expired.
        max_age = max(0, int(image.until - ctx.now().timestamp()))
        headers["Cache-Control"] = f"private, max-age={max_age}"
    return headers | ({"Vary": "Accept"} if transform.is_auto else {})


def _disposition(filename: str, *, is_download: bool) -> dict[str, str]:
    """Return Content-Disposition (RFC 6266): the filename in ASCII, and in UTF-8 (RFC 8187) if it differs."""
    ascii_name = "".join(character if character in SAFE_CHARACTERS else "_" for character in filename)
    disposition = "attachment" if is_download else "inline"
    extended = "" if ascii_name == filename else f"; filename*=UTF-8''{quote(filename, safe='')}"
    return {"Content-Disposition": f'{disposition}; filename="{ascii_name}"{extended}'}


@dataclass(frozen=True, slots=True)
class ImageResponse:
    """Response that renders on demand, and closes the file when the client disconnects."""

    ctx: Context
    image: ImageRequest
    validators: Validators
    headers: Mapping[str, str]
    is_download: bool = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        variant = await variants.ensure_rendered(self.ctx, self.image)
        response = await self._response(scope, variant)
        await response(scope, receive, send)

    async def _response(self, scope: Scope, variant: StoredVariant) -> ASGIApp:
        size = variant.size
        headers = {**self.headers, "Accept-Ranges": "bytes", "Content-Type": self.image.format.mime_type}
        if scope["method"] == "HEAD":
            return Response(headers=headers | {"Content-Length": str(size)})
        redirect = self._redirect(headers)
        if redirect:
            return redirect
        part = self._requested_range(Headers(scope=scope), size)
        if part is not None:
            headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
            return self._stream(part, 206, headers)
        if size > INLINE_BODY_BYTES:
            return self._stream(range(size), 200, headers)
        response = Response(await variants.read(self.ctx, self.image, variant), headers=headers)
        if self.image.image.is_public:
            self._cache(scope, response)
        return response

    def _redirect(self, headers: Mapping[str, str]) -> Response | None:
        """Return a redirect to the storage, if it serves images; clients repeat a range there."""
        stored_headers = {name: headers[name] for name in REDIRECTED_HEADERS}
        redirect = redirects.redirect_for(self.ctx, self.image, stored_headers, is_saved=self.is_download)
        if redirect is None:
            return None
        kept = {name: value for name, value in headers.items() if name in {*SECURITY_HEADERS, "Vary"}}
        caching = self._redirect_caching(redirect.max_age)
        return Response(status_code=302, headers={**kept, "Location": redirect.url, **caching})

    def _redirect_caching(self, max_age: timedelta) -> dict[str, str]:
        seconds = int(max_age.total_seconds())
        if self.image.image.is_public:
            return {"Cache-Control": f"public, max-age={seconds}"}
        return {"Cache-Control": REVALIDATE if self.image.until is None else f"private, max-age={seconds}"}

    def _cache(self, scope: Scope, response: Response) -> None:
        response_cache.store(
            self.ctx.services.cache.responses,
            scope,
            self.image.epochs,
            image_id=self.image.image.id,
            headers=response.raw_headers,
            body=bytes(response.body),
        )

    def _stream(self, part: range, status: int, headers: Mapping[str, str]) -> ASGIApp:
        async def send_part(scope: Scope, receive: Receive, send: Send) -> None:
            async with variants.open_variant(self.ctx, self.image, part.start, part.stop) as stored:
                sized = {**headers, "Content-Length": str(len(part))}
                await StreamingResponse(stored.chunks, status, sized)(scope, receive, send)

        return send_part

    def _requested_range(self, request_headers: Headers, size: int) -> range | None:
        try:
            return self.validators.requested_range(request_headers, size)
        except RangeNotSatisfiable as error:
            raise HTTPException(
                416, f"The image has {size} bytes", {"Content-Range": f"bytes */{size}"}
            ) from error
