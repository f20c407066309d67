"""Who signs, and when what was signed is over: with the clock moved."""

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


def at(services: Services, moment: datetime) -> Services:
    return replace(services, clock=lambda: moment)


async def signed_at_noon(built: House, seconds: int) -> tuple[str, str]:
    """The id of a private image of the first account's, and the address that was signed for it."""
    private = await private_in(built)
    ctx = await account.authenticate_and_count(
        Context(at(built.services, NOON)), Credentials(built.headers["Authorization"])
    )
    image = await Image.with_album().get(id=private.id)
    return private.id, await variants.signed_url(ctx, image, SMALL, expires_in=seconds)


async def opened(built: House, image_id: str, url: str, moment: datetime) -> ImageRequest:
    """What the address names to a stranger at that moment."""
    words = dict(parse_qsl(urlsplit(url).query))
    return await variants.find(
        Context(at(built.services, moment)),
        image_id,
        Transform.parse(words),
        extension=Format.PNG,
        signature=Signature.parse(words["exp"], words["sig"]),
    )


async def test_an_address_ends_in_its_second(built: House) -> None:
    image_id, url = await signed_at_noon(built, 60)
    assert int(parse_qs(urlsplit(url).query)["exp"][0]) == NOON.timestamp() + 60
    picture = await opened(built, image_id, url, NOON + timedelta(seconds=59.9))
    assert picture.until == NOON.timestamp() + 60
    with pytest.raises(NotFound):
        await opened(built, image_id, url, NOON + timedelta(seconds=60))


async def test_a_rotation_leaves_addresses_their_week_and_no_more(built: House) -> None:
    image_id, url = await signed_at_noon(built, 604_800)
    kept = built.services.images.keyring
    assert isinstance(kept, FileKeyring | DatabaseKeyring)
    await kept.rotate(NOON - timedelta(days=1), keep_for=WEEK)
    assert await opened(built, image_id, url, NOON + timedelta(days=5, hours=23))
    with pytest.raises(NotFound):
        await opened(built, image_id, url, NOON + timedelta(days=6))


async def test_only_the_owner_signs(built: House) -> None:
    image = await Image.with_album().get(id=(await private_in(built)).id)
    with pytest.raises(Unauthorized):
        await variants.signed_url(Context(built.services), image, SMALL, expires_in=60)
    stranger = f"Bearer {await built.account('stranger')}"
    with pytest.raises(Forbidden):
        await variants.signed_url(
            await account.authenticate_and_count(Context(built.services), Credentials(stranger)),
            image,
            SMALL,
            expires_in=60,
        )
    mine = await account.authenticate_and_count(
        Context(built.services), Credentials(built.headers["Authorization"])
    )
    with pytest.raises(InvalidParameter):
        await variants.signed_url(mine, image, SMALL, expires_in=604_801)
