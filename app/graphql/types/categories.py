from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import ID, Maybe

from app import models
from app.graphql.context import Info
from app.graphql.types.connections import After, Before, Connection, First, Last, page_request
from app.graphql.types.inputs import Input, changes_of
from app.graphql.types.node import Node, from_row
from app.resolvers import categories
from app.resolvers.categories import CategoryChanges, NewCategory


@from_row()
@strawberry.type(description="A private, account-level category for images. Only its owner can see it.")
class Category(Node):
    row: strawberry.Private[models.Category]
    name: str = strawberry.field(description="The name, unique within the account.")
    description: str | None = strawberry.field(description="The description. Null if there is none.")
    created_at: datetime = strawberry.field(description="When the category was created.")
    updated_at: datetime = strawberry.field(description="When the category was last updated.")

    def __init__(self, row: models.Category) -> None:
        self.row = row


@strawberry.type
class CategoryQueries:
    @strawberry.field(
        description="Look up one of the caller's categories by ID. Null, with NOT_FOUND, if there is none."
    )
    async def category(
        self,
        info: Info,
        id: Annotated[ID, strawberry.argument(description="The ID of the category.")],
    ) -> Category | None:
        return Category(await categories.get(info.context.ctx, id))

    @strawberry.field(description="The caller's categories, newest first.")
    async def categories(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Category]:
        page = await categories.page(info.context.ctx, page_request(first, after, last, before))
        return Connection(page=page, present=Category)


@strawberry.input(description="Input of `createCategory`.")
class CreateCategoryInput:
    name: str = strawberry.field(description="The name, 1 to 100 characters.")
    description: str | None = strawberry.field(default=None, description="The description.")


@strawberry.input(description="Input of `updateCategory`. Omitted fields are not changed.")
class UpdateCategoryInput:
    id: ID = strawberry.field(description="The ID of the category.")
    name: Maybe[str] = strawberry.field(description="The new name, 1 to 100 characters.", default=None)
    description: Maybe[str | None] = strawberry.field(
        description="The new description. Null removes it.", default=None
    )


@strawberry.input(description="Input of `deleteCategory`.")
class DeleteCategoryInput:
    id: ID = strawberry.field(description="The ID of the category.")


@strawberry.type(description="Return type of `createCategory`.")
class CreateCategoryPayload:
    category: Category = strawberry.field(description="The new category.")


@strawberry.type(description="Return type of `updateCategory`.")
class UpdateCategoryPayload:
    category: Category = strawberry.field(description="The updated category.")


@strawberry.type(description="Return type of `deleteCategory`.")
class DeleteCategoryPayload:
    deleted_category_id: ID = strawberry.field(description="The ID of the deleted category.")


@strawberry.type
class CategoryMutations:
    @strawberry.mutation(description="Create a category.")
    async def create_category(self, info: Info, input: Input[CreateCategoryInput]) -> CreateCategoryPayload:
        new = NewCategory(name=input.name, description=input.description)
        return CreateCategoryPayload(category=Category(await categories.create(info.context.ctx, new)))

    @strawberry.mutation(description="Update a category.")
    async def update_category(self, info: Info, input: Input[UpdateCategoryInput]) -> UpdateCategoryPayload:
        changes = changes_of(input, CategoryChanges)
        return UpdateCategoryPayload(
            category=Category(await categories.update(info.context.ctx, input.id, changes))
        )

    @strawberry.mutation(description="Delete a category. Its images are kept without a category.")
    async def delete_category(self, info: Info, input: Input[DeleteCategoryInput]) -> DeleteCategoryPayload:
        return DeleteCategoryPayload(
            deleted_category_id=ID(await categories.delete(info.context.ctx, input.id))
        )
