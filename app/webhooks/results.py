"""Recording of attempts: the attempt, the state of its delivery, and the health of its webhook.

Concurrent attempts are recorded in groups: the next writer writes for all that wait, in one transaction.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tortoise.transactions import in_transaction

from app.db.locks import lock_rows
from app.models import Attempt, Delivery, DeliveryStatus, Webhook
from app.observability.metrics import Metrics
from app.webhooks.health import failing_since, reason_to_disable
from app.webhooks.schedule import next_attempt

log = logging.getLogger("pichub.webhooks")


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptResult:
    """A completed attempt. `delivery` is as claimed; recording updates it."""

    delivery: Delivery
    attempt: Attempt
    retry_after: str | None
    now: datetime


class ResultWriter:
    """Writes results in groups. `random` spreads retries."""

    def __init__(self, metrics: Metrics, random: Callable[[], float]) -> None:
        self._metrics = metrics
        self._random = random
        self._turn = asyncio.Lock()
        self._waiting: list[tuple[AttemptResult, asyncio.Future[None]]] = []

    async def add(self, result: AttemptResult) -> None:
        """Record a result. Returns when it has been committed."""
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((result, written))
        async with self._turn:
            if not written.done():
                await self._write()
        await written

    async def _write(self) -> None:
        batch, self._waiting = self._waiting, []
        try:
            async with in_transaction():
                disabled = await self._record([result for result, _ in batch])
        except BaseException as error:
            failure = error if isinstance(error, Exception) else RuntimeError("it was not recorded")
            for _, written in batch:
                written.set_exception(failure)
                written.exception()  # mark as retrieved: a waiter has it, unless it is gone
            raise
        for _, written in batch:
            written.set_result(None)
        for webhook in disabled:
            self._log_disabled(webhook)

    async def _record(self, results: Iterable[AttemptResult]) -> list[Webhook]:
        """Write the results. Return the webhooks that were disabled."""
        by_id = {result.delivery.id: result for result in results}
        # Owners change them too: lock webhooks first, then deliveries, as they do.
        await lock_rows(Webhook.filter(id__in={result.delivery.webhook_id for result in by_id.values()}))
        await lock_rows(Delivery.filter(id__in=list(by_id)))
        there = {row.id: row for row in await Delivery.filter(id__in=list(by_id))}
        ended = [
            result for id_, result in by_id.items() if id_ in there
        ]  # the others were deleted with their webhooks
        await Attempt.bulk_create([result.attempt for result in ended])
        webhooks = {result.delivery.webhook_id for result in ended}
        rows = {row.id: row for row in await Webhook.filter(id__in=webhooks)}
        were_active = [row for row in rows.values() if row.is_active]
        for result in ended:
            webhook = rows[result.delivery.webhook_id]
            await self._update_health(webhook, result)
            await self._reschedule(there[result.delivery.id], webhook, result)
        return [row for row in were_active if not row.is_active]

    async def _update_health(self, webhook: Webhook, result: AttemptResult) -> None:
        outcome, now = result.attempt.outcome, result.now
        since = failing_since(outcome, webhook.failing_since, now)
        changes: dict[str, Any] = {} if since == webhook.failing_since else {"failing_since": since}
        reason = reason_to_disable(outcome, since, now)
        if reason and webhook.is_active:
            changes |= {"is_active": False, "disabled_reason": reason, "updated_at": now}
        if changes:
            await webhook.update_from_dict(changes).save(update_fields=list(changes))
        if "is_active" in changes:
            await webhook.pause()

    async def _reschedule(self, row: Delivery, webhook: Webhook, result: AttemptResult) -> None:
        """Update the delivery.

        If another process holds its lease now, that one decides, unless this attempt succeeded.
        """
        succeeded = result.attempt.outcome.is_success
        if not succeeded and row.locked_until != result.delivery.locked_until:
            return
        attempts = row.attempts_made + 1
        result.delivery.attempts_made = attempts
        at = None
        if not succeeded:
            at = next_attempt(attempts, result.now, retry_after=result.retry_after, random=self._random)
        over = DeliveryStatus.SUCCEEDED if succeeded else DeliveryStatus.EXHAUSTED
        row.status = DeliveryStatus.PENDING if at else over
        row.next_attempt_at = at if webhook.is_active else None
        row.attempts_made, row.locked_until = attempts, None
        await row.save(update_fields=["status", "next_attempt_at", "attempts_made", "locked_until"])

    def _log_disabled(self, disabled: Webhook) -> None:
        reason = disabled.disabled_reason
        log.warning("webhook=%s was disabled: %s", disabled.id, reason)
        self._metrics.count_disabled_webhook(reason)
