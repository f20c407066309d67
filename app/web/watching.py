"""What those who run a server ask it: whether it lives, whether it is ready, what it has counted."""

from secrets import compare_digest

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.errors import Unauthorized
from app.observability.metrics import CONTENT_TYPE

NO_STORE = {"Cache-Control": "no-store"}


async def healthz(_: Request) -> Response:
    """That the process answers. No engine is asked: a restart, which this is for, would mend none."""
    return Response("ok\n", headers=NO_STORE, media_type="text/plain")


async def readyz(request: Request) -> Response:
    """Whether requests should come here: 200, or 503 where a part can't work, or the process is about to stop."""
    report = await request.state.services.health.report()
    parts = {
        name: {"status": "ok" if part.is_well else "error", "ms": part.ms}
        | ({} if part.is_well else {"error": part.problem})
        for name, part in report.parts.items()
    }
    status = "stopping" if report.stopping else "ready" if report.is_ready else "not ready"
    body = orjson.dumps({"status": status, "checks": parts})
    return Response(body, 200 if report.is_ready else 503, NO_STORE, media_type="application/json")


async def metrics(request: Request) -> Response:
    """What Prometheus scrapes; there only where the settings want it. Raises Unauthorized."""
    services = request.state.services
    token = services.settings.metrics_token
    sent = request.headers.get("authorization", "").removeprefix("Bearer ")
    if token and not compare_digest(sent.encode(), token.encode()):
        raise Unauthorized(
            "The metrics need a token", "Send PICHUB_METRICS_TOKEN in the header 'Authorization: Bearer …'"
        )
    return Response(await services.metrics.page(), media_type=CONTENT_TYPE)


routes = [Route("/healthz", healthz), Route("/readyz", readyz)]
metrics_routes = [Route("/metrics", metrics)]
