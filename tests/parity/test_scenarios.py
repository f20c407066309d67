"""Each scenario, through the resolvers and through each face: they must not be told apart."""

from collections.abc import Awaitable
from dataclasses import replace
from datetime import timedelta, timezone
from hashlib import sha256
from typing import Any

import pytest

from app.imaging.formats import Format
from app.models import Account
from scripts.fixtures import sample_images
from tests.parity.conftest import Street
from tests.parity.seen import Refused, SeenImage, SeenPicture

MISSING_IMAGE = "img_" + "0" * 26
MISSING_ALBUM = "alb_" + "0" * 26
MISSING_CATEGORY = "cat_" + "0" * 26


async def refused(asked: Awaitable[Any]) -> Refused:
    with pytest.raises(Refused) as caught:
        await asked
    assert caught.value.message
    assert caught.value.details
    return caught.value


async def upload(street: Street, filename: str = "sea.jpg", **words: Any) -> SeenImage:
    return await street.ann.upload(sample_images.jpeg(64, 48), filename, **words)


async def test_an_uploaded_image_is_what_was_sent(street: Street) -> None:
    data = sample_images.jpeg(64, 48)
    image = await street.ann.upload(data, "sea.jpg", title="The sea", description="Waves,\nand more waves")
    assert image == await street.ann.image(image.id)
    assert (image.filename, image.title, image.description) == (
        "sea.jpg",
        "The sea",
        "Waves,\nand more waves",
    )
    assert (image.format, image.mime_type, image.width, image.height, image.frames) == (
        "jpg",
        "image/jpeg",
        64,
        48,
        1,
    )
    assert (image.size, image.sha256) == (len(data), sha256(data).hexdigest())
    assert image.url.endswith(f"/img/{image.id}.jpg")
    assert image.is_public
    assert image.tags == ()
    assert image.dominant_color.startswith("#")


async def test_an_image_goes_where_it_is_put(street: Street) -> None:
    album = await street.ann.create_album(name="Holidays")
    category = await street.ann.create_category(name="Landscapes")
    image = await upload(street, album_id=album.id, category_id=category.id, tags=["sea", "blue", "sea"])
    assert (image.album_id, image.category_id, image.tags) == (album.id, category.id, ("sea", "blue"))
    album = await street.ann.album(album.id)
    assert (album.image_count, album.cover) == (1, image.id)


async def test_lists_are_newest_first_and_hold_the_callers_own(street: Street) -> None:
    first, second = await upload(street, "1.jpg"), await upload(street, "2.jpg")
    await street.bob.upload(sample_images.jpeg(64, 48), "bobs.jpg")
    assert [image.id for image in await street.ann.images()] == [second.id, first.id]


async def test_lists_are_narrowed(street: Street) -> None:
    album = await street.ann.create_album(name="Holidays")
    category = await street.ann.create_category(name="Landscapes")
    a = await upload(street, "harbour.jpg", album_id=album.id, tags=["sea"])
    b = await upload(street, "b.jpg", category_id=category.id, title="A Harbour at night")
    c = await upload(street, "c.jpg", album_id=album.id, category_id=category.id, tags=["sea", "night"])

    async def found(**which: Any) -> list[str]:
        return [image.id for image in await street.ann.images(**which)]

    assert await found(album_id=album.id) == [c.id, a.id]
    assert await found(category_id=category.id) == [c.id, b.id]
    assert await found(tag="sea") == [c.id, a.id]
    assert await found(tag="sea", category_id=category.id) == [c.id]
    assert await found(search="harbour") == [b.id, a.id]
    assert await found(search="100%") == []


async def test_lists_are_narrowed_by_what_is_known_of_the_pictures(street: Street) -> None:
    private = await street.ann.create_album(name="Mine", is_public=False)
    a = await upload(street, "a.jpg")
    between = street.services.clock()
    b = await street.ann.upload(sample_images.png(320, 240), "b.png", album_id=private.id)
    c = await street.ann.upload(sample_images.webp(100, 200), "海滩_100%.webp", title="Beach")

    async def found(**which: Any) -> list[str]:
        return [image.id for image in await street.ann.images(**which)]

    assert await found(formats=[Format.PNG, Format.WEBP]) == [c.id, b.id]
    assert await found(created_after=between) == [c.id, b.id]
    assert await found(created_before=between) == [a.id]
    assert await found(created_before=between.astimezone(timezone(timedelta(hours=8)))) == [a.id]
    assert await found(min_width=100) == [c.id, b.id]
    assert await found(min_width=100, max_width=100) == [c.id]
    assert await found(max_height=48) == [a.id]
    assert await found(min_size=b.size, max_size=b.size) == [b.id]
    assert await found(is_public=False) == [b.id]
    assert await found(is_public=True, min_height=200) == [c.id]
    assert await found(search="滩_100%") == [c.id]
    assert await found(search="滩_1_0") == []


async def test_a_range_with_nothing_in_it_is_a_wrong_condition(street: Street) -> None:
    error = await refused(street.ann.images(min_width=9, max_width=8))
    assert (error.code, list(error.fields)) == ("VALIDATION_ERROR", ["min_width"])
    now = street.services.clock()
    error = await refused(street.ann.images(created_after=now, created_before=now - timedelta(1)))
    assert (error.code, list(error.fields)) == ("VALIDATION_ERROR", ["created_after"])


async def test_a_preset_is_one_more_word_for_what_it_says(street: Street) -> None:
    image = await upload(street)
    assert await street.ann.picture(image.id, "preset=thumb") == SeenPicture("webp", 20, 20)
    assert await street.ann.picture(image.id, "h=10&preset=thumb") == SeenPicture("webp", 20, 10)
    assert await street.ann.picture(image.id, "preset=wide&fm=png") == SeenPicture("png", 40, 30)
    error = await refused(street.ann.picture(image.id, "preset=tall"))
    assert (error.code, error.message) == ("BAD_REQUEST", "Invalid value for parameter 'preset'")
    assert error.details == "Parameter 'preset' must be one of thumb, wide; you sent 'tall'"


async def test_a_filter_that_names_nothing_of_the_callers_is_not_found(street: Street) -> None:
    private = await street.bob.create_album(name="Bob's", is_public=False)
    for which in ({"album_id": MISSING_ALBUM}, {"album_id": private.id}, {"category_id": MISSING_CATEGORY}):
        assert (await refused(street.ann.images(**which))).code == "NOT_FOUND"


async def test_what_is_said_of_an_image_changes_and_the_rest_stays(street: Street) -> None:
    image = await upload(street, title="The sea", description="Waves", tags=["sea"])
    changed = await street.ann.update_image(
        image.id, title="The ocean", description=None, tags=["ocean", "blue"]
    )
    assert (changed.title, changed.description, changed.tags) == ("The ocean", None, ("ocean", "blue"))
    assert changed.filename == image.filename
    assert changed == await street.ann.image(image.id)
    assert [each.id for each in await street.ann.images(tag="ocean")] == [image.id]
    assert await street.ann.images(tag="sea") == []


async def test_an_image_moves_between_albums_and_both_count(street: Street) -> None:
    one, two = await street.ann.create_album(name="One"), await street.ann.create_album(name="Two")
    image = await upload(street, album_id=one.id)

    async def counts() -> list[int]:
        return [(await street.ann.album(album.id)).image_count for album in (one, two)]

    assert await counts() == [1, 0]
    await street.ann.update_image(image.id, album_id=two.id)
    assert await counts() == [0, 1]
    assert (await street.ann.update_image(image.id, album_id=None)).album_id is None
    assert await counts() == [0, 0]


async def test_a_deleted_image_is_gone_and_can_not_be_deleted_again(street: Street) -> None:
    image = await upload(street)
    for query in ("w=20", "w=10&fm=webp", "w=10&fm=webp"):
        assert (await street.client.get(f"/img/{image.id}?{query}")).status_code == 200
    assert await street.ann.delete_image(image.id) == 2
    assert (await refused(street.ann.image(image.id))).code == "NOT_FOUND"
    assert (await refused(street.ann.delete_image(image.id))).code == "NOT_FOUND"
    for path in (f"/img/{image.id}", f"/img/{image.id}?w=20"):
        assert (await street.client.get(path)).status_code == 404
    assert [key async for key, _ in street.services.storage.list()] == []


async def test_an_album_changes(street: Street) -> None:
    album = await street.ann.create_album(name=" Holidays ", description="Summer")
    assert (album.name, album.description, album.is_public) == ("Holidays", "Summer", True)
    changed = await street.ann.update_album(album.id, name="Winter", description=None, is_public=False)
    assert (changed.name, changed.description, changed.is_public) == ("Winter", None, False)
    assert changed == await street.ann.album(album.id)
    assert await street.ann.albums() == [changed]


async def test_a_deleted_album_leaves_its_images(street: Street) -> None:
    album = await street.ann.create_album(name="Holidays")
    image = await upload(street, album_id=album.id)
    await street.ann.delete_album(album.id)
    assert (await refused(street.ann.album(album.id))).code == "NOT_FOUND"
    assert (await street.ann.image(image.id)).album_id is None


async def test_a_deleted_album_takes_its_images_where_that_is_asked(street: Street) -> None:
    album = await street.ann.create_album(name="Holidays")
    image, other = await upload(street, album_id=album.id), await upload(street)
    await street.ann.delete_album(album.id, delete_images=True)
    assert (await refused(street.ann.image(image.id))).code == "NOT_FOUND"
    assert [each.id for each in await street.ann.images()] == [other.id]
    assert [key async for key, _ in street.services.storage.list()] == [f"originals/{other.id}.jpg"]


async def test_a_category_changes_and_leaves_its_images(street: Street) -> None:
    category = await street.ann.create_category(name="Landscapes", description="Wide")
    image = await upload(street, category_id=category.id)
    changed = await street.ann.update_category(category.id, name="Seascapes", description=None)
    assert (changed.name, changed.description) == ("Seascapes", None)
    assert await street.ann.categories() == [changed]
    assert await street.ann.category(category.id) == changed
    await street.ann.delete_category(category.id)
    assert (await street.ann.image(image.id)).category_id is None
    assert (await refused(street.ann.category(category.id))).code == "NOT_FOUND"


async def test_two_categories_of_one_name_are_refused(street: Street) -> None:
    await street.ann.create_category(name="Landscapes")
    await street.bob.create_category(name="Landscapes")
    again = await refused(street.ann.create_category(name="Landscapes"))
    assert (again.code, list(again.fields)) == ("VALIDATION_ERROR", ["name"])


async def test_what_lies_in_a_private_album_does_not_exist_for_others(street: Street) -> None:
    album = await street.ann.create_album(name="Private", is_public=False)
    image = await upload(street, album_id=album.id)
    assert not image.is_public
    for asked in (
        street.bob.image(image.id),
        street.bob.update_image(image.id, title="Mine"),
        street.bob.delete_image(image.id),
        street.bob.album(album.id),
        street.bob.update_album(album.id, name="Mine"),
        street.bob.delete_album(album.id),
    ):
        assert (await refused(asked)).code == "NOT_FOUND"
    hidden, missing = (
        await refused(street.bob.image(image.id)),
        await refused(street.bob.image(MISSING_IMAGE)),
    )
    assert hidden.details.replace(image.id, MISSING_IMAGE) == missing.details
    assert await street.ann.image(image.id) == image


async def test_what_is_public_is_seen_by_others_and_changed_by_none_of_them(street: Street) -> None:
    album = await street.ann.create_album(name="Public")
    image = await upload(street, album_id=album.id)
    assert (await street.bob.image(image.id)).id == image.id
    assert (await street.bob.album(album.id)).id == album.id
    for asked in (
        street.bob.update_image(image.id, title="Mine"),
        street.bob.delete_image(image.id),
        street.bob.update_album(album.id, name="Mine"),
        street.bob.delete_album(album.id),
        street.bob.upload(sample_images.jpeg(64, 48), "bobs.jpg", album_id=album.id),
    ):
        assert (await refused(asked)).code == "FORBIDDEN"
    assert [each.id for each in await street.ann.images()] == [image.id]


async def test_a_category_is_its_owners_alone(street: Street) -> None:
    category = await street.ann.create_category(name="Landscapes")
    for asked in (
        street.bob.category(category.id),
        street.bob.update_category(category.id, name="Mine"),
        street.bob.delete_category(category.id),
    ):
        assert (await refused(asked)).code == "NOT_FOUND"
    assert await street.bob.categories() == []


async def test_nobody_and_bad_tokens_are_unauthorized(street: Street) -> None:
    mistyped = street.token[:-1] + ("0" if street.token[-1] != "0" else "1")
    for token in (None, "nonsense", mistyped, street.revoked, street.expired):
        assert (await refused(street.face.of(token).images())).code == "UNAUTHORIZED"
        assert (await refused(street.face.of(token).create_album(name="x"))).code == "UNAUTHORIZED"


async def test_a_disabled_accounts_token_is_unauthorized(street: Street) -> None:
    await Account.filter(username="admin").update(disabled_at=street.services.clock())
    assert (await refused(street.ann.images())).code == "UNAUTHORIZED"
    await Account.filter(username="admin").update(disabled_at=None)
    assert await street.ann.images() == []


async def test_the_account_counts_what_it_keeps(street: Street) -> None:
    before = await street.ann.account()
    assert (before.username, before.role, before.bytes, before.images) == ("admin", "admin", 0, 0)
    image = await upload(street)
    assert await street.ann.account() == replace(before, bytes=image.size, images=1)
    await street.ann.delete_image(image.id)
    assert await street.ann.account() == before
    assert (await refused(street.face.of(street.reader).account())).code == "FORBIDDEN"
    assert (await refused(street.face.of(None).account())).code == "UNAUTHORIZED"


async def test_a_full_account_takes_no_more_until_something_goes(street: Street) -> None:
    image = await upload(street)
    await Account.filter(username="admin").update(quota=image.size + 100)
    error = await refused(upload(street))
    assert (error.code, error.message) == ("INSUFFICIENT_STORAGE", "Not enough storage for this file")
    assert "of its quota of" in error.details
    assert [key async for key, _ in street.services.storage.list()] == [f"originals/{image.id}.jpg"]
    await street.ann.delete_image(image.id)
    await upload(street)


async def test_a_token_without_the_scope_is_told_which(street: Street) -> None:
    image = await upload(street)
    reader = street.face.of(street.reader)
    assert [each.id for each in await reader.images()] == [image.id]
    for asked, scope in (
        (reader.upload(sample_images.jpeg(64, 48), "x.jpg"), "images:write"),
        (reader.update_image(image.id, title="x"), "images:write"),
        (reader.delete_image(image.id), "images:write"),
        (reader.create_album(name="x"), "albums:write"),
        (reader.albums(), "albums:read"),
        (reader.create_category(name="x"), "albums:write"),
    ):
        error = await refused(asked)
        assert error.code == "FORBIDDEN"
        assert scope in error.details


@pytest.mark.parametrize(
    ("data", "code"),
    [
        pytest.param(b"just some text", "UNSUPPORTED_MEDIA_TYPE", id="text"),
        pytest.param(b"", "UNSUPPORTED_MEDIA_TYPE", id="nothing"),
        pytest.param(sample_images.svg(), "UNSUPPORTED_MEDIA_TYPE", id="svg"),
        pytest.param(sample_images.truncated_jpeg(), "VALIDATION_ERROR", id="truncated"),
        pytest.param(sample_images.png_bomb(), "VALIDATION_ERROR", id="bomb"),
    ],
)
async def test_what_is_no_good_picture_is_refused_whatever_its_name(
    street: Street, data: bytes, code: str
) -> None:
    error = await refused(street.ann.upload(data, "picture.jpg"))
    assert error.code == code
    assert await street.ann.images() == []
    assert [key async for key, _ in street.services.storage.list()] == []
    assert list(street.services.storage.incoming.iterdir()) == []


async def test_a_file_over_the_limit_is_refused_with_both_numbers(street: Street) -> None:
    limit = street.services.settings.max_upload_size
    error = await refused(street.ann.upload(b"\xff\xd8\xff" + bytes(limit), "large.jpg"))
    assert (error.code, error.message) == ("PAYLOAD_TOO_LARGE", "File size exceeds maximum limit")
    assert "Maximum file size is 2MB" in error.details


async def test_an_upload_into_what_is_not_there_is_refused_and_nothing_stays(street: Street) -> None:
    for name, value in (
        ("album_id", MISSING_ALBUM),
        ("category_id", MISSING_CATEGORY),
        ("album_id", "nonsense"),
    ):
        error = await refused(upload(street, **{name: value}))
        assert (error.code, list(error.fields)) == ("VALIDATION_ERROR", [name])
    assert [key async for key, _ in street.services.storage.list()] == []


@pytest.mark.parametrize(
    ("words", "fields"),
    [
        ({"name": ""}, ["name"]),
        ({"name": "  "}, ["name"]),
        ({"name": "x" * 201}, ["name"]),
        ({"name": "two\nlines"}, ["name"]),
        ({"name": "nul\0"}, ["name"]),
        ({"name": "x", "description": "x" * 5001}, ["description"]),
        ({"name": "", "description": "nul\0"}, ["description", "name"]),
    ],
)
async def test_wrong_words_are_refused_all_at_once(
    street: Street, words: dict[str, Any], fields: list[str]
) -> None:
    error = await refused(street.ann.create_album(**words))
    assert (error.code, sorted(error.fields)) == ("VALIDATION_ERROR", fields)
    assert all(error.fields.values())


async def test_names_in_every_script_come_back_as_they_were(street: Street) -> None:
    album = await street.ann.create_album(name="我的相册 🌊", description="这是一个示例相册")
    image = await upload(street, "海 — ü.jpg", title="Ελλάδα", album_id=album.id, tags=["海", "نيل"])
    assert (await street.ann.album(album.id)).name == "我的相册 🌊"
    assert (image.filename, image.title, image.tags) == ("海 — ü.jpg", "Ελλάδα", ("海", "نيل"))
    assert [each.id for each in await street.ann.images(tag="海")] == [image.id]


async def test_ids_that_are_no_ids_are_not_found(street: Street) -> None:
    for id in ("1", "img_", "alb_" + "0" * 26, "img_" + "0" * 25, "../../etc/passwd", "x" * 500):
        error = await refused(street.ann.image(id.replace("/", "%2F")))
        assert error.code == "NOT_FOUND"
