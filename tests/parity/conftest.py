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
from tests.databases import database  # noqa: F401  (runs each test on every database)
from tests.parity.graphql_interface import GraphQLInterface
from tests.parity.interface import Interface
from tests.parity.resolver_interface import ResolverInterface
from tests.parity.rest_interface import RestInterface
from tests.pichub import house
from tests.receivers import LOOPBACK

SETTINGS = {
    "max_upload_size": 2 * 1024 * 1024,
    "webhook_allow_networks": LOOPBACK,
    "presets": "thumb=w=20&h=20&fm=webp; wide=w=40",
}
INTERFACES = ("resolvers", "graphql", "rest")
S3_INTERFACE = "graphql"
"""The interface tested with S3 storage; the storage makes no difference to interfaces, so one is enough."""


@dataclass(frozen=True)
class TwoAccounts:
    """Two accounts of a server, called through one interface.

    `token` belongs to the owner, and so do the restricted tokens: `reader` has only the scope images:read.
    """

    anonymous: Interface
    owner: Interface
    other: Interface
    token: str
    reader: str
    revoked: str
    expired: str
    services: Services
    client: httpx2.AsyncClient


@pytest.fixture(params=INTERFACES)
async def two_accounts(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TwoAccounts]:
    storage = request.getfixturevalue("seaweed").settings() if request.param == S3_INTERFACE else {}
    async with house(tmp_path, **SETTINGS, **storage) as pichub:
        interfaces: dict[str, Interface] = {
            "resolvers": ResolverInterface(pichub.services),
            "graphql": GraphQLInterface(pichub.client),
            "rest": RestInterface(pichub.client),
        }
        anonymous = interfaces[request.param]
        now = pichub.services.clock()
        admin = await Account.get(username="admin")
        _, reader = await tokens.create(admin, name="reader", scopes=[Scope.IMAGES_READ], now=now)
        revoked, revoked_text = await tokens.create(admin, name="revoked", scopes=Scope, now=now)
        expired, expired_text = await tokens.create(admin, name="expired", scopes=Scope, now=now)
        await revoked.update_from_dict({"revoked_at": now}).save()
        await expired.update_from_dict({"expires_at": now - timedelta(seconds=1)}).save()
        yield TwoAccounts(
            anonymous=anonymous,
            owner=anonymous.with_token(pichub.token),
            other=anonymous.with_token(await pichub.account("other")),
            token=pichub.token,
            reader=reader,
            revoked=revoked_text,
            expired=expired_text,
            services=pichub.services,
            client=pichub.client,
        )
