"""Pages of lists take a constant number of statements in both interfaces, however many rows there are."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.ids import Kind, new_id
from app.models import Account, Album, Category, Image, ImageTag
from tests.pichub import House, house
from tests.statements import count_statements

START = datetime(2026, 1, 1, tzinfo=UTC)
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
    """Create rows without stored files, which lists never read. Return the ids of the images, oldest first."""
    owner = await Account.get(username="admin")
    albums = [
        Album(id=new_id(Kind.ALBUM, START), owner_id=owner.id, name=f"{n}", image_count=len(range(n, count, ALBUMS)),
              created_at=START + timedelta(seconds=n), updated_at=START)
        for n in range(ALBUMS)
    ]  # fmt: skip
    category = Category(
        id=new_id(Kind.CATEGORY, START), owner_id=owner.id, name="c", created_at=START, updated_at=START
    )
    images = [
        Image(
            id=new_id(Kind.IMAGE, START + timedelta(seconds=n)), owner_id=owner.id, album_id=albums[n % ALBUMS].id,
            category_id=category.id, filename=f"{n}.jpg", tags=["t"], key="-", size=1, sha256="-", format="jpg",
            width=640, height=480, frames=1, has_alpha=False, thumbhash="-", dominant_color="#000000",
            created_at=START + timedelta(seconds=n // 3), updated_at=START,
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
async def library(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[House, list[str]]]:
    async with house(Path(tmp_path_factory.mktemp("library"))) as pichub:
        await query_data(pichub, "{ viewer { id } }")
        # The token's last use is recorded at most once a minute, so no later request writes it.
        await pichub.services.access.last_used.close()
        yield pichub, await fill(request.param)


async def query_data(pichub: House, query: str, **variables: Any) -> tuple[Any, int]:
    """Return the data of a query, and the number of statements it ran."""
    with count_statements() as counted:
        response = await pichub.client.post(
            "/graphql", json={"query": query, "variables": variables}, headers=pichub.headers
        )
    body = response.json()
    assert "errors" not in body, body
    return body["data"], counted.count


async def test_statements_for_a_page_of_images(library: tuple[House, list[str]]) -> None:
    pichub, ids = library
    data, statements = await query_data(pichub, IMAGES)
    assert [node["id"] for node in data["images"]["nodes"]] == sorted(ids, reverse=True)[:20]
    assert data["images"]["totalCount"] == len(ids)
    # token, page, covers (2), category; the total is a column of the account
    assert statements == 5


async def test_statements_for_a_second_page_of_images(library: tuple[House, list[str]]) -> None:
    pichub, ids = library
    first, _ = await query_data(pichub, IMAGES)
    cursor = first["images"]["pageInfo"]["endCursor"]
    data, statements = await query_data(pichub, IMAGES, after=cursor)
    assert [node["id"] for node in data["images"]["nodes"]] == sorted(ids, reverse=True)[20:40]
    # As above, and one for hasPreviousPage. An empty page needs no covers and no category.
    assert statements == (6 if len(ids) > 20 else 3)


@pytest.mark.parametrize("filter", [{"tag": "t"}, {"search": "1.jpg"}])
async def test_statements_for_a_page_of_filtered_images(
    library: tuple[House, list[str]], filter: dict[str, str]
) -> None:
    _, statements = await query_data(library[0], IMAGES, filter=filter)
    assert statements == 6


async def test_statements_for_albums_with_pages_of_images(library: tuple[House, list[str]]) -> None:
    pichub, _ = library
    data, statements = await query_data(pichub, ALBUMS_WITH_IMAGES)
    albums = data["albums"]["nodes"]
    assert len(albums) == 20
    for album in albums:
        edges = album["images"]["edges"]
        assert len(edges) == min(3, album["images"]["totalCount"])
        assert album["cover"]["id"] == edges[0]["node"]["id"]
    # token, page, total, covers (2), images (2), category
    assert statements == 8


async def test_statements_for_nodes_by_id(library: tuple[House, list[str]]) -> None:
    pichub, ids = library
    data, statements = await query_data(pichub, NODES, ids=[*ids[:20], "img_" + "0" * 26, "nonsense"])
    assert [node and node["id"] for node in data["nodes"]] == [*ids[:20], None, None]
    assert statements == 4


@pytest.mark.parametrize(
    ("path", "statements"),
    [("/v1/images", 2), ("/v1/images?tag=t", 3), ("/v1/albums", 5), ("/v1/categories", 3)],
)
async def test_statements_for_numbered_pages(
    library: tuple[House, list[str]], path: str, statements: int
) -> None:
    pichub, _ = library
    with count_statements() as counted:
        response = await pichub.client.get(path, headers=pichub.headers)
    assert response.status_code == 200
    assert counted.count == statements


async def test_pages_of_images_are_read_from_an_index(library: tuple[House, list[str]]) -> None:
    owner = await Account.get(username="admin")
    album = await Album.first()
    assert album
    for query in (Image.owned_by(owner.id), Image.with_album().filter(album_id=album.id)):
        plan = await query.order_by("-created_at", "-id").limit(21).explain()
        text = " ".join(str(step) for step in plan)
        assert "TEMP B-TREE" not in text, text
        assert "created_at" in text or "INDEX" in text, text
