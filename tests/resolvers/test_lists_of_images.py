"""Lists of images: filters, orders, and pagination by cursor without gaps or repetitions."""

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from app.context import Context
from app.errors import Invalid, InvalidParameter
from app.ids import Kind, new_id
from app.imaging.formats import Format
from app.models import Account, Album, Image
from app.pagination import Direction, Page, PageRequest
from app.resolvers import images
from app.resolvers.filters import ImageFilter, ImageKey, ImageOrder
from tests.pichub import house
from tests.resolvers.test_images import context

START = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = ("a.jpg", "B.jpg", "b.jpg", "10.png", "9.png", "海滩.webp", "海 滩.webp", "50%_off.gif",
         "dot.dot..gif", "é.jpg")  # fmt: skip


@dataclass(frozen=True)
class Library:
    """The images of an account, and the context of its requests."""

    ctx: Context
    owner: Account

    async def add(self, number: int, **columns: Any) -> Image:
        created_at = START + timedelta(seconds=number // 3)
        row = Image(
            **{
                "id": new_id(Kind.IMAGE, created_at), "owner_id": self.owner.id, "filename": NAMES[number % len(NAMES)],
                "tags": [], "key": "-", "size": 100 + number % 4, "sha256": "-", "format": list(Format)[number % 3],
                "width": 100 * (1 + number % 5), "height": 50 * (1 + number % 3), "frames": 1, "has_alpha": False,
                "thumbhash": "-", "dominant_color": "#000000", "created_at": created_at, "updated_at": created_at,
            }
            | columns
        )  # fmt: skip
        await row.save(force_create=True)
        self.ctx.require_actor().account.image_count += 1
        return row

    async def find(self, **conditions: Any) -> set[str]:
        page = await images.page(self.ctx, ImageFilter(**conditions), PageRequest(100))
        assert await page.total() == len(page.items)
        return {image.id for image in page.items}


@pytest.fixture
async def library(tmp_path: Path) -> AsyncIterator[Library]:
    async with house(tmp_path) as pichub:
        yield Library(await context(pichub), await Account.get(username="admin"))


def ordered(rows: list[Image], order: ImageOrder) -> list[str]:
    """Return the ids in an order, sorted in Python."""
    column = order.key.value[0]
    rows = sorted(rows, key=lambda row: (getattr(row, column), row.id))
    return [row.id for row in (rows if order.direction is Direction.OLDEST_FIRST else reversed(rows))]


ORDERS = [ImageOrder(key, direction) for key in ImageKey for direction in Direction]
ORDER_IDS = [f"{order.key.name} {order.direction.value}" for order in ORDERS]


async def walk(
    library: Library, order: ImageOrder, size: int, *, backward: bool, **conditions: Any
) -> list[str]:
    ids: list[str] = []
    request = PageRequest(size, backward=backward)
    while True:
        page = await images.page(library.ctx, ImageFilter(**conditions), request, order)
        page_ids = [image.id for image in page.items]
        ids = page_ids + ids if backward else ids + page_ids
        has_more = await (page.has_previous() if backward else page.has_next())
        if not has_more:
            assert await page.total() == len(ids)
            return ids
        request = next_request(page, size, backward=backward)


def next_request(page: Page[Image], size: int, *, backward: bool) -> PageRequest:
    """Return the request for the next page, with the cursor passed as text, as clients do."""
    if backward:
        return PageRequest.parse(last=size, before=str(page.cursor_of(page.items[0])))
    return PageRequest.parse(first=size, after=str(page.cursor_of(page.items[-1])))


@pytest.mark.parametrize("order", ORDERS, ids=ORDER_IDS)
async def test_pagination_returns_each_image_once_in_order(library: Library, order: ImageOrder) -> None:
    rows = [await library.add(number) for number in range(37)]
    for size in (1, 7, 40):
        for backward in (False, True):
            assert await walk(library, order, size, backward=backward) == ordered(rows, order)
    wide = [row for row in rows if row.width >= 300]
    assert await walk(library, order, 4, backward=False, min_width=300) == ordered(wide, order)


@pytest.mark.parametrize("order", ORDERS, ids=ORDER_IDS)
async def test_concurrent_changes_neither_repeat_nor_skip_rows(library: Library, order: ImageOrder) -> None:
    chance = random.Random(7)
    initial = {(await library.add(number)).id for number in range(40)}
    deleted: set[str] = set()
    ids: list[str] = []
    request = PageRequest(4)
    for number in range(40, 100):
        page = await images.page(library.ctx, ImageFilter(), request, order)
        ids += [image.id for image in page.items]
        if not page.items:
            break
        request = next_request(page, 4, backward=False)
        victims = [*chance.sample(sorted(initial), 2), page.items[-1].id]  # including the row of the cursor
        await Image.filter(id__in=victims).delete()
        deleted.update(victims)
        await library.add(chance.randrange(number))
    assert len(ids) == len(set(ids))
    assert initial - deleted <= set(ids)


async def test_filters_work_alone_and_combined(library: Library) -> None:
    rows = [await library.add(number) for number in range(30)]

    def matching(condition: Any) -> set[str]:
        return {row.id for row in rows if condition(row)}

    after, before = START + timedelta(seconds=3), START + timedelta(seconds=6)
    assert await library.find(formats=[Format.JPG, Format.WEBP]) == matching(
        lambda r: r.format in {"jpg", "webp"}
    )
    assert await library.find(created_after=after) == matching(lambda r: r.created_at >= after)
    assert await library.find(created_before=before) == matching(lambda r: r.created_at < before)
    assert await library.find(min_width=200, max_width=400) == matching(lambda r: 200 <= r.width <= 400)
    assert await library.find(min_height=100, max_height=100) == matching(lambda r: r.height == 100)
    assert await library.find(min_size=102) == matching(lambda r: r.size >= 102)
    assert await library.find(max_size=100, formats=[Format.PNG]) == matching(
        lambda r: r.size == 100 and r.format == "png"
    )
    combined = {"created_after": after, "created_before": before, "min_width": 300, "min_size": 101}
    assert await library.find(**combined) == matching(
        lambda r: after <= r.created_at < before and r.width >= 300 and r.size >= 101
    )


async def test_time_filters_respect_time_zones(library: Library) -> None:
    rows = [await library.add(number) for number in range(12)]
    later = {row.id for row in rows if row.created_at >= START + timedelta(seconds=2)}
    for created_after in (
        datetime(2026, 1, 1, 0, 0, 2, tzinfo=UTC),
        datetime(2026, 1, 1, 8, 0, 2, tzinfo=timezone(timedelta(hours=8))),
        datetime(2026, 1, 1, 0, 0, 2),  # noqa: DTZ001  (naive times are UTC)
    ):
        assert await library.find(created_after=created_after) == later


async def test_images_are_filtered_by_visibility(library: Library) -> None:
    columns = {"owner_id": library.owner.id, "image_count": 1, "created_at": START, "updated_at": START}
    public, private = [
        await Album.create(id=new_id(Kind.ALBUM, START), name="x", is_public=is_public, **columns)
        for is_public in (True, False)
    ]
    no_album, shared, hidden = [
        await library.add(0, album_id=each and each.id) for each in (None, public, private)
    ]
    assert await library.find(is_public=True) == {no_album.id, shared.id}
    assert await library.find(is_public=False) == {hidden.id}
    assert await library.find() == {no_album.id, shared.id, hidden.id}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("海滩", {"海滩.webp", "two"}),
        ("滩", {"海滩.webp", "海 滩.webp", "two"}),
        ("%", {"50%_off.gif"}),
        ("%_O", {"50%_off.gif"}),
        ("_", {"50%_off.gif"}),
        ("\\", set()),
        ("b.JPG", {"B.jpg", "b.jpg"}),
        ("é", {"é.jpg"}),
        ("É", set()),  # SQLite ignores case only for A to Z
        ("beach", {"two"}),
        ("'", set()),
    ],
)
async def test_search_finds_substrings_in_any_script(library: Library, text: str, names: set[str]) -> None:
    for number in range(len(NAMES)):
        await library.add(number)
    await library.add(0, filename="two", title="我的海滩", description="On the Beach")
    page = await images.page(library.ctx, ImageFilter(search=text), PageRequest(100))
    assert {image.filename for image in page.items} == names


@pytest.mark.parametrize(
    ("conditions", "field"),
    [
        ({"min_width": 5, "max_width": 4}, "min_width"),
        ({"min_size": -1}, "min_size"),
        ({"max_size": 2**63}, "max_size"),
        ({"formats": []}, "formats"),
        ({"created_after": START, "created_before": START - timedelta(1)}, "created_after"),
        ({"created_after": datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=9)))}, "created_after"),
        ({"search": "x" * 201}, "search"),
    ],
)
async def test_unsatisfiable_filters_are_rejected_by_field(
    library: Library, conditions: Any, field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        await images.page(library.ctx, ImageFilter(**conditions), PageRequest())
    assert list(caught.value.fields) == [field]


async def test_a_cursor_works_only_for_its_order_and_filter(library: Library) -> None:
    for number in range(4):
        await library.add(number)
    lists = [
        (conditions, order) for conditions in (ImageFilter(), ImageFilter(min_width=1)) for order in ORDERS
    ]
    for conditions, order in lists:
        page = await images.page(library.ctx, conditions, PageRequest(1), order)
        request = next_request(page, 3, backward=False)
        for other in lists:
            if other == (conditions, order):
                assert len((await images.page(library.ctx, conditions, request, order)).items) == 3
                continue
            with pytest.raises(InvalidParameter, match="same order and filter"):
                await images.page(library.ctx, other[0], request, other[1])


@pytest.mark.parametrize("order", ORDERS, ids=ORDER_IDS)
async def test_each_order_reads_pages_from_an_index(library: Library, order: ImageOrder) -> None:
    sign = "-" if order.direction is Direction.NEWEST_FIRST else ""
    query = Image.owned_by(library.owner.id).order_by(f"{sign}{order.key.value[0]}", f"{sign}id").limit(21)
    text = " ".join(str(step) for step in await query.explain())
    assert "TEMP B-TREE" not in text, text
