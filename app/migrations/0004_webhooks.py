from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from app.models.webhooks import AttemptOutcome, DeliveryStatus, DisabledReason


class Migration(migrations.Migration):
    dependencies = [("pichub", "0003_events")]

    initial = False

    operations = [
        ops.CreateModel(
            name="RelayCursor",
            fields=[
                ("name", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=32)),
                ("position", fields.BigIntField()),
            ],
            options={
                "table": "relay_cursors",
                "app": "pichub",
                "pk_attr": "name",
                "table_description": "How far a relay has come, by the relay's name: the position of the last event that it has passed on.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Webhook",
            fields=[
                ("id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=32)),
                (
                    "owner",
                    fields.ForeignKeyField(
                        "pichub.Account",
                        source_field="owner_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="webhooks",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("url", fields.CharField(max_length=2000)),
                ("description", fields.TextField(null=True, unique=False)),
                ("events", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("secret", fields.CharField(max_length=128)),
                ("old_secret", fields.CharField(null=True, max_length=128)),
                ("old_secret_until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("is_active", fields.BooleanField(default=True)),
                (
                    "disabled_reason",
                    fields.CharEnumField(
                        null=True,
                        description="GONE: gone\nFAILING: failing",
                        enum_type=DisabledReason,
                        max_length=16,
                    ),
                ),
                ("failing_since", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("since_position", fields.BigIntField(default=0)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "webhooks",
                "app": "pichub",
                "indexes": [Index(fields=["owner_id", "created_at", "id"])],
                "pk_attr": "id",
                "table_description": "An address that wants to hear of an account's events.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Delivery",
            fields=[
                ("id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=32)),
                (
                    "webhook",
                    fields.ForeignKeyField(
                        "pichub.Webhook",
                        source_field="webhook_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="deliveries",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "event",
                    fields.ForeignKeyField(
                        "pichub.Event",
                        source_field="event_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="deliveries",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "status",
                    fields.CharEnumField(
                        default=DeliveryStatus.PENDING,
                        description="PENDING: pending\nSUCCEEDED: succeeded\nEXHAUSTED: exhausted",
                        enum_type=DeliveryStatus,
                        max_length=16,
                    ),
                ),
                ("attempts_made", fields.IntField(default=0)),
                ("next_attempt_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("locked_until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "deliveries",
                "app": "pichub",
                "unique_together": (("event", "webhook"),),
                "indexes": [
                    Index(fields=["webhook_id", "created_at", "id"]),
                    Index(fields=["status", "webhook_id", "next_attempt_at"]),
                ],
                "pk_attr": "id",
                "table_description": "One event owed to one webhook.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Attempt",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "delivery",
                    fields.ForeignKeyField(
                        "pichub.Delivery",
                        source_field="delivery_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="attempts",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("duration_ms", fields.IntField()),
                (
                    "outcome",
                    fields.CharEnumField(
                        description="DELIVERED: delivered\nREFUSED: refused\nREDIRECTED: redirected\nGONE: gone\nTIMED_OUT: timed_out\nUNREACHABLE: unreachable\nBLOCKED: blocked\nFAILED: failed",
                        enum_type=AttemptOutcome,
                        max_length=16,
                    ),
                ),
                ("status_code", fields.IntField(null=True)),
                ("reason", fields.CharField(null=True, max_length=255)),
                ("response_excerpt", fields.TextField(null=True, unique=False)),
            ],
            options={
                "table": "delivery_attempts",
                "app": "pichub",
                "indexes": [Index(fields=["delivery_id", "id"])],
                "pk_attr": "id",
                "table_description": "One try to deliver, and how it ended.",
            },
            bases=["Model"],
        ),
    ]
