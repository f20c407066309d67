"""What the fields of one operation share."""

from dataclasses import dataclass
from typing import TypeAlias

import strawberry

from app.context import Context
from app.graphql.loaders import Loaders


@dataclass(slots=True)
class Operation:
    """Who asks, and the loaders that gather what the fields ask for."""

    ctx: Context
    loaders: Loaders


Info: TypeAlias = strawberry.Info[Operation, None]
