"""Hand-written SQL for both databases. The only place that knows how placeholders are written."""

import re
from dataclasses import dataclass

from tortoise.backends.base.client import BaseDBAsyncClient

READ_STATEMENT = re.compile(
    r"\s*(?:SELECT|VALUES|EXPLAIN|WITH\b(?!.*\b(?:INSERT|UPDATE|DELETE|REPLACE)\b))\b",
    re.IGNORECASE | re.DOTALL,
)
RETURNING = re.compile(r"\bRETURNING\b", re.IGNORECASE)
NUMBERED_PARAMETER = re.compile(r"\?(\d+)")


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement with the placeholders ?1, ?2 and so on; `postgres` if that database needs another text.

    LATE = Statement("SELECT id FROM books WHERE due < ?1")
    rows = await db.execute_query_dict(LATE.for_(db), [now])
    """

    sqlite: str
    postgres: str | None = None

    def for_(self, db: BaseDBAsyncClient) -> str:
        """Return the text for the database of this client."""
        if db.capabilities.dialect == "sqlite":
            return self.sqlite
        return NUMBERED_PARAMETER.sub(r"$\1", self.postgres or self.sqlite)


def is_read_only(statement: str) -> bool:
    """Return True if the statement only reads, judged by its beginning; in doubt it counts as a change."""
    return READ_STATEMENT.match(statement) is not None


def returns_rows(statement: str) -> bool:
    return is_read_only(statement) or RETURNING.search(statement) is not None
