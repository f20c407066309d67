from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("pichub", "0002_accounts")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Event",
            fields=[
                ("id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=32)),
                ("position", fields.BigIntField(unique=True)),
                ("type", fields.CharField(max_length=32)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "pichub.Account",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="events",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("album_id", fields.CharField(null=True, max_length=32)),
                ("subject_id", fields.CharField(max_length=32)),
                ("data", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "events",
                "app": "pichub",
                "indexes": [Index(fields=["account_id", "position"])],
                "pk_attr": "id",
                "table_description": "Something that happened to an account's things, written in the transaction in which it happened.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="EventCounter",
            fields=[
                ("id", fields.SmallIntField(primary_key=True, generated=False, unique=True, db_index=True)),
                ("position", fields.BigIntField()),
            ],
            options={
                "table": "event_counter",
                "app": "pichub",
                "pk_attr": "id",
                "table_description": "One row: the position of the newest event. Whoever takes positions holds its lock until the commit.",
            },
            bases=["Model"],
        ),
    ]
