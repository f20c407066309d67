"""Tortoise engine for PostgreSQL, safe with cancelled tasks and database outages.

A statement outside of a transaction has a pool connection for itself; a transaction has one from BEGIN to its end.
When a task is cancelled, its statement is cancelled, its transaction rolled back and its connection free before the
task learns of it. An unreachable database raises DatabaseUnreachable and is tried again with the next statement. A
hanging one does too, after the circuit breaker has detected it.
"""

# Tortoise's migrations choose their dialect by the name of this module, which must contain "asyncpg".

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Never, TypeAlias, TypeVar

import asyncpg
from pypika_tortoise.enums import Matching
from pypika_tortoise.terms import Term
from tortoise.backends.asyncpg.client import AsyncpgDBClient
from tortoise.backends.asyncpg.executor import AsyncpgExecutor
from tortoise.backends.base.client import NestedTransactionContext, TransactionalDBClient, TransactionContext
from tortoise.connection import ConnectionToken, get_connections
from tortoise.exceptions import IntegrityError, OperationalError, TransactionManagementError
from tortoise.filters import Like, escape_like, insensitive_contains

from app.cancellation import shield_until_done
from app.coordination.circuit_breaker import CircuitBreaker, ProbeInconclusive
from app.db.row_mapper import RowMapperExecutor
from app.db.sql import returns_rows
from app.errors import Busy, DatabaseUnreachable, OutcomeUnknown, OutOfStorage

log = logging.getLogger("pichub.db")

T = TypeVar("T")
Row: TypeAlias = dict[str, Any]
Connection: TypeAlias = Any
"""A connection acquired from the pool: asyncpg.pool.PoolConnectionProxy."""
Work: TypeAlias = Callable[[Connection], Awaitable[T]]

POOL_TIMEOUT_SECONDS = 10.0
"""Time to wait for a free or new connection."""
CLOSE_TIMEOUT_SECONDS = 2.0
"""Time for connections to be returned when the database is closed."""
PROBE_TIMEOUT_SECONDS = 3.0
"""Time for a connection beside the pool to be opened and to respond before the database counts as hanging."""
TCP_OPTIONS = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 15_000}
"""Keepalive that drops a connection within about 15 seconds when its peer is gone. The last is in milliseconds."""

UNREACHABLE_ERRORS = (
    OSError,  # includes TimeoutError
    asyncpg.PostgresConnectionError,
    asyncpg.exceptions.OperatorInterventionError,  # shutting down or starting
    asyncpg.exceptions.InsufficientResourcesError,
    asyncpg.exceptions.ReadOnlySQLTransactionError,  # became a replica
    asyncpg.exceptions.InvalidAuthorizationSpecificationError,
    asyncpg.exceptions.InvalidCatalogNameError,
    asyncpg.exceptions.InternalClientError,
)
CONFIGURATION_ERRORS = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.exceptions.OperatorInterventionError,
    asyncpg.InterfaceError,
    asyncpg.exceptions.InternalClientError,
)
"""Errors that tell at once that the database can't be used now."""
RETRYABLE_ERRORS = (
    asyncpg.exceptions.TransactionRollbackError,  # includes deadlocks
    asyncpg.exceptions.LockNotAvailableError,
    asyncpg.exceptions.InvalidCachedStatementError,  # a table was changed in the meantime
)
POOLER_ERRORS = (
    "Something between here and PostgreSQL gives statements of one connection to several, as a PgBouncer does that"
    " pools transactions: add statement_cache_size=0 to the options of the database's URL"
)
BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED"


class _CaseInsensitiveLike(Like):
    """`text ILIKE '%…%'`: upper() would depend on the collation of the column and of the server."""

    def __init__(self, field: Term, value: str) -> None:
        super().__init__(field, field.wrap_constant(f"%{escape_like(value)}%"))
        self.comparator = Matching.ilike


class PostgresExecutor(RowMapperExecutor, AsyncpgExecutor):
    """Tortoise's executor with the row mapper, and case-insensitive search for A to Z only, as in SQLite."""

    FILTER_FUNC_OVERRIDE = {  # noqa: RUF012  (as Tortoise has it)
        **AsyncpgExecutor.FILTER_FUNC_OVERRIDE,
        insensitive_contains: _CaseInsensitiveLike,
    }


class _PostgresClient(AsyncpgDBClient):
    """Tortoise's statements, each as one piece of work for one connection."""

    executor_class = PostgresExecutor

    async def _perform(self, work: Work[T]) -> T:
        raise NotImplementedError

    async def execute_insert(self, query: str, values: Sequence[Any]) -> Any:
        """Return the row of RETURNING, if the statement has it."""
        return await self._logged(query, values, lambda raw: raw.fetchrow(query, *values))

    async def execute_query(self, query: str, values: Sequence[Any] | None = None) -> tuple[int, list[Any]]:
        """Return (rows changed or, for queries, found; the rows found)."""
        if not returns_rows(query):
            return _affected_rows(
                await self._logged(query, values, lambda raw: raw.execute(query, *(values or ())))
            ), []
        rows = await self._logged(query, values, lambda raw: raw.fetch(query, *(values or ())))
        return len(rows), rows

    async def execute_rows(
        self, query: str, values: Sequence[Any] | None = None
    ) -> tuple[tuple[str, ...], list[Any]]:
        """Return the column names, if there are rows, and the rows as the driver returns them."""
        rows = await self._logged(query, values, lambda raw: raw.fetch(query, *(values or ())))
        return (tuple(rows[0].keys()) if rows else ()), rows

    async def execute_short(self, query: str, values: Sequence[Any]) -> tuple[tuple[str, ...], list[Any]]:
        """Same as `execute_rows`: short statements have no faster path here."""
        return await self.execute_rows(query, values)

    async def execute_query_dict(self, query: str, values: Sequence[Any] | None = None) -> list[Row]:
        rows = await self._logged(query, values, lambda raw: raw.fetch(query, *(values or ())))
        return [dict(row) for row in rows]

    async def execute_many(self, query: str, values: Sequence[Sequence[Any]]) -> None:
        """Execute the statement once for each of `values`: all or none."""
        await self._logged(query, values, lambda raw: raw.executemany(query, values))

    async def execute_script(self, query: str) -> None:
        await self._logged(query, None, lambda raw: raw.execute(query))

    async def _logged(self, query: str, values: object, work: Work[T]) -> T:
        self.log.debug("%s: %s", query, values)
        with _translate_errors():
            return await self._perform(work)

    def acquire_connection(self) -> Never:
        raise NotImplementedError(
            "Connections are not handed out: use the execute methods or in_transaction()"
        )


class PostgresEngine(_PostgresClient):
    """Client of one database. `dsn` is a libpq URL.

    Keeps `minsize` to `maxsize` connections; `connecting` has asyncpg's options for each.
    """

    def __init__(
        self, dsn: str, *, minsize: int, maxsize: int, connecting: dict[str, Any], **options: Any
    ) -> None:
        super().__init__(**options)
        self._dsn = dsn
        self._connecting = connecting
        self._sizes: dict[str, Any] = {"min_size": minsize, "max_size": maxsize}
        self._opening = asyncio.Lock()
        self._beside: Connection | None = None
        self.watch = CircuitBreaker(
            "PostgreSQL",
            self._probe,
            timeout=PROBE_TIMEOUT_SECONDS,
            on_open=self._terminate_connections,
            on_idle=self._close_probe,
        )
        self.waiting = 0
        """Number of tasks waiting for a connection."""

    async def create_connection(self, with_db: bool = True) -> None:  # noqa: ARG002  (the address names it)
        async with self._opening:
            if self._pool is None:
                with _translate_errors():
                    self._pool = await asyncpg.create_pool(
                        self._dsn,
                        connect=self._connected,
                        reset=_skip_reset,
                        **self._sizes,
                        **self._connecting,
                    )
                await self._post_connect()

    async def close(self) -> None:
        """Close. Connections still in use after a moment are terminated. The next statement opens again."""
        pool, self._pool = self._pool, None
        await shield_until_done(self.watch.close())
        if pool is not None:
            await shield_until_done(_close(pool))

    @property
    def in_use(self) -> int:
        """Number of connections in use."""
        return self._pool.get_size() - self._pool.get_idle_size() if self._pool else 0

    async def acquire(self) -> Connection:
        """Acquire a connection of the pool; release it afterwards."""
        if self.watch.is_open:
            raise DatabaseUnreachable
        if self._pool is None:
            async with self.watch.bounded():
                await self.create_connection()
        if self._pool is None:
            raise OperationalError("The database is closed")
        self.waiting += 1
        try:
            async with self.watch.bounded(
                POOL_TIMEOUT_SECONDS
            ):  # asyncpg's own timeout may swallow a cancellation
                return await self._pool.acquire()
        finally:
            self.waiting -= 1

    async def release(self, raw: Connection, *, undo: bool = False) -> None:
        """Return the connection to the pool. `undo` rolls back a transaction that may be open."""
        pool = raw._holder._pool  # noqa: SLF001  (ours may be another by now)
        try:
            if undo and not raw.is_closed():
                async with asyncio.timeout(POOL_TIMEOUT_SECONDS):
                    await raw.execute("ROLLBACK")
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            with suppress(asyncpg.InterfaceError):  # lost, and already removed from the pool
                raw.terminate()
        finally:
            await pool.release(raw)

    async def _perform(self, work: Work[T]) -> T:
        with self.watch.watching():
            raw = await self.acquire()
            try:
                with _translate_errors(OutcomeUnknown):
                    return await work(raw)
            finally:
                await shield_until_done(self.release(raw))

    def _in_transaction(self) -> TransactionContext:
        return _PostgresTransactionContext(self)

    def _terminate_connections(self) -> None:
        """End all waits for the database. The next statement opens it again."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.terminate()

    async def _connected(self, *where: Any, **how: Any) -> Any:
        """Connect. A cancelled caller waits for the connection and closes it: asyncpg warns of half-open ones."""

        async def connect() -> Any:
            async with self.watch.bounded():
                return _enable_keepalive(await asyncpg.connect(*where, **how))

        connecting = asyncio.ensure_future(connect())
        try:
            return await shield_until_done(connecting)
        except asyncio.CancelledError:
            if not connecting.cancelled() and connecting.exception() is None:
                connecting.result().terminate()
            raise

    async def _probe(self) -> None:
        """Send a trivial query on a connection kept outside of the pool. Raises ProbeInconclusive."""
        try:
            if self._beside is None:
                self._beside = await asyncpg.connect(self._dsn, **self._connecting)
            await self._beside.execute("SELECT 1")
        except BaseException as error:
            self._close_probe()
            if isinstance(error, CONFIGURATION_ERRORS) and not isinstance(error, TimeoutError):
                raise ProbeInconclusive from error
            if not isinstance(error, asyncpg.PostgresError):
                raise

    def _close_probe(self) -> None:
        beside, self._beside = self._beside, None
        if beside is not None:
            beside.terminate()


class PostgresTransaction(_PostgresClient, TransactionalDBClient):
    """Client within a transaction. Statements after its end are refused.

    A task that outlives the block would otherwise write into another transaction.
    """

    def __init__(self, engine: PostgresEngine, raw: Connection) -> None:
        super().__init__(connection_name=engine.connection_name, fetch_inserted=engine.fetch_inserted)
        self._engine = engine
        self._raw = raw
        self._turn = asyncio.Lock()
        self._savepoints: list[str] = []

    async def _perform(self, work: Work[T]) -> T:
        async with self._turn:  # tasks may share a transaction, and a connection runs one statement at a time
            if self._finalized:
                raise TransactionManagementError("The transaction has ended")
            with self._engine.watch.watching():
                return await work(self._raw)

    @property
    def has_ended(self) -> bool:
        return self._finalized

    def abandon(self) -> None:
        """Refuse further statements; the owner of the connection rolls back."""
        self._finalized = True

    async def begin(self) -> None:
        await self._perform(lambda raw: raw.execute(BEGIN))

    async def commit(self) -> None:
        if await self._end("COMMIT") != "COMMIT":
            raise OperationalError("The transaction was rolled back: a statement of it had failed")

    async def rollback(self) -> None:
        await self._end("ROLLBACK")

    async def _end(self, statement: str) -> str:
        async with self._turn:
            if self._finalized:
                raise TransactionManagementError("The transaction has ended")
            self._finalized = True
            with _translate_errors(OutcomeUnknown):
                status: str = await self._raw.execute(statement)
            return status

    async def savepoint(self) -> None:
        name = f"level_{len(self._savepoints)}"
        await shield_until_done(self.execute_script(f"SAVEPOINT {name}"))
        self._savepoints.append(name)

    async def savepoint_rollback(self) -> None:
        name = self._savepoints.pop()
        await shield_until_done(self.execute_script(f"ROLLBACK TO {name}; RELEASE {name}"))

    async def release_savepoint(self) -> None:
        await shield_until_done(self.execute_script(f"RELEASE {self._savepoints.pop()}"))

    def _in_transaction(self) -> TransactionContext:
        return NestedTransactionContext(self)

    async def create_connection(self, with_db: bool = True) -> None:
        """Does nothing: a transaction has its connection."""

    async def close(self) -> None:
        await self._engine.close()


class _PostgresTransactionContext(TransactionContext):
    """A transaction from BEGIN to COMMIT or ROLLBACK, with one connection."""

    client: PostgresTransaction

    def __init__(self, engine: PostgresEngine) -> None:
        self._engine = engine
        self._token: ConnectionToken | None = None

    async def __aenter__(self) -> PostgresTransaction:
        with _translate_errors(), self._engine.watch.watching():
            raw = await self._engine.acquire()
            try:
                self.client = PostgresTransaction(self._engine, raw)
                await self.client.begin()
            except BaseException:
                await shield_until_done(self._engine.release(raw, undo=True))
                raise
        self._raw = raw
        self._token = get_connections().set(self._engine.connection_name, self.client)
        return self.client

    async def __aexit__(self, kind: object, error: object, trace: object) -> None:
        try:
            get_connections().reset(self._token)
        finally:
            with self._engine.watch.watching():
                await shield_until_done(self._end(failed=kind is not None))

    async def _end(self, *, failed: bool) -> None:
        try:
            if not failed and not self.client.has_ended:
                await self.client.commit()
        finally:
            undo = not self.client.has_ended
            self.client.abandon()
            await self._engine.release(self._raw, undo=undo)


def _enable_keepalive(raw: Any) -> Any:
    """Enable TCP keepalive on the connection."""
    end = raw._transport.get_extra_info("socket")  # noqa: SLF001  (asyncpg lets nobody else make it)
    if end.family != socket.AF_UNIX:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in TCP_OPTIONS.items():
            if hasattr(socket, name):  # not all systems have all options
                end.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    return raw


async def _close(pool: "asyncpg.Pool[Any]") -> None:
    try:
        async with asyncio.timeout(CLOSE_TIMEOUT_SECONDS):
            await pool.close()
    except TimeoutError:
        pool.terminate()


async def _skip_reset(raw: object) -> None:
    """Skip asyncpg's reset, which saves a round trip: no state outlives a transaction."""


def _affected_rows(status: str) -> int:
    """Return the number of changed rows from a command status such as `UPDATE 3`."""
    number = status.rpartition(" ")[2]
    return int(number) if number.isdigit() else 0


@contextmanager
def _translate_errors(away: type[DatabaseUnreachable] = DatabaseUnreachable) -> Iterator[None]:
    """Translate asyncpg's errors to Tortoise's and PicHub's. `away` is raised if there is no response."""
    try:
        yield
    except asyncpg.IntegrityConstraintViolationError as error:
        raise IntegrityError(error) from error
    except RETRYABLE_ERRORS as error:
        raise Busy(
            "Concurrent changes to the same data; try again in a second", reason="concurrent_changes"
        ) from error
    except asyncpg.DiskFullError as error:
        raise OutOfStorage("The database's disk is full", reason="disk_full") from error
    except UNREACHABLE_ERRORS as error:
        raise _unreachable(error, away) from error
    except (asyncpg.DuplicatePreparedStatementError, asyncpg.InvalidSQLStatementNameError) as error:
        raise OperationalError(f"{POOLER_ERRORS} ({error.args[0]})") from error
    except asyncpg.InterfaceError as error:
        if "clos" in str(error):  # the connection is closed, or the pool is closing
            raise _unreachable(error, away) from error
        raise OperationalError(error) from error
    except asyncpg.PostgresError as error:
        raise OperationalError(error) from error


def _unreachable(error: Exception, away: type[DatabaseUnreachable]) -> DatabaseUnreachable:
    log.warning("the database can't be reached: %s", str(error) or type(error).__name__)
    return away()


client_class = PostgresEngine
