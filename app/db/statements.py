"""Statements and transactions on a raw SQLite connection, run in its thread."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import Any, TypeAlias

Row: TypeAlias = dict[str, Any]
Values: TypeAlias = Sequence[Any]
NAME = itemgetter(0)
"""The name in a cursor's column description."""


def insert(raw: sqlite3.Connection, sql: str, values: Values) -> int:
    """Return the id of the inserted row."""
    return raw.execute(sql, values).lastrowid or 0


def fetch(raw: sqlite3.Connection, sql: str, values: Values) -> tuple[int, list[Row]]:
    """Return (rows changed or, for queries, found; the rows found). Cascaded changes are not counted."""
    before = raw.total_changes
    cursor = raw.execute(sql, values)
    names = [*map(NAME, cursor.description or ())]
    rows = [dict(zip(names, row, strict=True)) for row in cursor]
    changed = cursor.rowcount if cursor.rowcount >= 0 else raw.total_changes - before  # -1: begins with WITH
    return changed or len(rows), rows


def read(raw: sqlite3.Connection, sql: str, values: Values) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Return (column names, rows)."""
    cursor = raw.execute(sql, values)
    return tuple(map(NAME, cursor.description or ())), cursor.fetchall()


def execute_many(raw: sqlite3.Connection, sql: str, values: Sequence[Values]) -> None:
    """Execute the statement once for each of `values`."""
    raw.executemany(sql, values)


def execute_script(raw: sqlite3.Connection, script: str) -> None:
    """Execute the statements of a script one by one: `executescript` would commit the open transaction first."""
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
    """Begin a transaction that may write. A deferred one could be refused the lock when it first writes."""
    raw.execute("BEGIN IMMEDIATE")


def commit(raw: sqlite3.Connection) -> None:
    """Commit. If it fails, no transaction stays open."""
    try:
        raw.execute("COMMIT")
    except BaseException:
        rollback(raw)
        raise


def rollback(raw: sqlite3.Connection) -> None:
    """Roll back an open transaction, if any: SQLite rolls back by itself when the disk is full."""
    if raw.in_transaction:
        raw.execute("ROLLBACK")


def atomic(raw: sqlite3.Connection, work: Callable[[sqlite3.Connection], None]) -> None:
    """Run `work` in a transaction."""
    begin(raw)
    try:
        work(raw)
    except BaseException:
        rollback(raw)
        raise
    commit(raw)
