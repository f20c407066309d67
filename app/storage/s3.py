"""Objects in a bucket of an S3-compatible store, by obstore, which does TLS, signing, retries and multipart uploads.

A put is one request, or one multipart upload that is completed at its end: readers see all of it or nothing. Object
dates have a precision of a second. Nothing is cached here; `cached` does that.
"""

import asyncio
import logging
import re
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import obstore
from obstore.exceptions import BaseError, PreconditionError
from obstore.store import S3Store

from app.cancellation import in_thread, shield_until_done
from app.coordination.circuit_breaker import CircuitBreaker, ProbeInconclusive
from app.errors import OutOfStorage, StorageUnreachable
from app.storage.base import ObjectMissing, Stat, StorageTotals, StoredObject, check_key, is_key
from app.storage.disk import DiskStorage
from app.storage.downloads import download
from app.storage.locations import Bucket
from app.storage.presigned import AwsCredentials, presign

if TYPE_CHECKING:
    from obstore import GetOptions, GetResult, ObjectMeta
    from obstore.store import ClientConfig, RetryConfig

log = logging.getLogger("pichub.storage")

T = TypeVar("T")

CONNECT, ANSWER, WRITTEN = timedelta(seconds=2), timedelta(seconds=5), timedelta(seconds=30)
"""Timeouts: to connect, for the next bytes of a response, and for a response after sending bytes."""
PROBE_TIMEOUT_SECONDS = 4.0
"""Time for a probe beside a waiting request before the store counts as hanging."""
PROBE_KEY = "health/nothing"
"""Key of an object that never exists."""
RETRIES, RETRIED_WITHIN = 2, timedelta(seconds=4)
PART, PARTS = 5 * 1024 * 1024, 3
"""Bytes of a part of a multipart upload, and parts in flight, which bounds the memory."""
INLINE_SIZE = 1024 * 1024
"""Objects up to this size are read completely when opened."""
CHUNK_SIZE = 256 * 1024
PAGE_SIZE = 1000
"""Maximum number of objects per list or delete request."""
TOUCH_AFTER = timedelta(days=7)
MAX_TOUCHED_SIZE = 64 * 1024 * 1024
SECOND = timedelta(seconds=1)

STORAGE_FULL = re.compile(
    r"status code: 507|StorageFull|QuotaExceeded|InsufficientStorage|InsufficientCapacity"
)
ERROR_CODE = re.compile(r"<Code>(\w+)</Code>")
RANGE_ERROR = re.compile(r"status code: 416")
MEDIA_TYPES = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "gif": "image/gif",
    "avif": "image/avif",
}
CACHE_CONTROL = "public, max-age=31536000, immutable"
"""For a CDN in front of a public bucket. Presigned URLs override it."""


class S3Storage:
    """Implements `Storage` in a bucket. `local` holds incoming files, and files for callers that need a path.

    Without `credentials` they are found as AWS's tools do: in the environment, then from the machine's role.
    """

    touch_after = TOUCH_AFTER

    def __init__(
        self,
        bucket: Bucket,
        keys: AwsCredentials | None,
        local: DiskStorage,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self.incoming = local.incoming
        self._bucket = bucket
        self._keys = keys
        self._local = local
        self._clock = clock
        self._reads = _object_store(bucket, keys, timeout=ANSWER)
        self._writes = _object_store(bucket, keys, timeout=WRITTEN)
        self._touching = asyncio.Lock()
        self._watch = CircuitBreaker("The storage", self._probe, timeout=PROBE_TIMEOUT_SECONDS)

    async def put(self, key: str, source: Path | bytes, *, durable: bool = True) -> None:  # noqa: ARG002
        await self._watched(self._put(key, source))

    def local_path(self, key: str) -> Path | None:
        check_key(key)
        return None

    async def read(self, key: str) -> bytes:
        return await self._watched(self._read(key))

    @asynccontextmanager
    async def open(self, key: str, start: int = 0, stop: int | None = None) -> AsyncIterator[StoredObject]:
        if start < 0 or (stop is not None and stop < 0):
            raise ValueError(f"A range has no negative bounds: {start}, {stop}")
        yield await self._watched(self._open(key, start, stop))

    @asynccontextmanager
    async def as_file(self, key: str) -> AsyncIterator[Path]:
        path = self.incoming / f"read-{secrets.token_hex(16)}"
        try:
            await download(self, key, path)
            yield path
        finally:
            path.unlink(missing_ok=True)

    async def stat(self, key: str) -> Stat | None:
        return await self._watched(self._stat(key))

    async def touch(self, key: str) -> None:
        await self._watched(self._touch(key))

    async def delete(self, key: str) -> bool:
        return await self._watched(self._delete(key))

    async def delete_under(self, prefix: str) -> int:
        return await self._watched(self._delete_under(prefix))

    async def delete_stale(self, keys: Sequence[str], before: datetime) -> StorageTotals:
        return await self._watched(self._delete_stale([check_key(key) for key in keys], before))

    async def list(self, prefix: str = "") -> AsyncIterator[tuple[str, Stat]]:
        async for page in self._pages(check_key(prefix) if prefix else ""):
            for key, stat in page.items():
                yield key, stat

    async def free(self) -> int | None:
        return None

    def signed_url(self, key: str, *, expires_in: timedelta, headers: Mapping[str, str]) -> str | None:
        path = self._path(key)
        if self._keys is None:
            return None
        return presign(
            f"{self._bucket.public_url}/{path}",
            credentials=self._keys,
            region=self._bucket.region,
            now=self._clock(),
            expires_in=expires_in,
            headers=headers,
        )

    async def maintain(self) -> None:
        return

    async def clear_incoming(self, before: datetime, *, dry_run: bool = False) -> StorageTotals:
        return await self._local.clear_incoming(before, dry_run=dry_run)

    async def _watched(self, work: Coroutine[Any, Any, T]) -> T:
        """Return the result of `work`, for as long as the store responds at all."""

        async def asked() -> T:
            try:
                with self._watch.watching():
                    async with self._watch.bounded():
                        return await work
            except TimeoutError as error:
                raise StorageUnreachable from error

        if self._watch.is_open:
            work.close()
            raise StorageUnreachable
        return await shield_until_done(asked())

    async def _probe(self) -> None:
        """Request an object that does not exist. Raises ProbeInconclusive."""
        try:
            await obstore.head_async(self._reads, self._bucket.path(PROBE_KEY))
        except FileNotFoundError:
            return
        except BaseError as error:
            raise ProbeInconclusive from error

    async def _put(self, key: str, source: Path | bytes, *, mode: Any = None) -> None:
        path = self._path(key)
        if isinstance(source, Path):
            await in_thread(source.stat)  # the missing object is the local file
        with _translate_errors(key, is_put=True):
            await obstore.put_async(
                self._writes,
                path,
                source,
                attributes=_attributes(key),
                chunk_size=PART,
                max_concurrency=PARTS,
                mode=mode,
            )
        if isinstance(source, Path):
            await in_thread(source.unlink, missing_ok=True)

    async def _read(self, key: str) -> bytes:
        path = self._path(key)
        with _translate_errors(key):
            return bytes(await (await obstore.get_async(self._reads, path)).bytes_async())

    async def _open(self, key: str, start: int, stop: int | None) -> StoredObject:
        found = await self._get(key, start, stop)
        if found is None:  # empty range: a store refuses to return no bytes
            stat = await self._stat(key)
            if stat is None:
                raise ObjectMissing(key)
            return StoredObject(stat, _single_chunk(b""))
        stat = _stat(found.meta)
        if min(stat.size, stop or stat.size) - start > INLINE_SIZE:
            return StoredObject(stat, _chunks(key, found))
        with _translate_errors(key):
            return StoredObject(stat, _single_chunk(bytes(await found.bytes_async())))

    async def _get(self, key: str, start: int, stop: int | None) -> "GetResult | None":
        path, options = self._path(key), _range(start, stop)
        if stop is not None and stop <= start:
            return None
        try:
            with _translate_errors(key):
                return await obstore.get_async(self._reads, path, options=options)
        except _BeyondTheEnd:
            return None

    async def _stat(self, key: str) -> Stat | None:
        path = self._path(key)
        try:
            with _translate_errors(key):
                return _stat(await obstore.head_async(self._reads, path))
        except ObjectMissing:
            return None

    async def _touch(self, key: str) -> None:
        """Put the same bytes again if they still exist: stores do not copy an object onto itself unchanged."""
        path = self._path(key)
        async with self._touching:  # bounds the memory
            with suppress(ObjectMissing, PreconditionError), _translate_errors(key):
                found = await obstore.get_async(self._reads, path)
                if found.meta["size"] <= MAX_TOUCHED_SIZE:
                    body = bytes(await found.bytes_async())
                    await self._put(key, body, mode={"e_tag": found.meta["e_tag"]})

    async def _delete(self, key: str) -> bool:
        if await self._stat(key) is None:  # stores do not tell
            return False
        await self._remove([key])
        return True

    async def _delete_under(self, prefix: str) -> int:
        removed = 0
        async for page in self._pages(check_key(prefix)):
            await self._remove(page)
            removed += len(page)
        return removed

    async def _delete_stale(self, keys: Sequence[str], before: datetime) -> StorageTotals:
        stale = {
            key: stat
            for key, stat in (await self._stats(keys)).items()
            if stat.modified_at + SECOND <= before  # strictly: it may be younger within its second
        }
        await self._remove(stale)
        return StorageTotals(len(stale), sum(stat.size for stat in stale.values()))

    async def _remove(self, keys: Iterable[str]) -> None:
        paths = [self._path(key) for key in keys]
        if paths:
            with _translate_errors(""):
                await obstore.delete_async(self._writes, paths)

    async def _stats(self, keys: Sequence[str]) -> dict[str, Stat]:
        """Return the Stats of these keys with as few list requests as possible: one for neighbouring keys."""
        stats: dict[str, Stat] = {}
        left = sorted(keys)
        while left:
            wanted, last = set(left), ""
            async for page in self._pages("", after=_key_before(left[0])):
                stats |= {key: stat for key, stat in page.items() if key in wanted}
                last = max(page, default="")
                if last >= left[0]:
                    break
            else:
                return stats
            left = [key for key in left if key > last]
        return stats

    async def _pages(self, prefix: str, *, after: str = "") -> AsyncIterator[dict[str, Stat]]:
        start = len(self._bucket.path(""))
        pages = obstore.list(
            self._reads,
            self._bucket.path(prefix).rstrip("/") or None,
            offset=self._bucket.path(after) if after else None,
            chunk_size=PAGE_SIZE,
        )
        while True:
            with _translate_errors(prefix):
                page = await self._watched(_next(pages))
            if page is None:
                return
            found = {each["path"][start:]: _stat(each) for each in page}
            yield {key: stat for key, stat in found.items() if is_key(key)}

    def _path(self, key: str) -> str:
        return self._bucket.path(check_key(key))


class _BeyondTheEnd(Exception):
    """A range starts beyond the last byte."""


def _object_store(bucket: Bucket, keys: AwsCredentials | None, *, timeout: timedelta) -> S3Store:
    options: ClientConfig = {
        "allow_http": bucket.url.startswith("http://"),
        "connect_timeout": CONNECT,
        "read_timeout": timeout,
        "timeout": timedelta(minutes=5),
    }
    retries: RetryConfig = {
        "max_retries": RETRIES,
        "retry_timeout": RETRIED_WITHIN,
        "backoff": {
            "init_backoff": timedelta(milliseconds=100),
            "max_backoff": timedelta(seconds=1),
            "base": 2,
        },
    }
    config: dict[str, Any] = {
        "region": bucket.region,
        "virtual_hosted_style_request": bucket.virtual_hosted,
        "disable_bulk_delete": not bucket.bulk_delete,
    }
    if bucket.endpoint:  # both names, or an environment variable of AWS's tools would win
        endpoint = bucket.url if bucket.virtual_hosted else bucket.endpoint
        config |= {"endpoint": endpoint, "aws_endpoint_url_s3": endpoint}
    if keys is not None:  # by a provider, or a session token of the environment would be added
        config["credential_provider"] = lambda: {
            "access_key_id": keys.access,
            "secret_access_key": keys.secret,
            "token": None,
            "expires_at": None,
        }
    return S3Store(bucket.name, client_options=options, retry_config=retries, **config)


def _range(start: int, stop: int | None) -> "GetOptions":
    if stop is not None:
        return {"range": (start, stop)}
    return {"range": {"offset": start}} if start else {}


def _key_before(key: str) -> str:
    """Return a name just before the key, never a folder's: some stores omit its content."""
    return f"{key[:-1]}!" if key[-2:-1] == "/" else key[:-1]


async def _next(pages: AsyncIterator[Any]) -> Any:
    return await anext(pages, None)


async def _single_chunk(body: bytes) -> AsyncIterator[bytes]:
    if body:
        yield body


async def _chunks(key: str, found: "GetResult") -> AsyncIterator[bytes]:
    chunks = found.stream(min_chunk_size=CHUNK_SIZE)
    while True:
        with _translate_errors(key):
            chunk = await anext(chunks, None)
        if chunk is None:
            return
        yield bytes(chunk)


def _stat(meta: "ObjectMeta") -> Stat:
    return Stat(size=meta["size"], modified_at=meta["last_modified"].astimezone(UTC))


def _attributes(key: str) -> dict[str, str]:
    """Response headers for direct access."""
    kind = MEDIA_TYPES.get(key.rpartition(".")[2], "application/octet-stream")
    return {"Content-Type": kind, "Cache-Control": CACHE_CONTROL}


@contextmanager
def _translate_errors(key: str, *, is_put: bool = False) -> Iterator[None]:
    """Translate the client's errors to the contract's. A missing object during a put is the local file."""
    try:
        yield
    except FileNotFoundError as error:
        if not is_put and "NoSuchBucket" not in str(error):
            raise ObjectMissing(key) from error
        raise _domain_error(error) from error
    except PreconditionError:
        raise
    except BaseError as error:
        if RANGE_ERROR.search(str(error)):
            raise _BeyondTheEnd from error
        raise _domain_error(error) from error


def _domain_error(error: Exception) -> Exception:
    said = str(error)
    if STORAGE_FULL.search(said):
        return OutOfStorage("The storage is full", reason="disk_full")
    code = ERROR_CODE.search(said)
    log.warning("the storage failed: %s%s", said.partition("\n")[0][:500], f" {code[1]}" if code else "")
    return StorageUnreachable()
