from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

from app.auth import tokens
from app.auth.actor import Scope
from app.context import Services
from app.models import Account
from tests.databases import database  # noqa: F401  (each test runs on each)
from tests.parity.by_graphql import ByGraphQL
from tests.parity.by_resolvers import ByResolvers
from tests.parity.by_rest import ByRest
from tests.parity.seen import Face
from tests.pichub import house
from tests.receivers import HERE

SETTINGS = {
    "max_upload_size": 2 * 1024 * 1024,
    "webhook_allow_networks": HERE,
    "presets": "thumb=w=20&h=20&fm=webp; wide=w=40",
}
FACES = ("resolvers", "graphql", "rest")
OVER_S3 = "graphql"
"""The face that is seen with pictures in a bucket: which storage there is makes no difference to any."""


@dataclass(frozen=True)
class Street:
    """A house with two who live there, seen through one face, and some keys that do not open everything."""

    face: Face
    ann: Face
    bob: Face
    token: str
    reader: str
    revoked: str
    expired: str
    services: Services
    client: httpx2.AsyncClient


@pytest.fixture(params=FACES)
async def street(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Street]:
    where = request.getfixturevalue("seaweed").settings() if request.param == OVER_S3 else {}
    async with house(tmp_path, **SETTINGS, **where) as built:
        faces: dict[str, Face] = {
            "resolvers": ByResolvers(built.services),
            "graphql": ByGraphQL(built.client),
            "rest": ByRest(built.client),
        }
        face = faces[request.param]
        now = built.services.clock()
        admin = await Account.get(username="admin")
        _, reader = await tokens.create(admin, name="reader", scopes=[Scope.IMAGES_READ], now=now)
        revoked, revoked_text = await tokens.create(admin, name="revoked", scopes=Scope, now=now)
        expired, expired_text = await tokens.create(admin, name="expired", scopes=Scope, now=now)
        await revoked.update_from_dict({"revoked_at": now}).save()
        await expired.update_from_dict({"expires_at": now - timedelta(seconds=1)}).save()
        yield Street(
            face=face,
            ann=face.of(built.token),
            bob=face.of(await built.account("bob")),
            token=built.token,
            reader=reader,
            revoked=revoked_text,
            expired=expired_text,
            services=built.services,
            client=built.client,
        )
