# ruff: noqa: N999, RUF012
from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("library", "0001_half")]

    operations = [
        ops.RunSQL("CREATE TABLE other (id INT)"),
        ops.RunSQL("CREATE NONSENSE"),
    ]
