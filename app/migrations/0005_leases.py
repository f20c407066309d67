from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("pichub", "0004_webhooks")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Lease",
            fields=[
                ("name", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ("holder", fields.CharField(max_length=32)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("done_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "leases",
                "app": "pichub",
                "pk_attr": "name",
                "table_description": "Work that one process does at a time. `holder` names the process, until `expires_at` at the latest.",
            },
            bases=["Model"],
        ),
    ]
