"""Signed URLs: permission to sign, and expiry. Tests set the clock."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from app.auth.credentials import Credentials
from app.auth.url_secrets import DatabaseKeyring
from app.context import Context, Services
from app.errors import Forbidden, InvalidParameter, NotFound, Unauthorized
from app.imaging.formats import Format
from app.imaging.transform import Transform
from app.models import Image
from app.resolvers import account, variants
from app.resolvers.variants import ImageRequest
from app.signing.keyring import FileKeyring
from app.signing.signature import Signature
from tests.contract.test_signed import private_in
from tests.pichub import House

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
WEEK = timedelta(days=7)
SMALL = Transform(width=80, format=Format.PNG, quality=50)


def services_at(services: Services, now: datetime) -> Services:
    return replace(services, clock=lambda: now)


async def signed_at_noon(pichub: House, seconds: int) -> tuple[str, str]:
    """Return the id of a private image of the first account, and a URL signed for it at noon."""
    private = await private_in(pichub)
    ctx = await account.authenticate_and_count(
        Context(services_at(pichub.services, NOON)), Credentials(pichub.headers["Authorization"])
    )
    image = await Image.with_album().get(id=private.id)
    return private.id, await variants.signed_url(ctx, image, SMALL, expires_in=seconds)


async def find_at(pichub: House, image_id: str, url: str, now: datetime) -> ImageRequest:
    """Resolve the URL as an anonymous caller at the given time."""
    query = dict(parse_qsl(urlsplit(url).query))
    return await variants.find(
        Context(services_at(pichub.services, now)),
        image_id,
        Transform.parse(query),
        extension=Format.PNG,
        signature=Signature.parse(query["exp"], query["sig"]),
    )


async def test_a_signed_url_expires_to_the_second(pichub: House) -> None:
    image_id, url = await signed_at_noon(pichub, 60)
    assert int(parse_qs(urlsplit(url).query)["exp"][0]) == NOON.timestamp() + 60
    request = await find_at(pichub, image_id, url, NOON + timedelta(seconds=59.9))
    assert request.until == NOON.timestamp() + 60
    with pytest.raises(NotFound):
        await find_at(pichub, image_id, url, NOON + timedelta(seconds=60))


async def test_rotated_secrets_verify_urls_for_a_week(pichub: House) -> None:
    image_id, url = await signed_at_noon(pichub, 604_800)
    keyring = pichub.services.images.keyring
    assert isinstance(keyring, FileKeyring | DatabaseKeyring)
    await keyring.rotate(NOON - timedelta(days=1), keep_for=WEEK)
    assert await find_at(pichub, image_id, url, NOON + timedelta(days=5, hours=23))
    with pytest.raises(NotFound):
        await find_at(pichub, image_id, url, NOON + timedelta(days=6))


async def test_only_the_owner_can_sign_urls(pichub: House) -> None:
    image = await Image.with_album().get(id=(await private_in(pichub)).id)
    with pytest.raises(Unauthorized):
        await variants.signed_url(Context(pichub.services), image, SMALL, expires_in=60)
    other = f"Bearer {await pichub.account('other')}"
    with pytest.raises(Forbidden):
        await variants.signed_url(
            await account.authenticate_and_count(Context(pichub.services), Credentials(other)),
            image,
            SMALL,
            expires_in=60,
        )
    owner = await account.authenticate_and_count(
        Context(pichub.services), Credentials(pichub.headers["Authorization"])
    )
    with pytest.raises(InvalidParameter):
        await variants.signed_url(owner, image, SMALL, expires_in=604_801)
