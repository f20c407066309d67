from datetime import datetime
from typing import Annotated, Self

import strawberry
from strawberry import ID, Maybe

from app import models
from app.graphql.context import Info
from app.graphql.types.connections import After, Before, Connection, First, Last, page_request
from app.graphql.types.inputs import Input, changes_of
from app.graphql.types.node import Node
from app.resolvers import categories
from app.resolvers.categories import CategoryChanges, NewCategory


@strawberry.type(description="A drawer that an account sorts its images into. Only its owner sees it.")
class Category(Node):
    name: str = strawberry.field(description="Its name, which no other category of the account has.")
    description: str | None = strawberry.field(description="What it is for; null where nothing was said.")
    created_at: datetime = strawberry.field(description="When it was made.")
    updated_at: datetime = strawberry.field(description="When it was last changed.")

    @classmethod
    def of(cls, row: models.Category) -> Self:
        return cls(
            id=ID(row.id),
            name=row.name,
            description=row.description,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


@strawberry.type
class CategoryQueries:
    @strawberry.field(description="A category of the caller's; null, with NOT_FOUND, where there is none.")
    async def category(
        self,
        info: Info,
        id: Annotated[ID, strawberry.argument(description="The category's id.")],
    ) -> Category | None:
        return Category.of(await categories.get(info.context.ctx, id))

    @strawberry.field(description="The caller's categories, newest first.")
    async def categories(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Category]:
        page = await categories.page(info.context.ctx, page_request(first, after, last, before))
        return Connection(page=page, present=Category.of)


@strawberry.input(description="A new category.")
class CreateCategoryInput:
    name: str = strawberry.field(description="Its name, 1 to 100 characters.")
    description: str | None = strawberry.field(default=None, description="What it is for.")


@strawberry.input(description="What to change of a category; what is left out stays.")
class UpdateCategoryInput:
    id: ID = strawberry.field(description="The category's id.")
    name: Maybe[str] = strawberry.field(description="A new name.", default=None)
    description: Maybe[str | None] = strawberry.field(
        description="A new description; null empties it.", default=None
    )


@strawberry.input(description="Which category to delete.")
class DeleteCategoryInput:
    id: ID = strawberry.field(description="The category's id.")


@strawberry.type(description="What createCategory did.")
class CreateCategoryPayload:
    category: Category = strawberry.field(description="The new category.")


@strawberry.type(description="What updateCategory did.")
class UpdateCategoryPayload:
    category: Category = strawberry.field(description="The category as it is now.")


@strawberry.type(description="What deleteCategory did.")
class DeleteCategoryPayload:
    deleted_category_id: ID = strawberry.field(description="The id that the category had.")


@strawberry.type
class CategoryMutations:
    @strawberry.mutation(description="Makes a category.")
    async def create_category(self, info: Info, input: Input[CreateCategoryInput]) -> CreateCategoryPayload:
        new = NewCategory(name=input.name, description=input.description)
        return CreateCategoryPayload(category=Category.of(await categories.create(info.context.ctx, new)))

    @strawberry.mutation(description="Changes a category.")
    async def update_category(self, info: Info, input: Input[UpdateCategoryInput]) -> UpdateCategoryPayload:
        changes = changes_of(input, CategoryChanges)
        return UpdateCategoryPayload(
            category=Category.of(await categories.update(info.context.ctx, input.id, changes))
        )

    @strawberry.mutation(description="Deletes a category. Its images stay, in no category.")
    async def delete_category(self, info: Info, input: Input[DeleteCategoryInput]) -> DeleteCategoryPayload:
        return DeleteCategoryPayload(
            deleted_category_id=ID(await categories.delete(info.context.ctx, input.id))
        )
