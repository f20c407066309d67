"""Redirects to the storage, which then delivers the image directly."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.context import Context
from app.resolvers.variants import ImageRequest, key_of

URL_LIFETIME = timedelta(minutes=10)
"""Lifetime of a presigned URL, unless the image's signature ends earlier."""
CACHE_LIFETIME = timedelta(minutes=5)
"""Cache lifetime of a redirect: shorter than the URL's, and than the time until a variant can be cleaned up."""


@dataclass(frozen=True, slots=True)
class Redirect:
    """The URL of an image in the storage, and the lifetime of the redirect."""

    url: str
    max_age: timedelta


def redirect_for(
    ctx: Context, picture: ImageRequest, headers: Mapping[str, str], *, is_saved: bool
) -> Redirect | None:
    """Return the redirect for a rendered image; None if PicHub delivers it.

    `headers` are required of the response. The public URL of a CDN is for public images only, and sets no filename,
    so that downloads (`is_saved`) use a presigned URL.
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
    """Return the lifetime in whole seconds, at most that of the signature."""
    if until is None:
        return URL_LIFETIME
    return min(URL_LIFETIME, timedelta(seconds=int(until - now.timestamp())))
