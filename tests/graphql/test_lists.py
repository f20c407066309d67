"""Ordering, filters and cursors of images."""

import gc
import weakref
from operator import attrgetter
from typing import Any

import pytest
from graphql import GraphQLField, GraphQLString

from app import models
from app.context import Context
from app.graphql.server.fast_path import FastField, FastSelection
from app.graphql.types.library import Image
from scripts.fixtures import sample_images
from tests.graphql.conftest import Endpoint

IMAGES = """query(
  $first: Int, $after: String, $last: Int, $before: String, $filter: ImageFilter, $orderBy: ImageOrder
) {
  images(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $orderBy) {
    totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } nodes { filename }
  }
}"""
ALBUMS = "query($after: String) { albums(after: $after) { totalCount } }"
IN_ALBUMS = "query($after: String) { albums { nodes { images(after: $after) { totalCount } } } }"


@pytest.fixture
async def filled(graphql: Endpoint) -> Endpoint:
    for name, width in (("b.png", 30), ("海.png", 10), ("a.png", 20), ("C.png", 40)):
        await graphql.server.upload(sample_images.png(width, 10), filename=name)
    return graphql


async def names(graphql: Endpoint, **variables: Any) -> list[str]:
    data = await graphql.data(IMAGES, **variables)
    return [node["filename"].removesuffix(".png") for node in data["images"]["nodes"]]


async def test_images_are_ordered_by_each_field(filled: Endpoint) -> None:
    assert await names(filled) == ["C", "a", "海", "b"]
    assert await names(filled, orderBy={}) == ["C", "a", "海", "b"]
    assert await names(filled, orderBy={"direction": "ASC"}) == ["b", "海", "a", "C"]
    assert await names(filled, orderBy={"field": "FILENAME", "direction": "ASC"}) == ["C", "a", "b", "海"]
    assert await names(filled, orderBy={"field": "FILENAME"}) == ["海", "b", "a", "C"]
    assert await names(filled, orderBy={"field": "SIZE", "direction": "ASC"}) == ["海", "a", "b", "C"]


async def test_pagination_works_in_both_directions(filled: Endpoint) -> None:
    order = {"field": "FILENAME", "direction": "ASC"}
    page = (await filled.data(IMAGES, first=3, orderBy=order))["images"]["pageInfo"]
    assert (page["hasNextPage"], page["hasPreviousPage"]) == (True, False)
    assert await names(filled, first=3, after=page["endCursor"], orderBy=order) == ["海"]
    assert await names(filled, last=1, before=page["endCursor"], orderBy=order) == ["a"]
    page = (await filled.data(IMAGES, last=1, orderBy=order))["images"]["pageInfo"]
    assert (page["hasNextPage"], page["hasPreviousPage"]) == (False, True)


async def test_cursor_of_another_list_is_rejected(filled: Endpoint) -> None:
    order, filter_ = {"field": "SIZE"}, {"minWidth": 20}
    cursor = (await filled.data(IMAGES, first=1, orderBy=order, filter=filter_))["images"]["pageInfo"][
        "endCursor"
    ]
    plain = (await filled.data(IMAGES, first=1))["images"]["pageInfo"]["endCursor"]
    assert await names(filled, after=cursor, orderBy=order, filter=filter_) == ["b", "a"]
    for document, variables in (
        (IMAGES, {"after": cursor}),
        (IMAGES, {"after": cursor, "orderBy": order}),
        (IMAGES, {"after": cursor, "filter": filter_}),
        (IMAGES, {"after": plain, "orderBy": order}),
        (IMAGES, {"after": plain, "filter": filter_}),
        (ALBUMS, {"after": cursor}),
    ):
        error = await filled.error(document, **variables)
        assert error["extensions"]["code"] == "BAD_REQUEST"
        assert error["message"] == "Invalid value for parameter 'after'"
        assert "with the same order and filter" in error["extensions"]["details"]


async def test_cursor_of_another_list_is_rejected_in_albums(filled: Endpoint) -> None:
    await filled.server.client.post("/v1/albums", headers=filled.server.headers, json={"name": "x"})
    cursor = (await filled.data(IMAGES, first=1, orderBy={"field": "SIZE"}))["images"]["pageInfo"][
        "endCursor"
    ]
    error = (await filled.execute(IN_ALBUMS, after=cursor))["errors"][0]
    assert error["extensions"]["code"] == "BAD_REQUEST"


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        ({"formats": ["PNG"], "minWidth": 20, "maxWidth": 30}, ["a", "b"]),
        ({"formats": ["JPG", "GIF"]}, []),
        ({"search": "海"}, ["海"]),
        ({"search": "c.PNG", "isPublic": True}, ["C"]),
        ({"isPublic": False}, []),
        ({"createdBefore": "2001-01-01T00:00:00Z"}, []),
        ({"createdAfter": "2001-01-01T00:00:00+08:00", "maxHeight": 10, "minSize": 1}, ["C", "a", "海", "b"]),
        ({"maxSize": 9007199254740993}, ["C", "a", "海", "b"]),
    ],
)
async def test_filters(filled: Endpoint, filter: dict[str, Any], expected: list[str]) -> None:
    assert await names(filled, filter=filter) == expected
    assert (await filled.data(IMAGES, filter=filter))["images"]["totalCount"] == len(expected)


@pytest.mark.parametrize(
    ("filter", "code"),
    [
        ({"formats": []}, "VALIDATION_ERROR"),
        ({"formats": ["BMP"]}, "BAD_REQUEST"),
        ({"createdAfter": "yesterday"}, "BAD_REQUEST"),
        ({"createdAfter": "0001-01-01T00:00:00+09:00"}, "VALIDATION_ERROR"),
        ({"minSize": -1}, "VALIDATION_ERROR"),
        ({"minSize": 10**30}, "VALIDATION_ERROR"),
        ({"minWidth": 2, "maxWidth": 1}, "VALIDATION_ERROR"),
    ],
)
async def test_invalid_filters(graphql: Endpoint, filter: dict[str, Any], code: str) -> None:
    assert (await graphql.post({"query": IMAGES, "variables": {"filter": filter}})).json()["errors"][0][
        "extensions"
    ]["code"] == code


async def test_images_are_freed_without_garbage_collection(filled: Endpoint) -> None:
    ctx = Context(filled.server.services)
    row = await models.Image.all().first()
    assert row is not None
    filename = FastField(attrgetter("filename"), GraphQLField(GraphQLString))
    selection = FastSelection((("filename", filename, None),))
    assert selection.read(Image(row, ctx)) == {"filename": row.filename}
    kept = weakref.ref(row)
    gc.disable()
    try:
        del row
        assert kept() is None
    finally:
        gc.enable()
