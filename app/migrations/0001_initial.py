from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from app.models.accounts import Role


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="Account",
            fields=[
                ("id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=32)),
                ("username", fields.CharField(unique=True, max_length=64)),
                ("password_hash", fields.CharField(max_length=255)),
                (
                    "role",
                    fields.CharEnumField(
                        default=Role.MEMBER,
                        description="ADMIN: admin\nMEMBER: member",
                        enum_type=Role,
                        max_length=16,
                    ),
                ),
                ("bytes_used", fields.BigIntField(default=0)),
                ("image_count", fields.IntField(default=0)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "accounts",
                "app": "pichub",
                "pk_attr": "id",
                "table_description": "Someone who owns images. What it counts is kept in the transactions that change it.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Album",
            fields=[
                ("id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=32)),
                (
                    "owner",
                    fields.ForeignKeyField(
                        "pichub.Account",
                        source_field="owner_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="albums",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("name", fields.CharField(max_length=200)),
                ("description", fields.TextField(null=True, unique=False)),
                ("is_public", fields.BooleanField(default=True)),
                ("image_count", fields.IntField(default=0)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "albums",
                "app": "pichub",
                "indexes": [Index(fields=["owner_id", "created_at", "id"])],
                "pk_attr": "id",
                "table_description": "Images that belong together. A private one, and what is in it, exists for its owner only.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ApiToken",
            fields=[
                ("id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=32)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "pichub.Account",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="tokens",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("name", fields.CharField(max_length=100)),
                ("digest", fields.CharField(unique=True, max_length=64)),
                ("hint", fields.CharField(max_length=32)),
                ("scopes", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("revoked_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "api_tokens",
                "app": "pichub",
                "pk_attr": "id",
                "table_description": "A key that acts for an account. Of its text only the digest is kept, and a hint that lists may show.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Category",
            fields=[
                ("id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=32)),
                (
                    "owner",
                    fields.ForeignKeyField(
                        "pichub.Account",
                        source_field="owner_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="categories",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("name", fields.CharField(max_length=100)),
                ("description", fields.TextField(null=True, unique=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "categories",
                "app": "pichub",
                "unique_together": (("owner", "name"),),
                "indexes": [Index(fields=["owner_id", "created_at", "id"])],
                "pk_attr": "id",
                "table_description": "A drawer that an account sorts its images into. An image lies in one at most. Its owner's alone.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Image",
            fields=[
                ("id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=32)),
                (
                    "owner",
                    fields.ForeignKeyField(
                        "pichub.Account",
                        source_field="owner_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="images",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "album",
                    fields.ForeignKeyField(
                        "pichub.Album",
                        source_field="album_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="images",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                (
                    "category",
                    fields.ForeignKeyField(
                        "pichub.Category",
                        source_field="category_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="images",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                ("filename", fields.CharField(max_length=255)),
                ("title", fields.CharField(null=True, max_length=200)),
                ("description", fields.TextField(null=True, unique=False)),
                ("tags", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("key", fields.CharField(max_length=255)),
                ("size", fields.BigIntField()),
                ("sha256", fields.CharField(max_length=64)),
                ("format", fields.CharField(max_length=8)),
                ("width", fields.IntField()),
                ("height", fields.IntField()),
                ("frames", fields.IntField()),
                ("has_alpha", fields.BooleanField()),
                ("thumbhash", fields.CharField(max_length=64)),
                ("dominant_color", fields.CharField(max_length=7)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "images",
                "app": "pichub",
                "indexes": [
                    Index(fields=["owner_id", "created_at", "id"]),
                    Index(fields=["album_id", "created_at", "id"]),
                    Index(fields=["category_id", "created_at", "id"]),
                ],
                "pk_attr": "id",
                "table_description": "A picture that people see: what was learnt of its bytes at upload, and what its owner says about it.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ImageTag",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "image",
                    fields.ForeignKeyField(
                        "pichub.Image",
                        source_field="image_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="tag_rows",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("name", fields.CharField(max_length=50)),
            ],
            options={
                "table": "image_tags",
                "app": "pichub",
                "unique_together": (("image", "name"),),
                "indexes": [Index(fields=["name", "image_id"])],
                "pk_attr": "id",
                "table_description": "The index by which images are found by tag.",
            },
            bases=["Model"],
        ),
    ]
