"""What the fields of one operation share."""

from dataclasses import dataclass
from typing import TypeAlias

import strawberry

from app.context import Context
from app.graphql.loaders import Loaders
from app.resolvers.events import Recognise


@dataclass(slots=True)
class Operation:
    """Who asks, the loaders that gather what the fields ask for, and who the same credentials speak for later on."""

    ctx: Context
    loaders: Loaders
    recognise: Recognise


Info: TypeAlias = strawberry.Info[Operation, None]
