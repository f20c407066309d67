"""The row mapper builds the same models as Tortoise."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from tortoise import connections
from tortoise.models import Model
from tortoise.queryset import QuerySet

from app.models import Account, Album, ApiToken, Event, Image
from app.resolvers import albums
from app.resolvers.albums import NewAlbum
from scripts.fixtures import sample_images
from tests.databases import database  # noqa: F401  (each test runs on each kind of database)
from tests.pichub import House, house
from tests.resolvers.test_images import context, upload


@pytest.fixture
async def library(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as pichub:
        ctx = await context(pichub)
        album = await albums.create(ctx, NewAlbum("Harbour"))
        await upload(ctx, sample_images.png(), album_id=album.id, title="In an album", tags=["a", "海"])
        await upload(ctx, sample_images.png())
        await pichub.services.access.last_used.close()
        yield pichub


def as_dict(row: Model | None) -> object:
    """Return the attributes of a model and of its related models."""
    if row is None:
        return None
    return {name: as_dict(value) if isinstance(value, Model) else value for name, value in vars(row).items()}


QUERIES: dict[str, Callable[[], QuerySet[Any]]] = {
    "one table": Account.all,
    "with an optional related row": lambda: Image.with_album().order_by("id"),
    "with a related row of a related row": lambda: (
        Image.all().select_related("album__owner", "owner").order_by("id")
    ),
    "JSON and optional times": lambda: ApiToken.all().select_related("account", "album"),
    "whole numbers and JSON": lambda: Event.all().order_by("position"),
    "some columns": lambda: Album.all().only("id", "name"),
    "some columns of two tables": lambda: Image.all().select_related("album").only("id", "album__name"),
}


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
async def test_models_equal_those_of_tortoise(
    library: House, query: Callable[[], QuerySet[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    models = [as_dict(row) for row in await query()]
    assert models
    engine = connections.get("default")
    monkeypatch.setattr(type(engine), "executor_class", type(engine).executor_class.__mro__[2])
    assert models == [as_dict(row) for row in await query()]
