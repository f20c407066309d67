"""SQL of our own, as each database spells it: the one place that knows how placeholders are written."""

import re
from dataclasses import dataclass

from tortoise.backends.base.client import BaseDBAsyncClient

READING = re.compile(
    r"\s*(?:SELECT|VALUES|EXPLAIN|WITH\b(?!.*\b(?:INSERT|UPDATE|DELETE|REPLACE)\b))\b",
    re.IGNORECASE | re.DOTALL,
)
RETURNING = re.compile(r"\bRETURNING\b", re.IGNORECASE)
NUMBERED = re.compile(r"\?(\d+)")


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement with the placeholders ?1, ?2 and so on; `postgres` where that database wants other words.

    LATE = Statement("SELECT id FROM books WHERE due < ?1")
    rows = await db.execute_query_dict(LATE.for_(db), [now])
    """

    sqlite: str
    postgres: str | None = None

    def for_(self, db: BaseDBAsyncClient) -> str:
        """As the database that this client speaks to spells it."""
        if db.capabilities.dialect == "sqlite":
            return self.sqlite
        return NUMBERED.sub(r"$\1", self.postgres or self.sqlite)


def reads(statement: str) -> bool:
    """Whether it changes nothing, by how it begins: what is not sure counts as a change."""
    return READING.match(statement) is not None


def gives_rows(statement: str) -> bool:
    return reads(statement) or RETURNING.search(statement) is not None
