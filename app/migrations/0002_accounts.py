from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("pichub", "0001_initial")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Invitation",
            fields=[
                ("id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=32)),
                (
                    "creator",
                    fields.ForeignKeyField(
                        "pichub.Account",
                        source_field="creator_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="invitations",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("note", fields.CharField(null=True, max_length=200)),
                ("digest", fields.CharField(unique=True, max_length=64)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "invitations",
                "app": "pichub",
                "pk_attr": "id",
                "table_description": "A code with which one person may make an account. Only its digest is kept.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Session",
            fields=[
                ("id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=32)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "pichub.Account",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="sessions",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("digest", fields.CharField(unique=True, max_length=64)),
                ("user_agent", fields.CharField(max_length=200)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("last_used_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("revoked_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "sessions",
                "app": "pichub",
                "indexes": [Index(fields=["account_id", "created_at", "id"])],
                "pk_attr": "id",
                "table_description": "A browser that has signed in. Of the text in its cookie only the digest is kept.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Account",
            name="disabled_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="Account",
            name="quota",
            field=fields.BigIntField(null=True),
        ),
        ops.AddIndex(
            model_name="Account",
            index=Index(fields=["created_at", "id"]),
        ),
        ops.AddField(
            model_name="ApiToken",
            name="album",
            field=fields.ForeignKeyField(
                "pichub.Album",
                source_field="album_id",
                null=True,
                db_constraint=True,
                to_field="id",
                related_name="tokens",
                on_delete=OnDelete.SET_NULL,
            ),
        ),
        ops.AddField(
            model_name="ApiToken",
            name="last_used_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddIndex(
            model_name="ApiToken",
            index=Index(fields=["account_id", "created_at", "id"]),
        ),
        ops.AddIndex(
            model_name="ApiToken",
            index=Index(fields=["album_id"]),
        ),
    ]
