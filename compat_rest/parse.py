"""Parsing of headers and query parameters into domain values."""

from datetime import datetime

from starlette.requests import Request

from app.auth.credentials import Credentials
from app.context import Context
from app.errors import InvalidParameter, Unauthorized
from app.imaging.formats import Format
from app.models import DeliveryStatus
from app.pagination import DEFAULT_SIZE, MAX_SIZE, NumberedRequest
from app.resolvers import account
from app.resolvers.filters import MAX_INT64, ImageFilter
from app.resolvers.images import NO_FILTER
from app.signing.signature import Signature

LAST_PAGE = MAX_INT64 // MAX_SIZE
"""Databases count rows in 63 bits."""
MAX_NUMBER_LENGTH = 1_000
PAGING = {"page", "per_page"}
FLAGS = {"true": True, "1": True, "false": False, "0": False}


async def authenticate(request: Request) -> Context:
    """Authenticate the caller and count the request.

    Raises Unauthorized, also without credentials: nothing here is public. Raises RateLimited.
    """
    return await _authenticate(request, counts_later=False)


async def authenticate_upload(request: Request) -> Context:
    """Authenticate the sender of a file's bytes, which are counted later, by their size. Raises as `authenticate`."""
    return await _authenticate(request, counts_later=True)


async def _authenticate(request: Request, *, counts_later: bool) -> Context:
    ctx = await account.authenticate_and_count(
        _anonymous(request), _credentials(request), counts_later=counts_later
    )
    ctx.require_actor()
    return ctx


async def authenticate_optional(request: Request) -> Context:
    """Authenticate a request for an image, which any page may embed.

    Invalid credentials are ignored: the image may be public.
    """
    anonymous = _anonymous(request)
    try:
        return await account.authenticate(anonymous, _credentials(request), from_any_page=True)
    except Unauthorized:
        return anonymous


def parse_page(request: Request) -> NumberedRequest:
    """Parse `page` and `per_page`, which is clamped to MAX_SIZE. Raises InvalidParameter."""
    number = parse_integer(request, "page", 1, maximum=LAST_PAGE)
    per_page = parse_integer(request, "per_page", DEFAULT_SIZE)
    return NumberedRequest(number, min(per_page, MAX_SIZE))


def parse_image_filter(request: Request) -> ImageFilter:
    """Parse the filters of images; empty parameters are ignored. Raises InvalidParameter."""
    query = request.query_params
    if query.keys() <= PAGING:
        return NO_FILTER
    return ImageFilter(
        album_id=query.get("album_id") or None,
        category_id=query.get("category_id") or None,
        tag=query.get("tag") or None,
        search=query.get("q") or None,
        formats=_parse_formats(request),
        created_after=_parse_datetime(request, "created_after"),
        created_before=_parse_datetime(request, "created_before"),
        min_width=_range_bound(request, "min_width"),
        max_width=_range_bound(request, "max_width"),
        min_height=_range_bound(request, "min_height"),
        max_height=_range_bound(request, "max_height"),
        min_size=_range_bound(request, "min_size"),
        max_size=_range_bound(request, "max_size"),
        is_public=parse_flag(request, "is_public") if query.get("is_public") else None,
    )


def _parse_formats(request: Request) -> list[Format] | None:
    """Parse `format`, repeated or separated by commas; None if empty."""
    text = ",".join(request.query_params.getlist("format"))
    try:
        return [Format.parse(name.strip()) for name in text.split(",") if name.strip()] or None
    except ValueError as error:
        raise InvalidParameter(
            "format", text, f"one or more of {', '.join(Format)}, separated by commas"
        ) from error


def _parse_datetime(request: Request, name: str) -> datetime | None:
    text = request.query_params.get(name)
    if not text:
        return None
    try:
        # An unescaped + of a time zone is decoded as a space.
        return datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError as error:
        raise InvalidParameter(name, text, "a time such as 2026-01-31T12:00:00Z, or a date") from error


def _range_bound(request: Request, name: str) -> int | None:
    """Parse a bound of a range: an integer from 1; None if empty."""
    return parse_integer(request, name, 1, maximum=MAX_INT64) if request.query_params.get(name) else None


def parse_flag(request: Request, name: str) -> bool:
    """Parse a boolean, by default false. Raises InvalidParameter."""
    text = request.query_params.get(name, "false")
    if text.lower() not in FLAGS:
        raise InvalidParameter(name, text, f"one of {', '.join(FLAGS)}")
    return FLAGS[text.lower()]


def parse_delivery_status(request: Request) -> DeliveryStatus | None:
    """Parse the filter of deliveries; None for all. Raises InvalidParameter."""
    text = request.query_params.get("status") or None
    if text is not None and text not in set(DeliveryStatus):
        raise InvalidParameter("status", text, f"one of {', '.join(DeliveryStatus)}")
    return DeliveryStatus(text) if text else None


def parse_signature(request: Request) -> Signature | None:
    """Parse the signature of a URL; None if it is missing or malformed."""
    return Signature.parse(request.query_params.get("exp"), request.query_params.get("sig"))


def _anonymous(request: Request) -> Context:
    state = request.state
    return Context(
        state.services, request_id=state.request_id, address=state.address, consumed=state.consumed
    )


def _credentials(request: Request) -> Credentials:
    return Credentials.of(request.headers.raw, request.state.services.settings.trusted_origins)


def parse_integer(request: Request, name: str, default: int, *, maximum: int | None = None) -> int:
    """Parse an integer from 1 to `maximum`. Raises InvalidParameter."""
    text = request.query_params.get(name)
    if text is None:
        return default
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_NUMBER_LENGTH else 0
    if number < 1 or (maximum is not None and number > maximum):
        allowed = f"an integer from 1 to {maximum}" if maximum else "an integer from 1"
        raise InvalidParameter(name, text, allowed)
    return number
