"""Sending of deliveries: claimed with a lease, sent concurrently, recorded.

A lease outlasts the deadline of a request. When a process dies, its lease expires and another sends again with the
same webhook-id. Nothing is lost, and receivers can detect duplicates.
"""

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.cancellation import shield_until_done
from app.events.envelope import EventEnvelope
from app.models import Attempt, AttemptOutcome, Delivery
from app.observability import logging as logs
from app.observability.metrics import Metrics
from app.outbound.results import NotSent, OutboundResponse
from app.webhooks import outcomes, payload
from app.webhooks.protocols import WebhookServices
from app.webhooks.relay import TOPIC
from app.webhooks.results import AttemptResult, ResultWriter

log = logging.getLogger("pichub.webhooks")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPace:
    """Concurrency and timing of deliveries: per process, and per webhook over all processes."""

    max_concurrent: int = 200
    max_concurrent_per_webhook: int = 5
    lease: timedelta = timedelta(seconds=15)
    poll_interval: float = 1.0
    """Seconds between polls: other processes and due times send no notification."""
    stop_timeout: float = 5.0
    """Seconds for running requests to complete on shutdown."""


DEFAULT_PACE = DeliveryPace()


async def run(parts: WebhookServices, pace: DeliveryPace = DEFAULT_PACE) -> None:
    """Send due deliveries until cancelled; then running requests may complete."""
    senders = DeliverySender(parts, pace)
    work = asyncio.ensure_future(senders.run())
    try:
        await asyncio.shield(work)
    finally:
        senders.stop()
        try:
            await asyncio.wait([work], timeout=pace.stop_timeout)
        finally:
            work.cancel()
            await shield_until_done(asyncio.wait([work]))


class DeliverySender:
    """Running deliveries of this process."""

    def __init__(
        self,
        parts: WebhookServices,
        pace: DeliveryPace = DEFAULT_PACE,
        random: Callable[[], float] = random.random,
    ) -> None:
        self._parts = parts
        self._pace = pace
        self._records = ResultWriter(parts.observability.metrics, random)
        self._under_way: Counter[str] = Counter()
        self._stir = asyncio.Event()
        self._claiming = False
        self._stopping = False

    def stop(self) -> None:
        """Start no more deliveries; `run` ends after the running ones."""
        self._stopping = True
        self._stir.set()

    async def run(self) -> None:
        """Send due deliveries until stopped, looking again at each notification."""
        async with asyncio.TaskGroup() as sending:
            listening = sending.create_task(self._listen())
            while not self._stopping:
                self._stir.clear()
                for delivery in await self._claim_or_wait():
                    self._under_way[delivery.webhook_id] += 1
                    sending.create_task(self._send(delivery))
                await self._stir.wait()
            listening.cancel()

    async def claim(self) -> list[Delivery]:
        """Claim due deliveries, as many as there is capacity for."""
        room = self._pace.max_concurrent - self._under_way.total()
        if room <= 0:
            return []
        now = self._parts.clock()
        return await Delivery.claim(
            now, now + self._pace.lease, each=self._pace.max_concurrent_per_webhook, most=room
        )

    async def deliver(self, delivery: Delivery) -> AttemptOutcome:
        """Make and record one attempt. `delivery` was claimed, with its webhook and event loaded."""
        now = self._parts.clock()
        started = time.perf_counter()
        outcome, answer, reason = await self._attempt(delivery, now)
        result = AttemptResult(
            delivery=delivery,
            attempt=Attempt(
                delivery_id=delivery.id,
                at=now,
                duration_ms=round((time.perf_counter() - started) * 1000),
                outcome=outcome,
                status_code=answer.status if answer else None,
                reason=reason,
                response_excerpt=answer.excerpt if answer else None,
            ),
            retry_after=answer.retry_after if answer else None,
            now=self._parts.clock(),
        )
        await self._records.add(result)
        _count_attempt(self._parts.observability.metrics, result)
        return outcome

    async def _attempt(
        self, delivery: Delivery, now: datetime
    ) -> tuple[AttemptOutcome, OutboundResponse | None, str | None]:
        """Return the outcome, the response, and the reason if there is none."""
        try:
            headers, body = request_for(delivery, now)
            answer = await self._parts.events.outbound.post(delivery.webhook.url, headers, body)
        except NotSent as failure:
            return outcomes.outcome_of_failure(failure), None, str(failure)[:255]
        except Exception:
            log.exception("delivery %s failed on our side", delivery.id)
            return AttemptOutcome.FAILED, None, "Something went wrong on our side"
        return outcomes.outcome_of_status(answer.status), answer, None

    async def _send(self, delivery: Delivery) -> None:
        try:
            await self.deliver(delivery)
        except asyncio.CancelledError:
            await delivery.release()
            raise
        except Exception as error:
            logs.log_failure(log, error, f"delivery {delivery.id} could not be recorded and will be repeated")
        finally:
            self._release_slot(delivery.webhook_id)

    def _release_slot(self, webhook_id: str) -> None:
        """Look for more deliveries if capacity was exhausted, or a concurrent claim counted this one."""
        was_full = self._under_way.total() >= self._pace.max_concurrent
        if self._claiming or was_full or self._under_way[webhook_id] >= self._pace.max_concurrent_per_webhook:
            self._stir.set()
        self._under_way[webhook_id] -= 1
        if not self._under_way[webhook_id]:
            del self._under_way[webhook_id]

    async def _claim_or_wait(self) -> list[Delivery]:
        self._claiming = True
        try:
            return await self.claim()
        except Exception as error:
            logs.log_failure(log, error, "deliveries could not be claimed; they will be")
            await asyncio.sleep(self._pace.poll_interval)
            return []
        finally:
            self._claiming = False

    async def _listen(self) -> None:
        async with self._parts.events.notifier.subscribe(TOPIC) as listener:
            while True:
                await listener.wait(self._pace.poll_interval)
                self._stir.set()


def request_for(delivery: Delivery, now: datetime) -> tuple[Mapping[str, str], bytes]:
    """Return headers and body of an attempt made now."""
    body = payload.serialize(EventEnvelope.of(delivery.event))
    using = delivery.webhook.secrets(now)
    return payload.headers(delivery.event_id, body, now, using), body


def _count_attempt(metrics: Metrics, result: AttemptResult) -> None:
    attempt, delivery = result.attempt, result.delivery
    metrics.count_webhook_attempt(attempt.outcome.value, attempt.duration_ms / 1000)
    log.info(
        "delivery=%s webhook=%s event=%s type=%s attempt=%d outcome=%s status=%s ms=%d",
        delivery.id,
        delivery.webhook_id,
        delivery.event_id,
        delivery.event.type,
        delivery.attempts_made,
        attempt.outcome.value,
        attempt.status_code or "-",
        attempt.duration_ms,
    )
