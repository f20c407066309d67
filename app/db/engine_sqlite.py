"""Tortoise engine for SQLite, safe with cancelled tasks.

One connection writes and three read, each in its own thread; another reads on the event loop, for index lookups
that take less time than waking a thread. A transaction has the writer from BEGIN IMMEDIATE to its end; statements
outside of one read beside it and see committed data. When a task is cancelled, its statement and transaction have
ended and its connection is free before the task learns of it.
"""

# Tortoise's migrations choose their dialect by the name of this module, which must contain "sqlite".

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager, suppress
from functools import partial
from typing import Any, Never, TypeVar

from tortoise.backends.base.client import NestedTransactionContext, TransactionalDBClient, TransactionContext
from tortoise.backends.sqlite.client import SqliteClient
from tortoise.backends.sqlite.executor import SqliteExecutor
from tortoise.connection import ConnectionToken, get_connections
from tortoise.exceptions import IntegrityError, OperationalError, TransactionManagementError

from app.db import sql, statements
from app.db.connection import SQLiteConnection, Work
from app.db.row_mapper import RowMapperExecutor
from app.db.statements import Row
from app.errors import OutOfStorage

T = TypeVar("T")
READER_COUNT = 3
PRAGMAS = {"journal_mode": "WAL", "synchronous": "FULL", "foreign_keys": "ON", "journal_size_limit": 16 << 20}
READER_PRAGMAS = {"query_only": "ON"}
DISK_FULL_CODES = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE}
"""SQLite's codes for a full disk: for a page of the log, or for its index in shared memory."""


class SQLiteExecutor(RowMapperExecutor, SqliteExecutor):
    """Tortoise's executor with the row mapper."""


class _SQLiteClient(SqliteClient):
    """Tortoise's statements, each as one piece of work for one connection."""

    executor_class = SQLiteExecutor

    async def _perform(self, work: Work[T], *, reads: bool) -> T:
        raise NotImplementedError

    def _check_loop(self) -> bool:
        """Connections are used in one event loop only; checking which one runs would cost a system call each time."""
        return True

    async def execute_insert(self, query: str, values: Sequence[Any]) -> int:
        return await self._logged(query, values, partial(statements.insert, sql=query, values=values))

    async def execute_query(
        self, query: str, values: Sequence[Any] | None = None
    ) -> tuple[int, Sequence[Row]]:
        query = query.replace("\0", "'||CHAR(0)||'")  # Tortoise writes some text values into the statement
        work = partial(statements.fetch, sql=query, values=values or ())
        return await self._logged(query, values, work, reads=sql.is_read_only(query))

    async def execute_rows(
        self, query: str, values: Sequence[Any] | None = None
    ) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """Return the column names and the rows as the driver returns them."""
        work = partial(statements.read, sql=query, values=values or ())
        return await self._logged(query, values, work, reads=sql.is_read_only(query))

    async def execute_short(
        self, query: str, values: Sequence[Any]
    ) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """Same as `execute_rows`, for a statement that finds few rows by an index."""
        return await self.execute_rows(query, values)

    async def execute_query_dict(self, query: str, values: Sequence[Any] | None = None) -> list[Row]:
        _, rows = await self.execute_query(query, values)
        return list(rows)

    async def execute_many(self, query: str, values: Sequence[Sequence[Any]]) -> None:
        await self._logged(query, values, partial(statements.execute_many, sql=query, values=values))

    async def execute_script(self, query: str) -> None:
        await self._logged(query, None, partial(statements.execute_script, script=query))

    async def _logged(self, query: str, values: object, work: Work[T], *, reads: bool = False) -> T:
        self.log.debug("%s: %s", query, values)
        with _translate_errors():
            return await self._perform(work, reads=reads)

    def acquire_connection(self) -> Never:
        raise NotImplementedError(
            "Connections are not handed out: use the execute methods or in_transaction()"
        )


class SQLiteEngine(_SQLiteClient):
    """Client of one database: `file_path`, and pragmas that extend or replace the defaults.

    An in-memory database has only one connection, so reads wait for an open transaction.
    """

    def __init__(self, file_path: str, **options: Any) -> None:
        super().__init__(file_path, **(PRAGMAS | options))
        self.writing = asyncio.Lock()
        self._opening = asyncio.Lock()
        self._open = AsyncExitStack()
        self._writer: SQLiteConnection | None = None
        self._idle: asyncio.LifoQueue[SQLiteConnection] | None = None
        self._near: sqlite3.Connection | None = None
        self._readers = 0
        self.waiting = 0
        """Number of tasks waiting for a connection."""

    async def create_connection(self, with_db: bool = True) -> None:  # noqa: ARG002  (a file has no other way)
        async with self._opening:
            if self._writer is None:
                await self._connect()
                await self._post_connect()

    async def _connect(self) -> None:
        async with AsyncExitStack() as undo:
            writer = await _open(undo, self.filename, self.pragmas)
            readers = 0 if _in_memory(self.filename) else READER_COUNT
            idle: asyncio.LifoQueue[SQLiteConnection] = asyncio.LifoQueue()
            for _ in range(readers):
                idle.put_nowait(await _open(undo, self.filename, READER_PRAGMAS, interruptible=True))
            near = undo.enter_context(closing(_connect_for_short_reads(self.filename))) if readers else None
            self._open = undo.pop_all()
        self._writer, self._idle, self._near = writer, idle if readers else None, near
        self._readers = readers

    async def close(self) -> None:
        """Close. Reads are interrupted, an open transaction is rolled back. The next statement opens again."""
        connections, self._open = self._open, AsyncExitStack()
        self._writer = self._idle = self._near = None
        await connections.aclose()

    @property
    def idle_readers(self) -> int:
        return self._idle.qsize() if self._idle else 0

    @property
    def in_use(self) -> int:
        """Number of connections in use."""
        return self._readers - self.idle_readers + self.writing.locked()

    async def count_waiting(self, taking: Awaitable[T]) -> T:
        """Await a connection, counting the caller as waiting."""
        self.waiting += 1
        try:
            return await taking
        finally:
            self.waiting -= 1

    async def writer(self) -> SQLiteConnection:
        """The writing connection, for the holder of `writing`."""
        if self._writer is None:
            await self.create_connection()
        if self._writer is None:
            raise OperationalError("The database is closed")
        return self._writer

    async def _perform(self, work: Work[T], *, reads: bool) -> T:
        if reads:
            return await self._read(work)
        async with self.writing:
            return await (await self.writer()).run(work)

    async def execute_many(self, query: str, values: Sequence[Sequence[Any]]) -> None:
        work = partial(statements.execute_many, sql=query, values=values)
        await self._logged(query, values, partial(statements.atomic, work=work))

    async def execute_short(
        self, query: str, values: Sequence[Any]
    ) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        if self._near is not None:
            # If it is locked or something is wrong, a reader waits or reports it.
            with suppress(sqlite3.OperationalError):
                found = statements.read(self._near, query, values)
                self.log.debug("%s: %s", query, values)
                return found
        return await self.execute_rows(query, values)

    async def _read(self, work: Work[T]) -> T:
        await self.create_connection()
        async with self._reader() as reader:
            return await reader.run(work)

    @asynccontextmanager
    async def _reader(self) -> AsyncIterator[SQLiteConnection]:
        idle = self._idle
        if idle is None:
            async with self.writing:
                yield await self.writer()
            return
        reader = await self.count_waiting(idle.get())
        try:
            yield reader
        finally:
            idle.put_nowait(reader)

    def _in_transaction(self) -> TransactionContext:
        return _SQLiteTransactionContext(self)


class SQLiteTransaction(_SQLiteClient, TransactionalDBClient):
    """Client within a transaction. Statements after its end are refused.

    A task that outlives the block would otherwise write into another transaction.
    """

    def __init__(self, engine: SQLiteEngine, writer: SQLiteConnection) -> None:
        super().__init__(
            engine.filename, connection_name=engine.connection_name, fetch_inserted=engine.fetch_inserted
        )
        self._engine = engine
        self._writer = writer
        self._savepoints: list[str] = []

    async def _perform(self, work: Work[T], *, reads: bool) -> T:  # noqa: ARG002  (here the writer does both)
        if self._finalized:
            raise TransactionManagementError("The transaction has ended")
        return await self._writer.run(partial(_run_in_transaction, work=work))

    @property
    def has_ended(self) -> bool:
        return self._finalized

    async def begin(self) -> None:
        with _translate_errors():
            await self._writer.run(statements.begin)

    async def commit(self) -> None:
        await self._end(statements.commit)

    async def rollback(self) -> None:
        await self._end(statements.rollback)

    async def _end(self, work: Work[None]) -> None:
        if self._finalized:
            raise TransactionManagementError("The transaction has ended")
        self._finalized = True
        with _translate_errors():
            await self._writer.run(work)

    async def savepoint(self) -> None:
        name = f"level_{len(self._savepoints)}"
        await self.execute_script(f"SAVEPOINT {name}")
        self._savepoints.append(name)

    async def savepoint_rollback(self) -> None:
        name = self._savepoints.pop()
        await self.execute_script(f"ROLLBACK TO {name}; RELEASE {name}")

    async def release_savepoint(self) -> None:
        await self.execute_script(f"RELEASE {self._savepoints.pop()}")

    def _in_transaction(self) -> TransactionContext:
        return NestedTransactionContext(self)

    async def create_connection(self, with_db: bool = True) -> None:
        """Does nothing: a transaction has its connection."""

    async def close(self) -> None:
        await self._engine.close()


class _SQLiteTransactionContext(TransactionContext):
    """A transaction from BEGIN to COMMIT or ROLLBACK, holding the writer's lock."""

    client: SQLiteTransaction

    def __init__(self, engine: SQLiteEngine) -> None:
        self._engine = engine
        self._token: ConnectionToken | None = None

    async def __aenter__(self) -> SQLiteTransaction:
        await self._engine.count_waiting(self._engine.writing.acquire())
        try:
            self.client = SQLiteTransaction(self._engine, await self._engine.writer())
            await self._begin()
        except BaseException:
            self._engine.writing.release()
            raise
        self._token = get_connections().set(self._engine.connection_name, self.client)
        return self.client

    async def _begin(self) -> None:
        try:
            await self.client.begin()
        except BaseException:
            await self.client.rollback()  # a cancellation arrives after BEGIN
            raise

    async def __aexit__(self, kind: object, error: object, trace: object) -> None:
        try:
            get_connections().reset(self._token)
        finally:
            await self._end(failed=kind is not None)

    async def _end(self, *, failed: bool) -> None:
        try:
            if not self.client.has_ended:
                await (self.client.rollback() if failed else self.client.commit())
        finally:
            self._engine.writing.release()


def _run_in_transaction(raw: sqlite3.Connection, work: Work[T]) -> T:
    if not raw.in_transaction:  # SQLite has rolled it back, as it does when the disk is full
        raise sqlite3.OperationalError("the transaction was rolled back")
    return work(raw)


async def _open(
    undo: AsyncExitStack, path: str, pragmas: dict[str, Any], *, interruptible: bool = False
) -> SQLiteConnection:
    connection = await SQLiteConnection.open(path, pragmas, interruptible=interruptible)
    undo.push_async_callback(connection.close)
    return connection


def _in_memory(path: str) -> bool:
    return path in {"", ":memory:"}


@contextmanager
def _translate_errors() -> Iterator[None]:
    """Translate SQLite's errors to Tortoise's, and a full disk to OutOfStorage."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise IntegrityError(error) from error
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", None) in DISK_FULL_CODES:  # errors raised here have no code
            raise OutOfStorage("The disk is full. Delete something first.", reason="disk_full") from error
        raise OperationalError(error) from error


client_class = SQLiteEngine


def _connect_for_short_reads(path: str) -> sqlite3.Connection:
    """Open a reader on the event loop's thread, for statements that end before a thread would have woken up."""
    near = sqlite3.connect(path, timeout=0, isolation_level=None)
    near.execute("PRAGMA query_only=ON")
    return near
