"""Scenarios with the same results through the resolvers, GraphQL and REST."""

from collections.abc import Awaitable
from dataclasses import replace
from datetime import timedelta, timezone
from hashlib import sha256
from typing import Any

import pytest

from app.imaging.formats import Format
from app.models import Account
from scripts.fixtures import sample_images
from tests.parity.conftest import TwoAccounts
from tests.parity.interface import ImageResult, InterfaceError, VariantResult

MISSING_IMAGE = "img_" + "0" * 26
MISSING_ALBUM = "alb_" + "0" * 26
MISSING_CATEGORY = "cat_" + "0" * 26


async def error_of(operation: Awaitable[Any]) -> InterfaceError:
    with pytest.raises(InterfaceError) as caught:
        await operation
    assert caught.value.message
    assert caught.value.details
    return caught.value


async def upload(two_accounts: TwoAccounts, filename: str = "sea.jpg", **fields: Any) -> ImageResult:
    return await two_accounts.owner.upload(sample_images.jpeg(64, 48), filename, **fields)


async def test_an_uploaded_image_has_the_given_properties(two_accounts: TwoAccounts) -> None:
    data = sample_images.jpeg(64, 48)
    image = await two_accounts.owner.upload(
        data, "sea.jpg", title="The sea", description="Waves,\nand more waves"
    )
    assert image == await two_accounts.owner.image(image.id)
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


async def test_an_image_is_uploaded_into_album_and_category(two_accounts: TwoAccounts) -> None:
    album = await two_accounts.owner.create_album(name="Holidays")
    category = await two_accounts.owner.create_category(name="Landscapes")
    image = await upload(
        two_accounts, album_id=album.id, category_id=category.id, tags=["sea", "blue", "sea"]
    )
    assert (image.album_id, image.category_id, image.tags) == (album.id, category.id, ("sea", "blue"))
    album = await two_accounts.owner.album(album.id)
    assert (album.image_count, album.cover) == (1, image.id)


async def test_lists_contain_own_images_newest_first(two_accounts: TwoAccounts) -> None:
    first, second = await upload(two_accounts, "1.jpg"), await upload(two_accounts, "2.jpg")
    await two_accounts.other.upload(sample_images.jpeg(64, 48), "other.jpg")
    assert [image.id for image in await two_accounts.owner.images()] == [second.id, first.id]


async def test_lists_are_filtered_by_album_category_tag_and_text(two_accounts: TwoAccounts) -> None:
    album = await two_accounts.owner.create_album(name="Holidays")
    category = await two_accounts.owner.create_category(name="Landscapes")
    a = await upload(two_accounts, "harbour.jpg", album_id=album.id, tags=["sea"])
    b = await upload(two_accounts, "b.jpg", category_id=category.id, title="A Harbour at night")
    c = await upload(two_accounts, "c.jpg", album_id=album.id, category_id=category.id, tags=["sea", "night"])

    async def find_ids(**conditions: Any) -> list[str]:
        return [image.id for image in await two_accounts.owner.images(**conditions)]

    assert await find_ids(album_id=album.id) == [c.id, a.id]
    assert await find_ids(category_id=category.id) == [c.id, b.id]
    assert await find_ids(tag="sea") == [c.id, a.id]
    assert await find_ids(tag="sea", category_id=category.id) == [c.id]
    assert await find_ids(search="harbour") == [b.id, a.id]
    assert await find_ids(search="100%") == []


async def test_lists_are_filtered_by_image_properties(two_accounts: TwoAccounts) -> None:
    private = await two_accounts.owner.create_album(name="Private", is_public=False)
    a = await upload(two_accounts, "a.jpg")
    time = two_accounts.services.clock()
    b = await two_accounts.owner.upload(sample_images.png(320, 240), "b.png", album_id=private.id)
    c = await two_accounts.owner.upload(sample_images.webp(100, 200), "海滩_100%.webp", title="Beach")

    async def find_ids(**conditions: Any) -> list[str]:
        return [image.id for image in await two_accounts.owner.images(**conditions)]

    assert await find_ids(formats=[Format.PNG, Format.WEBP]) == [c.id, b.id]
    assert await find_ids(created_after=time) == [c.id, b.id]
    assert await find_ids(created_before=time) == [a.id]
    assert await find_ids(created_before=time.astimezone(timezone(timedelta(hours=8)))) == [a.id]
    assert await find_ids(min_width=100) == [c.id, b.id]
    assert await find_ids(min_width=100, max_width=100) == [c.id]
    assert await find_ids(max_height=48) == [a.id]
    assert await find_ids(min_size=b.size, max_size=b.size) == [b.id]
    assert await find_ids(is_public=False) == [b.id]
    assert await find_ids(is_public=True, min_height=200) == [c.id]
    assert await find_ids(search="滩_100%") == [c.id]
    assert await find_ids(search="滩_1_0") == []


async def test_an_empty_range_is_a_validation_error(two_accounts: TwoAccounts) -> None:
    error = await error_of(two_accounts.owner.images(min_width=9, max_width=8))
    assert (error.code, list(error.fields)) == ("VALIDATION_ERROR", ["min_width"])
    now = two_accounts.services.clock()
    error = await error_of(two_accounts.owner.images(created_after=now, created_before=now - timedelta(1)))
    assert (error.code, list(error.fields)) == ("VALIDATION_ERROR", ["created_after"])


async def test_presets_are_applied_and_can_be_overridden(two_accounts: TwoAccounts) -> None:
    image = await upload(two_accounts)
    assert await two_accounts.owner.variant(image.id, "preset=thumb") == VariantResult("webp", 20, 20)
    assert await two_accounts.owner.variant(image.id, "h=10&preset=thumb") == VariantResult("webp", 20, 10)
    assert await two_accounts.owner.variant(image.id, "preset=wide&fm=png") == VariantResult("png", 40, 30)
    error = await error_of(two_accounts.owner.variant(image.id, "preset=tall"))
    assert (error.code, error.message) == ("BAD_REQUEST", "Invalid value for parameter 'preset'")
    assert error.details == "Parameter 'preset' must be one of thumb, wide; you sent 'tall'"


async def test_filters_by_invisible_objects_are_not_found(two_accounts: TwoAccounts) -> None:
    private = await two_accounts.other.create_album(name="Private", is_public=False)
    for conditions in (
        {"album_id": MISSING_ALBUM},
        {"album_id": private.id},
        {"category_id": MISSING_CATEGORY},
    ):
        assert (await error_of(two_accounts.owner.images(**conditions))).code == "NOT_FOUND"


async def test_updates_change_only_the_given_fields(two_accounts: TwoAccounts) -> None:
    image = await upload(two_accounts, title="The sea", description="Waves", tags=["sea"])
    changed = await two_accounts.owner.update_image(
        image.id, title="The ocean", description=None, tags=["ocean", "blue"]
    )
    assert (changed.title, changed.description, changed.tags) == ("The ocean", None, ("ocean", "blue"))
    assert changed.filename == image.filename
    assert changed == await two_accounts.owner.image(image.id)
    assert [each.id for each in await two_accounts.owner.images(tag="ocean")] == [image.id]
    assert await two_accounts.owner.images(tag="sea") == []


async def test_moving_an_image_updates_both_album_counts(two_accounts: TwoAccounts) -> None:
    one, two = (
        await two_accounts.owner.create_album(name="One"),
        await two_accounts.owner.create_album(name="Two"),
    )
    image = await upload(two_accounts, album_id=one.id)

    async def counts() -> list[int]:
        return [(await two_accounts.owner.album(album.id)).image_count for album in (one, two)]

    assert await counts() == [1, 0]
    await two_accounts.owner.update_image(image.id, album_id=two.id)
    assert await counts() == [0, 1]
    assert (await two_accounts.owner.update_image(image.id, album_id=None)).album_id is None
    assert await counts() == [0, 0]


async def test_a_deleted_image_is_gone_with_its_variants(two_accounts: TwoAccounts) -> None:
    image = await upload(two_accounts)
    for query in ("w=20", "w=10&fm=webp", "w=10&fm=webp"):
        assert (await two_accounts.client.get(f"/img/{image.id}?{query}")).status_code == 200
    assert await two_accounts.owner.delete_image(image.id) == 2
    assert (await error_of(two_accounts.owner.image(image.id))).code == "NOT_FOUND"
    assert (await error_of(two_accounts.owner.delete_image(image.id))).code == "NOT_FOUND"
    for path in (f"/img/{image.id}", f"/img/{image.id}?w=20"):
        assert (await two_accounts.client.get(path)).status_code == 404
    assert [key async for key, _ in two_accounts.services.storage.list()] == []


async def test_an_album_is_updated(two_accounts: TwoAccounts) -> None:
    album = await two_accounts.owner.create_album(name=" Holidays ", description="Summer")
    assert (album.name, album.description, album.is_public) == ("Holidays", "Summer", True)
    changed = await two_accounts.owner.update_album(
        album.id, name="Winter", description=None, is_public=False
    )
    assert (changed.name, changed.description, changed.is_public) == ("Winter", None, False)
    assert changed == await two_accounts.owner.album(album.id)
    assert await two_accounts.owner.albums() == [changed]


async def test_deleting_an_album_keeps_its_images(two_accounts: TwoAccounts) -> None:
    album = await two_accounts.owner.create_album(name="Holidays")
    image = await upload(two_accounts, album_id=album.id)
    await two_accounts.owner.delete_album(album.id)
    assert (await error_of(two_accounts.owner.album(album.id))).code == "NOT_FOUND"
    assert (await two_accounts.owner.image(image.id)).album_id is None


async def test_deleting_an_album_can_delete_its_images(two_accounts: TwoAccounts) -> None:
    album = await two_accounts.owner.create_album(name="Holidays")
    image, other = await upload(two_accounts, album_id=album.id), await upload(two_accounts)
    await two_accounts.owner.delete_album(album.id, delete_images=True)
    assert (await error_of(two_accounts.owner.image(image.id))).code == "NOT_FOUND"
    assert [each.id for each in await two_accounts.owner.images()] == [other.id]
    assert [key async for key, _ in two_accounts.services.storage.list()] == [f"originals/{other.id}.jpg"]


async def test_deleting_a_category_keeps_its_images(two_accounts: TwoAccounts) -> None:
    category = await two_accounts.owner.create_category(name="Landscapes", description="Wide")
    image = await upload(two_accounts, category_id=category.id)
    changed = await two_accounts.owner.update_category(category.id, name="Seascapes", description=None)
    assert (changed.name, changed.description) == ("Seascapes", None)
    assert await two_accounts.owner.categories() == [changed]
    assert await two_accounts.owner.category(category.id) == changed
    await two_accounts.owner.delete_category(category.id)
    assert (await two_accounts.owner.image(image.id)).category_id is None
    assert (await error_of(two_accounts.owner.category(category.id))).code == "NOT_FOUND"


async def test_category_names_are_unique_per_account(two_accounts: TwoAccounts) -> None:
    await two_accounts.owner.create_category(name="Landscapes")
    await two_accounts.other.create_category(name="Landscapes")
    error = await error_of(two_accounts.owner.create_category(name="Landscapes"))
    assert (error.code, list(error.fields)) == ("VALIDATION_ERROR", ["name"])


async def test_private_albums_do_not_exist_for_others(two_accounts: TwoAccounts) -> None:
    album = await two_accounts.owner.create_album(name="Private", is_public=False)
    image = await upload(two_accounts, album_id=album.id)
    assert not image.is_public
    for operation in (
        two_accounts.other.image(image.id),
        two_accounts.other.update_image(image.id, title="Mine"),
        two_accounts.other.delete_image(image.id),
        two_accounts.other.album(album.id),
        two_accounts.other.update_album(album.id, name="Mine"),
        two_accounts.other.delete_album(album.id),
    ):
        assert (await error_of(operation)).code == "NOT_FOUND"
    hidden, missing = (
        await error_of(two_accounts.other.image(image.id)),
        await error_of(two_accounts.other.image(MISSING_IMAGE)),
    )
    assert hidden.details.replace(image.id, MISSING_IMAGE) == missing.details
    assert await two_accounts.owner.image(image.id) == image


async def test_public_objects_are_read_only_for_others(two_accounts: TwoAccounts) -> None:
    album = await two_accounts.owner.create_album(name="Public")
    image = await upload(two_accounts, album_id=album.id)
    assert (await two_accounts.other.image(image.id)).id == image.id
    assert (await two_accounts.other.album(album.id)).id == album.id
    for operation in (
        two_accounts.other.update_image(image.id, title="Mine"),
        two_accounts.other.delete_image(image.id),
        two_accounts.other.update_album(album.id, name="Mine"),
        two_accounts.other.delete_album(album.id),
        two_accounts.other.upload(sample_images.jpeg(64, 48), "other.jpg", album_id=album.id),
    ):
        assert (await error_of(operation)).code == "FORBIDDEN"
    assert [each.id for each in await two_accounts.owner.images()] == [image.id]


async def test_categories_are_private(two_accounts: TwoAccounts) -> None:
    category = await two_accounts.owner.create_category(name="Landscapes")
    for operation in (
        two_accounts.other.category(category.id),
        two_accounts.other.update_category(category.id, name="Mine"),
        two_accounts.other.delete_category(category.id),
    ):
        assert (await error_of(operation)).code == "NOT_FOUND"
    assert await two_accounts.other.categories() == []


async def test_missing_and_invalid_tokens_are_unauthorized(two_accounts: TwoAccounts) -> None:
    mistyped = two_accounts.token[:-1] + ("0" if two_accounts.token[-1] != "0" else "1")
    for token in (None, "nonsense", mistyped, two_accounts.revoked, two_accounts.expired):
        assert (await error_of(two_accounts.anonymous.with_token(token).images())).code == "UNAUTHORIZED"
        assert (
            await error_of(two_accounts.anonymous.with_token(token).create_album(name="x"))
        ).code == "UNAUTHORIZED"


async def test_tokens_of_disabled_accounts_are_unauthorized(two_accounts: TwoAccounts) -> None:
    await Account.filter(username="admin").update(disabled_at=two_accounts.services.clock())
    assert (await error_of(two_accounts.owner.images())).code == "UNAUTHORIZED"
    await Account.filter(username="admin").update(disabled_at=None)
    assert await two_accounts.owner.images() == []


async def test_the_account_reports_its_usage(two_accounts: TwoAccounts) -> None:
    before = await two_accounts.owner.account()
    assert (before.username, before.role, before.bytes, before.images) == ("admin", "admin", 0, 0)
    image = await upload(two_accounts)
    assert await two_accounts.owner.account() == replace(before, bytes=image.size, images=1)
    await two_accounts.owner.delete_image(image.id)
    assert await two_accounts.owner.account() == before
    assert (
        await error_of(two_accounts.anonymous.with_token(two_accounts.reader).account())
    ).code == "FORBIDDEN"
    assert (await error_of(two_accounts.anonymous.with_token(None).account())).code == "UNAUTHORIZED"


async def test_uploads_over_the_quota_are_rejected(two_accounts: TwoAccounts) -> None:
    image = await upload(two_accounts)
    await Account.filter(username="admin").update(quota=image.size + 100)
    error = await error_of(upload(two_accounts))
    assert (error.code, error.message) == ("INSUFFICIENT_STORAGE", "Not enough storage for this file")
    assert "of its quota of" in error.details
    assert [key async for key, _ in two_accounts.services.storage.list()] == [f"originals/{image.id}.jpg"]
    await two_accounts.owner.delete_image(image.id)
    await upload(two_accounts)


async def test_missing_scopes_are_named(two_accounts: TwoAccounts) -> None:
    image = await upload(two_accounts)
    reader = two_accounts.anonymous.with_token(two_accounts.reader)
    assert [each.id for each in await reader.images()] == [image.id]
    for operation, scope in (
        (reader.upload(sample_images.jpeg(64, 48), "x.jpg"), "images:write"),
        (reader.update_image(image.id, title="x"), "images:write"),
        (reader.delete_image(image.id), "images:write"),
        (reader.create_album(name="x"), "albums:write"),
        (reader.albums(), "albums:read"),
        (reader.create_category(name="x"), "albums:write"),
    ):
        error = await error_of(operation)
        assert error.code == "FORBIDDEN"
        assert scope in error.details


@pytest.mark.parametrize(
    ("data", "code"),
    [
        pytest.param(b"just some text", "UNSUPPORTED_MEDIA_TYPE", id="text"),
        pytest.param(b"", "UNSUPPORTED_MEDIA_TYPE", id="empty"),
        pytest.param(sample_images.svg(), "UNSUPPORTED_MEDIA_TYPE", id="svg"),
        pytest.param(sample_images.truncated_jpeg(), "VALIDATION_ERROR", id="truncated"),
        pytest.param(sample_images.png_bomb(), "VALIDATION_ERROR", id="bomb"),
    ],
)
async def test_invalid_files_are_rejected_whatever_their_name(
    two_accounts: TwoAccounts, data: bytes, code: str
) -> None:
    error = await error_of(two_accounts.owner.upload(data, "image.jpg"))
    assert error.code == code
    assert await two_accounts.owner.images() == []
    assert [key async for key, _ in two_accounts.services.storage.list()] == []
    assert list(two_accounts.services.storage.incoming.iterdir()) == []


async def test_too_large_files_are_rejected_with_the_limit(two_accounts: TwoAccounts) -> None:
    limit = two_accounts.services.settings.max_upload_size
    error = await error_of(two_accounts.owner.upload(b"\xff\xd8\xff" + bytes(limit), "large.jpg"))
    assert (error.code, error.message) == ("PAYLOAD_TOO_LARGE", "File size exceeds maximum limit")
    assert "Maximum file size is 2MB" in error.details


async def test_uploads_into_missing_objects_leave_no_files(two_accounts: TwoAccounts) -> None:
    for name, value in (
        ("album_id", MISSING_ALBUM),
        ("category_id", MISSING_CATEGORY),
        ("album_id", "nonsense"),
    ):
        error = await error_of(upload(two_accounts, **{name: value}))
        assert (error.code, list(error.fields)) == ("VALIDATION_ERROR", [name])
    assert [key async for key, _ in two_accounts.services.storage.list()] == []


@pytest.mark.parametrize(
    ("inputs", "fields"),
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
async def test_all_invalid_fields_are_reported_together(
    two_accounts: TwoAccounts, inputs: dict[str, Any], fields: list[str]
) -> None:
    error = await error_of(two_accounts.owner.create_album(**inputs))
    assert (error.code, sorted(error.fields)) == ("VALIDATION_ERROR", fields)
    assert all(error.fields.values())


async def test_text_in_any_script_is_preserved(two_accounts: TwoAccounts) -> None:
    album = await two_accounts.owner.create_album(name="我的相册 🌊", description="这是一个示例相册")
    image = await upload(two_accounts, "海 — ü.jpg", title="Ελλάδα", album_id=album.id, tags=["海", "نيل"])
    assert (await two_accounts.owner.album(album.id)).name == "我的相册 🌊"
    assert (image.filename, image.title, image.tags) == ("海 — ü.jpg", "Ελλάδα", ("海", "نيل"))
    assert [each.id for each in await two_accounts.owner.images(tag="海")] == [image.id]


async def test_malformed_ids_are_not_found(two_accounts: TwoAccounts) -> None:
    for id in ("1", "img_", "alb_" + "0" * 26, "img_" + "0" * 25, "../../etc/passwd", "x" * 500):
        error = await error_of(two_accounts.owner.image(id.replace("/", "%2F")))
        assert error.code == "NOT_FOUND"
