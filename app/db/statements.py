"""What is done with a raw SQLite connection, in its thread: statements, and where transactions begin and end."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import Any, TypeAlias

Row: TypeAlias = dict[str, Any]
Values: TypeAlias = Sequence[Any]
NAME = itemgetter(0)
"""Of what a cursor says of a column."""


def insert(raw: sqlite3.Connection, sql: str, values: Values) -> int:
    """The row id of the row that was inserted."""
    return raw.execute(sql, values).lastrowid or 0


def fetch(raw: sqlite3.Connection, sql: str, values: Values) -> tuple[int, list[Row]]:
    """(rows changed or, where none were, rows found; the rows found). What a cascade changes is not counted."""
    before = raw.total_changes
    cursor = raw.execute(sql, values)
    names = [*map(NAME, cursor.description or ())]
    rows = [dict(zip(names, row, strict=True)) for row in cursor]
    changed = cursor.rowcount if cursor.rowcount >= 0 else raw.total_changes - before  # -1: begins with WITH
    return changed or len(rows), rows


def read(raw: sqlite3.Connection, sql: str, values: Values) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """(names of the columns, rows)."""
    cursor = raw.execute(sql, values)
    return tuple(map(NAME, cursor.description or ())), cursor.fetchall()


def execute_many(raw: sqlite3.Connection, sql: str, values: Sequence[Values]) -> None:
    """The statement, once for each of `values`."""
    raw.executemany(sql, values)


def execute_script(raw: sqlite3.Connection, script: str) -> None:
    """The statements of a script, one by one: `executescript` would commit the open transaction first."""
    for statement in _split(script):
        raw.execute(statement)


def _split(script: str) -> Iterator[str]:
    statement = ""
    for part in script.split(";"):
        statement += part + ";"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip("; \n\t\r"):
        yield statement.removesuffix(";")


def begin(raw: sqlite3.Connection) -> None:
    """Begins a transaction that may write. A deferred one that reads first is refused the lock when it writes."""
    raw.execute("BEGIN IMMEDIATE")


def commit(raw: sqlite3.Connection) -> None:
    """Commits; where that fails nothing stays open."""
    try:
        raw.execute("COMMIT")
    except BaseException:
        rollback(raw)
        raise


def rollback(raw: sqlite3.Connection) -> None:
    """Rolls back what is open, if anything is: SQLite does so itself when the disk is full."""
    if raw.in_transaction:
        raw.execute("ROLLBACK")


def atomic(raw: sqlite3.Connection, work: Callable[[sqlite3.Connection], None]) -> None:
    """`work` in a transaction of its own."""
    begin(raw)
    try:
        work(raw)
    except BaseException:
        rollback(raw)
        raise
    commit(raw)
