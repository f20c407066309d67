from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from tortoise import fields
from tortoise.models import Model
from tortoise.queryset import QuerySet

from app.db.locks import lock_rows
from app.db.sql import Statement
from app.models.accounts import Account
from app.models.columns import id_column
from app.models.events import Event


class DisabledReason(StrEnum):
    """Reason for which the server disabled a webhook."""

    GONE = "gone"
    FAILING = "failing"


class DeliveryStatus(StrEnum):
    """Status of a delivery."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    EXHAUSTED = "exhausted"


class AttemptOutcome(StrEnum):
    """Outcome of an attempt."""

    DELIVERED = "delivered"
    REFUSED = "refused"
    REDIRECTED = "redirected"
    GONE = "gone"
    TIMED_OUT = "timed_out"
    UNREACHABLE = "unreachable"
    BLOCKED = "blocked"
    FAILED = "failed"

    @property
    def is_success(self) -> bool:
        return self is AttemptOutcome.DELIVERED


class Webhook(Model):
    """A URL that receives an account's events.

    Secrets are stored in clear, since they sign. `since_position` is the position of the newest event at its
    creation, `failing_since` the first failure after the last success.
    """

    id = id_column()
    owner: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "pichub.Account", related_name="webhooks", on_delete=fields.CASCADE
    )
    owner_id: str
    url = fields.CharField(max_length=2000)
    description = fields.TextField(null=True)
    events: Any = fields.JSONField()
    secret = fields.CharField(max_length=128)
    old_secret = fields.CharField(max_length=128, null=True)
    old_secret_until = fields.DatetimeField(null=True)
    is_active = fields.BooleanField(default=True)
    disabled_reason = fields.CharEnumField(DisabledReason, max_length=16, null=True)
    failing_since = fields.DatetimeField(null=True)
    since_position = fields.BigIntField(default=0)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "webhooks"
        indexes = (("owner_id", "created_at", "id"),)

    @classmethod
    def owned_by(cls, account_id: str) -> QuerySet[Self]:
        return cls.filter(owner_id=account_id)

    def secrets(self, now: datetime) -> list[str]:
        """Return the secrets that sign: the newest, and its predecessor for a while."""
        if self.old_secret is None or self.old_secret_until is None or now >= self.old_secret_until:
            return [self.secret]
        return [self.secret, self.old_secret]

    async def pause(self) -> None:
        """Suspend pending deliveries until the webhook is active again."""
        await Delivery.filter(webhook_id=self.id, status=DeliveryStatus.PENDING).update(next_attempt_at=None)

    async def resume(self, now: datetime) -> None:
        """Make pending deliveries due now."""
        waiting = Delivery.filter(webhook_id=self.id, status=DeliveryStatus.PENDING)
        await waiting.filter(next_attempt_at=None).update(next_attempt_at=now)


class Delivery(Model):
    """One event owed to one webhook.

    Its sender holds it until `locked_until`. `attempts_made` counts from the last request to redeliver.
    `next_attempt_at` is NULL if no attempt is planned.
    """

    id = id_column()
    webhook: fields.ForeignKeyRelation[Webhook] = fields.ForeignKeyField(
        "pichub.Webhook", related_name="deliveries", on_delete=fields.CASCADE
    )
    webhook_id: str
    event: fields.ForeignKeyRelation[Event] = fields.ForeignKeyField(
        "pichub.Event", related_name="deliveries", on_delete=fields.CASCADE
    )
    event_id: str
    status = fields.CharEnumField(DeliveryStatus, max_length=16, default=DeliveryStatus.PENDING)
    attempts_made = fields.IntField(default=0)
    next_attempt_at = fields.DatetimeField(null=True)
    locked_until = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "deliveries"
        unique_together = (("event", "webhook"),)
        indexes = (("webhook_id", "created_at", "id"), ("status", "webhook_id", "next_attempt_at"))

    @classmethod
    def of_account(cls, account_id: str) -> QuerySet[Self]:
        return cls.filter(webhook__owner_id=account_id)

    @classmethod
    async def claim(cls, now: datetime, until: datetime, *, each: int, most: int) -> list[Self]:
        """Claim due deliveries until `until`: up to `most`, and up to `each` per webhook.

        Only the first `each` due deliveries of a webhook are considered, including those already claimed, which
        bounds its concurrent deliveries over all senders. Webhook and event are loaded.
        """
        db = cls._meta.db
        rows = await db.execute_query_dict(CLAIM_DELIVERIES.for_(db), [now, each, most, until])
        if not rows:
            return []
        query = cls.filter(id__in=[row["id"] for row in rows]).select_related("webhook", "event")
        return await query.order_by("next_attempt_at", "id")

    async def release(self) -> None:
        """Release the claim if this sender still holds it."""
        await Delivery.filter(id=self.id, locked_until=self.locked_until).update(locked_until=None)


PENDING_DELIVERIES = """
WITH RECURSIVE waiting (webhook_id) AS (
    SELECT min(webhook_id) FROM deliveries WHERE status = 'pending'
    UNION ALL
    SELECT (SELECT min(d.webhook_id) FROM deliveries d WHERE d.status = 'pending' AND d.webhook_id > w.webhook_id)
    FROM waiting w WHERE w.webhook_id IS NOT NULL
)"""
CLAIM_DELIVERIES = Statement(
    sqlite=f"""{PENDING_DELIVERIES}
UPDATE deliveries SET locked_until = ?4 WHERE id IN (
    SELECT d.id FROM waiting w CROSS JOIN deliveries d ON d.id IN (
        SELECT due.id FROM deliveries due
        WHERE due.status = 'pending' AND due.webhook_id = w.webhook_id AND due.next_attempt_at <= ?1
        ORDER BY due.next_attempt_at, due.id LIMIT ?2
    )
    WHERE d.locked_until IS NULL OR d.locked_until <= ?1
    ORDER BY d.next_attempt_at, d.id LIMIT ?3
) RETURNING id
""",  # noqa: S608  (nothing in it comes from outside)
    postgres=f"""{PENDING_DELIVERIES}, due AS (
    SELECT d.* FROM waiting w CROSS JOIN LATERAL (
        SELECT id, next_attempt_at, locked_until FROM deliveries
        WHERE status = 'pending' AND webhook_id = w.webhook_id AND next_attempt_at <= ?1
        ORDER BY next_attempt_at, id LIMIT ?2
    ) d
), free AS (
    SELECT id FROM deliveries WHERE id IN (
        SELECT id FROM due WHERE locked_until IS NULL OR locked_until <= ?1 ORDER BY next_attempt_at, id LIMIT ?3
    ) AND status = 'pending' AND (locked_until IS NULL OR locked_until <= ?1)
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE deliveries SET locked_until = ?4 WHERE id IN (SELECT id FROM free) RETURNING id
""",  # noqa: S608
)
"""On SQLite a statement is atomic.

On PostgreSQL others claim concurrently: rows that they have locked are skipped, and rows that they have claimed are
detected when the row is checked again under its lock.

The statement walks from webhook to webhook over the index and reads no more rows of each than may be claimed: a long
queue of one webhook costs the others nothing.
"""


class Attempt(Model):
    """One attempt at a delivery, and its outcome."""

    id = fields.BigIntField(primary_key=True)
    delivery: fields.ForeignKeyRelation[Delivery] = fields.ForeignKeyField(
        "pichub.Delivery", related_name="attempts", on_delete=fields.CASCADE
    )
    delivery_id: str
    at = fields.DatetimeField()
    duration_ms = fields.IntField()
    outcome = fields.CharEnumField(AttemptOutcome, max_length=16)
    status_code = fields.IntField(null=True)
    reason = fields.CharField(max_length=255, null=True)
    response_excerpt = fields.TextField(null=True)

    class Meta:
        table = "delivery_attempts"
        indexes = (("delivery_id", "id"),)


class RelayCursor(Model):
    """Progress of a relay, by its name: the position of the last event that it has processed."""

    name = fields.CharField(max_length=32, primary_key=True, generated=False)
    position = fields.BigIntField()

    class Meta:
        table = "relay_cursors"

    @classmethod
    async def position_of(cls, name: str) -> int:
        row = await cls.get_or_none(name=name)
        return row.position if row else 0

    @classmethod
    async def lock(cls, name: str) -> None:
        """Make other relays of this name wait until the end of the transaction."""
        if cls._meta.db.capabilities.support_for_update:
            await cls.bulk_create([cls(name=name, position=0)], ignore_conflicts=True)
            await lock_rows(cls.filter(name=name))

    @classmethod
    async def move(cls, name: str, position: int) -> None:
        await cls.bulk_create(
            [cls(name=name, position=position)], on_conflict=["name"], update_fields=["position"]
        )
