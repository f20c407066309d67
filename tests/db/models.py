"""Models of a small library."""

from tortoise import fields
from tortoise.models import Model


class Shelf(Model):
    id = fields.CharField(max_length=32, primary_key=True, generated=False)
    label = fields.CharField(max_length=32)

    class Meta:
        table = "shelves"


class Book(Model):
    id = fields.CharField(max_length=32, primary_key=True, generated=False)
    shelf: fields.ForeignKeyRelation[Shelf] = fields.ForeignKeyField(
        "library.Shelf", related_name="books", on_delete=fields.CASCADE
    )
    shelf_id: str
    copies = fields.IntField(default=0)
    created_at = fields.DatetimeField()

    class Meta:
        table = "books"
        indexes = (("shelf_id", "created_at", "id"),)
