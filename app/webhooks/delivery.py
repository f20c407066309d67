"""From deliveries to requests: claimed with a lease, sent side by side, recorded.

A lease outlasts the deadline of a request. Who dies while sending leaves one behind: when it is over another sends
again, under the same webhook-id. So nothing is lost, and what comes twice can be told.
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
from app.outbound.post import NotSent, OutboundResponse
from app.webhooks import outcomes, payload
from app.webhooks.protocols import WebhookServices
from app.webhooks.relay import TOPIC
from app.webhooks.results import AttemptResult, ResultWriter

log = logging.getLogger("pichub.webhooks")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPace:
    """How much is sent at once, by this process and, for one webhook, by all; and how patiently."""

    max_concurrent: int = 200
    max_concurrent_per_webhook: int = 5
    lease: timedelta = timedelta(seconds=15)
    poll_interval: float = 1.0
    """Seconds after which it looks by itself: other processes ring no bell here, and time rings none."""
    stop_timeout: float = 5.0
    """Seconds for what is under way when all is to end."""


DEFAULT_PACE = DeliveryPace()


async def run(parts: WebhookServices, pace: DeliveryPace = DEFAULT_PACE) -> None:
    """Sends what is due until it is cancelled; then what is under way may end, and the rest is left to others."""
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
    """The requests that this process has under way."""

    def __init__(
        self,
        parts: WebhookServices,
        pace: DeliveryPace = DEFAULT_PACE,
        random: Callable[[], float] = random.random,
    ) -> None:
        self._parts = parts
        self._pace = pace
        self._records = ResultWriter(parts.metrics, random)
        self._under_way: Counter[str] = Counter()
        self._stir = asyncio.Event()
        self._claiming = False
        self._stopping = False

    def stop(self) -> None:
        """Nothing more is begun; `run` ends with what is under way."""
        self._stopping = True
        self._stir.set()

    async def run(self) -> None:
        """Sends what is due, and looks again at each ring, until it is stopped."""
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
        """Those that are due and that there is room for, from now on this process's to send."""
        room = self._pace.max_concurrent - self._under_way.total()
        if room <= 0:
            return []
        now = self._parts.clock()
        return await Delivery.claim(
            now, now + self._pace.lease, each=self._pace.max_concurrent_per_webhook, most=room
        )

    async def deliver(self, delivery: Delivery) -> AttemptOutcome:
        """One attempt, made and recorded. `delivery` was claimed, its webhook and event loaded with it."""
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
        _count_attempt(self._parts.metrics, result)
        return outcome

    async def _attempt(
        self, delivery: Delivery, now: datetime
    ) -> tuple[AttemptOutcome, OutboundResponse | None, str | None]:
        """How it ended, what was answered, and why there was no answer."""
        try:
            headers, body = request_for(delivery, now)
            answer = await self._parts.outbound.post(delivery.webhook.url, headers, body)
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
            logs.failed(log, error, f"delivery {delivery.id} could not be recorded and will be repeated")
        finally:
            self._release_slot(delivery.webhook_id)

    def _release_slot(self, webhook_id: str) -> None:
        """Looks for more where there was no room for it, or may have been none: a claim under way counted this one."""
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
            logs.failed(log, error, "deliveries could not be claimed; they will be")
            await asyncio.sleep(self._pace.poll_interval)
            return []
        finally:
            self._claiming = False

    async def _listen(self) -> None:
        async with self._parts.notifier.subscribe(TOPIC) as listener:
            while True:
                await listener.wait(self._pace.poll_interval)
                self._stir.set()


def request_for(delivery: Delivery, now: datetime) -> tuple[Mapping[str, str], bytes]:
    """Headers and body of an attempt that is made now."""
    body = payload.serialize(EventEnvelope.of(delivery.event))
    using = delivery.webhook.secrets(now)
    return payload.headers(delivery.event_id, body, now, using), body


def _count_attempt(metrics: Metrics, result: AttemptResult) -> None:
    attempt, delivery = result.attempt, result.delivery
    metrics.webhook_attempted(attempt.outcome.value, attempt.duration_ms / 1000)
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
