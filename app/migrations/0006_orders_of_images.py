from tortoise import migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("pichub", "0005_leases")]

    initial = False

    operations = [
        ops.AddIndex(
            model_name="Image",
            index=Index(fields=["owner_id", "filename", "id"]),
        ),
        ops.AddIndex(
            model_name="Image",
            index=Index(fields=["owner_id", "size", "id"]),
        ),
    ]
