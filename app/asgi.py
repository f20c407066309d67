"""The ASGI application: all interfaces, put together."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, TypedDict

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from app.cancellation import in_thread
from app.context import Services
from app.lifespan import run_services
from app.middleware import RateLimitHeaders, UnexpectedErrors
from app.observability.access_log import AccessLogMiddleware
from app.ratelimits import package
from app.settings import Settings
from app.web.monitoring import metrics_routes
from app.web.monitoring import routes as monitoring_routes
from app.web.pages import Pages
from app.web.routes import not_found_page
from app.web.routes import routes as web_routes
from compat_rest.coalescing import RequestCoalescing
from compat_rest.errors import exception_handlers, handle_http_error, internal_error_response
from compat_rest.response_cache import ResponseCacheMiddleware
from compat_rest.routes import routes as rest_routes
from compat_rest.routes import short_routes
from compat_rest.tus import HEADERS as TUS_HEADERS

EXPOSED_HEADERS = [
    "Retry-After",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "RateLimit",
    "RateLimit-Policy",
    "Location",
    "ETag",
    "X-Request-Id",
    "Content-Disposition",
    *TUS_HEADERS,
]


GRAPHQL_BUILD_DELAY_SECONDS = 0.1
"""Delay before building the schema, so that it does not slow down the first requests."""
WORKER_START_DELAY_SECONDS = 1.0
"""Delay before the embedded worker starts."""


class AppState(TypedDict):
    """State of all requests."""

    services: Services
    graphql: asyncio.Future[ASGIApp]


class GraphQL:
    """The GraphQL endpoint. Requests that arrive while the schema is built wait for it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        view = await asyncio.shield(scope["state"]["graphql"])
        await view(scope, receive, send)


@asynccontextmanager
async def graphql_built(settings: Settings, pages: Pages) -> AsyncIterator[asyncio.Future[ASGIApp]]:
    """Build the GraphQL view in a thread while the server already responds: it is more than half of the start.

    Raises InvalidDocument.
    """

    def build() -> ASGIApp:
        package.load()
        # Imported here, so that the first requests do not wait for them.
        import app.ratelimits.counters  # noqa: F401

        if settings.metrics:
            import prometheus_client  # noqa: F401
        from app.graphql.server.protocol import GraphQLView

        return GraphQLView(settings, graphiql=pages.graphiql, own_manifest=pages.documents)

    async def build_later() -> ASGIApp:
        await asyncio.sleep(GRAPHQL_BUILD_DELAY_SECONDS)
        return await in_thread(build)

    building = asyncio.ensure_future(build_later())
    if settings.graphql_documents:
        await building  # invalid trusted documents are reported at the start
    yield building
    await asyncio.wait([building])


@asynccontextmanager
async def embedded_worker(services: Services) -> AsyncIterator[None]:
    """Run the embedded worker, if enabled, once the server responds."""
    if services.settings.worker != "embedded":
        yield
        return
    stop = asyncio.Event()
    worker = asyncio.create_task(_run_worker(services, stop))
    try:
        yield
    finally:
        stop.set()
        await worker


async def _run_worker(services: Services, stop: asyncio.Event) -> None:
    def load() -> Callable[[Services, asyncio.Event], Awaitable[None]]:
        from app.jobs.worker import run_loops

        return run_loops

    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), WORKER_START_DELAY_SECONDS)
        return
    run_loops = await in_thread(load)
    await run_loops(services, stop)


def monitoring_app(services: Services) -> ASGIApp:
    """Return the application of an external worker: /healthz, /readyz and /metrics."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, Services]]:
        yield {"services": services}

    routes = [*monitoring_routes, *(metrics_routes if services.settings.metrics else ())]
    return Starlette(routes=routes, exception_handlers=exception_handlers, lifespan=lifespan)


async def http_not_found(request: Request, error: Any) -> Response:
    """Handle an HTTPException: a page for browsers, the REST error for all others."""
    page = not_found_page(request) if error.status_code == 404 else None
    return page or await handle_http_error(request, error)


def create_app(settings: Settings | None = None) -> ASGIApp:
    """Create the application. Without settings they are read from the environment:

    `uvicorn app.asgi:create_app --factory`.
    """
    settings = settings or Settings.load()
    logging.getLogger("pichub").setLevel(settings.log_level.upper())

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[AppState]:
        async with (
            run_services(settings) as services,
            graphql_built(settings, pages) as graphql,
            embedded_worker(services),
        ):
            yield {"services": services, "graphql": graphql}

    pages, graphql = Pages(), GraphQL()
    app = Starlette(
        routes=[
            *rest_routes,
            Route("/graphql", graphql, methods=None),
            Route("/graphql/", graphql, methods=None),
            WebSocketRoute("/graphql", graphql),
            WebSocketRoute("/graphql/", graphql),
            *web_routes,
            *pages.routes,
            *(metrics_routes if settings.metrics else ()),
            *short_routes,
        ],
        middleware=[
            Middleware(AccessLogMiddleware, is_logged=settings.access_log != "off"),
            Middleware(
                CORSMiddleware,
                allow_origins=settings.cors_origins,
                allow_credentials=settings.cors_origins != ("*",),
                allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
                allow_headers=["*"],
                expose_headers=EXPOSED_HEADERS,
                max_age=86_400,
            ),
            Middleware(ResponseCacheMiddleware),
            Middleware(RateLimitHeaders, trusted=settings.trusted_proxies),
            # Inside CORS, so that pages on other origins can read the response.
            Middleware(UnexpectedErrors, error_response=internal_error_response),
        ],
        exception_handlers=exception_handlers | {HTTPException: http_not_found},
        lifespan=lifespan,
    )
    cached_app = ResponseCacheMiddleware(RequestCoalescing(app), is_outermost=True)
    return AccessLogMiddleware(cached_app, is_logged=True) if settings.access_log == "all" else cached_app
