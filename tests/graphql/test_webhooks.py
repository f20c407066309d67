"""What GraphQL alone has of webhooks: nodes, lists inside lists, and scopes of events."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.auth.actor import Scope
from app.models import Account, Delivery, Webhook
from tests.graphql.conftest import Endpoint
from tests.pichub import house, signed
from tests.receivers import HERE, receiving
from tests.statements import counted_statements
from tests.webhooks.client import Desk

LISTED = """{ webhooks(first: 20) { totalCount nodes { id events deliveries(first: 2) {
  totalCount pageInfo { hasNextPage endCursor }
  nodes { id event { id type data } attempts { at outcome statusCode durationMs reason responseExcerpt } }
} } } }"""


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[tuple[Endpoint, Desk]]:
    async with house(tmp_path, webhook_allow_networks=HERE) as built:
        yield Endpoint(built), await Desk.of(built)


async def asked(graphql: Endpoint, query: str) -> tuple[Any, int]:
    with counted_statements() as counted:
        data = await graphql.data(query)
    return data, counted.count


async def test_lists_of_deliveries_cost_as_many_statements_however_many_there_are(
    place: tuple[Endpoint, Desk],
) -> None:
    graphql, desk = place
    costs = []
    await asked(graphql, LISTED)  # the token's first use is noted
    async with receiving() as receiver:
        for webhooks in (1, 6):
            for _ in range(webhooks - await Webhook.all().count()):
                await desk.webhook(receiver.url)
            await desk.happens(3)
            await desk.sent()
            data, cost = await asked(graphql, LISTED)
            costs.append(cost)
    assert costs[0] == costs[1]
    nodes = data["webhooks"]["nodes"]
    assert sorted(node["deliveries"]["totalCount"] for node in nodes) == [3, 3, 3, 3, 3, 6]
    for node in nodes:
        assert len(node["deliveries"]["nodes"]) == 2
        assert node["deliveries"]["pageInfo"]["hasNextPage"]
        for delivery in node["deliveries"]["nodes"]:
            assert delivery["event"]["type"] == "ALBUM_CREATED"
            assert [attempt["outcome"] for attempt in delivery["attempts"]] == ["DELIVERED"]


async def test_pages_of_deliveries_by_status_follow_one_another(place: tuple[Endpoint, Desk]) -> None:
    graphql, desk = place
    async with receiving() as receiver:
        webhook = await desk.webhook(receiver.url)
        await desk.happens(3)
        await desk.sent()
        receiver.says(500)
        await desk.happens(5)
        await desk.sent()
    query = """query($id: ID!, $after: String) { webhook(id: $id) {
      deliveries(first: 2, after: $after, status: PENDING) {
        totalCount nodes { id status } pageInfo { hasNextPage endCursor } } } }"""
    seen, after = [], None
    for _ in range(3):
        page = (await graphql.data(query, id=webhook.id, after=after))["webhook"]["deliveries"]
        assert page["totalCount"] == 5
        assert {node["status"] for node in page["nodes"]} == {"PENDING"}
        seen += [node["id"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
    assert not page["pageInfo"]["hasNextPage"]
    assert len(set(seen)) == len(seen) == 5


async def test_webhooks_and_deliveries_are_nodes_of_their_owner(place: tuple[Endpoint, Desk]) -> None:
    graphql, desk = place
    webhook = await desk.webhook("https://example.org/")
    await desk.happens()
    await desk.relay()
    delivery = await Delivery.get()
    ids = [webhook.id, delivery.id]
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
    found = await graphql.data(query, ids=ids)
    assert [(node["__typename"], node["id"]) for node in found["nodes"]] == [
        ("Webhook", webhook.id),
        ("Delivery", delivery.id),
    ]
    bob = await graphql.house.account("bob")
    answer = await graphql.ask(query, headers=signed(bob), ids=ids)
    assert answer["data"]["nodes"] == [None, None]


async def test_a_token_for_webhooks_alone_is_not_told_what_happened(place: tuple[Endpoint, Desk]) -> None:
    graphql, desk = place
    carl = await graphql.house.account("carl", scopes=[Scope.WEBHOOKS_READ])
    async with receiving() as receiver:
        await Webhook.all().delete()
        webhook = await desk.webhook(receiver.url)
        await desk.happens()
        await desk.sent()
        await Webhook.filter(id=webhook.id).update(owner_id=(await Account.get(username="carl")).id)
    query = "query($id: ID!) { webhook(id: $id) { deliveries { nodes { id status %s } } } }"
    answer = await graphql.ask(query % "", headers=signed(carl), id=webhook.id)
    assert answer["data"]["webhook"]["deliveries"]["nodes"][0]["status"] == "SUCCEEDED"
    answer = await graphql.ask(query % "event { data }", headers=signed(carl), id=webhook.id)
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert "albums:read" in error["extensions"]["details"]


async def test_a_secret_can_not_be_asked_for(place: tuple[Endpoint, Desk]) -> None:
    graphql, _ = place
    answer = await graphql.post({"query": "{ webhooks { nodes { secret } } }"})
    assert "Cannot query field 'secret'" in answer.text
