"""The pages, each at its address."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.settings import Settings
from app.web import watching
from app.web.pages import INLINE_STYLE, Pages, document

HOME = Path(__file__).with_name("home.html")


def home(request: Request) -> Response:
    """Where a browser lands: the dashboard; where it was not built, what this server is, and where to go from here."""
    return landing(Pages(), request.state.services.settings)


def landing(pages: Pages, settings: Settings) -> Response:
    dashboard = pages.dashboard(sign_up=settings.sign_up, max_upload=settings.max_upload_size)
    return dashboard or document(HOME.read_text(), INLINE_STYLE)


routes = [Route("/", home), *watching.routes]
