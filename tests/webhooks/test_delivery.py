"""Webhook deliveries: signing, attempts, retries, leases and disabling."""

import asyncio
import json
import logging
from datetime import timedelta

import pytest
from standardwebhooks import Webhook as Verifier

from app.models import Attempt, AttemptOutcome, Delivery, DeliveryStatus, Webhook
from app.webhooks.delivery import DeliveryPace
from app.webhooks.schedule import RETRY_DELAYS
from tests.receivers import ReceivedRequest, hang, run_receiver
from tests.webhooks.harness import WebhookHarness

CLOSED_PORT = "http://127.0.0.1:1/hook"
"""A URL that refuses connections."""


async def test_an_event_is_delivered_signed(harness: WebhookHarness) -> None:
    async with run_receiver() as receiver:
        webhook = await harness.webhook(receiver.url)
        (event,) = await harness.record_events()
        assert await harness.relay_and_send() == [AttemptOutcome.DELIVERED]
    (request,) = receiver.requests
    assert request.json == {
        "id": event.id,
        "type": "album.created",
        "event": "album.created",
        "timestamp": event.created_at.isoformat().replace("+00:00", "Z"),
        "data": {"id": "alb_0", "name": "海"},
    }
    assert request.id == event.id
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"] == "PicHub-Webhooks"
    Verifier(webhook.secret).verify(request.body, request.headers)
    delivery = await harness.delivery()
    assert (delivery.status, delivery.next_attempt_at, delivery.locked_until) == ("succeeded", None, None)
    (attempt,) = await harness.attempts()
    assert (attempt.outcome, attempt.status_code, attempt.reason, attempt.response_excerpt) == (
        "delivered",
        204,
        None,
        "",
    )


async def test_failures_are_retried_by_schedule_then_exhausted(harness: WebhookHarness) -> None:
    async with run_receiver() as receiver:
        receiver.respond_with(500, "no")
        await harness.webhook(receiver.url)
        await harness.record_events()
        assert await harness.relay_and_send() == [AttemptOutcome.REFUSED]
        for number, delay in enumerate(RETRY_DELAYS[1:], start=2):
            harness.now += delay - timedelta(seconds=1)
            assert await harness.send_due() == []
            harness.advance(seconds=1)
            assert await harness.send_due() == [AttemptOutcome.REFUSED]
            assert (await harness.delivery()).attempts_made == number
        delivery = await harness.delivery()
        assert (delivery.status, delivery.next_attempt_at) == (DeliveryStatus.EXHAUSTED, None)
        harness.advance(days=1)
        assert await harness.send_due() == []
    assert len({request.body for request in receiver.requests}) == 1
    assert len({request.id for request in receiver.requests}) == 1
    assert len({request.headers["webhook-timestamp"] for request in receiver.requests}) == len(RETRY_DELAYS)
    assert {(row.outcome, row.status_code, row.response_excerpt) for row in await harness.attempts()} == {
        ("refused", 500, "no")
    }


async def test_retry_after_delays_the_next_attempt(harness: WebhookHarness) -> None:
    async with run_receiver() as receiver:
        receiver.respond_with(503, Retry_After="120")
        await harness.webhook(receiver.url)
        await harness.record_events()
        await harness.relay_and_send()
        assert (await harness.delivery()).next_attempt_at == harness.now + timedelta(seconds=120)


async def test_a_redirect_is_not_followed(harness: WebhookHarness) -> None:
    async with run_receiver() as receiver, run_receiver() as other:
        receiver.respond_with(307, Location=other.url)
        await harness.webhook(receiver.url)
        await harness.record_events()
        assert await harness.relay_and_send() == [AttemptOutcome.REDIRECTED]
        assert other.requests == []


async def test_410_disables_and_keeps_pending_deliveries(harness: WebhookHarness) -> None:
    async with run_receiver() as receiver:
        receiver.respond_with(500)
        webhook = await harness.webhook(receiver.url)
        await harness.record_events()
        await harness.relay_and_send()
        receiver.respond_with(410)
        await harness.record_events()
        assert await harness.relay_and_send() == [AttemptOutcome.GONE]
        await webhook.refresh_from_db()
        assert (webhook.is_active, webhook.disabled_reason) == (False, "gone")
        harness.advance(days=2)
        assert await harness.send_due() == []
        assert {row.status for row in await Delivery.all()} == {DeliveryStatus.PENDING}
        receiver.respond_with(200)
        await webhook.resume(harness.now)
        assert await harness.send_due() == [AttemptOutcome.DELIVERED] * 2


async def test_five_days_of_failure_without_success_disable(
    harness: WebhookHarness, caplog: pytest.LogCaptureFixture
) -> None:
    async with run_receiver() as receiver:
        webhook = await harness.webhook(receiver.url)
        for status, days, disabled in ((500, 3, None), (200, 1, None), (500, 4, None), (500, 1, "failing")):
            if disabled:
                harness.advance(days=1)
            receiver.respond_with(status)
            await Delivery.all().delete()
            await harness.record_events()
            await harness.relay_and_send()
            await webhook.refresh_from_db()
            assert webhook.disabled_reason == disabled
            harness.advance(days=days)
    assert not webhook.is_active
    assert f"webhook={webhook.id} was disabled: failing" in caplog.text


async def test_connection_failures_have_distinct_outcomes(harness: WebhookHarness) -> None:
    async with run_receiver(hang) as receiver:
        for url, outcome, reason, deadline in (
            (CLOSED_PORT, "unreachable", "Connection refused", 15),
            ("http://10.0.0.1/", "blocked", "The address is not a public one", 15),
            (receiver.url, "timed_out", "No response within 0.2 s", 0.2),
        ):
            harness.services.events.outbound.deadline = deadline
            webhook = await harness.webhook(url)
            await harness.record_events()
            assert await harness.relay_and_send() == [outcome]
            attempt = (await harness.attempts())[-1]
            assert (attempt.reason, attempt.status_code) == (reason, None)
            await webhook.delete()
    assert attempt.duration_ms >= 190


async def test_old_and_new_secret_sign_until_the_old_one_expires(harness: WebhookHarness) -> None:
    async with run_receiver() as receiver:
        webhook = await harness.webhook(receiver.url)
        old = webhook.secret
        new = (await harness.webhook("https://unused.example/", is_active=False)).secret
        expires_at = harness.now + timedelta(hours=24)
        await webhook.update_from_dict(
            {"secret": new, "old_secret": old, "old_secret_until": expires_at}
        ).save()
        await harness.record_events()
        await harness.relay_and_send()
        harness.now = expires_at
        await harness.record_events()
        await harness.relay_and_send()
    first, second = receiver.requests
    for secret in (old, new):
        Verifier(secret).verify(first.body, first.headers)
    assert len(first.headers["webhook-signature"].split()) == 2
    assert len(second.headers["webhook-signature"].split()) == 1


async def test_a_claimed_delivery_is_sent_again_after_its_lease(harness: WebhookHarness) -> None:
    async with run_receiver() as receiver:
        await harness.webhook(receiver.url)
        (event,) = await harness.record_events()
        await harness.relay()
        (claimed,) = await harness.sender().claim()
        assert await harness.send_due() == []
        harness.advance(seconds=14)
        assert await harness.send_due() == []
        harness.advance(seconds=1)
        assert await harness.send_due() == [AttemptOutcome.DELIVERED]
        assert await harness.sender().deliver(claimed) == AttemptOutcome.DELIVERED  # the first sender, late
        assert [request.id for request in receiver.requests] == [event.id] * 2
        assert len(await harness.attempts()) == 2
        assert (await harness.delivery()).status is DeliveryStatus.SUCCEEDED


async def test_a_sender_with_an_expired_lease_changes_nothing(harness: WebhookHarness) -> None:
    async with run_receiver() as receiver:
        await harness.webhook(receiver.url)
        await harness.record_events()
        await harness.relay()
        (slow,) = await harness.sender().claim()
        harness.advance(seconds=30)
        assert await harness.send_due() == [AttemptOutcome.DELIVERED]
        receiver.respond_with(500)
        await harness.sender().deliver(slow)
        assert (await harness.delivery()).status is DeliveryStatus.SUCCEEDED


async def test_concurrent_senders_claim_each_delivery_once(harness: WebhookHarness) -> None:
    async with run_receiver() as receiver:
        for _ in range(3):
            await harness.webhook(receiver.url)
        await harness.record_events(40)
        await harness.relay()
        outcomes = await asyncio.gather(*(harness.send_due() for _ in range(8)))
        assert sum(map(len, outcomes)) == len(receiver.requests) == 120
        assert await Attempt.all().count() == 120


async def test_concurrency_is_limited_per_webhook_across_senders(harness: WebhookHarness) -> None:
    busy, other = await harness.webhook(CLOSED_PORT), await harness.webhook(CLOSED_PORT)
    await harness.record_events(50)
    await harness.relay()
    pace = DeliveryPace(max_concurrent_per_webhook=5, max_concurrent=200)
    first = await harness.sender(pace).claim()
    assert sorted(row.webhook_id for row in first) == sorted([busy.id] * 5 + [other.id] * 5)
    assert await harness.sender(pace).claim() == []
    finished = next(row for row in first if row.webhook_id == other.id)
    await harness.sender(pace).deliver(finished)
    assert [row.webhook_id for row in await harness.sender(pace).claim()] == [other.id]


async def test_a_sender_claims_up_to_its_concurrency(harness: WebhookHarness) -> None:
    for _ in range(4):
        await harness.webhook(CLOSED_PORT)
    await harness.record_events(5)
    await harness.relay()
    assert len(await harness.sender(DeliveryPace(max_concurrent=7)).claim()) == 7


async def test_deleting_a_webhook_during_an_attempt_records_nothing(harness: WebhookHarness) -> None:
    async with run_receiver() as receiver:
        webhook = await harness.webhook(receiver.url)

        async def delete_webhook(_: ReceivedRequest) -> bytes:
            await Webhook.filter(id=webhook.id).delete()
            return b"HTTP/1.1 200 OK\r\n\r\n"

        receiver.responder = delete_webhook
        await harness.record_events()
        assert await harness.relay_and_send() == [AttemptOutcome.DELIVERED]
        assert await harness.attempts() == []


async def test_attempts_are_logged_without_secrets_and_bodies(
    harness: WebhookHarness, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "pichub.webhooks")
    async with run_receiver() as receiver:
        receiver.respond_with(500, "a private response")
        webhook = await harness.webhook(receiver.url)
        (event,) = await harness.record_events()
        await harness.relay_and_send()
    (line,) = [record.getMessage() for record in caplog.records if record.name == "pichub.webhooks"]
    delivery = await harness.delivery()
    start = f"delivery={delivery.id} webhook={webhook.id} event={event.id} type=album.created attempt=1"
    assert line.startswith(f"{start} outcome=refused status=500 ms=")
    assert webhook.secret not in caplog.text
    assert "a private response" not in caplog.text
    assert json.dumps(event.data) not in caplog.text
