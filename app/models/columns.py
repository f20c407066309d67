"""Columns that several tables have."""

from tortoise import fields


def id_column() -> "fields.CharField[str]":
    """A primary key of ours: `img_` and the like, made by app.ids."""
    return fields.CharField(max_length=32, primary_key=True, generated=False)
