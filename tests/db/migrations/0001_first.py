# ruff: noqa: RUF012
from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="Shelf",
            fields=[
                ("id", fields.CharField(primary_key=True, max_length=32)),
                ("label", fields.CharField(max_length=16)),
            ],
            options={"table": "shelves", "app": "library", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Book",
            fields=[
                ("id", fields.CharField(primary_key=True, max_length=32)),
                (
                    "shelf",
                    fields.ForeignKeyField("library.Shelf", source_field="shelf_id", related_name="books"),
                ),
                ("created_at", fields.DatetimeField()),
            ],
            options={
                "table": "books",
                "app": "library",
                "indexes": [Index(fields=["shelf_id", "created_at", "id"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
    ]
