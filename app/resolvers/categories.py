"""Categories: private, account-level groups of images."""

from collections.abc import Sequence
from dataclasses import dataclass

from tortoise.exceptions import IntegrityError

from app.auth.actor import Actor, Scope
from app.context import Context
from app.db.paging import by_cursor, by_number
from app.errors import Invalid, NotFound
from app.ids import Kind, kind_of, new_id
from app.models import Account, Category
from app.pagination import Direction, NumberedPage, NumberedRequest, Page, PageRequest
from app.resolvers.validation import ABSENT, Absent, Validator, changed_fields

MAX_NAME_LENGTH = 100
MAX_DESCRIPTION_LENGTH = 5_000


@dataclass(frozen=True, slots=True)
class NewCategory:
    name: str
    description: str | None = None


@dataclass(frozen=True, slots=True)
class CategoryChanges:
    name: str | Absent = ABSENT
    description: str | None | Absent = ABSENT


async def create(ctx: Context, new: NewCategory) -> Category:
    """Create a category of the caller. Raises Invalid, also for a taken name."""
    actor = ctx.require(Scope.ALBUMS_WRITE)
    rules = Validator()
    name = rules.single_line("name", new.name, max_length=MAX_NAME_LENGTH)
    description = rules.text("description", new.description, max_length=MAX_DESCRIPTION_LENGTH)
    rules.raise_if_errors()
    now = ctx.now()
    category = Category(
        id=new_id(Kind.CATEGORY, now),
        owner_id=actor.id,
        name=name,
        description=description,
        created_at=now,
        updated_at=now,
    )
    await _save(category, force_create=True)
    return category


async def get(ctx: Context, category_id: str) -> Category:
    """Return a category of the caller. Raises NotFound."""
    return await own(ctx.require(Scope.ALBUMS_READ), category_id)


async def get_many(ctx: Context, category_ids: Sequence[str]) -> dict[str, Category]:
    """Return those of the categories that are the caller's, by id."""
    ctx.require_token_scope(Scope.ALBUMS_READ)
    return await of_images(ctx, category_ids)


async def of_images(ctx: Context, category_ids: Sequence[str]) -> dict[str, Category]:
    """Return the caller's categories of images already shown: reading an image includes its category."""
    if ctx.actor is None:
        return {}
    rows = await Category.owned_by(ctx.actor.id).filter(id__in=list(category_ids))
    return {category.id: category for category in rows}


async def page(
    ctx: Context, request: PageRequest, direction: Direction = Direction.NEWEST_FIRST
) -> Page[Category]:
    """Return a page of the caller's categories by cursor."""
    return await by_cursor(Category.owned_by(ctx.require(Scope.ALBUMS_READ).id), request, direction)


async def numbered(ctx: Context, request: NumberedRequest) -> NumberedPage[Category]:
    """Return a numbered page of the caller's categories, newest first."""
    return await by_number(Category.owned_by(ctx.require(Scope.ALBUMS_READ).id), request)


async def update(ctx: Context, category_id: str, changes: CategoryChanges) -> Category:
    """Update a category. Raises NotFound, Invalid."""
    actor = ctx.require(Scope.ALBUMS_WRITE)
    rules = Validator()
    values = changed_fields(changes)
    if "name" in values:
        values["name"] = rules.single_line("name", values["name"], max_length=MAX_NAME_LENGTH)
    if "description" in values:
        values["description"] = rules.text(
            "description", values["description"], max_length=MAX_DESCRIPTION_LENGTH
        )
    rules.raise_if_errors()
    async with Account.locked(actor.id):
        category = await own(actor, category_id)
        if values:
            await _save(category.update_from_dict(values | {"updated_at": ctx.now()}))
    return category


async def delete(ctx: Context, category_id: str) -> str:
    """Delete a category and return its id; its images are kept. Raises NotFound."""
    actor = ctx.require(Scope.ALBUMS_WRITE)
    async with Account.locked(actor.id):
        category = await own(actor, category_id)
        await category.delete()
    return category.id


async def own(actor: Actor, category_id: str) -> Category:
    """Return the category if it is the actor's. Raises NotFound."""
    category = None
    if kind_of(category_id) is Kind.CATEGORY:
        category = await Category.owned_by(actor.id).get_or_none(id=category_id)
    if category is None:
        raise NotFound("category", category_id)
    return category


async def _save(category: Category, *, force_create: bool = False) -> None:
    try:
        await category.save(force_create=force_create)
    except IntegrityError as error:
        raise Invalid.field(
            "name", "name_taken", "You already have a category named {name}.", name=category.name
        ) from error
