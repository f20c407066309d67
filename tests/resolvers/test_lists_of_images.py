"""Lists of images: each filter and each order, walked by cursor without a skip or a repeat."""

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

DAWN = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = ("a.jpg", "B.jpg", "b.jpg", "10.png", "9.png", "海滩.webp", "海 滩.webp", "50%_off.gif",
         "dot.dot..gif", "é.jpg")  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """An account's images, and who asks for them."""

    ctx: Context
    owner: Account

    async def add(self, number: int, **words: Any) -> Image:
        made = DAWN + timedelta(seconds=number // 3)
        row = Image(
            **{
                "id": new_id(Kind.IMAGE, made), "owner_id": self.owner.id, "filename": NAMES[number % len(NAMES)],
                "tags": [], "key": "-", "size": 100 + number % 4, "sha256": "-", "format": list(Format)[number % 3],
                "width": 100 * (1 + number % 5), "height": 50 * (1 + number % 3), "frames": 1, "has_alpha": False,
                "thumbhash": "-", "dominant_color": "#000000", "created_at": made, "updated_at": made,
            }
            | words
        )  # fmt: skip
        await row.save(force_create=True)
        self.ctx.require_actor().account.image_count += 1
        return row

    async def found(self, **which: Any) -> set[str]:
        page = await images.page(self.ctx, ImageFilter(**which), PageRequest(100))
        assert await page.total() == len(page.items)
        return {image.id for image in page.items}


@pytest.fixture
async def shown(tmp_path: Path) -> AsyncIterator[Shown]:
    async with house(tmp_path) as built:
        yield Shown(await context(built), await Account.get(username="admin"))


def ordered(rows: list[Image], order: ImageOrder) -> list[str]:
    """The ids in an order, by Python's own sorting."""
    column = order.key.value[0]
    rows = sorted(rows, key=lambda row: (getattr(row, column), row.id))
    return [row.id for row in (rows if order.direction is Direction.OLDEST_FIRST else reversed(rows))]


ORDERS = [ImageOrder(key, direction) for key in ImageKey for direction in Direction]
NAMED = [f"{order.key.name} {order.direction.value}" for order in ORDERS]


async def walk(shown: Shown, order: ImageOrder, size: int, *, backward: bool, **which: Any) -> list[str]:
    seen: list[str] = []
    request = PageRequest(size, backward=backward)
    while True:
        page = await images.page(shown.ctx, ImageFilter(**which), request, order)
        ids = [image.id for image in page.items]
        seen = ids + seen if backward else seen + ids
        more = await (page.has_previous() if backward else page.has_next())
        if not more:
            assert await page.total() == len(seen)
            return seen
        request = following(page, size, backward=backward)


def following(page: Page[Image], size: int, *, backward: bool) -> PageRequest:
    """What a client asks next: cursors go out as text, and come back as it."""
    if backward:
        return PageRequest.parse(last=size, before=str(page.cursor_of(page.items[0])))
    return PageRequest.parse(first=size, after=str(page.cursor_of(page.items[-1])))


@pytest.mark.parametrize("order", ORDERS, ids=NAMED)
async def test_walking_sees_each_image_once_and_in_order(shown: Shown, order: ImageOrder) -> None:
    rows = [await shown.add(number) for number in range(37)]
    for size in (1, 7, 40):
        for backward in (False, True):
            assert await walk(shown, order, size, backward=backward) == ordered(rows, order)
    wide = [row for row in rows if row.width >= 300]
    assert await walk(shown, order, 4, backward=False, min_width=300) == ordered(wide, order)


@pytest.mark.parametrize("order", ORDERS, ids=NAMED)
async def test_rows_that_come_and_go_make_no_other_row_repeat_or_vanish(
    shown: Shown, order: ImageOrder
) -> None:
    chance = random.Random(7)
    initial = {(await shown.add(number)).id for number in range(40)}
    gone: set[str] = set()
    seen: list[str] = []
    request = PageRequest(4)
    for number in range(40, 100):
        page = await images.page(shown.ctx, ImageFilter(), request, order)
        seen += [image.id for image in page.items]
        if not page.items:
            break
        request = following(page, 4, backward=False)
        victims = [*chance.sample(sorted(initial), 2), page.items[-1].id]  # the cursor's own row among them
        await Image.filter(id__in=victims).delete()
        gone.update(victims)
        await shown.add(chance.randrange(number))
    assert len(seen) == len(set(seen))
    assert initial - gone <= set(seen)


async def test_each_condition_holds_and_all_of_them_together(shown: Shown) -> None:
    rows = [await shown.add(number) for number in range(30)]

    def those(condition: Any) -> set[str]:
        return {row.id for row in rows if condition(row)}

    start, end = DAWN + timedelta(seconds=3), DAWN + timedelta(seconds=6)
    assert await shown.found(formats=[Format.JPG, Format.WEBP]) == those(
        lambda r: r.format in {"jpg", "webp"}
    )
    assert await shown.found(created_after=start) == those(lambda r: r.created_at >= start)
    assert await shown.found(created_before=end) == those(lambda r: r.created_at < end)
    assert await shown.found(min_width=200, max_width=400) == those(lambda r: 200 <= r.width <= 400)
    assert await shown.found(min_height=100, max_height=100) == those(lambda r: r.height == 100)
    assert await shown.found(min_size=102) == those(lambda r: r.size >= 102)
    assert await shown.found(max_size=100, formats=[Format.PNG]) == those(
        lambda r: r.size == 100 and r.format == "png"
    )
    both = {"created_after": start, "created_before": end, "min_width": 300, "min_size": 101}
    assert await shown.found(**both) == those(
        lambda r: start <= r.created_at < end and r.width >= 300 and r.size >= 101
    )


async def test_times_are_the_same_moments_in_every_zone(shown: Shown) -> None:
    rows = [await shown.add(number) for number in range(12)]
    later = {row.id for row in rows if row.created_at >= DAWN + timedelta(seconds=2)}
    for moment in (
        datetime(2026, 1, 1, 0, 0, 2, tzinfo=UTC),
        datetime(2026, 1, 1, 8, 0, 2, tzinfo=timezone(timedelta(hours=8))),
        datetime(2026, 1, 1, 0, 0, 2),  # noqa: DTZ001  (which is meant in UTC)
    ):
        assert await shown.found(created_after=moment) == later


async def test_what_is_public_is_told_from_what_lies_in_private_albums(shown: Shown) -> None:
    words = {"owner_id": shown.owner.id, "image_count": 1, "created_at": DAWN, "updated_at": DAWN}
    open_, closed = [
        await Album.create(id=new_id(Kind.ALBUM, DAWN), name="x", is_public=is_public, **words)
        for is_public in (True, False)
    ]
    loose, shared, hidden = [await shown.add(0, album_id=each and each.id) for each in (None, open_, closed)]
    assert await shown.found(is_public=True) == {loose.id, shared.id}
    assert await shown.found(is_public=False) == {hidden.id}
    assert await shown.found() == {loose.id, shared.id, hidden.id}


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
        ("É", set()),  # SQLite folds A to Z alone
        ("beach", {"two"}),
        ("'", set()),
    ],
)
async def test_text_is_found_as_it_stands_in_whatever_script(
    shown: Shown, text: str, names: set[str]
) -> None:
    for number in range(len(NAMES)):
        await shown.add(number)
    await shown.add(0, filename="two", title="我的海滩", description="On the Beach")
    page = await images.page(shown.ctx, ImageFilter(search=text), PageRequest(100))
    assert {image.filename for image in page.items} == names


@pytest.mark.parametrize(
    ("which", "field"),
    [
        ({"min_width": 5, "max_width": 4}, "min_width"),
        ({"min_size": -1}, "min_size"),
        ({"max_size": 2**63}, "max_size"),
        ({"formats": []}, "formats"),
        ({"created_after": DAWN, "created_before": DAWN - timedelta(1)}, "created_after"),
        ({"created_after": datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=9)))}, "created_after"),
        ({"search": "x" * 201}, "search"),
    ],
)
async def test_a_condition_that_nothing_can_fulfil_is_named(shown: Shown, which: Any, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        await images.page(shown.ctx, ImageFilter(**which), PageRequest())
    assert list(caught.value.fields) == [field]


async def test_a_cursor_is_good_for_its_own_order_and_filter_alone(shown: Shown) -> None:
    for number in range(4):
        await shown.add(number)
    lists = [(which, order) for which in (ImageFilter(), ImageFilter(min_width=1)) for order in ORDERS]
    for which, order in lists:
        page = await images.page(shown.ctx, which, PageRequest(1), order)
        request = following(page, 3, backward=False)
        for other in lists:
            if other == (which, order):
                assert len((await images.page(shown.ctx, which, request, order)).items) == 3
                continue
            with pytest.raises(InvalidParameter, match="same order and filter"):
                await images.page(shown.ctx, other[0], request, other[1])


@pytest.mark.parametrize("order", ORDERS, ids=NAMED)
async def test_pages_are_read_from_an_index_in_each_order(shown: Shown, order: ImageOrder) -> None:
    sign = "-" if order.direction is Direction.NEWEST_FIRST else ""
    query = Image.owned_by(shown.owner.id).order_by(f"{sign}{order.key.value[0]}", f"{sign}id").limit(21)
    text = " ".join(str(step) for step in await query.explain())
    assert "TEMP B-TREE" not in text, text
