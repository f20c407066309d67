"""Where the storage itself delivers a picture, in place of us."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.context import Context
from app.resolvers.variants import ImageRequest, key_of

URL_LIFETIME = timedelta(minutes=10)
"""How long an address with leave holds, where no signature ends before."""
CACHE_LIFETIME = timedelta(minutes=5)
"""How long a redirect may be: shorter than what it leads to, and than it takes a variant to be swept from under it."""


@dataclass(frozen=True, slots=True)
class Redirect:
    """An address at which a picture can be had, and for how long that may be believed."""

    url: str
    max_age: timedelta


def redirect_for(
    ctx: Context, picture: ImageRequest, headers: Mapping[str, str], *, is_saved: bool
) -> Redirect | None:
    """Where a picture that was made can be had; None where it is ours to deliver.

    `headers` are what the answer there must say. The open address of a CDN is for public images alone; it says nothing
    of a file's name, so who saves a file (`is_saved`) gets another.
    """
    chosen = ctx.services.settings.img_redirect
    if chosen == "off":
        return None
    if chosen != "presigned" and picture.image.is_public and not is_saved:
        return Redirect(f"{chosen}/{key_of(picture)}", CACHE_LIFETIME)
    lasting = _lifetime(ctx.now(), picture.until)
    if lasting < timedelta(seconds=1):
        return None
    url = ctx.services.storage.signed_url(key_of(picture), expires_in=lasting, headers=headers)
    return Redirect(url, min(CACHE_LIFETIME, lasting / 2)) if url else None


def _lifetime(now: datetime, until: int | None) -> timedelta:
    """In whole seconds; never longer than the signature by which it was opened."""
    if until is None:
        return URL_LIFETIME
    return min(URL_LIFETIME, timedelta(seconds=int(until - now.timestamp())))
