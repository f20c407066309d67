"""Webhooks, through the resolvers, GraphQL and REST."""

import asyncio
from typing import Any

import pytest
from standardwebhooks import Webhook as Verifier

from app.models import Webhook
from app.webhooks import relay
from app.webhooks.delivery import DeliverySender
from scripts.fixtures import sample_images
from tests.parity.conftest import TwoAccounts
from tests.parity.test_scenarios import error_of
from tests.receivers import run_receiver

PUBLIC_URL = "https://93.184.216.34/hook"
MISSING = "whk_" + "0" * 26
MISSING_DELIVERY = "dlv_" + "0" * 26


async def deliver_all(two_accounts: TwoAccounts) -> None:
    """Relay all events and make all attempts that are due."""
    while await relay.relay_batch(two_accounts.services):
        pass
    sender = DeliverySender(two_accounts.services)
    while due := await sender.claim():
        await asyncio.gather(*map(sender.deliver, due))


async def test_creating_a_webhook_returns_its_secret(two_accounts: TwoAccounts) -> None:
    webhook, secret = await two_accounts.owner.create_webhook(
        url=PUBLIC_URL, events=["image.uploaded", "album.created", "image.uploaded"], description="Mine"
    )
    assert (webhook.url, webhook.description, webhook.is_active) == (PUBLIC_URL, "Mine", True)
    assert webhook.events == ("image.uploaded", "album.created")
    assert secret.startswith("whsec_")
    assert webhook == await two_accounts.owner.webhook(webhook.id)
    assert await two_accounts.owner.webhooks() == [webhook]


async def test_a_webhook_is_updated_and_deleted(two_accounts: TwoAccounts) -> None:
    webhook, _ = await two_accounts.owner.create_webhook(
        url=PUBLIC_URL, events=["image.uploaded"], description="x"
    )
    changed = await two_accounts.owner.update_webhook(
        webhook.id, url="https://1.1.1.1/", events=["image.deleted"], description=None, is_active=False
    )
    assert (changed.url, changed.events, changed.description, changed.is_active) == (
        "https://1.1.1.1/",
        ("image.deleted",),
        None,
        False,
    )
    assert await two_accounts.owner.webhook(webhook.id) == changed
    await two_accounts.owner.delete_webhook(webhook.id)
    assert (await error_of(two_accounts.owner.webhook(webhook.id))).code == "NOT_FOUND"
    assert await two_accounts.owner.webhooks() == []


async def test_events_are_delivered_and_attempts_listed(two_accounts: TwoAccounts) -> None:
    async with run_receiver() as receiver:
        webhook, secret = await two_accounts.owner.create_webhook(
            url=receiver.url, events=["image.uploaded", "image.deleted"]
        )
        image = await two_accounts.owner.upload(sample_images.jpeg(64, 48), "sea.jpg")
        await two_accounts.other.upload(sample_images.jpeg(64, 48), "other.jpg")
        await two_accounts.owner.create_album(name="Not subscribed")
        receiver.respond_with(500, "not now")
        await deliver_all(two_accounts)
    (request,) = receiver.requests
    Verifier(secret).verify(request.body, request.headers)
    assert (request.json["type"], request.json["data"]["id"]) == ("image.uploaded", image.id)
    (delivery,) = await two_accounts.owner.deliveries(webhook.id)
    assert (delivery.event_id, delivery.event, delivery.status, delivery.is_waiting) == (
        request.id,
        "image.uploaded",
        "pending",
        True,
    )
    assert delivery.attempts == (("refused", 500),)


async def test_deliveries_are_filtered_by_status_and_redelivered(two_accounts: TwoAccounts) -> None:
    async with run_receiver() as receiver:
        webhook, _ = await two_accounts.owner.create_webhook(url=receiver.url, events=["album.created"])
        await two_accounts.owner.create_album(name="One")
        await deliver_all(two_accounts)
        receiver.respond_with(500)
        await two_accounts.owner.create_album(name="Two")
        await deliver_all(two_accounts)
        second, first = await two_accounts.owner.deliveries(webhook.id)
        assert await two_accounts.owner.deliveries(webhook.id, "succeeded") == [first]
        assert await two_accounts.owner.deliveries(webhook.id, "pending") == [second]
        assert await two_accounts.owner.deliveries(webhook.id, "exhausted") == []
        receiver.respond_with(200)
        redelivered = await two_accounts.owner.redeliver(webhook.id, first.id)
        assert (redelivered.status, redelivered.is_waiting, len(redelivered.attempts)) == ("pending", True, 1)
        await two_accounts.owner.redeliver(webhook.id, second.id)
        await deliver_all(two_accounts)
        assert [each.id for each in await two_accounts.owner.deliveries(webhook.id, "succeeded")] == [
            second.id,
            first.id,
        ]
        (delivered,) = [
            each for each in await two_accounts.owner.deliveries(webhook.id) if each.id == second.id
        ]
        assert delivered.attempts == (("refused", 500), ("delivered", 200))
    ids = [request.id for request in receiver.requests]
    assert sorted(ids) == sorted([first.event_id, first.event_id, second.event_id, second.event_id])


async def test_a_ping_is_delivered_only_to_its_webhook(two_accounts: TwoAccounts) -> None:
    async with run_receiver() as receiver, run_receiver() as other:
        webhook, secret = await two_accounts.owner.create_webhook(url=receiver.url, events=["image.deleted"])
        await two_accounts.owner.create_webhook(url=other.url, events=["image.deleted"])
        await two_accounts.owner.ping_webhook(webhook.id)
        await deliver_all(two_accounts)
        assert other.requests == []
    (request,) = receiver.requests
    Verifier(secret).verify(request.body, request.headers)
    assert (request.json["type"], request.json["data"]["webhook_id"]) == ("ping", webhook.id)
    (delivery,) = await two_accounts.owner.deliveries(webhook.id)
    assert (delivery.event, delivery.status) == ("ping", "succeeded")


async def test_rotation_signs_with_both_secrets(two_accounts: TwoAccounts) -> None:
    async with run_receiver() as receiver:
        webhook, old = await two_accounts.owner.create_webhook(url=receiver.url, events=["image.deleted"])
        new = await two_accounts.owner.rotate_webhook_secret(webhook.id)
        await two_accounts.owner.ping_webhook(webhook.id)
        await deliver_all(two_accounts)
    (request,) = receiver.requests
    for secret in (old, new):
        Verifier(secret).verify(request.body, request.headers)
    assert old != new


async def test_a_disabled_webhook_resumes_pending_deliveries(two_accounts: TwoAccounts) -> None:
    async with run_receiver() as receiver:
        receiver.respond_with(410)
        webhook, _ = await two_accounts.owner.create_webhook(url=receiver.url, events=["album.created"])
        await two_accounts.owner.create_album(name="One")
        await deliver_all(two_accounts)
        webhook = await two_accounts.owner.webhook(webhook.id)
        assert (webhook.is_active, webhook.disabled_reason) == (False, "gone")
        (delivery,) = await two_accounts.owner.deliveries(webhook.id)
        assert (delivery.status, delivery.is_waiting) == ("pending", False)
        await two_accounts.owner.create_album(name="While disabled")
        await deliver_all(two_accounts)
        receiver.respond_with(200)
        webhook = await two_accounts.owner.update_webhook(webhook.id, is_active=True)
        assert (webhook.is_active, webhook.disabled_reason) == (True, None)
        await deliver_all(two_accounts)
        (delivery,) = await two_accounts.owner.deliveries(webhook.id)
        assert delivery.attempts == (("gone", 410), ("delivered", 200))
    assert (await Webhook.get(id=webhook.id)).failing_since is None


async def test_webhooks_are_private(two_accounts: TwoAccounts) -> None:
    async with run_receiver() as receiver:
        webhook, _ = await two_accounts.owner.create_webhook(url=receiver.url, events=["album.created"])
        await two_accounts.owner.create_album(name="One")
        await deliver_all(two_accounts)
        (delivery,) = await two_accounts.owner.deliveries(webhook.id)
        for operation in (
            two_accounts.other.webhook(webhook.id),
            two_accounts.other.update_webhook(webhook.id, is_active=False),
            two_accounts.other.delete_webhook(webhook.id),
            two_accounts.other.rotate_webhook_secret(webhook.id),
            two_accounts.other.ping_webhook(webhook.id),
            two_accounts.other.deliveries(webhook.id),
            two_accounts.other.redeliver(webhook.id, delivery.id),
            two_accounts.owner.webhook(MISSING),
            two_accounts.owner.webhook("nonsense"),
            two_accounts.owner.redeliver(webhook.id, MISSING_DELIVERY),
            two_accounts.owner.redeliver(webhook.id, "nonsense"),
        ):
            assert (await error_of(operation)).code == "NOT_FOUND"
        assert await two_accounts.other.webhooks() == []
        assert len(receiver.requests) == 1


async def test_missing_scopes_are_named(two_accounts: TwoAccounts) -> None:
    webhook, _ = await two_accounts.owner.create_webhook(url=PUBLIC_URL, events=["image.uploaded"])
    reader = two_accounts.anonymous.with_token(two_accounts.reader)
    for operation, scope in (
        (reader.webhooks(), "webhooks:read"),
        (reader.webhook(webhook.id), "webhooks:read"),
        (reader.create_webhook(url=PUBLIC_URL, events=["image.uploaded"]), "webhooks:write"),
        (reader.ping_webhook(webhook.id), "webhooks:write"),
        (reader.redeliver(webhook.id, MISSING_DELIVERY), "webhooks:write"),
    ):
        error = await error_of(operation)
        assert error.code == "FORBIDDEN"
        assert scope in error.details


@pytest.mark.parametrize(
    ("inputs", "fields"),
    [
        ({"url": ""}, ["url"]),
        ({"url": "example.org"}, ["url"]),
        ({"url": "ftp://example.org/"}, ["url"]),
        ({"url": "https://ann:secret@example.org/"}, ["url"]),
        ({"url": "https://example.org/" + "x" * 2000}, ["url"]),
        ({"url": "https://localhost/\0"}, ["url"]),
        ({"url": "https://10.0.0.1/"}, ["url"]),
        ({"url": "http://[::ffff:169.254.169.254]/latest"}, ["url"]),
        ({"url": "http://2130706433/"}, ["url"]),
        ({"events": []}, ["events"]),
        ({"description": "x" * 5001}, ["description"]),
        (
            {"url": "http://192.168.0.1/", "events": [], "description": "nul\0"},
            ["description", "events", "url"],
        ),
    ],
)
async def test_all_invalid_fields_are_reported_together(
    two_accounts: TwoAccounts, inputs: dict[str, Any], fields: list[str]
) -> None:
    valid = {"url": PUBLIC_URL, "events": ["image.uploaded"]}
    error = await error_of(two_accounts.owner.create_webhook(**valid | inputs))
    assert (error.code, sorted(error.fields)) == ("VALIDATION_ERROR", fields)
    webhook, _ = await two_accounts.owner.create_webhook(**valid)
    error = await error_of(two_accounts.owner.update_webhook(webhook.id, **inputs))
    assert (error.code, sorted(error.fields)) == ("VALIDATION_ERROR", fields)
    assert await two_accounts.owner.webhooks() == [webhook]


async def test_the_number_of_webhooks_is_limited(two_accounts: TwoAccounts) -> None:
    for _ in range(20):
        await two_accounts.owner.create_webhook(url=PUBLIC_URL, events=["ping"])
    error = await error_of(two_accounts.owner.create_webhook(url=PUBLIC_URL, events=["ping"]))
    assert error.code == "VALIDATION_ERROR"
    assert "20" in error.details
