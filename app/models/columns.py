"""Columns shared by several tables."""

from tortoise import fields


def id_column() -> "fields.CharField[str]":
    """A prefixed primary key such as `img_…`, made by app.ids."""
    return fields.CharField(max_length=32, primary_key=True, generated=False)
