"""The pages, each at its address."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from app.metrics import CONTENT_TYPE

HOME = Path(__file__).with_name("home.html")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def home(_: Request) -> Response:
    """Where a browser lands: what this server is, and where to go from here."""
    headers = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff"}
    return HTMLResponse(HOME.read_text(), headers=headers)


async def metrics(request: Request) -> Response:
    """What Prometheus scrapes; there only where the settings want it."""
    return Response(request.state.services.metrics.page(), media_type=CONTENT_TYPE)


routes = [Route("/", home)]
metrics_routes = [Route("/metrics", metrics)]
