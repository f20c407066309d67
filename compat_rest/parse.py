"""What headers and queries say, read once: behind this stand the domain's values."""

from datetime import datetime

from starlette.requests import Request

from app.auth.credentials import Credentials
from app.context import Context
from app.errors import InvalidParameter, Unauthorized
from app.imaging.formats import Format
from app.models import DeliveryStatus
from app.pagination import DEFAULT_SIZE, MAX_SIZE, NumberedRequest
from app.resolvers import account
from app.resolvers.filters import ImageFilter
from app.resolvers.images import NO_FILTER
from app.signing.signature import Signature

LAST_PAGE = (2**63 - 1) // MAX_SIZE
"""Databases count rows in 63 bits."""
MAX_NUMBER_LENGTH = 1_000
MAX_INT64 = 2**63 - 1
PAGING = {"page", "per_page"}
FLAGS = {"true": True, "1": True, "false": False, "0": False}


async def authenticate(request: Request) -> Context:
    """Who asks, with the request counted. Raises RateLimited.

    Raises Unauthorized also where no token came: nothing here is open to all.
    """
    ctx = await account.authenticate_and_count(_anonymous(request), _credentials(request))
    ctx.require_actor()
    return ctx


async def authenticate_upload(request: Request) -> Context:
    """Who sends bytes. What they send is counted by how much it is, and not here. Raises Unauthorized, RateLimited."""
    ctx = await account.authenticate_and_count(_anonymous(request), _credentials(request), counts_later=True)
    ctx.require_actor()
    return ctx


async def authenticate_optional(request: Request) -> Context:
    """Who asks for a picture, which any page may show.

    A token that does not hold counts as none: the picture may be open to all.
    """
    anonymous = _anonymous(request)
    try:
        return await account.authenticate(anonymous, _credentials(request), from_any_page=True)
    except Unauthorized:
        return anonymous


def parse_page(request: Request) -> NumberedRequest:
    """The page that is asked for; more a page than there may be is cut down. Raises InvalidParameter."""
    number = parse_integer(request, "page", 1, maximum=LAST_PAGE)
    per_page = parse_integer(request, "per_page", DEFAULT_SIZE)
    return NumberedRequest(number, min(per_page, MAX_SIZE))


def parse_image_filter(request: Request) -> ImageFilter:
    """Which images; a parameter with nothing in it is none."""
    query = request.query_params
    if query.keys() <= PAGING:
        return NO_FILTER
    return ImageFilter(
        album_id=query.get("album_id") or None,
        category_id=query.get("category_id") or None,
        tag=query.get("tag") or None,
        search=query.get("q") or None,
        formats=_formats(request),
        created_after=_datetime(request, "created_after"),
        created_before=_datetime(request, "created_before"),
        min_width=_range_bound(request, "min_width"),
        max_width=_range_bound(request, "max_width"),
        min_height=_range_bound(request, "min_height"),
        max_height=_range_bound(request, "max_height"),
        min_size=_range_bound(request, "min_size"),
        max_size=_range_bound(request, "max_size"),
        is_public=parse_flag(request, "is_public") if query.get("is_public") else None,
    )


def _formats(request: Request) -> list[Format] | None:
    """Formats, repeated or separated by commas; None where there are none."""
    text = ",".join(request.query_params.getlist("format"))
    try:
        return [Format.parse(name.strip()) for name in text.split(",") if name.strip()] or None
    except ValueError as error:
        raise InvalidParameter(
            "format", text, f"one or more of {', '.join(Format)}, separated by commas"
        ) from error


def _datetime(request: Request, name: str) -> datetime | None:
    text = request.query_params.get(name)
    if not text:
        return None
    try:
        # The + of a zone is a space in a query where nobody has escaped it.
        return datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError as error:
        raise InvalidParameter(name, text, "a time such as 2026-01-31T12:00:00Z, or a date") from error


def _range_bound(request: Request, name: str) -> int | None:
    """A whole number from 1, as one end of a range."""
    return parse_integer(request, name, 1, maximum=MAX_INT64) if request.query_params.get(name) else None


def parse_flag(request: Request, name: str) -> bool:
    """Whether a switch is on; off where it is not there. Raises InvalidParameter."""
    text = request.query_params.get(name, "false")
    if text.lower() not in FLAGS:
        raise InvalidParameter(name, text, f"one of {', '.join(FLAGS)}")
    return FLAGS[text.lower()]


def parse_delivery_status(request: Request) -> DeliveryStatus | None:
    """Which deliveries; all where nothing is said. Raises InvalidParameter."""
    text = request.query_params.get("status") or None
    if text is not None and text not in set(DeliveryStatus):
        raise InvalidParameter("status", text, f"one of {', '.join(DeliveryStatus)}")
    return DeliveryStatus(text) if text else None


def parse_signature(request: Request) -> Signature | None:
    """The signature that the address carries; one that can't be read counts as none."""
    return Signature.parse(request.query_params.get("exp"), request.query_params.get("sig"))


def _anonymous(request: Request) -> Context:
    state = request.state
    return Context(state.services, request_id=state.request_id, address=state.address, consumed=state.spent)


def _credentials(request: Request) -> Credentials:
    return Credentials.of(request, request.state.services.settings.own_origins)


def parse_integer(request: Request, name: str, default: int, *, maximum: int | None = None) -> int:
    """A whole number from 1, to `most` where that is given. Raises InvalidParameter."""
    text = request.query_params.get(name)
    if text is None:
        return default
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_NUMBER_LENGTH else 0
    if number < 1 or (maximum is not None and number > maximum):
        allowed = f"a whole number from 1 to {maximum}" if maximum else "a whole number from 1"
        raise InvalidParameter(name, text, allowed)
    return number
