"""Documented operations are valid, and their number of SQL statements is independent of the number of rows."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from graphql import FieldNode, GraphQLObjectType, OperationDefinitionNode, parse

from app.auth import sessions, tokens
from app.auth.actor import Scope
from app.graphql.schema import build_schema
from app.models import Account, ApiToken, Role
from app.resolvers import albums, categories, uploads
from app.resolvers.albums import NewAlbum
from app.resolvers.categories import NewCategory
from app.resolvers.uploads import NewUpload
from app.settings import Settings
from scripts.fixtures import sample_images
from tests.operations import SHOWN, Shown
from tests.pichub import House, ask, house
from tests.receivers import LOOPBACK, run_receiver
from tests.resolvers.test_images import context, upload
from tests.statements import count_statements
from tests.webhooks.harness import WebhookHarness

FEW, MANY = 2, 12
DAY = timedelta(days=1)
INVITE = "mutation { createInvitation(input: {}) { code } }"
QUERIES = [shown for shown in SHOWN if shown.is_query]


@dataclass
class PopulatedAccount:
    """An admin signed in to a browser, with objects of all types."""

    server: House
    client: httpx2.AsyncClient
    account: Account
    ids: dict[str, str]

    async def populate(self, count: int) -> None:
        """Create more objects of each type."""
        server, now = self.server, self.server.services.clock()
        row, text = await tokens.create(self.account, name="x", scopes=Scope, now=now)
        ctx = await context(server, text)
        harness = await WebhookHarness.create(server)
        harness.account = self.account
        async with run_receiver() as receiver:
            for number in range(count):
                category = await categories.create(ctx, NewCategory(f"{row.id} {number}"))
                album = await albums.create(ctx, NewAlbum(f"{number}"))
                for _ in range(2):
                    image = await upload(ctx, sample_images.png(), album_id=album.id, category_id=category.id)
                await sessions.create(self.account, user_agent="x", now=now, lifetime=DAY)
                await ask(self.client, INVITE)
                await ApiToken.filter(id=row.id).update(album_id=album.id)
                row, _ = await tokens.create(self.account, name="x", scopes=Scope, now=now)
                await server.account(row.id)
                webhook = await harness.webhook(receiver.url)
                ticket = await uploads.create(ctx, NewUpload(size=9, filename="a.png"))
            await harness.record_events(count)
            await harness.relay_and_send()
        self.ids = {
            "image": image.id, "album": album.id, "category": category.id, "webhook": webhook.id, "token": row.id,
            "upload": ticket.id,
        }  # fmt: skip

    async def statements(self, shown: Shown) -> list[str]:
        """Run the operation and return its SQL statements."""
        variables: dict[str, Any] = {**self.ids, "ids": list(self.ids.values())}
        text = re.sub("img_…|img_01J…", self.ids["image"], shown.text)
        declared = {each.variable.name.value for each in shown.operation.variable_definitions or ()}
        used_variables = {name: value for name, value in variables.items() if name in declared}
        await ask(self.client, text, **used_variables)  # records what is recorded once a minute
        with count_statements() as counted:
            await ask(self.client, text, **used_variables)
        return counted.texts


@pytest.fixture
async def populated(tmp_path: Path) -> AsyncIterator[PopulatedAccount]:
    async with (
        house(tmp_path, webhook_allow_networks=LOOPBACK, presets="thumb=w=200&h=200") as server,
        server.signed_in("boss", role=Role.ADMIN) as client,
    ):
        yield PopulatedAccount(server, client, await Account.get(username="boss"), {})


@pytest.mark.parametrize("shown", SHOWN, ids=str)
def test_documented_operations_are_valid(shown: Shown) -> None:
    assert build_schema(Settings()).document_cache.parse(shown.text).errors == ()


def test_all_query_fields_are_documented() -> None:
    schema = build_schema(Settings())._schema
    root = schema.query_type
    assert isinstance(root, GraphQLObjectType)
    asked = {
        field.name.value
        for shown in QUERIES
        for definition in parse(shown.text).definitions
        if isinstance(definition, OperationDefinitionNode)
        for field in definition.selection_set.selections
        if isinstance(field, FieldNode)
    }
    assert set(root.fields) - asked <= {"node", "webhook"}, "document it in docs/graphql.md"


async def test_number_of_statements_is_independent_of_rows(populated: PopulatedAccount) -> None:
    await populated.populate(FEW)
    few = {str(shown): await populated.statements(shown) for shown in QUERIES}
    await populated.populate(MANY)
    for shown in QUERIES:
        many = await populated.statements(shown)
        assert len(many) == len(few[str(shown)]), "\n".join([str(shown), *many])
    assert all(len(texts) < 20 for texts in few.values())
