from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from app.models.uploads import UploadState


class Migration(migrations.Migration):
    dependencies = [("pichub", "0006_orders_of_images")]

    initial = False

    operations = [
        ops.CreateModel(
            name="UploadTicket",
            fields=[
                ("id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=32)),
                (
                    "owner",
                    fields.ForeignKeyField(
                        "pichub.Account",
                        source_field="owner_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="upload_tickets",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "state",
                    fields.CharEnumField(
                        default=UploadState.RECEIVING,
                        description="RECEIVING: receiving\nDONE: done\nREFUSED: refused",
                        enum_type=UploadState,
                        max_length=16,
                    ),
                ),
                ("size", fields.BigIntField()),
                ("offset", fields.BigIntField(default=0)),
                ("pieces", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("filename", fields.CharField(max_length=255)),
                ("title", fields.CharField(null=True, max_length=200)),
                ("description", fields.TextField(null=True, unique=False)),
                ("tags", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("album_id", fields.CharField(null=True, max_length=32)),
                ("category_id", fields.CharField(null=True, max_length=32)),
                ("metadata", fields.TextField(null=True, unique=False)),
                (
                    "image",
                    fields.ForeignKeyField(
                        "pichub.Image",
                        source_field="image_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="upload_tickets",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                ("error", fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "upload_tickets",
                "app": "pichub",
                "indexes": [Index(fields=["owner_id", "state"])],
                "pk_attr": "id",
                "table_description": "A file that comes in pieces, over as many connections as it takes, and what is said of the image it is to be.",
            },
            bases=["Model"],
        ),
    ]
