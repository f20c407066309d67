# ruff: noqa: N999, RUF012
from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    operations = [
        ops.RunSQL("CREATE TABLE parents (id INT PRIMARY KEY)"),
        ops.RunSQL("CREATE TABLE children (parent INT REFERENCES parents (id))"),
        ops.RunSQL("INSERT INTO children VALUES (7)"),
    ]
