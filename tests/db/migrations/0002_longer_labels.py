# ruff: noqa: RUF012
"""Makes the table of shelves anew, while books point at it."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("library", "0001_first")]

    operations = [
        ops.AlterField(model_name="Shelf", name="label", field=fields.CharField(max_length=32)),
        ops.AddField(model_name="Book", name="copies", field=fields.IntField(default=0, db_default=0)),
    ]
