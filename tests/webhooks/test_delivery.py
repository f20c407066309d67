"""What is due is sent, signed, recorded, and tried again."""

import asyncio
import json
import logging
from datetime import timedelta

import pytest
from standardwebhooks import Webhook as Verifier

from app.models import Attempt, AttemptOutcome, Delivery, DeliveryStatus, Webhook
from app.webhooks.delivery import DeliveryPace
from app.webhooks.schedule import RETRY_DELAYS
from tests.receivers import Received, hang, receiving
from tests.webhooks.client import Desk

GONE = "http://127.0.0.1:1/hook"
"""Nobody listens there."""


async def test_an_event_arrives_as_it_is_and_signed(desk: Desk) -> None:
    async with receiving() as receiver:
        webhook = await desk.webhook(receiver.url)
        (event,) = await desk.happens()
        assert await desk.sent() == [AttemptOutcome.DELIVERED]
    (request,) = receiver.received
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
    delivery = await desk.delivery()
    assert (delivery.status, delivery.next_attempt_at, delivery.locked_until) == ("succeeded", None, None)
    (attempt,) = await desk.attempts()
    assert (attempt.outcome, attempt.status_code, attempt.reason, attempt.response_excerpt) == (
        "delivered",
        204,
        None,
        "",
    )


async def test_what_fails_is_tried_by_the_schedule_and_then_given_up(desk: Desk) -> None:
    async with receiving() as receiver:
        receiver.says(500, "no")
        await desk.webhook(receiver.url)
        await desk.happens()
        assert await desk.sent() == [AttemptOutcome.REFUSED]
        for number, wait in enumerate(RETRY_DELAYS[1:], start=2):
            desk.now += wait - timedelta(seconds=1)
            assert await desk.send() == []
            desk.passes(seconds=1)
            assert await desk.send() == [AttemptOutcome.REFUSED]
            assert (await desk.delivery()).attempts_made == number
        delivery = await desk.delivery()
        assert (delivery.status, delivery.next_attempt_at) == (DeliveryStatus.EXHAUSTED, None)
        desk.passes(days=1)
        assert await desk.send() == []
    assert len({request.body for request in receiver.received}) == 1
    assert len({request.id for request in receiver.received}) == 1
    assert len({request.headers["webhook-timestamp"] for request in receiver.received}) == len(RETRY_DELAYS)
    assert {(row.outcome, row.status_code, row.response_excerpt) for row in await desk.attempts()} == {
        ("refused", 500, "no")
    }


async def test_an_answer_may_ask_to_come_later(desk: Desk) -> None:
    async with receiving() as receiver:
        receiver.says(503, Retry_After="120")
        await desk.webhook(receiver.url)
        await desk.happens()
        await desk.sent()
        assert (await desk.delivery()).next_attempt_at == desk.now + timedelta(seconds=120)


async def test_a_redirect_is_a_failure_with_its_own_word(desk: Desk) -> None:
    async with receiving() as receiver, receiving() as other:
        receiver.says(307, Location=other.url)
        await desk.webhook(receiver.url)
        await desk.happens()
        assert await desk.sent() == [AttemptOutcome.REDIRECTED]
        assert other.received == []


async def test_410_disables_and_what_is_owed_waits_for_the_owner(desk: Desk) -> None:
    async with receiving() as receiver:
        receiver.says(500)
        webhook = await desk.webhook(receiver.url)
        await desk.happens()
        await desk.sent()
        receiver.says(410)
        await desk.happens()
        assert await desk.sent() == [AttemptOutcome.GONE]
        await webhook.refresh_from_db()
        assert (webhook.is_active, webhook.disabled_reason) == (False, "gone")
        desk.passes(days=2)
        assert await desk.send() == []
        assert {row.status for row in await Delivery.all()} == {DeliveryStatus.PENDING}
        receiver.says(200)
        await webhook.resume(desk.now)
        assert await desk.send() == [AttemptOutcome.DELIVERED] * 2


async def test_five_days_of_failure_disable_and_one_success_starts_the_count_anew(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    async with receiving() as receiver:
        webhook = await desk.webhook(receiver.url)
        for status, days, disabled in ((500, 3, None), (200, 1, None), (500, 4, None), (500, 1, "failing")):
            if disabled:
                desk.passes(days=1)
            receiver.says(status)
            await Delivery.all().delete()
            await desk.happens()
            await desk.sent()
            await webhook.refresh_from_db()
            assert webhook.disabled_reason == disabled
            desk.passes(days=days)
    assert not webhook.is_active
    assert f"webhook={webhook.id} was disabled: failing" in caplog.text


async def test_nobody_there_an_inner_address_and_a_hang_have_words_of_their_own(desk: Desk) -> None:
    async with receiving(hang) as receiver:
        for url, word, reason, deadline in (
            (GONE, "unreachable", "Nobody listens there", 15),
            ("http://10.0.0.1/", "blocked", "The address is not a public one", 15),
            (receiver.url, "timed_out", "No answer within 0.2 s", 0.2),
        ):
            desk.services.events.outbound.deadline = deadline
            webhook = await desk.webhook(url)
            await desk.happens()
            assert await desk.sent() == [word]
            attempt = (await desk.attempts())[-1]
            assert (attempt.reason, attempt.status_code) == (reason, None)
            await webhook.delete()
    assert attempt.duration_ms >= 190


async def test_while_a_secret_changes_both_sign_and_then_the_new_one_alone(desk: Desk) -> None:
    async with receiving() as receiver:
        webhook = await desk.webhook(receiver.url)
        old = webhook.secret
        new = (await desk.webhook("https://unused.example/", is_active=False)).secret
        until = desk.now + timedelta(hours=24)
        await webhook.update_from_dict({"secret": new, "old_secret": old, "old_secret_until": until}).save()
        await desk.happens()
        await desk.sent()
        desk.now = until
        await desk.happens()
        await desk.sent()
    both, one = receiver.received
    for secret in (old, new):
        Verifier(secret).verify(both.body, both.headers)
    assert len(both.headers["webhook-signature"].split()) == 2
    assert len(one.headers["webhook-signature"].split()) == 1


async def test_what_one_has_claimed_no_other_sends_before_the_lease_is_over(desk: Desk) -> None:
    async with receiving() as receiver:
        await desk.webhook(receiver.url)
        (event,) = await desk.happens()
        await desk.relay()
        (taken,) = await desk.senders().claim()
        assert await desk.send() == []
        desk.passes(seconds=14)
        assert await desk.send() == []
        desk.passes(seconds=1)
        assert await desk.send() == [AttemptOutcome.DELIVERED]
        assert await desk.senders().deliver(taken) == AttemptOutcome.DELIVERED  # the one who was thought dead
        assert [request.id for request in receiver.received] == [event.id] * 2
        assert len(await desk.attempts()) == 2
        assert (await desk.delivery()).status is DeliveryStatus.SUCCEEDED


async def test_who_lost_the_lease_does_not_overrule_the_one_who_has_it(desk: Desk) -> None:
    async with receiving() as receiver:
        await desk.webhook(receiver.url)
        await desk.happens()
        await desk.relay()
        (slow,) = await desk.senders().claim()
        desk.passes(seconds=30)
        assert await desk.send() == [AttemptOutcome.DELIVERED]
        receiver.says(500)
        await desk.senders().deliver(slow)
        assert (await desk.delivery()).status is DeliveryStatus.SUCCEEDED


async def test_many_senders_claim_each_delivery_once(desk: Desk) -> None:
    async with receiving() as receiver:
        for _ in range(3):
            await desk.webhook(receiver.url)
        await desk.happens(40)
        await desk.relay()
        outcomes = await asyncio.gather(*(desk.send() for _ in range(8)))
        assert sum(map(len, outcomes)) == len(receiver.received) == 120
        assert await Attempt.all().count() == 120


async def test_of_one_webhook_a_few_are_under_way_at_once_whoever_sends(desk: Desk) -> None:
    busy, other = await desk.webhook(GONE), await desk.webhook(GONE)
    await desk.happens(50)
    await desk.relay()
    pace = DeliveryPace(max_concurrent_per_webhook=5, max_concurrent=200)
    first = await desk.senders(pace).claim()
    assert sorted(row.webhook_id for row in first) == sorted([busy.id] * 5 + [other.id] * 5)
    assert await desk.senders(pace).claim() == []
    done = next(row for row in first if row.webhook_id == other.id)
    await desk.senders(pace).deliver(done)
    assert [row.webhook_id for row in await desk.senders(pace).claim()] == [other.id]


async def test_no_more_are_claimed_than_there_is_room_for(desk: Desk) -> None:
    for _ in range(4):
        await desk.webhook(GONE)
    await desk.happens(5)
    await desk.relay()
    assert len(await desk.senders(DeliveryPace(max_concurrent=7)).claim()) == 7


async def test_a_webhook_deleted_while_it_is_sent_to_takes_its_record_along(desk: Desk) -> None:
    async with receiving() as receiver:
        webhook = await desk.webhook(receiver.url)

        async def deletes(_: Received) -> bytes:
            await Webhook.filter(id=webhook.id).delete()
            return b"HTTP/1.1 200 OK\r\n\r\n"

        receiver.answers = deletes
        await desk.happens()
        assert await desk.sent() == [AttemptOutcome.DELIVERED]
        assert await desk.attempts() == []


async def test_each_attempt_has_a_line_in_the_log_without_secret_or_body(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "pichub.webhooks")
    async with receiving() as receiver:
        receiver.says(500, "their secret answer")
        webhook = await desk.webhook(receiver.url)
        (event,) = await desk.happens()
        await desk.sent()
    (line,) = [record.getMessage() for record in caplog.records if record.name == "pichub.webhooks"]
    delivery = await desk.delivery()
    start = f"delivery={delivery.id} webhook={webhook.id} event={event.id} type=album.created attempt=1"
    assert line.startswith(f"{start} outcome=refused status=500 ms=")
    assert webhook.secret not in caplog.text
    assert "their secret" not in caplog.text
    assert json.dumps(event.data) not in caplog.text
