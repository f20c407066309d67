from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("pichub", "0007_uploads")]

    initial = False

    operations = [
        ops.CreateModel(
            name="UrlSecret",
            fields=[
                ("id", fields.BigIntField(primary_key=True, generated=False, unique=True, db_index=True)),
                ("text", fields.TextField(unique=False)),
                ("until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "url_secrets",
                "app": "pichub",
                "pk_attr": "id",
                "table_description": "A secret that addresses are signed with. The one with the highest id signs, and has no `until`.",
            },
            bases=["Model"],
        ),
    ]
