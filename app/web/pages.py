"""What was built of app/web/ui: the pages, and the files that they load."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

HERE = Path(__file__).parent
BUILT, UNBUILT = HERE / "dist", HERE / "unbuilt.html"
COMMON_POLICY = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""No page may lay ours under its own buttons, and none of ours sends forms by itself."""
INLINE_STYLE_POLICY = f"default-src 'none'; style-src 'unsafe-inline'; {COMMON_POLICY}"
"""For pages that run and load nothing."""
LOADED_ORIGINS = {
    "default": "'none'",
    "script": "'self'",
    "worker": "'self'",
    "connect": "'self'",
    # Monaco, the editor, places each line by a style attribute, and writes its themes into style elements.
    "style": "'self' 'unsafe-inline'",
    "img": "'self' data:",
    "font": "'self' data:",
}
OWN_ORIGIN_POLICY = "; ".join(
    [*(f"{kind}-src {origins}" for kind, origins in LOADED_ORIGINS.items()), COMMON_POLICY]
)
"""For pages that are programs: nothing comes from another origin, and nothing goes to one."""
OWN_FILES_POLICY = OWN_ORIGIN_POLICY.replace(" 'unsafe-inline'", "")
"""The same for pages whose styles all stand in files."""
ASSET_POLICY = "default-src 'none'; script-src 'self'; frame-ancestors 'none'"
"""For workers, which have the policy that their own file came with."""
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".woff2": "font/woff2",
}
ENCODINGS = {"br": ".br", "gzip": ".gz"}
"""What the build compressed, the smallest first, and under which names."""
NAME = re.compile(r"[\w-][\w.-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages in a folder that the build wrote. They may be built, and built anew, while the server runs."""

    folder: Path = BUILT

    @property
    def documents(self) -> Path:
        """The manifest of the GraphQL documents that the pages ask; not there where nothing was built."""
        return self.folder / "documents.json"

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/static/{name}", self.asset),
            Route("/docs", self.docs),
            Route("/docs/", self.docs),
            Route("/docs/swagger", self.swagger),
        ]

    def graphiql(self, path: str) -> Response:
        """GraphiQL, to be shown at this path. Its links are relative: it works under whatever prefix a proxy adds."""
        return self._page("graphiql", OWN_ORIGIN_POLICY, is_in_folder=path.endswith("/"))

    def docs(self, request: Request) -> Response:
        """The documentation of the REST API, with the form that uploads."""
        return self._page("docs", OWN_FILES_POLICY, is_in_folder=request.url.path.endswith("/"))

    def swagger(self, _: Request) -> Response:
        """Swagger UI, over the same document."""
        return self._page("swagger", OWN_FILES_POLICY, is_in_folder=True)

    def _page(self, name: str, policy: str, *, is_in_folder: bool) -> Response:
        """A page as it was built. Where its address is no folder, the files are a step nearer than the build thinks."""
        try:
            page = (self.folder / name / "index.html").read_text()
        except FileNotFoundError:
            return document(UNBUILT.read_text(), INLINE_STYLE_POLICY, status=503)
        return document(page if is_in_folder else page.replace('="../', '="./'), policy)

    def dashboard(self, *, sign_up: str, max_upload: int) -> Response | None:
        """The dashboard, to be shown at the root; None where it was not built. It is told what it can't ask for:
        how people may sign up, and of how many bytes a file may be."""
        try:
            page = (self.folder / "dashboard" / "index.html").read_text()
        except FileNotFoundError:
            return None
        page = page.replace('="../', '="./')
        page = page.replace('data-sign-up="closed"', f'data-sign-up="{sign_up}"')
        page = page.replace('data-max-upload=""', f'data-max-upload="{max_upload}"')
        return document(page, OWN_FILES_POLICY)

    def asset(self, request: Request) -> Response:
        """A file that a page loads. Its name has a digest of what is in it, so it may be kept for ever."""
        name: str = request.path_params["name"]
        media_type = MEDIA_TYPES.get(Path(name).suffix)
        file = self.folder / "static" / name
        if media_type is None or not NAME.fullmatch(name) or not file.is_file():
            raise HTTPException(404)
        headers = {
            "Cache-Control": "public, max-age=31536000, immutable",
            "Content-Security-Policy": ASSET_POLICY,
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
        }
        for encoding in accepted_encodings(request.headers.get("accept-encoding", "")):
            compressed = file.with_name(name + ENCODINGS[encoding])
            if compressed.is_file():
                headers["Content-Encoding"] = encoding
                return FileResponse(compressed, media_type=media_type, headers=headers)
        return FileResponse(file, media_type=media_type, headers=headers)


def document(html: str, policy: str, *, status: int = 200) -> Response:
    """A page under a Content-Security-Policy, always asked for anew."""
    headers: Mapping[str, str] = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cache-Control": "no-cache",
    }
    return HTMLResponse(html, status, headers=headers)


def accepted_encodings(header: str) -> list[str]:
    """Which of our encodings an Accept-Encoding takes, ours first choice first."""
    refused = re.compile(r";\s*q=0(\.0*)?\s*$")
    taken = {item.split(";")[0].strip() for item in header.lower().split(",") if not refused.search(item)}
    return [encoding for encoding in ENCODINGS if encoding in taken]
