"""Webhooks over GraphQL: nodes, nested lists, and scopes of events."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.auth.actor import Scope
from app.models import Account, Delivery, Webhook
from tests.graphql.conftest import Endpoint
from tests.pichub import house, signed
from tests.receivers import LOOPBACK, run_receiver
from tests.statements import count_statements
from tests.webhooks.harness import WebhookHarness

LISTED = """{ webhooks(first: 20) { totalCount nodes { id events deliveries(first: 2) {
  totalCount pageInfo { hasNextPage endCursor }
  nodes { id event { id type data } attempts { at outcome statusCode durationMs reason responseExcerpt } }
} } } }"""


@pytest.fixture
async def webhooks_api(tmp_path: Path) -> AsyncIterator[tuple[Endpoint, WebhookHarness]]:
    async with house(tmp_path, webhook_allow_networks=LOOPBACK) as built:
        yield Endpoint(built), await WebhookHarness.create(built)


async def counted_data(graphql: Endpoint, query: str) -> tuple[Any, int]:
    with count_statements() as counted:
        data = await graphql.data(query)
    return data, counted.count


async def test_statements_are_independent_of_deliveries(
    webhooks_api: tuple[Endpoint, WebhookHarness],
) -> None:
    graphql, harness = webhooks_api
    costs = []
    await counted_data(graphql, LISTED)  # the first use of the token is recorded
    async with run_receiver() as receiver:
        for webhooks in (1, 6):
            for _ in range(webhooks - await Webhook.all().count()):
                await harness.webhook(receiver.url)
            await harness.record_events(3)
            await harness.relay_and_send()
            data, cost = await counted_data(graphql, LISTED)
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


async def test_deliveries_are_paginated_by_status(webhooks_api: tuple[Endpoint, WebhookHarness]) -> None:
    graphql, harness = webhooks_api
    async with run_receiver() as receiver:
        webhook = await harness.webhook(receiver.url)
        await harness.record_events(3)
        await harness.relay_and_send()
        receiver.respond_with(500)
        await harness.record_events(5)
        await harness.relay_and_send()
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


async def test_webhooks_and_deliveries_are_nodes_of_their_owner(
    webhooks_api: tuple[Endpoint, WebhookHarness],
) -> None:
    graphql, harness = webhooks_api
    webhook = await harness.webhook("https://example.org/")
    await harness.record_events()
    await harness.relay()
    delivery = await Delivery.get()
    ids = [webhook.id, delivery.id]
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
    found = await graphql.data(query, ids=ids)
    assert [(node["__typename"], node["id"]) for node in found["nodes"]] == [
        ("Webhook", webhook.id),
        ("Delivery", delivery.id),
    ]
    bob = await graphql.server.account("bob")
    response = await graphql.execute(query, headers=signed(bob), ids=ids)
    assert response["data"]["nodes"] == [None, None]


async def test_event_data_needs_the_scope_of_its_type(webhooks_api: tuple[Endpoint, WebhookHarness]) -> None:
    graphql, harness = webhooks_api
    carl = await graphql.server.account("carl", scopes=[Scope.WEBHOOKS_READ])
    async with run_receiver() as receiver:
        await Webhook.all().delete()
        webhook = await harness.webhook(receiver.url)
        await harness.record_events()
        await harness.relay_and_send()
        await Webhook.filter(id=webhook.id).update(owner_id=(await Account.get(username="carl")).id)
    query = "query($id: ID!) { webhook(id: $id) { deliveries { nodes { id status %s } } } }"
    response = await graphql.execute(query % "", headers=signed(carl), id=webhook.id)
    assert response["data"]["webhook"]["deliveries"]["nodes"][0]["status"] == "SUCCEEDED"
    response = await graphql.execute(query % "event { data }", headers=signed(carl), id=webhook.id)
    (error,) = response["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert "albums:read" in error["extensions"]["details"]


async def test_secret_cannot_be_queried(webhooks_api: tuple[Endpoint, WebhookHarness]) -> None:
    graphql, _ = webhooks_api
    response = await graphql.post({"query": "{ webhooks { nodes { secret } } }"})
    assert "Cannot query field 'secret'" in response.text
