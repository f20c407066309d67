"""A page of a list costs the same number of statements however many rows there are, through every face."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.ids import Kind, new_id
from app.models import Account, Album, Category, Image, ImageTag
from tests.pichub import House, house
from tests.statements import counted_statements

DAWN = datetime(2026, 1, 1, tzinfo=UTC)
ALBUMS = 20

IMAGES = """query($after: String, $filter: ImageFilter) { images(first: 20, after: $after, filter: $filter) {
  totalCount pageInfo { hasNextPage hasPreviousPage endCursor }
  nodes { id url width height tags album { id name imageCount cover { id } } category { id name }
          variant(transform: {width: 320}) { url width height } }
} }"""
ALBUMS_WITH_IMAGES = """{ albums(first: 20) { totalCount pageInfo { hasNextPage hasPreviousPage } nodes {
  id cover { id album { id } }
  images(first: 3) { totalCount pageInfo { hasNextPage } edges { cursor node { id category { id } } } }
} } }"""
NODES = "query($ids: [ID!]!) { nodes(ids: $ids) { id __typename ... on Image { album { cover { id } } } } }"


async def fill(count: int) -> list[str]:
    """Rows without bytes: lists do not look at those. The images' ids, oldest first."""
    owner = await Account.get(username="admin")
    albums = [
        Album(id=new_id(Kind.ALBUM, DAWN), owner_id=owner.id, name=f"{n}", image_count=len(range(n, count, ALBUMS)),
              created_at=DAWN + timedelta(seconds=n), updated_at=DAWN)
        for n in range(ALBUMS)
    ]  # fmt: skip
    category = Category(
        id=new_id(Kind.CATEGORY, DAWN), owner_id=owner.id, name="c", created_at=DAWN, updated_at=DAWN
    )
    images = [
        Image(
            id=new_id(Kind.IMAGE, DAWN + timedelta(seconds=n)), owner_id=owner.id, album_id=albums[n % ALBUMS].id,
            category_id=category.id, filename=f"{n}.jpg", tags=["t"], key="-", size=1, sha256="-", format="jpg",
            width=640, height=480, frames=1, has_alpha=False, thumbhash="-", dominant_color="#000000",
            created_at=DAWN + timedelta(seconds=n // 3), updated_at=DAWN,
        )
        for n in range(count)
    ]  # fmt: skip
    await Album.bulk_create(albums)
    await category.save(force_create=True)
    await Image.bulk_create(images, batch_size=500)
    await Account.filter(id=owner.id).update(image_count=count)
    await ImageTag.bulk_create([ImageTag(image_id=image.id, name="t") for image in images], batch_size=500)
    return [image.id for image in images]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module", params=[20, 20_000])
async def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[House, list[str]]]:
    async with house(Path(tmp_path_factory.mktemp("filled"))) as built:
        await asked(built, "{ viewer { id } }")
        await built.services.access.last_used.close()  # that the token was used stands there for the next minute
        yield built, await fill(request.param)


async def asked(built: House, query: str, **variables: Any) -> tuple[Any, int]:
    """The data, and how many statements it took."""
    with counted_statements() as counted:
        answer = await built.client.post(
            "/graphql", json={"query": query, "variables": variables}, headers=built.headers
        )
    body = answer.json()
    assert "errors" not in body, body
    return body["data"], counted.count


async def test_a_page_of_images(filled: tuple[House, list[str]]) -> None:
    built, ids = filled
    data, statements = await asked(built, IMAGES)
    assert [node["id"] for node in data["images"]["nodes"]] == sorted(ids, reverse=True)[:20]
    assert data["images"]["totalCount"] == len(ids)
    # the token, the page, the covers in two, the category; the account keeps the total
    assert statements == 5


async def test_a_page_in_the_middle_of_images(filled: tuple[House, list[str]]) -> None:
    built, ids = filled
    first, _ = await asked(built, IMAGES)
    cursor = first["images"]["pageInfo"]["endCursor"]
    data, statements = await asked(built, IMAGES, after=cursor)
    assert [node["id"] for node in data["images"]["nodes"]] == sorted(ids, reverse=True)[20:40]
    # as above, less what an empty page does not ask, and whether there is a page before
    assert statements == (6 if len(ids) > 20 else 3)


@pytest.mark.parametrize("filter", [{"tag": "t"}, {"search": "1.jpg"}])
async def test_a_page_of_some_images(filled: tuple[House, list[str]], filter: dict[str, str]) -> None:
    _, statements = await asked(filled[0], IMAGES, filter=filter)
    assert statements == 6


async def test_a_page_of_albums_each_with_a_page_of_its_images(filled: tuple[House, list[str]]) -> None:
    built, _ = filled
    data, statements = await asked(built, ALBUMS_WITH_IMAGES)
    albums = data["albums"]["nodes"]
    assert len(albums) == 20
    for album in albums:
        edges = album["images"]["edges"]
        assert len(edges) == min(3, album["images"]["totalCount"])
        assert album["cover"]["id"] == edges[0]["node"]["id"]
    # the token, the page, the total, the covers in two, the images in two, the category
    assert statements == 8


async def test_things_by_their_ids(filled: tuple[House, list[str]]) -> None:
    built, ids = filled
    data, statements = await asked(built, NODES, ids=[*ids[:20], "img_" + "0" * 26, "nonsense"])
    assert [node and node["id"] for node in data["nodes"]] == [*ids[:20], None, None]
    assert statements == 4


@pytest.mark.parametrize(
    ("path", "statements"),
    [("/v1/images", 2), ("/v1/images?tag=t", 3), ("/v1/albums", 5), ("/v1/categories", 3)],
)
async def test_numbered_pages(filled: tuple[House, list[str]], path: str, statements: int) -> None:
    built, _ = filled
    with counted_statements() as counted:
        answer = await built.client.get(path, headers=built.headers)
    assert answer.status_code == 200
    assert counted.count == statements


async def test_pages_of_images_are_read_from_an_index(filled: tuple[House, list[str]]) -> None:
    owner = await Account.get(username="admin")
    album = await Album.first()
    assert album
    for query in (Image.owned_by(owner.id), Image.with_album().filter(album_id=album.id)):
        plan = await query.order_by("-created_at", "-id").limit(21).explain()
        text = " ".join(str(step) for step in plan)
        assert "TEMP B-TREE" not in text, text
        assert "created_at" in text or "INDEX" in text, text
