"""Webhooks, through the resolvers and through each face."""

import asyncio
from typing import Any

import pytest
from standardwebhooks import Webhook as Verifier

from app.models import Webhook
from app.webhooks import relay
from app.webhooks.delivery import DeliverySender
from scripts.fixtures import sample_images
from tests.parity.conftest import Street
from tests.parity.test_scenarios import refused
from tests.receivers import receiving

SOMEWHERE = "https://93.184.216.34/hook"
MISSING = "whk_" + "0" * 26
MISSING_DELIVERY = "dlv_" + "0" * 26


async def work(street: Street) -> None:
    """Sends what is due."""
    while await relay.relay_batch(street.services):
        pass
    senders = DeliverySender(street.services)
    while due := await senders.claim():
        await asyncio.gather(*map(senders.deliver, due))


async def test_a_webhook_is_what_was_said_and_its_secret_is_shown_once(street: Street) -> None:
    webhook, secret = await street.ann.create_webhook(
        url=SOMEWHERE, events=["image.uploaded", "album.created", "image.uploaded"], description="Mine"
    )
    assert (webhook.url, webhook.description, webhook.is_active) == (SOMEWHERE, "Mine", True)
    assert webhook.events == ("image.uploaded", "album.created")
    assert secret.startswith("whsec_")
    assert webhook == await street.ann.webhook(webhook.id)
    assert await street.ann.webhooks() == [webhook]


async def test_a_webhook_changes_and_goes(street: Street) -> None:
    webhook, _ = await street.ann.create_webhook(url=SOMEWHERE, events=["image.uploaded"], description="x")
    changed = await street.ann.update_webhook(
        webhook.id, url="https://1.1.1.1/", events=["image.deleted"], description=None, is_active=False
    )
    assert (changed.url, changed.events, changed.description, changed.is_active) == (
        "https://1.1.1.1/",
        ("image.deleted",),
        None,
        False,
    )
    assert await street.ann.webhook(webhook.id) == changed
    await street.ann.delete_webhook(webhook.id)
    assert (await refused(street.ann.webhook(webhook.id))).code == "NOT_FOUND"
    assert await street.ann.webhooks() == []


async def test_what_happens_arrives_and_is_told_of(street: Street) -> None:
    async with receiving() as receiver:
        webhook, secret = await street.ann.create_webhook(
            url=receiver.url, events=["image.uploaded", "image.deleted"]
        )
        image = await street.ann.upload(sample_images.jpeg(64, 48), "sea.jpg")
        await street.bob.upload(sample_images.jpeg(64, 48), "bobs.jpg")
        await street.ann.create_album(name="not listened to")
        receiver.says(500, "not now")
        await work(street)
    (request,) = receiver.received
    Verifier(secret).verify(request.body, request.headers)
    assert (request.json["type"], request.json["data"]["id"]) == ("image.uploaded", image.id)
    (delivery,) = await street.ann.deliveries(webhook.id)
    assert (delivery.event_id, delivery.event, delivery.status, delivery.is_waiting) == (
        request.id,
        "image.uploaded",
        "pending",
        True,
    )
    assert delivery.attempts == (("refused", 500),)


async def test_deliveries_are_listed_by_status_and_sent_again(street: Street) -> None:
    async with receiving() as receiver:
        webhook, _ = await street.ann.create_webhook(url=receiver.url, events=["album.created"])
        await street.ann.create_album(name="One")
        await work(street)
        receiver.says(500)
        await street.ann.create_album(name="Two")
        await work(street)
        two, one = await street.ann.deliveries(webhook.id)
        assert await street.ann.deliveries(webhook.id, "succeeded") == [one]
        assert await street.ann.deliveries(webhook.id, "pending") == [two]
        assert await street.ann.deliveries(webhook.id, "exhausted") == []
        receiver.says(200)
        again = await street.ann.redeliver(webhook.id, one.id)
        assert (again.status, again.is_waiting, len(again.attempts)) == ("pending", True, 1)
        await street.ann.redeliver(webhook.id, two.id)
        await work(street)
        assert [each.id for each in await street.ann.deliveries(webhook.id, "succeeded")] == [two.id, one.id]
        (done,) = [each for each in await street.ann.deliveries(webhook.id) if each.id == two.id]
        assert done.attempts == (("refused", 500), ("delivered", 200))
    ids = [request.id for request in receiver.received]
    assert sorted(ids) == sorted([one.event_id, one.event_id, two.event_id, two.event_id])


async def test_a_ping_takes_the_whole_way_to_its_webhook_alone(street: Street) -> None:
    async with receiving() as receiver, receiving() as other:
        webhook, secret = await street.ann.create_webhook(url=receiver.url, events=["image.deleted"])
        await street.ann.create_webhook(url=other.url, events=["image.deleted"])
        await street.ann.ping_webhook(webhook.id)
        await work(street)
        assert other.received == []
    (request,) = receiver.received
    Verifier(secret).verify(request.body, request.headers)
    assert (request.json["type"], request.json["data"]["webhook_id"]) == ("ping", webhook.id)
    (delivery,) = await street.ann.deliveries(webhook.id)
    assert (delivery.event, delivery.status) == ("ping", "succeeded")


async def test_a_secret_is_changed_and_both_hold_for_a_while(street: Street) -> None:
    async with receiving() as receiver:
        webhook, old = await street.ann.create_webhook(url=receiver.url, events=["image.deleted"])
        new = await street.ann.rotate_webhook_secret(webhook.id)
        await street.ann.ping_webhook(webhook.id)
        await work(street)
    (request,) = receiver.received
    for secret in (old, new):
        Verifier(secret).verify(request.body, request.headers)
    assert old != new


async def test_a_disabled_webhook_says_why_and_starts_again_where_it_stopped(street: Street) -> None:
    async with receiving() as receiver:
        receiver.says(410)
        webhook, _ = await street.ann.create_webhook(url=receiver.url, events=["album.created"])
        await street.ann.create_album(name="One")
        await work(street)
        seen = await street.ann.webhook(webhook.id)
        assert (seen.is_active, seen.disabled_reason) == (False, "gone")
        (delivery,) = await street.ann.deliveries(webhook.id)
        assert (delivery.status, delivery.is_waiting) == ("pending", False)
        await street.ann.create_album(name="not told while it is disabled")
        await work(street)
        receiver.says(200)
        seen = await street.ann.update_webhook(webhook.id, is_active=True)
        assert (seen.is_active, seen.disabled_reason) == (True, None)
        await work(street)
        (delivery,) = await street.ann.deliveries(webhook.id)
        assert delivery.attempts == (("gone", 410), ("delivered", 200))
    assert (await Webhook.get(id=webhook.id)).failing_since is None


async def test_a_webhook_is_its_owners_alone(street: Street) -> None:
    async with receiving() as receiver:
        webhook, _ = await street.ann.create_webhook(url=receiver.url, events=["album.created"])
        await street.ann.create_album(name="One")
        await work(street)
        (delivery,) = await street.ann.deliveries(webhook.id)
        for asked in (
            street.bob.webhook(webhook.id),
            street.bob.update_webhook(webhook.id, is_active=False),
            street.bob.delete_webhook(webhook.id),
            street.bob.rotate_webhook_secret(webhook.id),
            street.bob.ping_webhook(webhook.id),
            street.bob.deliveries(webhook.id),
            street.bob.redeliver(webhook.id, delivery.id),
            street.ann.webhook(MISSING),
            street.ann.webhook("nonsense"),
            street.ann.redeliver(webhook.id, MISSING_DELIVERY),
            street.ann.redeliver(webhook.id, "nonsense"),
        ):
            assert (await refused(asked)).code == "NOT_FOUND"
        assert await street.bob.webhooks() == []
        assert len(receiver.received) == 1


async def test_a_token_without_the_scope_is_told_which(street: Street) -> None:
    webhook, _ = await street.ann.create_webhook(url=SOMEWHERE, events=["image.uploaded"])
    reader = street.face.of(street.reader)
    for asked, scope in (
        (reader.webhooks(), "webhooks:read"),
        (reader.webhook(webhook.id), "webhooks:read"),
        (reader.create_webhook(url=SOMEWHERE, events=["image.uploaded"]), "webhooks:write"),
        (reader.ping_webhook(webhook.id), "webhooks:write"),
        (reader.redeliver(webhook.id, MISSING_DELIVERY), "webhooks:write"),
    ):
        error = await refused(asked)
        assert error.code == "FORBIDDEN"
        assert scope in error.details


@pytest.mark.parametrize(
    ("words", "fields"),
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
async def test_wrong_words_are_refused_all_at_once(
    street: Street, words: dict[str, Any], fields: list[str]
) -> None:
    good = {"url": SOMEWHERE, "events": ["image.uploaded"]}
    error = await refused(street.ann.create_webhook(**good | words))
    assert (error.code, sorted(error.fields)) == ("VALIDATION_ERROR", fields)
    webhook, _ = await street.ann.create_webhook(**good)
    error = await refused(street.ann.update_webhook(webhook.id, **words))
    assert (error.code, sorted(error.fields)) == ("VALIDATION_ERROR", fields)
    assert await street.ann.webhooks() == [webhook]


async def test_an_account_has_a_bounded_number_of_webhooks(street: Street) -> None:
    for _ in range(20):
        await street.ann.create_webhook(url=SOMEWHERE, events=["ping"])
    error = await refused(street.ann.create_webhook(url=SOMEWHERE, events=["ping"]))
    assert error.code == "VALIDATION_ERROR"
    assert "20" in error.details
