"""Chooses the implementation of each contract, and starts and stops the services."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from app.auth.last_used import LastUsed
from app.auth.passwords import Passwords
from app.auth.url_secrets import DatabaseKeyring
from app.caching.epochs import CacheEpochs
from app.caching.redis import SharedCacheEpochs
from app.caching.response_cache import MAX_AGE_SECONDS, EpochCache
from app.context import (
    AccessServices,
    CacheServices,
    Context,
    CoordinationServices,
    EventServices,
    ImageServices,
    ObservabilityServices,
    RateLimit,
    Services,
)
from app.coordination.locks.base import DistributedLock
from app.coordination.locks.local import FolderLock
from app.coordination.locks.redis import RedisLock
from app.coordination.notifier.base import Notifier
from app.coordination.notifier.memory import MemoryNotifier
from app.coordination.notifier.redis import RedisNotifier
from app.coordination.redis.client import RedisClient
from app.coordination.single_flight import SingleFlight
from app.db import state
from app.db.config import Config, UnsupportedDatabase, is_postgres, sqlite_path, sqlite_url, tortoise_config
from app.db.lifecycle import database
from app.db.migrate import migrate
from app.events.feed import EventFeed
from app.imaging.presets import Presets
from app.imaging.workers.pool import ImageLimits, WorkerPool
from app.jobs import heartbeat
from app.observability.health import Check, Health
from app.observability.metrics import Metrics, MetricSource
from app.observability.tracing import NoTracing, OpenTelemetry, Tracing
from app.outbound.post import Outbound
from app.ratelimits.memory import MemoryLimiter
from app.ratelimits.policies import Policy
from app.ratelimits.redis import RedisLimiter
from app.resolvers import account
from app.resolvers.account import InitialCredentials
from app.settings import BadSetting, Settings
from app.signing.keyring import FileKeyring, FixedKeyring, Keyring
from app.storage import probe
from app.storage.base import Storage
from app.storage.disk import DiskStorage
from app.storage.locations import Bucket, parse_location
from app.storage.presigned import AwsCredentials
from app.urls import UrlBuilder
from app.webhooks import backlog

MAX_THREADS = 32
IMAGE_CACHE_SIZE = 2_000
MAX_SHARED_AGE_SECONDS = 10.0
"""Cache lifetime with several machines: bounds stale data if one could not announce a change."""


@asynccontextmanager
async def run_services(settings: Settings) -> AsyncIterator[Services]:
    """Run the services until the block ends. The database must be migrated. Raises BadSetting."""
    tracer = tracing(settings)
    async with database(database_config(settings)):
        # More than the default: threads here wait for disks, and a slow fsync must not delay reads.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(MAX_THREADS))
        services = build_services(settings, tracer)
        if services.coordination.redis is not None:
            await services.coordination.redis.start()
        try:
            async with storage_maintenance(services.storage):
                yield services
        finally:
            services.observability.health.stop()
            await services.observability.health.close()
            await services.events.feed.close()
            await services.access.last_used.close()
            await services.images.renders.close()
            await services.images.workers.close()
            if services.coordination.redis is not None:
                await services.coordination.redis.close()
            await services.observability.tracing.close()
            services.cache.epochs.close()


async def prepare(settings: Settings) -> InitialCredentials | None:
    """Create what is missing: data folder, signing secret, tables and the first account.

    Raises BadKeyring.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    if not secrets_in_database(settings):
        await keyring(settings).signing_secret()
    await migrate(database_config(settings))
    async with database(database_config(settings)):
        await keyring(settings).signing_secret()
        return await account.create_first_account(Context(build_services(settings)))


class NotInitialized(Exception):
    """The data folder has no database. The text says how to create one."""


async def upgrade(settings: Settings) -> None:
    """Migrate an existing database. Raises NotInitialized if there is none.

    Creates the data folder of an additional machine.
    """
    require_initialized(settings)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    await migrate(database_config(settings))


def require_initialized(settings: Settings) -> None:
    """Raise NotInitialized if there is no database."""
    path = sqlite_path(database_config(settings))
    if path is not None and not path.exists():
        raise NotInitialized(
            f"{settings.data_dir} has no PicHub database; create it with 'pichub serve' or 'pichub migrate'"
        )


@asynccontextmanager
async def inspect_services(settings: Settings) -> AsyncIterator[Services]:
    """Yield the services without contacting an engine, for an installation that may be broken. Raises OSError.

    Without a data folder they use a temporary one.
    """
    with ExitStack() as stack:
        if not settings.data_dir.exists():
            folder = stack.enter_context(TemporaryDirectory(prefix="pichub-"))
            settings = replace(settings, data_dir=Path(folder))
        services = build_services(settings)
        try:
            yield services
        finally:
            await services.images.workers.close()
            await _close_connections(services)


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[None]:
    """Open the database without migrating it. Raises NotInitialized, and errors of the engine."""
    require_initialized(settings)
    async with database(database_config(settings)):
        yield


@asynccontextmanager
async def console_context(settings: Settings) -> AsyncIterator[Context]:
    """Yield the context of the command line, which may do everything an admin may. Raises NotInitialized."""
    await upgrade(settings)
    async with database(database_config(settings)):
        services = build_services(settings)
        try:
            yield Context(services, is_operator=True)
        finally:
            await _close_connections(services)


async def _close_connections(services: Services) -> None:
    if services.coordination.redis is not None:
        await services.coordination.redis.close()
    services.cache.epochs.close()


def build_services(settings: Settings, tracing: Tracing | None = None) -> Services:
    """Return the services. Only `run_services` starts those that run in the background. Raises BadSetting."""
    metrics = Metrics(enabled=settings.metrics)
    redis = RedisClient(settings.redis_url, metrics) if settings.redis_url else None
    image_storage = storage(settings)
    images, cache = image_services(settings), cache_services(settings, redis)
    events = event_services(settings, redis)
    checks = health_checks(settings, storage=image_storage, workers=images.workers, redis=redis)
    metrics.add_sources(metric_sources(workers=images.workers, responses=cache.responses, feed=events.feed))
    return Services(
        settings=settings,
        clock=_now,
        storage=image_storage,
        images=images,
        cache=cache,
        access=access_services(settings, redis),
        events=events,
        coordination=CoordinationServices(locks=locks(settings, redis), redis=redis),
        observability=ObservabilityServices(
            metrics=metrics, tracing=tracing or NoTracing(), health=Health(checks=checks)
        ),
    )


def image_services(settings: Settings) -> ImageServices:
    return ImageServices(
        workers=WorkerPool(
            workers=settings.transform_workers,
            queue=settings.transform_queue,
            deadline=settings.transform_deadline,
            memory=settings.transform_memory,
            limits=ImageLimits(max_pixels=settings.max_pixels, max_dimension=settings.max_dimension),
        ),
        presets=presets(settings),
        renders=SingleFlight(),
        urls=UrlBuilder(settings.url),
        keyring=keyring(settings),
    )


def cache_services(settings: Settings, redis: RedisClient | None) -> CacheServices:
    path = settings.data_dir / "freshness"
    epochs = SharedCacheEpochs(path, redis) if redis else CacheEpochs(path)
    max_age = MAX_SHARED_AGE_SECONDS if redis else MAX_AGE_SECONDS
    return CacheServices(
        epochs=epochs,
        responses=EpochCache(
            epochs, size=settings.response_cache_size, max_age=max_age, second_time_only=True
        ),
        images=EpochCache(epochs, size=IMAGE_CACHE_SIZE, max_age=max_age),
    )


def access_services(settings: Settings, redis: RedisClient | None) -> AccessServices:
    local = MemoryLimiter(_now)
    limits = {
        RateLimit.API: settings.limit_api,
        RateLimit.UPLOAD: settings.limit_upload,
        RateLimit.AUTH_FAILURES: settings.limit_auth_failures,
        RateLimit.RENDERS: settings.limit_renders,
    }
    return AccessServices(
        passwords=Passwords(),
        last_used=LastUsed(),
        limiter=RedisLimiter(redis.commands, _now, local) if redis else local,
        policies={name: Policy(name, limit) for name, limit in limits.items()},
    )


def event_services(settings: Settings, redis: RedisClient | None) -> EventServices:
    notifier: Notifier = RedisNotifier(redis) if redis else MemoryNotifier()
    return EventServices(
        notifier=notifier,
        feed=EventFeed(notifier),
        outbound=Outbound(allowed=settings.webhook_allow_networks),
    )


def locks(settings: Settings, redis: RedisClient | None) -> DistributedLock:
    timeout = 3 * settings.transform_deadline
    folder = settings.data_dir / "locks"
    folder.mkdir(exist_ok=True)
    local = FolderLock(folder, timeout=timeout)
    return RedisLock(redis, local, timeout=timeout) if redis else local


def storage(settings: Settings) -> Storage:
    """Return the image storage. Raises BadSetting."""
    uncached = uncached_storage(storage_location(settings), settings)
    if isinstance(uncached, DiskStorage):
        return uncached
    from app.storage.cached import CachedStorage

    return CachedStorage(uncached, _copies(settings), size=settings.storage_cache_size, clock=_now)


def storage_location(settings: Settings) -> Path | Bucket:
    """Return the folder or bucket of PICHUB_STORAGE_URL. Raises BadSetting for conflicting settings."""
    try:
        location = (
            parse_location(settings.storage_url) if settings.storage_url else settings.data_dir / "storage"
        )
    except ValueError as error:
        raise BadSetting(f"PICHUB_STORAGE_URL must be {error}") from error
    credentials = _aws_credentials(settings)
    if settings.img_redirect != "off" and isinstance(location, Path):
        raise BadSetting(
            "PICHUB_IMG_REDIRECT requires s3:// storage in PICHUB_STORAGE_URL: a folder has no URL"
        )
    if settings.img_redirect == "presigned" and credentials is None:
        raise BadSetting(
            "PICHUB_IMG_REDIRECT=presigned requires PICHUB_S3_ACCESS_KEY and PICHUB_S3_SECRET_KEY"
        )
    return location


def _aws_credentials(settings: Settings) -> AwsCredentials | None:
    """Return the bucket's credentials; None to search for them elsewhere. Raises BadSetting."""
    if bool(settings.s3_access_key) != bool(settings.s3_secret_key):
        raise BadSetting("PICHUB_S3_ACCESS_KEY and PICHUB_S3_SECRET_KEY must be set together, or not at all")
    return AwsCredentials(settings.s3_access_key, settings.s3_secret_key) if settings.s3_access_key else None


def uncached_storage(location: Path | Bucket, settings: Settings) -> Storage:
    """Return the storage in a folder or a bucket without a cache. Raises BadSetting."""
    if isinstance(location, Path):
        return DiskStorage(location, stat_on_loop=location.is_relative_to(settings.data_dir))
    from app.storage.s3 import S3Storage  # its client is loaded only for buckets

    return S3Storage(location, _aws_credentials(settings), _copies(settings), clock=_now)


def _copies(settings: Settings) -> DiskStorage:
    """Return the local folder for copies of remote objects and incoming files."""
    return DiskStorage(settings.data_dir / "cache")


@asynccontextmanager
async def storage_maintenance(storage: Storage) -> AsyncIterator[None]:
    """Run the storage's maintenance until the block ends."""
    maintenance = asyncio.create_task(storage.maintain())
    try:
        yield
    finally:
        maintenance.cancel()
        await asyncio.wait([maintenance])


def health_checks(
    settings: Settings, *, storage: Storage, workers: WorkerPool, redis: RedisClient | None
) -> list[Check]:
    """Return the checks for readiness, one per engine."""

    async def storage_place() -> str:
        location = storage_location(settings)
        return f"S3, {location.url}" if isinstance(location, Bucket) else f"the folder {location.resolve()}"

    checks = [
        Check("database", state.check, state.version),
        Check("storage", partial(probe.check, storage), storage_place),
        Check("transforms", workers.check),
    ]
    if redis is not None:
        checks.append(Check("redis", redis.check, redis.version, is_needed=False))
    return checks


def metric_sources(
    *, workers: WorkerPool, responses: EpochCache[bytes, Any], feed: EventFeed
) -> list[MetricSource]:
    """Return the metrics that are read when /metrics is requested."""
    # Metrics that query the database come last: they would count themselves.
    return [
        MetricSource(
            "pichub_transform_waiting_pixels",
            "Pixels waiting for a transform worker",
            lambda: workers.waiting,
        ),
        MetricSource("pichub_transform_workers_busy", "Busy transform workers", lambda: workers.busy),
        MetricSource(
            "pichub_cache_hits", "Image requests served from memory", lambda: responses.hits, is_total=True
        ),
        MetricSource(
            "pichub_cache_misses",
            "Image requests not served from memory",
            lambda: responses.misses,
            is_total=True,
        ),
        MetricSource("pichub_cache_bytes", "Memory used by cached image responses", lambda: responses.cost),
        MetricSource(
            "pichub_subscriptions", "Active GraphQL subscriptions to events", lambda: feed.subscribers
        ),
        MetricSource("pichub_database_connections_in_use", "Database connections in use", state.in_use),
        MetricSource("pichub_database_waiting", "Tasks waiting for a database connection", state.waiting),
        MetricSource("pichub_deliveries_pending", "Pending webhook deliveries", backlog.pending),
        MetricSource(
            "pichub_relay_lag_seconds",
            "Age of the oldest event not yet relayed to webhooks",
            lambda: backlog.lag(_now()),
        ),
        MetricSource(
            "pichub_worker_silence_seconds",
            "Time since the last worker heartbeat",
            lambda: heartbeat.seconds_since(_now()),
        ),
    ]


def tracing(settings: Settings) -> Tracing:
    """Return the tracer. Raises BadSetting."""
    return OpenTelemetry(settings.otel_endpoint) if settings.otel_endpoint else NoTracing()


def presets(settings: Settings) -> Presets:
    """Return the presets. Raises BadSetting."""
    try:
        return Presets.parse(settings.presets)
    except ValueError as error:
        example = "thumb=w=200&h=200&fit=cover; hero=w=1600&q=75"
        raise BadSetting(f"PICHUB_PRESETS must be presets such as {example}: {error}") from error


def keyring(settings: Settings) -> Keyring:
    """Return the keyring for signed URLs: from the settings, the data folder or the database."""
    older = (settings.url_secret_old,) if settings.url_secret_old else ()
    if settings.url_secret:
        return FixedKeyring((settings.url_secret, *older))
    return stored_keyring(settings, older)


def stored_keyring(settings: Settings, older: Sequence[str] = ()) -> FileKeyring | DatabaseKeyring:
    """Return the keyring that PicHub stores itself: in the data folder, or in a database shared by machines."""
    in_folder = FileKeyring(settings.data_dir / "url-secrets.json", older=older)
    return (
        DatabaseKeyring(initial=in_folder.stored_secrets, older=older)
        if secrets_in_database(settings)
        else in_folder
    )


def secrets_in_database(settings: Settings) -> bool:
    """Return True if the keyring is in the database, which must then be open."""
    return is_postgres(database_url(settings)) and not settings.url_secret


async def rotate_secret(settings: Settings, now: datetime, *, keep_for: timedelta) -> datetime:
    """Rotate the stored secret. Return the time until which the previous one verifies.

    Raises BadKeyring, NotInitialized.
    """
    if not secrets_in_database(settings):
        return await stored_keyring(settings).rotate(now, keep_for=keep_for)
    async with console_context(settings):
        return await stored_keyring(settings).rotate(now, keep_for=keep_for)


def _now() -> datetime:
    return datetime.now(UTC)


def database_url(settings: Settings) -> str:
    """Return the database URL: from the settings, or a file in the data folder."""
    return settings.database_url or sqlite_url(settings.data_dir.resolve() / "pichub.db")


def database_config(settings: Settings) -> Config:
    """Return Tortoise's configuration. Raises BadSetting."""
    try:
        return tortoise_config(database_url(settings))
    except UnsupportedDatabase as error:
        raise BadSetting(f"PICHUB_DATABASE_URL: {error}") from error
