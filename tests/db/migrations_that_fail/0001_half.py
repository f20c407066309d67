# ruff: noqa: N999, RUF012
from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    operations = [
        ops.RunSQL("CREATE TABLE half (id INT)"),
    ]
